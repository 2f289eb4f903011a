/**
 * Reading of request bodies within limits.
 *
 * @module
 */

import { HttpError } from "./http_error.ts";

/** Limits on a body. */
export interface BodyLimits {
  /** Most bytes. */
  maxBytes: number;
  /** Milliseconds from the first read until the body must be complete. */
  milliseconds: number;
}

/**
 * Reads the whole body of a request.
 *
 * @param request A request whose body is unread.
 * @param limits Limits on its body.
 * @returns The body; empty if there is none.
 * @throws {HttpError} 413 if it is too large, 408 if it takes too long, 415 if it is compressed, 400 if the client
 * breaks off.
 */
export async function readBody(request: Request, limits: BodyLimits): Promise<Uint8Array> {
  const { maxBytes, milliseconds } = limits;
  const encoding = request.headers.get("content-encoding") ?? "identity";
  if (encoding.toLowerCase() !== "identity") {
    throw new HttpError(415, "Compressed bodies are not accepted", { "accept-encoding": "identity" });
  }
  const tooLarge = () => new HttpError(413, `The body is larger than ${maxBytes} bytes`, { connection: "close" });
  if (Number(request.headers.get("content-length") ?? 0) > maxBytes) {
    await request.body?.cancel();
    throw tooLarge();
  }
  if (request.body === null) return new Uint8Array(0);

  const reader = request.body.getReader();
  const chunks: Uint8Array[] = [];
  let length = 0;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const deadline = new Promise<never>((_, reject) => {
    const error = new HttpError(408, `The body did not arrive within ${milliseconds} ms`, { connection: "close" });
    timer = setTimeout(() => reject(error), milliseconds);
  });
  try {
    while (true) {
      const { done, value } = await Promise.race([reader.read(), deadline]);
      if (done) break;
      length += value.length;
      if (length > maxBytes) throw tooLarge();
      chunks.push(value);
    }
  } catch (error) {
    reader.cancel().catch(() => {});
    throw error instanceof HttpError ? error : new HttpError(400, "The body broke off");
  } finally {
    clearTimeout(timer);
  }
  return join(chunks, length);
}

function join(chunks: readonly Uint8Array[], length: number): Uint8Array {
  if (chunks.length === 1) return chunks[0];
  const bytes = new Uint8Array(length);
  let at = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, at);
    at += chunk.length;
  }
  return bytes;
}

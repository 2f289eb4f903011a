/**
 * Reading of request bodies within limits.
 *
 * @module
 */

import { decompress } from "../../decompress.ts";
import { FormatError } from "../../errors.ts";
import { HttpError, quote } from "../http_error.ts";
import type { BudgetShare } from "./byte_budget.ts";
import { createByteBuffer } from "./byte_buffer.ts";

/** Limits on a body. */
export interface BodyLimits {
  /** Most bytes, both as sent and decompressed. */
  maxBytes: number;
  /** Milliseconds from the first read until the body must be complete. */
  milliseconds: number;
  /** Fewest bytes per second, over any {@linkcode RATE_WINDOW_MILLISECONDS}. */
  bytesPerSecond: number;
}

/** Milliseconds over which the speed of a body is measured. */
const RATE_WINDOW_MILLISECONDS = 2500;

/** A body that has arrived. */
export interface ReadBody {
  /** What the client means: decompressed. */
  bytes: Uint8Array<ArrayBuffer>;
  /** Number of bytes that arrived. */
  received: number;
}

/**
 * Reads the whole body of a request and decompresses it where it is compressed by gzip or deflate.
 *
 * @param request A request whose body is unread.
 * @param limits Limits on its body.
 * @param share What it may have of the memory for all bodies.
 * @param aligned Position in the body whose address is to be a multiple of 8.
 * @returns The body; empty if there is none.
 * @throws {HttpError} 413 if it is too large, 408 if it comes too slowly, 415 if it is compressed in another way,
 * 503 if there are too many bodies, 400 if it cannot be decompressed or the client breaks off.
 */
export async function readBody(
  request: Request,
  limits: BodyLimits,
  share: BudgetShare,
  aligned = 0,
): Promise<ReadBody> {
  const { maxBytes } = limits;
  const lead = (8 - aligned % 8) % 8;
  const encoding = (request.headers.get("content-encoding") ?? "identity").trim().toLowerCase();
  if (encoding !== "identity" && encoding !== "gzip" && encoding !== "deflate") {
    await request.body?.cancel();
    throw new HttpError(415, `Bodies encoded by ${quote(encoding)} are not accepted, only gzip and deflate`, {
      headers: { "accept-encoding": "gzip, deflate", "connection": "close" },
    });
  }
  if (Number(request.headers.get("content-length") ?? 0) > maxBytes) {
    await request.body?.cancel();
    throw tooLarge(maxBytes);
  }
  const sent = await receive(request, limits, share, lead);
  const bytes = encoding === "identity" ? sent : await decompressBody(sent, encoding, maxBytes, share, lead);
  return { bytes, received: sent.length };
}

/** The body as it is sent. */
async function receive(
  request: Request,
  limits: BodyLimits,
  share: BudgetShare,
  lead: number,
): Promise<Uint8Array<ArrayBuffer>> {
  if (request.body === null) return new Uint8Array(0);
  const { maxBytes, milliseconds, bytesPerSecond } = limits;
  const length = request.headers.get("content-length");
  const buffer = createByteBuffer(maxBytes, takeFrom(share), length === null ? undefined : Number(length), lead);
  const reader = request.body.getReader();
  let failure: HttpError | undefined;
  // Cancelling ends the read that is waiting; a race of promises would keep one reaction for every chunk.
  const fail = (error: HttpError) => {
    failure = error;
    reader.cancel().catch(() => {});
  };
  const deadline = setTimeout(() => fail(tooSlow(`within ${milliseconds} ms`)), milliseconds);
  let arrived = 0;
  const watch = setInterval(() => {
    if (arrived < bytesPerSecond * RATE_WINDOW_MILLISECONDS / 1000) {
      fail(tooSlow(`at ${bytesPerSecond} bytes per second`));
    }
    arrived = 0;
  }, RATE_WINDOW_MILLISECONDS);
  try {
    while (failure === undefined) {
      const { done, value } = await reader.read();
      if (done) break;
      arrived += value.length;
      if (!buffer.append(value)) fail(tooLarge(maxBytes));
    }
  } catch (error) {
    if (error instanceof HttpError) fail(error);
    failure ??= new HttpError(400, "The body broke off", { reason: "broken_off" });
  } finally {
    clearTimeout(deadline);
    clearInterval(watch);
  }
  if (failure !== undefined) throw failure;
  return buffer.bytes();
}

async function decompressBody(
  sent: Uint8Array,
  format: "gzip" | "deflate",
  maxBytes: number,
  share: BudgetShare,
  lead: number,
): Promise<Uint8Array<ArrayBuffer>> {
  const buffer = createByteBuffer(maxBytes, takeFrom(share), undefined, lead);
  const fault = `The body cannot be decompressed by ${format}`;
  try {
    for await (const chunk of decompress([sent], format, fault)) {
      if (!buffer.append(chunk)) throw tooLarge(maxBytes);
    }
  } catch (error) {
    throw error instanceof FormatError ? new HttpError(400, error.message) : error;
  }
  return buffer.bytes();
}

/** Takes from the share, or throws where it gets nothing. */
function takeFrom(share: BudgetShare): (bytes: number) => void {
  return (bytes) => {
    if (share.take(bytes)) return;
    throw new HttpError(503, "The server holds as many bytes of requests as it may", {
      headers: { "retry-after": "1", "connection": "close" },
    });
  };
}

function tooLarge(maxBytes: number): HttpError {
  return new HttpError(413, `The body is larger than ${maxBytes} bytes`, { headers: { connection: "close" } });
}

function tooSlow(expected: string): HttpError {
  return new HttpError(408, `The body did not arrive ${expected}`, { headers: { connection: "close" } });
}

/**
 * Downloading of bundles within limits.
 *
 * @module
 */

import { InputError, InputRangeError, isInputError } from "../../../errors.ts";
import { hideSecrets } from "../../../hide_secrets.ts";
import { createByteBuffer } from "../../body/byte_buffer.ts";

/** Limits on a download. */
export interface DownloadLimits {
  /** Most bytes, both as announced and as received. */
  maxBytes: number;
  /** Milliseconds in which all must have arrived. */
  milliseconds: number;
}

/** What a server gave. */
export interface Download {
  /** The bytes; absent where they are still those of the tag that was sent. */
  bytes: Uint8Array<ArrayBuffer> | undefined;
  /** Tag of these bytes, where the server names one. */
  etag: string | undefined;
}

/**
 * Downloads a file as a stream, and breaks off as soon as a limit is passed.
 *
 * @param url Where it is.
 * @param limits Limits on size and time.
 * @param etag Tag of the bytes that are here already; the server may answer that they are still right.
 * @throws {InputError} If the server cannot be reached, answers with a failure, or takes too long.
 * @throws {InputRangeError} If there are too many bytes.
 */
export async function download(url: URL, limits: DownloadLimits, etag?: string): Promise<Download> {
  const place = hideSecrets(url.href);
  const abort = new AbortController();
  const timer = setTimeout(() => abort.abort(), limits.milliseconds);
  try {
    const headers: Record<string, string> = etag === undefined ? {} : { "if-none-match": etag };
    const response = await fetch(url, { headers, signal: abort.signal });
    if (response.status === 304 && etag !== undefined) {
      await response.body?.cancel();
      return { bytes: undefined, etag };
    }
    if (!response.ok) {
      await response.body?.cancel();
      throw new InputError(`Cannot read the bundle from ${place}: status ${response.status}`);
    }
    return {
      bytes: await readBytes(response, limits.maxBytes, place),
      etag: response.headers.get("etag") ?? undefined,
    };
  } catch (error) {
    if (abort.signal.aborted) {
      throw new InputError(`Cannot read the bundle from ${place}: it did not arrive within ${limits.milliseconds} ms`);
    }
    if (isInputError(error)) throw error;
    const reason = error instanceof Error ? error.message.split("\n")[0] : String(error);
    // What was thrown names the whole URL, too, so it is no cause of this error.
    throw new InputError(`Cannot read the bundle from ${place}: ${hideSecrets(reason)}`);
  } finally {
    clearTimeout(timer);
  }
}

async function readBytes(response: Response, maxBytes: number, place: string): Promise<Uint8Array<ArrayBuffer>> {
  const declared = Number(response.headers.get("content-length") ?? 0);
  if (declared > maxBytes) {
    await response.body?.cancel();
    throw new InputRangeError(`The bundle at ${place} has ${declared} bytes, more than ${maxBytes}`);
  }
  const buffer = createByteBuffer(maxBytes);
  // Leaving the loop cancels the stream.
  for await (const chunk of response.body ?? []) {
    if (!buffer.append(chunk)) throw new InputRangeError(`The bundle at ${place} has more than ${maxBytes} bytes`);
  }
  return buffer.bytes();
}

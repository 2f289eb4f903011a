/**
 * Bodies of requests as they come from `node:http`.
 *
 * @module
 */

import type { IncomingMessage } from "node:http";

/** Bytes that may wait to be read before the connection is told to pause. */
const WAITING_BYTES = 2 ** 20;

/**
 * Makes a stream of the body of a request that nothing has read from.
 *
 * That of `Readable.toWeb` copies every chunk. Cancelling leaves the rest of the body unread.
 *
 * @param incoming The request.
 * @returns The stream; it fails where the client breaks off.
 */
export function requestBody(incoming: IncomingMessage): ReadableStream<Uint8Array> {
  let stop = () => {};
  return new ReadableStream<Uint8Array>({
    start(controller) {
      const enqueue = (chunk: Uint8Array) => {
        controller.enqueue(chunk);
        if (controller.desiredSize! <= 0) incoming.pause();
      };
      const end = () => {
        stop();
        controller.close();
      };
      const fail = (error: unknown) => {
        stop();
        controller.error(error ?? new Error("The connection was closed"));
      };
      stop = () => incoming.off("data", enqueue).off("end", end).off("error", fail).off("close", fail);
      incoming.on("data", enqueue).on("end", end).on("error", fail).on("close", fail);
    },
    pull() {
      incoming.resume();
    },
    cancel() {
      stop();
      incoming.pause();
    },
  }, new ByteLengthQueuingStrategy({ highWaterMark: WAITING_BYTES }));
}

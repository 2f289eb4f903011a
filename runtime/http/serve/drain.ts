/**
 * An orderly end of a server: requests under way are answered, new ones are not
 * taken.
 *
 * @module
 */

import type { Handler } from "../handler.ts";
import { errorResponse, HttpError } from "../http_error.ts";

/** A handler that can come to an end. */
export interface Drain {
  /** Answers requests as the handler within, and with status 503 once `finish` was called. */
  handle: Handler;
  /**
   * Resolves when every request that was taken has its response, or the time is over.
   *
   * @param milliseconds Time for requests under way.
   */
  finish(milliseconds: number): Promise<void>;
}

/**
 * Makes a handler that knows which requests are under way.
 *
 * Connections that clients keep open may bring requests for as long as there is
 * a server: it is to be closed after `finish`.
 *
 * @param handler The handler within; never throws.
 */
export function createDrain(handler: Handler): Drain {
  const pending = new Set<Promise<Response>>();
  let finishing = false;
  return {
    async handle(request) {
      if (finishing) {
        return errorResponse(new HttpError(503, "The server is shutting down", { headers: { connection: "close" } }));
      }
      const response = handler(request);
      pending.add(response);
      try {
        return await response;
      } finally {
        pending.delete(response);
      }
    },
    async finish(milliseconds) {
      finishing = true;
      const over = Promise.withResolvers<void>();
      const timer = setTimeout(over.resolve, milliseconds);
      await Promise.race([Promise.allSettled(pending), over.promise]);
      clearTimeout(timer);
    },
  };
}

/**
 * Refusal of requests where too many wait.
 *
 * @module
 */

import { HttpError, quote } from "../http_error.ts";

/**
 * Makes the error of a request for a model that too many wait for.
 *
 * @param name Name of the model.
 */
export function queueFull(name: string): HttpError {
  return new HttpError(429, `Too many requests wait for model ${quote(name)}`, {
    headers: { "retry-after": "1", "connection": "close" },
  });
}

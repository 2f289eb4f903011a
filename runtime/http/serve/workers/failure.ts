/**
 * Errors on their way from a worker to the server.
 *
 * @module
 */

import { HttpError } from "../../http_error.ts";
import type { Failure } from "./messages.ts";

/** Describes what was thrown; structured clones of errors lose their class and their fields. */
export function describeFailure(error: unknown): Failure {
  const { message, stack } = error instanceof Error ? error : new Error(String(error));
  if (error instanceof HttpError) return { kind: "http", message, status: error.status, reason: error.reason };
  if (error instanceof WebAssembly.RuntimeError) return { kind: "trap", message, stack };
  if (error instanceof TypeError) return { kind: "type", message, stack };
  if (error instanceof RangeError) return { kind: "range", message, stack };
  return { kind: "other", message, stack };
}

/** Makes the error again. */
export function reviveFailure({ kind, message, stack, status, reason }: Failure): Error {
  if (kind === "http") return new HttpError(status!, message, { reason: reason! });
  const classes = { trap: WebAssembly.RuntimeError, type: TypeError, range: RangeError, other: Error };
  const error = new classes[kind](message);
  if (stack !== undefined) error.stack = stack;
  return error;
}

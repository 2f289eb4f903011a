/**
 * Errors on their way from a worker to the server.
 *
 * @module
 */

import { describeFailure, type Failure, reviveFailure } from "../../../failure.ts";
import { type FailureReason, HttpError } from "../../http_error.ts";

/** An error on its way, and what it says to a client where it does. */
export interface WorkerFailure extends Failure {
  /** Status and reason of an `HttpError`. */
  http?: { status: number; reason: FailureReason };
}

/** Describes what was thrown. */
export function describeWorkerFailure(error: unknown): WorkerFailure {
  const http = error instanceof HttpError ? { http: { status: error.status, reason: error.reason } } : {};
  return { ...describeFailure(error), ...http };
}

/** Makes the error again. */
export function reviveWorkerFailure(failure: WorkerFailure): Error {
  const { http, message } = failure;
  return http === undefined ? reviveFailure(failure) : new HttpError(http.status, message, { reason: http.reason });
}

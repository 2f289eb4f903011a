/**
 * Errors on their way from a worker to the server.
 *
 * @module
 */

import { ImageError, type ImageFault } from "../../../../image/image_error.ts";
import { describeFailure, type Failure, reviveFailure } from "../../../failure.ts";

/** An error on its way. */
export interface WorkerFailure extends Failure {
  /** Of an `ImageError`, its fault. */
  fault?: ImageFault;
}

/** Describes what was thrown. */
export function describeWorkerFailure(error: unknown): WorkerFailure {
  return { ...describeFailure(error), ...(error instanceof ImageError && { fault: error.fault }) };
}

/** Makes the error again. */
export function reviveWorkerFailure(failure: WorkerFailure): Error {
  const { fault, message } = failure;
  return fault === undefined ? reviveFailure(failure) : new ImageError(fault, message);
}

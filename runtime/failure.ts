/**
 * Errors on their way from one thread to another: structured clones of errors
 * lose their class.
 *
 * @module
 */

import { FormatError, InputError, InputRangeError } from "./errors.ts";

/** What is kept of a class that decides how an error is told. */
const CLASSES = {
  input: InputError,
  range: InputRangeError,
  format: FormatError,
  trap: WebAssembly.RuntimeError,
  other: Error,
} as const;

/** An error on its way. */
export interface Failure {
  /** Its class. */
  kind: keyof typeof CLASSES;
  /** Its message. */
  message: string;
  /** Where it was thrown. */
  stack: string | undefined;
}

/** Describes what was thrown. */
export function describeFailure(error: unknown): Failure {
  const { message, stack } = error instanceof Error ? error : new Error(String(error));
  const kinds = Object.keys(CLASSES) as (keyof typeof CLASSES)[];
  return { kind: kinds.find((kind) => error instanceof CLASSES[kind]) ?? "other", message, stack };
}

/** Makes the error again. */
export function reviveFailure({ kind, message, stack }: Failure): Error {
  const error = new CLASSES[kind](message);
  if (stack !== undefined) error.stack = stack;
  return error;
}

/**
 * The errors whose message is for a person: what was given cannot be used.
 * Anything else that is thrown is a defect of Octet.
 *
 * @module
 */

/** Something from outside that cannot be used: an argument, a setting, a tensor, an image or a file. */
export class InputError extends TypeError {
  /** Name of the class. */
  override readonly name: string = "InputError";
}

/** A number from outside that is beyond what is allowed, or too much of something. */
export class InputRangeError extends RangeError {
  /** Name of the class. */
  override readonly name: string = "InputRangeError";
}

/** A file or a stream that does not follow its format: another format, truncated, altered or inconsistent. */
export class FormatError extends SyntaxError {
  /** Name of the class. */
  override readonly name: string = "FormatError";
}

/** A bundle that cannot be accepted: not a bundle, truncated, altered or inconsistent. */
export class BundleError extends FormatError {
  /** Name of the class. */
  override readonly name: string = "BundleError";
  /** Byte offset in the file where the fault lies, where it is known. */
  readonly offset: number | undefined;

  /**
   * Makes the error; the offset is appended to the message.
   *
   * @param message What is wrong and what was expected.
   * @param offset Byte offset in the file.
   */
  constructor(message: string, offset?: number) {
    super(offset === undefined ? message : `${message} (byte ${offset})`);
    this.offset = offset;
  }
}

/** Whether an error's message is for whoever gave the input; it is a defect otherwise. */
export function isInputError(error: unknown): error is InputError | InputRangeError | FormatError {
  return error instanceof InputError || error instanceof InputRangeError || error instanceof FormatError;
}

/**
 * Errors that carry data beyond their message.
 *
 * @module
 */

/** A bundle that cannot be accepted: not a bundle, truncated, altered or inconsistent. */
export class BundleError extends SyntaxError {
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
    this.name = "BundleError";
    this.offset = offset;
  }
}

/**
 * The error of images that cannot be decoded.
 *
 * @module
 */

import { InputError } from "../runtime/errors.ts";

/** Why an image cannot be decoded: its kind is not known, it is over a limit, or it is truncated or altered. */
export type ImageFault = "unsupported" | "too-large" | "corrupt";

/** An image file that cannot be decoded. */
export class ImageError extends InputError {
  /** Name of the class. */
  override readonly name: string = "ImageError";
  /** Why. */
  readonly fault: ImageFault;

  /**
   * Makes the error.
   *
   * @param fault Why the file cannot be decoded.
   * @param message The same for a person.
   * @param options What was thrown.
   */
  constructor(fault: ImageFault, message: string, options?: ErrorOptions) {
    super(message, options);
    this.fault = fault;
  }
}

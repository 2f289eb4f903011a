/**
 * Samples for calibration and evaluation, read one at a time.
 *
 * @module
 */

/**
 * One sample: the bytes of a prepared image (height x width x channels, channels last, before normalisation) or float32
 * values in the network's own layout.
 */
export type Sample = { pixels: Uint8Array } | { tensor: Float32Array };

/** Samples in a fixed order. */
export interface Dataset {
  /** Number of samples, at least 1. */
  readonly length: number;
  /** Which of the two forms all samples have. */
  readonly kind: "pixels" | "tensor";
  /** Names of the classes where the sub-folders of an image folder are the classes. */
  readonly classes?: string[];
  /** Class index of each sample, 0 or more. */
  readonly labels?: Int32Array;
  /** Names a sample: its file where it has one of its own, else its position. */
  nameOf(index: number): string;
  /**
   * Reads a sample.
   *
   * @param index From 0 to `length` - 1.
   * @returns The sample; its array belongs to the caller.
   * @throws {RangeError} If there is no such index, or the sample's values don't suit the network.
   * @throws {SyntaxError} If the sample can't be parsed.
   */
  sample(index: number): Promise<Sample>;
}

/** Samples before a choice among them: what each kind of source offers. */
export interface SampleSource {
  /** Number of samples. */
  length: number;
  /** Form of all samples. */
  kind: "pixels" | "tensor";
  /** Names of the classes, if they are known. */
  classes?: string[];
  /** Class index of each sample, if it is known. */
  labels?: Int32Array;
  /** Names of the files of the samples, relative to the data, where each has its own. */
  files?: readonly string[];
  /** Reads a sample whose index is known to be valid. */
  read(index: number): Promise<Sample>;
}

/**
 * The executable form of a network: what a bundle's header holds and what the
 * executor runs. Plain data; every index points into a table of the same
 * program. `docs/format.md` is the normative description.
 *
 * @module
 */

import type { Step } from "./kernels/registry.ts";
import type { Preprocessing } from "./preprocessing.ts";
import type { ConstantSpec, TensorSpec } from "./tensor.ts";

/** An input or output of the network as its users see it. */
export interface PortSpec {
  /** Name in the source network. */
  name: string;
  /** Index of its tensor, always of type "f32". */
  tensor: number;
  /** Shape in the source network's own layout, for one sample if `batched`. */
  shape: number[];
  /** Whether the first dimension is a free batch: samples are run one by one. */
  batched: boolean;
}

/**
 * A u8 tensor [1, height, width, channels] that takes the pixels of an image once they are normalised and quantised by
 * its scale and zero point, in the place of the network's input.
 */
export interface PixelPort {
  /** Index of the tensor. */
  tensor: number;
  /** The first step that remains to run. */
  step: number;
}

/**
 * What the first output of a classifier is: scores before softmax, probabilities that add up to 1, or probabilities
 * each of its own, as of several labels at once.
 */
export type OutputKind = "logits" | "probabilities" | "independent-probabilities";

/** All kinds of a first output. */
export const OUTPUT_KINDS: readonly OutputKind[] = ["logits", "probabilities", "independent-probabilities"];

/** How a program was made; shown by `inspect`, not used to run it. */
export interface CalibrationRecord {
  /** Weight granularity. */
  weights: string;
  /** Method that chose the activation scales. */
  scales: string;
  /** Correction of batch statistics. */
  usp: string;
  /** Target of the correction. */
  uspTarget: string;
  /** What else was done, in words; empty where nothing was. */
  methods: string;
  /** Number of calibration samples. */
  samples: number;
}

/** A size that stays free. */
export interface FreeSize {
  /** Name in the source network. */
  name: string;
  /** The smallest, at least 1. */
  minimum: number;
  /** The largest, a whole number of steps above the smallest. */
  maximum: number;
  /** From one size to the next. */
  step: number;
}

/** A number of a program that depends on sizes; the program has its value for the smallest. */
export interface DependentNumber {
  /** The way to it through the program's fields. */
  path: (string | number)[];
  /** Factors of the steps of each size from the smallest, then of the products of each two of them, in order. */
  slopes: number[];
}

/** The free sizes of a program. */
export interface FreeSizes {
  /** The sizes. */
  sizes: FreeSize[];
  /** The numbers that depend on them. */
  numbers: DependentNumber[];
}

/** A network ready to run. */
export interface Program {
  /** Name in the source network. */
  name: string;
  /** What goes in. */
  inputs: PortSpec[];
  /** What comes out. */
  outputs: PortSpec[];
  /** All tensors in the arena. */
  tensors: TensorSpec[];
  /** All constants in the data part. */
  constants: ConstantSpec[];
  /** The calls, in order. */
  steps: Step[];
  /** Bytes of the arena that holds all tensors. */
  arenaBytes: number;
  /** Sizes besides the batch that stay free: the program is that of the smallest; absent where there are none. */
  free?: FreeSizes;
  /** Where prepared pixels may go without a way over float32; absent where there is no such place. */
  pixels?: PixelPort;
  /** How pixels become the network's input; absent where it takes no image. */
  preprocessing?: Preprocessing;
  /** Name of each class, in the order of the first output. */
  labels?: string[];
  /** What the first output is; logits where absent. */
  outputKind?: OutputKind;
  /** Absent in a float program. */
  calibration?: CalibrationRecord;
}

/** A program with its constants. */
export interface ProgramData {
  /** The program. */
  program: Program;
  /** The data part: the constants, at their offsets. */
  data: Uint8Array;
}

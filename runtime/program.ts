/**
 * The executable form of a network: what a bundle's header holds and what the
 * executor runs. Plain data; every index points into a table of the same
 * program. `docs/format.md` is the normative description.
 *
 * @module
 */

import type { Preprocessing } from "./preprocessing.ts";

/** Element type of a tensor in the arena. */
export type TensorType = "u8" | "f32";

/** Element type of a constant, as steps see it. */
export type ElementType = "i8" | "u8" | "i32" | "f32";

/** How a constant lies in the data part of a bundle; "i4" is expanded to "i8" when it is loaded. */
export type ConstantType = ElementType | "i4";

/** A tensor in the arena, channels last. Real value = scale x (q - zeroPoint). */
export interface TensorSpec {
  /** Name of the value in the source network. */
  name: string;
  /** Element type. */
  type: TensorType;
  /** Dimensions as the kernels see them: [batch, height, width, channels] for images. */
  shape: number[];
  /** Byte offset in the arena, a multiple of 64. */
  offset: number;
  /** Scale of a "u8" tensor, an exact float32. */
  scale?: number;
  /** Zero point of a "u8" tensor, 0 to 255. */
  zeroPoint?: number;
}

/** A constant in the data part of a bundle. */
export interface ConstantSpec {
  /** Element type. */
  type: ConstantType;
  /** Byte offset in the data part, a multiple of 64. */
  offset: number;
  /** Number of elements, as steps see it. */
  length: number;
  /** Of "i4": rows of 32 elements in a panel. */
  rows?: number;
  /** Of "i4": rows in a panel that share their multipliers. */
  group?: number;
}

/** Attribute of a step: a number, a list of numbers, a word. */
export type StepAttribute = number | string | readonly number[];

/** One call of a kernel. */
export interface StepSpec {
  /** Kernel name, a key of the registry in `runtime/kernels/registry.ts`. */
  kernel: string;
  /** Name of the node in the source network. */
  name: string;
  /** Tensors read. */
  inputs: number[];
  /** Tensor written, whole or in part. */
  output: number;
  /** Constants read, in the order that the kernel states. */
  constants: number[];
  /** Geometry and arithmetic of the call; each kernel states its own. */
  attributes: Record<string, StepAttribute>;
}

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
 * What the first output of a classifier is: scores before softmax, probabilities that add up to 1, or probabilities
 * each of its own, as of several labels at once.
 */
export type OutputKind = typeof OUTPUT_KINDS[number];

/** All kinds of a first output. */
export const OUTPUT_KINDS = ["logits", "probabilities", "independent-probabilities"] as const;

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
  steps: StepSpec[];
  /** Bytes of the arena that holds all tensors. */
  arenaBytes: number;
  /** How pixels become the network's input; absent where it takes no image. */
  preprocessing?: Preprocessing;
  /** Name of each class, in the order of the first output. */
  labels?: string[];
  /** What the first output is; logits where absent. */
  outputKind?: OutputKind;
  /** Absent in a float program. */
  calibration?: CalibrationRecord;
}

/**
 * How parameter blocks of kernels are described.
 *
 * @module
 */

/** Type of a 32-bit word, as Rust has it; a pointer is a byte offset in linear memory. */
export type WordType = "usize" | "u32" | "i32" | "f32" | `*const ${Pointee}` | `*mut ${Pointee}`;

type Pointee = "u8" | "f32" | "Source";

/** One word or several of a parameter block. */
export interface Field {
  /** Its name, in camel case. */
  name: string;
  /** Type of its words, or the name of a part or of a block whose words stand in its place. */
  type: WordType | PartName | BlockName;
  /** What it holds, a sentence without its full stop. */
  text: string;
  /** Words of an array, if it is one. */
  length?: number;
  /** Names of its words, if it is a list of words that the kernel reads by name. */
  list?: readonly string[];
}

/** Words that several blocks have in common. */
export interface PartDescription {
  /** What they are, a sentence without its full stop. */
  text: string;
  /** The words in order. */
  fields: readonly Field[];
}

/** A parameter block. */
export interface BlockDescription {
  /** The exported functions that take it. */
  kernels: readonly string[];
  /** Its words in order. */
  fields: readonly Field[];
}

/** Names of the parts, in Pascal case. */
export type PartName = "Activation" | "Epilogue" | "Broadcast" | "Source";

/** Names of the blocks, in Pascal case. */
export type BlockName =
  | "Convolution"
  | "ConvolutionSum"
  | "Quantize"
  | "Dequantize"
  | "Lookup"
  | "Activate"
  | "BinaryU8"
  | "BinaryF32"
  | "Select"
  | "Reduce"
  | "Gather"
  | "CumulativeSum"
  | "TopIndices"
  | "Pool"
  | "Softmax"
  | "LayerNormalization"
  | "Matmul"
  | "Resize"
  | "Copy"
  | "Fill"
  | "Constant";

/**
 * Content of a TFLite file as plain data. Numbers are those of TensorFlow's
 * schema, `tensorflow/compiler/mlir/lite/schema/schema.fbs`.
 *
 * @module
 */

/** Element types (`TensorType`). */
export const TENSOR_TYPES = { float32: 0, int32: 2, int8: 9 } as const;

/** Operators (`BuiltinOperator`) with the version that holds 8-bit arithmetic. */
export const OPERATORS = {
  add: { code: 0, version: 2 },
  convolution: { code: 3, version: 3 },
  depthwiseConvolution: { code: 4, version: 3 },
  dequantize: { code: 6, version: 2 },
  fullyConnected: { code: 9, version: 4 },
  maximumPool: { code: 17, version: 2 },
  mean: { code: 40, version: 2 },
  quantize: { code: 114, version: 1 },
} as const;

/** Activation functions (`ActivationFunctionType`). */
export const ACTIVATIONS = { none: 0, relu: 1, relu6: 3 } as const;

/** The "same" padding (`Padding`). */
export const SAME_PADDING = 0;

/** Tables of options (`BuiltinOptions`). */
export const OPTION_TABLES = {
  convolution: 1,
  depthwiseConvolution: 2,
  pool: 5,
  fullyConnected: 8,
  add: 11,
  reducer: 27,
} as const;

/** How a tensor's integers stand for real numbers: scale x (q - zeroPoint). */
export interface TfliteQuantization {
  /** One number, or one for each index along `axis`. */
  scales: ArrayLike<number>;
  /** As many as scales. */
  zeroPoints: ArrayLike<number>;
  /** Dimension along which scales differ. */
  axis: number;
}

/** A tensor. */
export interface TfliteTensor {
  /** Name. */
  name: string;
  /** Element type. */
  type: keyof typeof TENSOR_TYPES;
  /** Dimensions, channels last. */
  shape: number[];
  /** Elements of a constant. */
  data?: Float32Array | Int32Array | Int8Array;
  /** Absent in float tensors. */
  quantization?: TfliteQuantization;
}

/** A field of a table of options: its slot in the schema, width in bits and value. */
export type TfliteOption = [slot: number, bits: 8 | 32, value: number];

/** One call of an operator. */
export interface TfliteOperator {
  /** The operator. */
  operator: keyof typeof OPERATORS;
  /** Indices of the tensors read. */
  inputs: number[];
  /** Index of the tensor made. */
  output: number;
  /** Options, where the operator has any. */
  options?: { table: keyof typeof OPTION_TABLES; fields: TfliteOption[] };
}

/** A model of one graph. */
export interface TfliteModel {
  /** All tensors. */
  tensors: TfliteTensor[];
  /** The calls, in order. */
  operators: TfliteOperator[];
  /** Index of the input. */
  input: number;
  /** Index of the output. */
  output: number;
}

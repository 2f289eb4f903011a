/**
 * The parameter blocks of the kernels, word by word. `generate_blocks.ts` makes
 * the structs of the Rust crate, the writers of the runtime and the tables of
 * `README.md` of it.
 *
 * @module
 */

import type { BlockDescription, BlockName, Field, PartDescription, PartName } from "./block_description.ts";

/** Words that several blocks have in common. */
export const PARTS: Readonly<Record<PartName, PartDescription>> = {
  Activation: {
    text: "An activation function",
    fields: [
      { name: "code", type: "u32", text: "Which function, by the activation codes above" },
      { name: "a", type: "f32", text: "Its first parameter" },
      { name: "b", type: "f32", text: "Its second parameter" },
    ],
  },
  Epilogue: {
    text: "What makes a stored result of a scaled sum",
    fields: [
      { name: "zeroPoint", type: "i32", text: "Zero point of a u8 result" },
      { name: "low", type: "i32", text: "Least u8 result" },
      { name: "high", type: "i32", text: "Greatest u8 result" },
      { name: "activation", type: "Activation", text: "Activation function" },
      { name: "scale", type: "f32", text: "Factor between the activation and a u8 result, above 0" },
    ],
  },
  Broadcast: {
    text: "Dimensions of a contiguous result, and the strides of both operands in elements",
    fields: [
      { name: "dimensions", type: "usize", length: 4, text: "Dimensions of the result" },
      { name: "a", type: "usize", length: 4, text: "Strides of the first operand: 0 where broadcast, the last 0 or 1" },
      { name: "b", type: "usize", length: 4, text: "Strides of the second operand alike" },
    ],
  },
  Source: {
    text: "The two input rows or columns of an output row or column",
    fields: [
      { name: "first", type: "i32", text: "Index of the first one" },
      { name: "second", type: "i32", text: "Index of the second one" },
      { name: "weight", type: "f32", text: "Weight of the second one, 0 to 1" },
    ],
  },
};

const IMAGE = ["batch", "inputHeight", "inputWidth"];

const OUTPUT: readonly Field[] = [
  { name: "outputHeight", type: "usize", text: "Output rows" },
  { name: "outputWidth", type: "usize", text: "Output columns" },
];

/** Words of a window that convolutions and pools have in common. */
const WINDOW: readonly Field[] = [
  {
    name: "kernel",
    type: "usize",
    list: ["kernelHeight", "kernelWidth"],
    text: "Rows and columns of the kernel",
  },
  {
    name: "stride",
    type: "usize",
    list: ["strideHeight", "strideWidth"],
    text: "Input rows and columns from one output position to the next",
  },
  {
    name: "dilation",
    type: "usize",
    list: ["dilationHeight", "dilationWidth"],
    text: "Input rows and columns from one tap to the next",
  },
];

const OPERANDS = (element: "u8" | "f32"): readonly Field[] => [
  { name: "a", type: `*const ${element}`, text: "First operand" },
  { name: "b", type: `*const ${element}`, text: "Second operand" },
  { name: "output", type: `*mut ${element}`, text: "Result, contiguous" },
  { name: "shape", type: "Broadcast", text: "Dimensions and strides" },
];

/** All parameter blocks, by name. */
export const BLOCKS: Readonly<Record<BlockName, BlockDescription>> = {
  Convolution: {
    kernels: [
      ...["convolution_u8", "convolution_f32", "depthwise_u8", "depthwise_f32"],
      ...["prepare_convolution_u8", "prepare_depthwise_u8"],
    ],
    fields: [
      { name: "input", type: "*const u8", text: "Input" },
      { name: "weights", type: "*const u8", text: "Packed weights" },
      { name: "bias", type: "*const u8", text: "Bias [outputChannels], i32 or f32" },
      { name: "multiplier", type: "*const f32", text: "Multipliers [outputChannels]; 0 in the f32 kernels" },
      { name: "slopes", type: "*const f32", text: "Slopes [outputChannels] of a prelu, else 0" },
      { name: "output", type: "*mut u8", text: "Output" },
      { name: "scratch", type: "*mut u8", text: "Scratch memory, a multiple of 16" },
      { name: "inputShape", type: "usize", list: [...IMAGE, "inputChannels"], text: "Dimensions of the input" },
      ...OUTPUT,
      { name: "outputChannels", type: "usize", text: "Output channels" },
      ...WINDOW,
      { name: "pads", type: "usize", list: ["padTop", "padLeft"], text: "Padded rows above and columns to the left" },
      { name: "groups", type: "usize", text: "Groups of channels" },
      { name: "inputZeroPoint", type: "i32", text: "Zero point of a u8 input" },
      { name: "outputType", type: "u32", text: "Output of a u8 kernel: 0 u8, 1 f32" },
      { name: "epilogue", type: "Epilogue", text: "The epilogue; the f32 kernels use its activation alone" },
    ],
  },
  ConvolutionSum: {
    kernels: ["convolution_sum_u8", "prepare_convolution_sum_u8"],
    fields: [
      {
        name: "sum",
        type: "BinaryU8",
        text: "A sum of the convolution's output and another tensor, without broadcasts",
      },
      { name: "convolution", type: "Convolution", text: "The convolution" },
    ],
  },
  Quantize: {
    kernels: ["quantize"],
    fields: [
      { name: "input", type: "*const f32", text: "Input" },
      { name: "output", type: "*mut u8", text: "Output" },
      { name: "dimensions", type: "usize", list: ["batch", "pixels", "channels"], text: "Dimensions of the output" },
      { name: "transposed", type: "u32", text: "1 where the input is [batch][channels][pixels], else 0" },
      { name: "inverseScale", type: "f32", text: "1 / scale of the output" },
      { name: "zeroPoint", type: "i32", text: "Zero point of the output" },
    ],
  },
  Dequantize: {
    kernels: ["dequantize"],
    fields: [
      { name: "input", type: "*const u8", text: "Input" },
      { name: "output", type: "*mut f32", text: "Output" },
      { name: "count", type: "usize", text: "Elements" },
      { name: "scale", type: "f32", text: "Scale of the input" },
      { name: "zeroPoint", type: "i32", text: "Zero point of the input" },
    ],
  },
  Lookup: {
    kernels: ["lookup"],
    fields: [
      { name: "input", type: "*const u8", text: "Input" },
      { name: "output", type: "*mut u8", text: "Output" },
      { name: "table", type: "*const u8", text: "Table of 256 u8" },
      { name: "count", type: "usize", text: "Elements" },
    ],
  },
  Activate: {
    kernels: ["activation_f32"],
    fields: [
      { name: "input", type: "*const f32", text: "Input" },
      { name: "output", type: "*mut f32", text: "Output, which may be the input" },
      { name: "count", type: "usize", text: "Elements, a multiple of the channels" },
      { name: "channels", type: "usize", text: "Channels" },
      { name: "activation", type: "Activation", text: "Activation function" },
      { name: "slopes", type: "*const f32", text: "Slopes [channels] of a prelu, else 0" },
    ],
  },
  BinaryU8: {
    kernels: ["binary_u8"],
    fields: [
      ...OPERANDS("u8"),
      { name: "operation", type: "u32", text: "0 add, 1 multiply" },
      { name: "aZeroPoint", type: "i32", text: "Zero point of the first operand" },
      { name: "bZeroPoint", type: "i32", text: "Zero point of the second operand" },
      {
        name: "scales",
        type: "f32",
        list: ["aScale", "bScale"],
        text: "Factors of the operands; of a product the first",
      },
      { name: "epilogue", type: "Epilogue", text: "The epilogue, from the activation on" },
    ],
  },
  BinaryF32: {
    kernels: ["binary_f32"],
    fields: [
      ...OPERANDS("f32"),
      { name: "operation", type: "u32", text: "The operation, by the codes above" },
      { name: "activation", type: "Activation", text: "Activation function, not a prelu" },
    ],
  },
  Select: {
    kernels: ["select_f32"],
    fields: [
      { name: "condition", type: "*const f32", text: "Condition" },
      { name: "a", type: "*const f32", text: "Taken where the condition is not 0" },
      { name: "b", type: "*const f32", text: "Taken where the condition is 0" },
      { name: "output", type: "*mut f32", text: "Result, contiguous" },
      { name: "dimensions", type: "usize", length: 4, text: "Dimensions of the result" },
      { name: "conditionStrides", type: "usize", length: 4, text: "Strides of the condition as those of a sum" },
      { name: "aStrides", type: "usize", length: 4, text: "Strides of the first operand alike" },
      { name: "bStrides", type: "usize", length: 4, text: "Strides of the second operand alike" },
    ],
  },
  Reduce: {
    kernels: ["reduce_f32"],
    fields: [
      { name: "input", type: "*const f32", text: "Input" },
      { name: "output", type: "*mut f32", text: "Output [outer][inner]" },
      {
        name: "dimensions",
        type: "usize",
        list: ["outer", "length", "inner"],
        text: "Dimensions of the input: elements before, in and after what is reduced",
      },
      { name: "function", type: "u32", text: "The reduction, by the codes above" },
    ],
  },
  Gather: {
    kernels: ["gather_f32"],
    fields: [
      { name: "input", type: "*const f32", text: "Rows [outer][length][inner]" },
      { name: "indices", type: "*const f32", text: "Indices of rows [count], or [outer][count] where batched" },
      { name: "output", type: "*mut f32", text: "Output [outer][count][inner]" },
      { name: "dimensions", type: "usize", list: ["outer", "length", "count", "inner"], text: "Dimensions" },
      { name: "batched", type: "u32", text: "1 where each of the outer positions has indices of its own, else 0" },
    ],
  },
  CumulativeSum: {
    kernels: ["cumulative_sum_f32"],
    fields: [
      { name: "input", type: "*const f32", text: "Input" },
      { name: "output", type: "*mut f32", text: "Output" },
      {
        name: "dimensions",
        type: "usize",
        list: ["outer", "length", "inner"],
        text: "Elements before, in and after the dimension that sums run along",
      },
      { name: "exclusive", type: "u32", text: "1 where an element is not in its own sum, else 0" },
      { name: "reverse", type: "u32", text: "1 where sums run from the end, else 0" },
    ],
  },
  TopIndices: {
    kernels: ["top_indices_f32"],
    fields: [
      { name: "input", type: "*const f32", text: "Input [rows][length]" },
      { name: "output", type: "*mut f32", text: "Indices [rows][count]" },
      { name: "dimensions", type: "usize", list: ["rows", "length", "count"], text: "Dimensions" },
      { name: "smallest", type: "u32", text: "1 where the least numbers are sought, else 0" },
    ],
  },
  Pool: {
    kernels: ["max_pool_u8", "max_pool_f32", "average_pool_u8", "average_pool_f32"],
    fields: [
      { name: "input", type: "*const u8", text: "Input" },
      { name: "output", type: "*mut u8", text: "Output" },
      { name: "inputShape", type: "usize", list: [...IMAGE, "channels"], text: "Dimensions of the input" },
      ...OUTPUT,
      ...WINDOW,
      {
        name: "pads",
        type: "usize",
        list: ["padTop", "padLeft", "padBottom", "padRight"],
        text: "Padded rows and columns",
      },
      { name: "countIncludePad", type: "u32", text: "1 where an average counts padded positions, else 0" },
      { name: "inputZeroPoint", type: "i32", text: "Zero point of a u8 input" },
      { name: "outputZeroPoint", type: "i32", text: "Zero point of a u8 output" },
      { name: "scale", type: "f32", text: "Scale of a u8 input over that of the output" },
    ],
  },
  Softmax: {
    kernels: ["softmax_f32"],
    fields: [
      { name: "input", type: "*const f32", text: "Input" },
      { name: "output", type: "*mut f32", text: "Output" },
      { name: "dimensions", type: "usize", list: ["rows", "columns"], text: "Rows, and elements of each" },
    ],
  },
  LayerNormalization: {
    kernels: ["layer_normalization_f32"],
    fields: [
      { name: "input", type: "*const f32", text: "Input" },
      { name: "output", type: "*mut f32", text: "Output, which may be the input" },
      { name: "scale", type: "*const f32", text: "Factors [length], or 0" },
      { name: "bias", type: "*const f32", text: "Addends [length], or 0" },
      { name: "dimensions", type: "usize", list: ["rows", "length"], text: "Rows, and elements of each" },
      { name: "epsilon", type: "f32", text: "What is added to the variance, at least 0" },
    ],
  },
  Matmul: {
    kernels: ["matmul_f32"],
    fields: [
      { name: "a", type: "*const f32", text: "Left matrices [m][k]" },
      { name: "b", type: "*const f32", text: "Right matrices [k][n]" },
      { name: "output", type: "*mut f32", text: "Products [batch][m][n]" },
      { name: "dimensions", type: "usize", list: ["batch", "m", "k", "n"], text: "Dimensions" },
      {
        name: "batchStrides",
        type: "usize",
        list: ["aBatchStride", "bBatchStride"],
        text: "Elements from one left and one right matrix to the next; 0 where one serves the whole batch",
      },
    ],
  },
  Resize: {
    kernels: ["resize_u8", "resize_f32"],
    fields: [
      { name: "input", type: "*const u8", text: "Input" },
      { name: "output", type: "*mut u8", text: "Output" },
      { name: "inputShape", type: "usize", list: [...IMAGE, "channels"], text: "Dimensions of the input" },
      ...OUTPUT,
      { name: "rowTable", type: "*const Source", text: "Sources of the output rows" },
      { name: "columnTable", type: "*const Source", text: "Sources of the output columns" },
      { name: "linear", type: "u32", text: "0 nearest, 1 linear" },
    ],
  },
  Copy: {
    kernels: ["copy_8", "copy_32"],
    fields: [
      { name: "input", type: "*const u8", text: "Input" },
      { name: "output", type: "*mut u8", text: "Output" },
      { name: "inputOffset", type: "i32", text: "First element of the input" },
      { name: "outputOffset", type: "i32", text: "First element of the output" },
      { name: "dimensions", type: "i32", length: 6, text: "Elements along each axis" },
      { name: "inputStrides", type: "i32", length: 6, text: "Strides of the input in elements; may be negative" },
      { name: "outputStrides", type: "i32", length: 6, text: "Strides of the output alike" },
    ],
  },
  Fill: {
    kernels: ["fill_8", "fill_32"],
    fields: [
      { name: "output", type: "*mut u8", text: "Output" },
      { name: "count", type: "usize", text: "Elements" },
      { name: "value", type: "u32", text: "The bits of an element" },
    ],
  },
  Constant: {
    kernels: ["constant_8", "constant_32"],
    fields: [
      { name: "input", type: "*const u8", text: "The constant" },
      { name: "output", type: "*mut u8", text: "Output" },
      { name: "count", type: "usize", text: "Elements" },
    ],
  },
};

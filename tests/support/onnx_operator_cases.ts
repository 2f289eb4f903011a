/**
 * One small network per operator and per form that the operator takes in
 * different operator sets. Their outputs, as onnxruntime computes them for
 * {@linkcode pattern}, are in onnx_operator_outputs.json.
 *
 * @module
 */

import { type AttributeValue, type Constant, float, floats, ints, type ModelSpec } from "./onnx_writer.ts";

/** A network with inputs that {@linkcode pattern} fills. */
export interface OperatorCase {
  name: string;
  spec: ModelSpec;
}

/** Numbers between -1.5 and 1.5 that repeat after 13. */
export function pattern(count: number): Float32Array {
  return Float32Array.from({ length: count }, (_, i) => ((i * 7) % 13 - 6) / 4);
}

type Attributes = Record<string, AttributeValue>;

interface Form {
  shape?: number[];
  opset?: number;
  attributes?: Attributes;
  constants?: Record<string, Constant>;
  /** Shape of a second input, "z". */
  second?: number[];
  outputs?: string[];
}

/** A case of one node: the input "x", then the constants, then "z". */
function single(name: string, op: string, form: Form = {}): OperatorCase {
  const { shape = [1, 2, 3, 4], opset = 17, attributes = {}, constants = {}, second, outputs = ["y"] } = form;
  const inputs = ["x", ...(second ? ["z"] : []), ...Object.keys(constants).map((key) => (key === "" ? "" : key))];
  return {
    name,
    spec: {
      opset,
      inputs: { x: shape, ...(second && { z: second }) },
      outputs,
      constants,
      nodes: [{ op, inputs, outputs, attributes }],
    },
  };
}

function weights(shape: number[]): Constant {
  return floats(shape, pattern(shape.reduce((a, b) => a * b, 1)).map((value, i) => value / 3 + (i % 5) / 20));
}

const positive = (count: number): Constant => floats([count], Array.from({ length: count }, (_, i) => 0.5 + i / 4));

function chain(name: string, spec: Omit<ModelSpec, "outputs" | "inputs"> & { shape?: number[] }): OperatorCase {
  const { shape = [1, 2, 3, 4], ...rest } = spec;
  return { name, spec: { inputs: { x: shape }, outputs: ["y"], ...rest } };
}

const convolution = (name: string, shape: number[], w: number[], attributes: Attributes, bias = false) =>
  single(name, "Conv", { shape, attributes, constants: { w: weights(w), ...(bias && { b: weights([w[0]]) }) } });

const transposed = (name: string, shape: number[], w: number[], attributes: Attributes) =>
  single(name, "ConvTranspose", { shape, attributes, constants: { w: weights(w) } });

const pool = (name: string, op: string, attributes: Attributes, opset = 17) =>
  single(name, op, { shape: [1, 2, 5, 6], opset, attributes });

const resize = (name: string, mode: string, coordinates: string, scale: number, rounding = "round_prefer_floor") =>
  chain(name, {
    shape: [1, 2, 3, 4],
    constants: { s: floats([4], [1, 1, scale, scale]) },
    nodes: [{
      op: "Resize",
      inputs: ["x", "", "s"],
      outputs: ["y"],
      attributes: { mode, coordinate_transformation_mode: coordinates, nearest_mode: rounding },
    }],
  });

/** A case of a node whose indices i, -3 to 2, are computed from the input "x" of shape [1, 6] or [2, 3]. */
function indexed(
  name: string,
  shape: number[],
  { op, inputs, attributes = {}, constants = {} }: {
    op: string;
    inputs: string[];
    attributes?: Attributes;
    constants?: Record<string, Constant>;
  },
): OperatorCase {
  return chain(name, {
    shape,
    constants: { two: floats([], [2]), ...constants },
    nodes: [
      { op: "Mul", inputs: ["x", "two"], outputs: ["m"] },
      { op: "Floor", inputs: ["m"], outputs: ["f"] },
      { op: "Clip", inputs: ["f", "", "two"], outputs: ["l"] },
      { op: "Cast", inputs: ["l"], outputs: ["i"], attributes: { to: 7 } },
      { op, inputs, outputs: ["y"], attributes },
    ],
  });
}

/** All cases. */
export const OPERATOR_CASES: OperatorCase[] = [
  convolution(
    "Conv with bias, pads and stride",
    [1, 3, 5, 5],
    [4, 3, 3, 3],
    { pads: [1, 1, 1, 1], strides: [2, 2] },
    true,
  ),
  convolution("Conv with asymmetric pads and dilation", [1, 2, 6, 7], [2, 2, 2, 3], {
    pads: [0, 1, 2, 0],
    dilations: [2, 1],
  }),
  convolution("Conv in groups", [1, 4, 4, 4], [4, 2, 3, 3], { group: 2 }),
  convolution("Conv depthwise with two outputs per input", [1, 2, 4, 4], [4, 1, 3, 3], {
    group: 2,
    auto_pad: "SAME_UPPER",
  }),
  convolution("Conv with SAME_LOWER", [1, 1, 5, 5], [1, 1, 2, 2], { auto_pad: "SAME_LOWER", strides: [2, 2] }),
  convolution("Conv over signals", [1, 2, 7], [3, 2, 3], { pads: [1, 1], strides: [2] }, true),
  transposed("ConvTranspose with stride", [1, 2, 3, 3], [2, 3, 3, 3], { strides: [2, 2] }),
  transposed("ConvTranspose with pads and output_padding", [1, 2, 3, 3], [2, 1, 3, 3], {
    strides: [2, 2],
    pads: [1, 1, 1, 1],
    output_padding: [1, 1],
  }),
  transposed("ConvTranspose in groups with dilation", [1, 4, 3, 3], [4, 1, 2, 2], { group: 2, dilations: [2, 2] }),
  transposed("ConvTranspose with output_shape", [1, 1, 3, 3], [1, 1, 3, 3], { strides: [3, 2], output_shape: [10, 8] }),
  transposed("ConvTranspose whose pads exceed its kernel", [1, 1, 4, 4], [1, 1, 1, 1], {
    strides: [2, 2],
    pads: [1, 1, 1, 1],
  }),
  transposed("ConvTranspose over signals", [1, 2, 4], [2, 2, 3], { strides: [2] }),
  single("BatchNormalization", "BatchNormalization", {
    constants: { g: weights([2]), b: weights([2]), m: weights([2]), v: positive(2) },
  }),
  single("BatchNormalization of vectors", "BatchNormalization", {
    shape: [1, 3],
    constants: { g: weights([3]), b: weights([3]), m: weights([3]), v: positive(3) },
  }),
  ...["Relu", "Sigmoid", "Tanh", "HardSwish", "HardSigmoid", "LeakyRelu", "Elu", "Neg", "Identity"].map((op) =>
    op === "Identity"
      ? chain(op, { nodes: [{ op, inputs: ["x"], outputs: ["i"] }, { op: "Relu", inputs: ["i"], outputs: ["y"] }] })
      : single(op, op)
  ),
  single("LeakyRelu with alpha", "LeakyRelu", { attributes: { alpha: float(0.3) } }),
  single("Elu with alpha", "Elu", { attributes: { alpha: float(0.7) } }),
  single("HardSigmoid with alpha", "HardSigmoid", { attributes: { alpha: float(0.4), beta: float(0.6) } }),
  single("Gelu", "Gelu", { opset: 20 }),
  single("Gelu by tanh", "Gelu", { opset: 20, attributes: { approximate: "tanh" } }),
  single("PRelu per channel", "PRelu", { constants: { s: weights([2, 1, 1]) } }),
  single("PRelu with one slope", "PRelu", { constants: { s: floats([1], [0.2]) } }),
  single("PRelu per column", "PRelu", { constants: { s: weights([4]) } }),
  single("Clip with attributes", "Clip", { opset: 9, attributes: { min: float(-0.5), max: float(1) } }),
  single("Clip with inputs", "Clip", { constants: { low: floats([], [-0.5]), high: floats([], [1]) } }),
  single("Clip from 0", "Clip", { constants: { low: floats([], [0]) } }),
  single("Softmax at operator set 11", "Softmax", { opset: 11, attributes: { axis: 2 } }),
  single("Softmax at operator set 13", "Softmax", { opset: 13, attributes: { axis: 2 } }),
  single("Softmax over channels", "Softmax", { opset: 13, attributes: { axis: 1 } }),
  ...["Add", "Sub", "Mul", "Div", "Max", "Min"].flatMap((op) => [
    single(`${op} of two values`, op, { second: [2, 1, 4] }),
    single(`${op} with a constant per channel`, op, { constants: { c: floats([1, 2, 1, 1], [0.5, -0.25]) } }),
    single(`${op} with a full constant`, op, {
      constants: { c: floats([3, 4], Array.from({ length: 12 }, (_, i) => i / 4 + 0.5)) },
    }),
  ]),
  ...[
    ...["Abs", "Asinh", "Atan", "Ceil", "Celu", "Cos", "Cosh", "Erf", "Exp", "Floor", "Round"],
    ...["Reciprocal", "Selu", "Shrink", "Sign", "Sin", "Sinh", "Softplus", "Softsign", "Tan", "ThresholdedRelu"],
  ].map((op) => single(op, op)),
  ...["Acos", "Asin", "Atanh"].map((op) =>
    chain(`${op} of numbers below 1`, {
      constants: { c: floats([], [0.5]) },
      nodes: [{ op: "Mul", inputs: ["x", "c"], outputs: ["a"] }, { op, inputs: ["a"], outputs: ["y"] }],
    })
  ),
  single("Mish", "Mish", { opset: 18 }),
  ...["Sqrt", "Log", "Acosh"].map((op) =>
    chain(`${op} of numbers above 1`, {
      constants: { c: floats([], [3]) },
      nodes: [{ op: "Add", inputs: ["x", "c"], outputs: ["a"] }, { op, inputs: ["a"], outputs: ["y"] }],
    })
  ),
  ...[-1, 0.5, 1, 2, 3, 4, -2.5].map((exponent) =>
    chain(`Pow to ${exponent}`, {
      constants: { e: floats([], [exponent]) },
      nodes: [{ op: "Exp", inputs: ["x"], outputs: ["p"] }, { op: "Pow", inputs: ["p", "e"], outputs: ["y"] }],
    })
  ),
  chain("Pow of a constant to a value", {
    constants: { c: floats([2, 1, 1], [2, 0.3]) },
    nodes: [{ op: "Pow", inputs: ["c", "x"], outputs: ["y"] }],
  }),
  single("Mod of two values", "Mod", { second: [2, 1, 4], attributes: { fmod: 1 } }),
  single("PRelu with slopes that are a value", "PRelu", { second: [2, 1, 4] }),
  single("PRelu with slopes along two dimensions", "PRelu", { constants: { s: weights([2, 3, 1]) } }),
  ...["Equal", "Less", "LessOrEqual", "Greater", "GreaterOrEqual"].map((op) =>
    chain(`Where by ${op}`, {
      constants: { c: floats([3, 1], [-0.5, 0.25, 1]), low: floats([], [-Infinity]) },
      nodes: [
        { op, inputs: ["x", "c"], outputs: ["t"] },
        { op: "Not", inputs: ["t"], outputs: ["f"] },
        { op: "Where", inputs: ["f", "x", "c"], outputs: ["w"] },
        { op: "Cast", inputs: ["t"], outputs: ["n"], attributes: { to: 1 } },
        { op: "Sub", inputs: ["w", "n"], outputs: ["y"] },
      ],
    })
  ),
  ...["And", "Or", "Xor"].map((op) =>
    chain(`${op} of two comparisons`, {
      constants: { a: floats([], [-0.5]), b: floats([4], [-1, 0, 0.5, 2]) },
      nodes: [
        { op: "Less", inputs: ["x", "a"], outputs: ["s"] },
        { op: "Less", inputs: ["x", "b"], outputs: ["t"] },
        { op, inputs: ["s", "t"], outputs: ["u"] },
        { op: "Cast", inputs: ["u"], outputs: ["y"], attributes: { to: 1 } },
      ],
    })
  ),
  chain("Clip with limits that are values", {
    constants: { axes: ints([0, 1, 2, 3]), half: floats([], [0.5]) },
    nodes: [
      { op: "ReduceMean", inputs: ["x"], outputs: ["m"], attributes: { keepdims: 0 } },
      { op: "Add", inputs: ["m", "half"], outputs: ["h"] },
      { op: "Clip", inputs: ["x", "m", "h"], outputs: ["y"] },
    ],
  }),
  chain("arithmetic of integers", {
    constants: { four: floats([], [4]), three: ints([3], []), two: ints([2], []) },
    nodes: [
      { op: "Mul", inputs: ["x", "four"], outputs: ["m"] },
      { op: "Cast", inputs: ["m"], outputs: ["i"], attributes: { to: 7 } },
      { op: "Div", inputs: ["i", "two"], outputs: ["d"] },
      { op: "Mod", inputs: ["i", "three"], outputs: ["r"] },
      { op: "Add", inputs: ["d", "r"], outputs: ["s"] },
      { op: "Cast", inputs: ["s"], outputs: ["y"], attributes: { to: 1 } },
    ],
  }),
  chain("a constant minus a value", {
    constants: { c: floats([], [2]) },
    nodes: [{ op: "Sub", inputs: ["c", "x"], outputs: ["y"] }],
  }),
  chain("a constant divided by a value", {
    constants: { c: floats([], [2]) },
    nodes: [{ op: "Exp", inputs: ["c"], outputs: ["e"] }, { op: "Sigmoid", inputs: ["x"], outputs: ["s"] }, {
      op: "Div",
      inputs: ["e", "s"],
      outputs: ["y"],
    }],
  }),
  pool("MaxPool", "MaxPool", { kernel_shape: [3, 3], strides: [2, 2], pads: [1, 1, 1, 1] }),
  pool("MaxPool with ceil_mode", "MaxPool", { kernel_shape: [2, 2], strides: [2, 2], ceil_mode: 1 }),
  pool("MaxPool with dilations", "MaxPool", { kernel_shape: [2, 2], dilations: [2, 2] }),
  pool("MaxPool with SAME_UPPER", "MaxPool", { kernel_shape: [2, 3], strides: [2, 2], auto_pad: "SAME_UPPER" }),
  single("MaxPool over signals", "MaxPool", { shape: [1, 2, 7], attributes: { kernel_shape: [3], strides: [2] } }),
  pool("AveragePool without pads in the count", "AveragePool", { kernel_shape: [3, 3], pads: [1, 1, 1, 1] }),
  pool("AveragePool with pads in the count", "AveragePool", {
    kernel_shape: [3, 3],
    pads: [1, 1, 1, 1],
    count_include_pad: 1,
  }),
  pool("AveragePool with ceil_mode", "AveragePool", { kernel_shape: [2, 2], strides: [2, 2], ceil_mode: 1 }, 19),
  pool("AveragePool with SAME_LOWER", "AveragePool", { kernel_shape: [2, 2], auto_pad: "SAME_LOWER" }),
  single("GlobalAveragePool", "GlobalAveragePool"),
  single("GlobalMaxPool", "GlobalMaxPool"),
  single("ReduceMean with an attribute", "ReduceMean", { attributes: { axes: [2, 3], keepdims: 0 } }),
  single("ReduceMean with an input", "ReduceMean", { opset: 18, constants: { axes: ints([-1, 2]) } }),
  single("ReduceMean over channels", "ReduceMean", { attributes: { axes: [1] } }),
  single("ReduceSum", "ReduceSum", { constants: { axes: ints([2, 3]) } }),
  ...["ReduceL1", "ReduceL2", "ReduceLogSumExp", "ReduceMax", "ReduceMin", "ReduceProd", "ReduceSumSquare"].flatMap((
    op,
  ) => [
    single(`${op} over axes that are no neighbours`, op, { attributes: { axes: [1, 3] } }),
    single(`${op} over the last axis, dropped`, op, {
      opset: 18,
      constants: { axes: ints([-1]) },
      attributes: { keepdims: 0 },
    }),
  ]),
  chain("ReduceLogSum over all axes", {
    nodes: [
      { op: "Exp", inputs: ["x"], outputs: ["e"] },
      { op: "ReduceLogSum", inputs: ["e"], outputs: ["y"] },
    ],
  }),
  ...["ArgMax", "ArgMin"].flatMap((op) =>
    [0, 1].map((last) =>
      chain(`${op} ${last ? "of the last" : "of the first"} index`, {
        nodes: [
          { op, inputs: ["x"], outputs: ["i"], attributes: { axis: 2, select_last_index: last } },
          { op: "Cast", inputs: ["i"], outputs: ["y"], attributes: { to: 1 } },
        ],
      })
    )
  ),
  single("LogSoftmax at operator set 11", "LogSoftmax", { opset: 11, attributes: { axis: 2 } }),
  single("LogSoftmax over channels", "LogSoftmax", { attributes: { axis: 1 } }),
  single("Hardmax", "Hardmax", { attributes: { axis: 2 } }),
  single("Tile", "Tile", { constants: { repeats: ints([1, 2, 1, 3]) } }),
  single("Trilu of a lower triangle", "Trilu", { constants: { k: ints([1], []) }, attributes: { upper: 0 } }),
  single("InstanceNormalization", "InstanceNormalization", { constants: { s: weights([2]), b: weights([2]) } }),
  single("GroupNormalization with parameters per channel", "GroupNormalization", {
    shape: [1, 4, 3, 2],
    opset: 21,
    constants: { s: weights([4]), b: weights([4]) },
    attributes: { num_groups: 2 },
  }),
  single("LRN", "LRN", { shape: [1, 5, 2, 3], attributes: { size: 3, alpha: float(0.5), bias: float(2) } }),
  single("LpNormalization by absolute values", "LpNormalization", { attributes: { axis: 1, p: 1 } }),
  single("LpNormalization by squares", "LpNormalization", { attributes: { axis: -1 } }),
  single("MeanVarianceNormalization", "MeanVarianceNormalization"),
  single("LayerNormalization with a mean and a deviation", "LayerNormalization", {
    constants: { s: weights([3, 4]) },
    attributes: { axis: 2 },
    outputs: ["y", "mean", "deviation"],
  }),
  single("LayerNormalization with factors that are a value", "LayerNormalization", { second: [4] }),
  chain("RMS normalisation, spelled out", {
    constants: { two: floats([], [2]), epsilon: floats([], [1e-5]), one: floats([], [1]), s: weights([4]) },
    nodes: [
      { op: "Pow", inputs: ["x", "two"], outputs: ["p"] },
      { op: "ReduceMean", inputs: ["p"], outputs: ["m"], attributes: { axes: [-1] } },
      { op: "Add", inputs: ["m", "epsilon"], outputs: ["e"] },
      { op: "Sqrt", inputs: ["e"], outputs: ["r"] },
      { op: "Reciprocal", inputs: ["r"], outputs: ["i"] },
      { op: "Mul", inputs: ["x", "i"], outputs: ["n"] },
      { op: "Mul", inputs: ["n", "s"], outputs: ["y"] },
    ],
  }),
  indexed("Gather from a constant by indices that are a value", [1, 6], {
    op: "Gather",
    inputs: ["t", "i"],
    constants: { t: weights([4, 5]) },
  }),
  indexed("Gather along the second axis by indices that are a value", [2, 3], {
    op: "Gather",
    inputs: ["x", "i"],
    attributes: { axis: 1 },
  }),
  indexed("GatherElements along the last axis", [2, 3], {
    op: "GatherElements",
    inputs: ["x", "i"],
    attributes: { axis: 1 },
  }),
  indexed("GatherElements along the first axis, from more columns", [2, 3], {
    op: "GatherElements",
    inputs: ["t", "i"],
    constants: { t: weights([3, 5]) },
  }),
  indexed("GatherND along two dimensions", [2, 3, 2], {
    op: "GatherND",
    inputs: ["t", "i"],
    constants: { t: weights([4, 3, 2]) },
  }),
  indexed("GatherND along the second dimension of a batch", [2, 3, 1], {
    op: "GatherND",
    inputs: ["t", "i"],
    constants: { t: weights([2, 4, 3]) },
    attributes: { batch_dims: 1 },
  }),
  indexed("OneHot along the first axis", [2, 3], {
    op: "OneHot",
    inputs: ["i", "depth", "values"],
    constants: { depth: ints([4], []), values: floats([2], [0.25, 3]) },
    attributes: { axis: 0 },
  }),
  single("Gather by many constant indices", "Gather", {
    constants: { i: ints(Array.from({ length: 200 }, (_, i) => (i * i + i % 3) % 4), [20, 10]) },
    attributes: { axis: 3 },
  }),
  chain("ScatterND by constant indices", {
    shape: [3, 4],
    constants: { i: ints([2, 1, 0, 3], [2, 2]), u: floats([2], [7, 8]) },
    nodes: [{ op: "ScatterND", inputs: ["x", "i", "u"], outputs: ["y"] }],
  }),
  chain("ScatterND of rows", {
    shape: [3, 4],
    constants: { i: ints([-1], [1, 1]), u: weights([1, 4]) },
    nodes: [{ op: "ScatterND", inputs: ["x", "i", "u"], outputs: ["y"] }],
  }),
  chain("ScatterElements by constant indices", {
    shape: [3, 4],
    constants: { i: ints([1, 0, 2, -1], [2, 2]), u: weights([2, 2]) },
    nodes: [{ op: "ScatterElements", inputs: ["x", "i", "u"], outputs: ["y"], attributes: { axis: 1 } }],
  }),
  ...[{ is_causal: 1 }, { softcap: float(2), scale: float(0.7) }].map((attributes, i) =>
    chain(`Attention whose heads share keys, ${i === 0 ? "causal" : "with a cap"}`, {
      shape: [1, 5, 12],
      opset: 23,
      constants: { wk: weights([12, 6]), wv: weights([12, 4]) },
      nodes: [
        { op: "MatMul", inputs: ["x", "wk"], outputs: ["k"] },
        { op: "MatMul", inputs: ["x", "wv"], outputs: ["v"] },
        {
          op: "Attention",
          inputs: ["x", "k", "v"],
          outputs: ["y"],
          attributes: { q_num_heads: 4, kv_num_heads: 2, ...attributes },
        },
      ],
    })
  ),
  ...[0, 1].flatMap((exclusive) =>
    [0, 1].map((reverse) =>
      single(`CumSum${exclusive ? ", exclusive" : ""}${reverse ? ", reverse" : ""}`, "CumSum", {
        constants: { axis: ints([-2], []) },
        attributes: { exclusive, reverse },
      })
    )
  ),
  chain("TopK along the last axis", {
    shape: [2, 7],
    constants: { k: ints([3]) },
    nodes: [
      { op: "TopK", inputs: ["x", "k"], outputs: ["v", "i"] },
      { op: "Cast", inputs: ["i"], outputs: ["n"], attributes: { to: 1 } },
      { op: "Sub", inputs: ["v", "n"], outputs: ["y"] },
    ],
  }),
  chain("TopK of the least along channels", {
    shape: [1, 5, 2, 2],
    constants: { k: ints([2]) },
    nodes: [{ op: "TopK", inputs: ["x", "k"], outputs: ["y", "u"], attributes: { axis: 1, largest: 0 } }],
  }),
  ...[
    ["bij,bjk->bik", [2, 3, 4], [2, 4, 5]],
    ["bhid,bhjd->bhij", [1, 2, 3, 4], [1, 2, 5, 4]],
    ["...ij,...jk", [2, 1, 3, 4], [2, 1, 4, 2]],
    ["ij,kl->ljki", [2, 3], [4, 5]],
    ["ijk,jl->il", [2, 3, 4], [3, 5]],
    ["ij,ij->j", [3, 4], [3, 4]],
  ].map(([equation, shape, second]) =>
    single(`Einsum ${equation}`, "Einsum", {
      shape: shape as number[],
      second: second as number[],
      attributes: { equation: equation as string },
    })
  ),
  single("Einsum of one value", "Einsum", { shape: [2, 3, 4], attributes: { equation: "ijk->ki" } }),
  single("Einsum with a constant", "Einsum", {
    shape: [2, 3, 4],
    constants: { w: weights([4, 5]) },
    attributes: { equation: "abc,cd->abd" },
  }),
  single("Gemm", "Gemm", { shape: [2, 3], constants: { b: weights([3, 4]), c: weights([4]) } }),
  single("Gemm with everything", "Gemm", {
    shape: [3, 2],
    attributes: { transA: 1, transB: 1, alpha: float(0.5), beta: float(2) },
    constants: { b: weights([4, 3]), c: weights([2, 4]) },
  }),
  single("Gemm of two values", "Gemm", { shape: [2, 3], second: [4, 3], attributes: { transB: 1, alpha: float(2) } }),
  single("MatMul by a constant", "MatMul", { shape: [2, 2, 3], constants: { b: weights([3, 4]) } }),
  single("MatMul of two values", "MatMul", { shape: [2, 2, 3], second: [3, 4] }),
  chain("MatMul of a constant", {
    shape: [1, 3, 2],
    constants: { a: weights([4, 3]) },
    nodes: [{ op: "MatMul", inputs: ["a", "x"], outputs: ["y"] }],
  }),
  single("Flatten", "Flatten"),
  single("Flatten at axis 2", "Flatten", { attributes: { axis: 2 } }),
  single("Reshape", "Reshape", { constants: { shape: ints([0, -1, 2]) } }),
  single("Transpose", "Transpose", { attributes: { perm: [0, 2, 3, 1] } }),
  single("Transpose by default", "Transpose", { shape: [2, 3, 4] }),
  single("Squeeze with an attribute", "Squeeze", { opset: 11, shape: [1, 2, 1, 3], attributes: { axes: [2] } }),
  single("Squeeze with an input", "Squeeze", { shape: [1, 2, 1, 3], constants: { axes: ints([-2]) } }),
  single("Unsqueeze with an attribute", "Unsqueeze", { opset: 11, shape: [2, 3], attributes: { axes: [0, 3] } }),
  single("Unsqueeze with an input", "Unsqueeze", { shape: [2, 3], constants: { axes: ints([0, -1]) } }),
  single("Concat of channels", "Concat", { second: [1, 1, 3, 4], attributes: { axis: 1 } }),
  single("Concat with a constant", "Concat", { constants: { c: weights([1, 2, 3, 1]) }, attributes: { axis: 3 } }),
  single("Split with an attribute", "Split", {
    opset: 11,
    attributes: { axis: 3, split: [1, 3] },
    outputs: ["y", "u"],
  }),
  single("Split with an input", "Split", {
    constants: { split: ints([3, 1]) },
    attributes: { axis: -1 },
    outputs: ["y", "u"],
  }),
  single("Split into num_outputs", "Split", {
    opset: 18,
    attributes: { axis: 2, num_outputs: 2 },
    outputs: ["y", "u"],
  }),
  single("Slice with attributes", "Slice", { opset: 9, attributes: { starts: [0, 1], ends: [1, 9], axes: [1, 2] } }),
  single("Slice with inputs", "Slice", {
    constants: { starts: ints([-1, 0]), ends: ints([-9, 4]), axes: ints([3, 2]), steps: ints([-2, 2]) },
  }),
  single("Pad with attributes", "Pad", { opset: 9, attributes: { pads: [0, 0, 1, 0, 0, 1, 0, 2], value: float(0.5) } }),
  single("Pad with inputs", "Pad", { constants: { pads: ints([0, 1, -1, 0, 0, 0, 0, 2]), value: floats([], [2]) } }),
  single("Pad with axes", "Pad", {
    opset: 18,
    constants: { pads: ints([1, 0, 0, 1]), value: floats([], [0]), axes: ints([-1, 2]) },
  }),
  ...["reflect", "edge", "wrap"].map((mode) =>
    single(`Pad in mode ${mode}`, "Pad", {
      opset: 19,
      constants: { pads: ints([0, 0, 1, 2, 0, 0, -1, 3]) },
      attributes: { mode },
    })
  ),
  single("Gather with one index", "Gather", { constants: { i: ints([-1], []) }, attributes: { axis: 1 } }),
  single("Gather with several indices", "Gather", {
    constants: { i: ints([3, 0, 0, 2, 1, 0]) },
    attributes: { axis: 3 },
  }),
  single("Expand", "Expand", { shape: [1, 2, 1, 3], constants: { shape: ints([2, 1, 4, 1]) } }),
  chain("Cast to float32 and Dropout", {
    constants: { ratio: floats([], [0.5]) },
    nodes: [
      { op: "Cast", inputs: ["x"], outputs: ["c"], attributes: { to: 1 } },
      { op: "Dropout", inputs: ["c", "ratio"], outputs: ["d"] },
      { op: "Relu", inputs: ["d"], outputs: ["y"] },
    ],
  }),
  single("DepthToSpace in the order DCR", "DepthToSpace", { shape: [1, 8, 2, 3], attributes: { blocksize: 2 } }),
  single("DepthToSpace in the order CRD", "DepthToSpace", {
    shape: [1, 8, 2, 3],
    attributes: { blocksize: 2, mode: "CRD" },
  }),
  single("SpaceToDepth", "SpaceToDepth", { shape: [1, 2, 4, 6], attributes: { blocksize: 2 } }),
  resize("Resize nearest, asymmetric, floor", "nearest", "asymmetric", 2, "floor"),
  resize("Resize nearest, half_pixel", "nearest", "half_pixel", 1.5),
  resize("Resize nearest, half_pixel, prefer ceil", "nearest", "half_pixel", 1.5, "round_prefer_ceil"),
  resize("Resize nearest, asymmetric, ceil", "nearest", "asymmetric", 1.5, "ceil"),
  resize("Resize linear, half_pixel", "linear", "half_pixel", 2),
  resize("Resize linear, pytorch_half_pixel", "linear", "pytorch_half_pixel", 0.4),
  resize("Resize linear, align_corners", "linear", "align_corners", 2),
  resize("Resize linear, asymmetric", "linear", "asymmetric", 1.5),
  chain("Resize to sizes", {
    constants: { sizes: ints([1, 2, 5, 7]) },
    nodes: [{ op: "Resize", inputs: ["x", "", "", "sizes"], outputs: ["y"], attributes: { mode: "linear" } }],
  }),
  single("Resize at operator set 10", "Resize", {
    opset: 10,
    constants: { s: floats([4], [1, 1, 2, 2]) },
    attributes: { mode: "linear" },
  }),
  single("Upsample with an input", "Upsample", { opset: 9, constants: { s: floats([4], [1, 1, 2, 3]) } }),
  single("Upsample with an attribute", "Upsample", { opset: 7, attributes: { scales: { floats: [1, 1, 2, 2] } } }),
  chain("channel shuffle", {
    shape: [1, 6, 2, 2],
    constants: { split: ints([1, 2, 3, 2, 2]), join: ints([1, 6, 2, 2]), w: weights([6, 6, 1, 1]) },
    nodes: [
      { op: "Conv", inputs: ["x", "w"], outputs: ["c"] },
      { op: "Reshape", inputs: ["c", "split"], outputs: ["s"] },
      { op: "Transpose", inputs: ["s"], outputs: ["t"], attributes: { perm: [0, 2, 1, 3, 4] } },
      { op: "Reshape", inputs: ["t", "join"], outputs: ["j"] },
      { op: "Conv", inputs: ["j", "w"], outputs: ["y"] },
    ],
  }),
  chain("a shape computed from Shape, Gather and Concat", {
    constants: { zero: ints([0], []), axes: ints([0]), rest: ints([-1]) },
    nodes: [
      { op: "Shape", inputs: ["x"], outputs: ["shape"] },
      { op: "Gather", inputs: ["shape", "zero"], outputs: ["batch"] },
      { op: "Unsqueeze", inputs: ["batch", "axes"], outputs: ["b"] },
      { op: "Concat", inputs: ["b", "rest"], outputs: ["target"], attributes: { axis: 0 } },
      { op: "Relu", inputs: ["x"], outputs: ["r"] },
      { op: "Reshape", inputs: ["r", "target"], outputs: ["y"] },
    ],
  }),
  chain("GELU by the error function, spelled out", {
    constants: { root: floats([], [Math.SQRT2]), one: floats([], [1]), half: floats([], [0.5]) },
    nodes: [
      { op: "Div", inputs: ["x", "root"], outputs: ["d"] },
      { op: "Erf", inputs: ["d"], outputs: ["e"] },
      { op: "Add", inputs: ["e", "one"], outputs: ["a"] },
      { op: "Mul", inputs: ["x", "a"], outputs: ["m"] },
      { op: "Mul", inputs: ["m", "half"], outputs: ["y"] },
    ],
  }),
  chain("GELU by tanh, spelled out", {
    constants: {
      k: floats([], [0.044715]),
      s: floats([], [Math.sqrt(2 / Math.PI)]),
      one: floats([], [1]),
      half: floats([], [0.5]),
    },
    nodes: [
      { op: "Mul", inputs: ["x", "x"], outputs: ["x2"] },
      { op: "Mul", inputs: ["x", "x2"], outputs: ["x3"] },
      { op: "Mul", inputs: ["k", "x3"], outputs: ["kx3"] },
      { op: "Add", inputs: ["x", "kx3"], outputs: ["sum"] },
      { op: "Mul", inputs: ["s", "sum"], outputs: ["scaled"] },
      { op: "Tanh", inputs: ["scaled"], outputs: ["t"] },
      { op: "Add", inputs: ["one", "t"], outputs: ["gate"] },
      { op: "Mul", inputs: ["half", "x"], outputs: ["h"] },
      { op: "Mul", inputs: ["h", "gate"], outputs: ["y"] },
    ],
  }),
];

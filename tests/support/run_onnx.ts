/**
 * A slow, plain evaluator of quantised ONNX files, written from the meaning of
 * each operator alone, as an independent check of what is exported.
 *
 * @module
 */

import type { OnnxModel, OnnxNode } from "../../calibrate/onnx/model.ts";

/** A tensor in row-major order. */
interface Values {
  shape: number[];
  data: ArrayLike<number>;
}

/**
 * Runs a model in float64, with every quantised value rounded to its step.
 *
 * @param input Elements of the only input, whose shape the file gives.
 * @returns Elements of the first output.
 */
export function runOnnx(model: OnnxModel, input: Float32Array): number[] {
  const known = new Map<string, Values>(model.initializers);
  known.set(model.inputs[0].name, { shape: model.inputs[0].shape as number[], data: input });
  for (const node of model.nodes) {
    const operator = OPERATORS[node.operator];
    if (!operator) throw new TypeError(`The evaluator of the tests has no "${node.operator}"`);
    known.set(node.outputs[0], operator(node, node.inputs.map((name) => known.get(name)!)));
  }
  return Array.from(known.get(model.outputs[0].name)!.data);
}

const OPERATORS: Readonly<Record<string, (node: OnnxNode, inputs: Values[]) => Values>> = {
  QuantizeLinear: (_, [x, scale, zero]) =>
    each(x, (value) => Math.min(255, Math.max(0, roundToEven(value / scale.data[0]) + zero.data[0]))),
  DequantizeLinear: (node, [x, scale, zero]) => {
    if (scale.shape.length === 0) return each(x, (value) => (value - zero.data[0]) * scale.data[0]);
    const axis = Number(valueOf(node, "axis", 1));
    const inner = size(x.shape.slice(axis + 1));
    const channel = (index: number) => Math.floor(index / inner) % x.shape[axis];
    return each(x, (value, index) => (value - zero.data[channel(index)]) * scale.data[channel(index)]);
  },
  Conv: convolve,
  Gemm: (_, [x, weights, bias]) => {
    const [rows, depth] = x.shape;
    const columns = weights.shape[0];
    const data = Array.from({ length: rows * columns }, (_, index) => {
      const [row, column] = [Math.floor(index / columns), index % columns];
      let sum = bias.data[column];
      for (let k = 0; k < depth; k++) sum += x.data[row * depth + k] * weights.data[column * depth + k];
      return sum;
    });
    return { shape: [rows, columns], data };
  },
  Add: (_, [a, b]) => each(a, (value, index) => value + b.data[index]),
  Relu: (_, [x]) => each(x, (value) => Math.max(0, value)),
  Identity: (_, [x]) => x,
  Reshape: (_, [x, shape]) => ({ shape: Array.from(shape.data), data: x.data }),
  Transpose: (node, [x]) => {
    const order = valueOf(node, "perm", []) as number[];
    const shape = order.map((axis) => x.shape[axis]);
    const strides = order.map((axis) => size(x.shape.slice(axis + 1)));
    const data = Array.from({ length: x.data.length }, (_, index) => {
      let [rest, source] = [index, 0];
      for (let axis = shape.length - 1; axis >= 0; axis--) {
        source += (rest % shape[axis]) * strides[axis];
        rest = Math.floor(rest / shape[axis]);
      }
      return x.data[source];
    });
    return { shape, data };
  },
  GlobalAveragePool: (_, [x]) => {
    const area = size(x.shape.slice(2));
    const data = Array.from({ length: x.shape[0] * x.shape[1] }, (_, plane) => {
      let sum = 0;
      for (let index = 0; index < area; index++) sum += x.data[plane * area + index];
      return sum / area;
    });
    return { shape: [x.shape[0], x.shape[1], 1, 1], data };
  },
};

function convolve(node: OnnxNode, [x, weights, bias]: Values[]): Values {
  const [batch, inputs, height, width] = x.shape;
  const [outputs, depth, kernelHeight, kernelWidth] = weights.shape;
  const [strides, dilations, pads] = ["strides", "dilations", "pads"].map((name) =>
    valueOf(node, name, []) as number[]
  );
  const length = (input: number, kernel: number, axis: number) =>
    Math.floor((input + pads[axis] + pads[axis + 2] - dilations[axis] * (kernel - 1) - 1) / strides[axis]) + 1;
  const shape = [batch, outputs, length(height, kernelHeight, 0), length(width, kernelWidth, 1)];
  const perGroup = outputs / Number(valueOf(node, "group", 1));
  const data = new Float64Array(size(shape));
  for (let index = 0; index < data.length; index++) {
    const ox = index % shape[3];
    const oy = Math.floor(index / shape[3]) % shape[2];
    const output = Math.floor(index / (shape[2] * shape[3])) % outputs;
    const first = Math.floor(index / (outputs * shape[2] * shape[3])) * inputs + Math.floor(output / perGroup) * depth;
    let sum = bias.data[output];
    for (let c = 0; c < depth; c++) {
      for (let ky = 0; ky < kernelHeight; ky++) {
        for (let kx = 0; kx < kernelWidth; kx++) {
          const y = oy * strides[0] + ky * dilations[0] - pads[0];
          const column = ox * strides[1] + kx * dilations[1] - pads[1];
          if (y < 0 || column < 0 || y >= height || column >= width) continue;
          sum += x.data[((first + c) * height + y) * width + column] *
            weights.data[((output * depth + c) * kernelHeight + ky) * kernelWidth + kx];
        }
      }
    }
    data[index] = sum;
  }
  return { shape, data };
}

function each({ shape, data }: Values, change: (value: number, index: number) => number): Values {
  return { shape, data: Float64Array.from(data, change) };
}

function roundToEven(value: number): number {
  const floor = Math.floor(value);
  const rest = value - floor;
  return rest > 0.5 || (rest === 0.5 && floor % 2 !== 0) ? floor + 1 : floor;
}

function valueOf(node: OnnxNode, name: string, otherwise: number | number[]): number | number[] {
  const attribute = node.attributes.get(name);
  return attribute === undefined ? otherwise : (attribute as { value: number | number[] }).value;
}

function size(shape: readonly number[]): number {
  return shape.reduce((product, length) => product * length, 1);
}

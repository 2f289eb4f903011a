/**
 * A slow, plain interpreter of channels-last graphs, written from the meaning
 * of each node alone, as an independent check.
 *
 * @module
 */

import type { ImageOrder } from "../../calibrate/operators/operator.ts";
import { operatorOf } from "../../calibrate/operators/operators.ts";
import type { Reduction } from "../../runtime/kernels/reduce.ts";
import type { Activation } from "../../runtime/activation.ts";
import type {
  BinaryNode,
  ConvolutionNode,
  FullyConnectedNode,
  Graph,
  LayerNormalizationNode,
  Node,
  PoolNode,
  ReduceNode,
  ResizeNode,
} from "../../calibrate/graph/graph.ts";

/** A tensor in row-major order. */
export interface Array32 {
  shape: number[];
  data: Float32Array;
}

const TO_CHANNELS_LAST = [0, 2, 3, 1];
const TO_CHANNELS_FIRST = [0, 3, 1, 2];

/**
 * Runs a graph.
 *
 * @param inputs Elements of each input, by the name of its port.
 * @param order How the graph holds images.
 * @returns The outputs by the names of their ports, in the shapes of their values.
 */
export function interpret(
  graph: Graph,
  inputs: Map<string, Float32Array>,
  order: ImageOrder = "channelsLast",
): Map<string, Array32> {
  const known = new Map<string, Array32>();
  for (const [name, value] of graph.values) {
    if (value.data) known.set(name, { shape: value.shape, data: value.data });
  }
  for (const port of graph.inputs) {
    known.set(port.value, { shape: port.shape, data: inputs.get(port.name)! });
  }
  for (const node of graph.nodes) {
    const turned = order === "channelsFirst" && operatorOf(node).readsImages;
    const shape = permuteDimensions(graph.values.get(node.output)!.shape, turned ? TO_CHANNELS_LAST : undefined);
    const output = { shape, data: new Float32Array(size(shape)) };
    const inputs = node.inputs.map((input) => known.get(input)!);
    run(node, turned ? inputs.map((input) => permute(input, TO_CHANNELS_LAST)) : inputs, output);
    known.set(node.output, turned ? permute(output, TO_CHANNELS_FIRST) : output);
  }
  return new Map(graph.outputs.map((port) => [port.name, known.get(port.value)!]));
}

function permuteDimensions(shape: number[], permutation: readonly number[] | undefined): number[] {
  return permutation ? permutation.map((axis) => shape[axis]) : shape;
}

function permute(input: Array32, permutation: readonly number[]): Array32 {
  const shape = permuteDimensions(input.shape, permutation);
  const output = { shape, data: new Float32Array(size(shape)) };
  fill(output, (index) => {
    const source = new Array<number>(index.length);
    permutation.forEach((axis, i) => source[axis] = index[i]);
    return at(input, source);
  });
  return output;
}

function size(shape: readonly number[]): number {
  return shape.reduce((count, length) => count * length, 1);
}

function run(node: Node, inputs: Array32[], output: Array32): void {
  switch (node.op) {
    case "convolution":
      return convolution(node, inputs[0], output);
    case "fullyConnected":
      return fullyConnected(node, inputs[0], output);
    case "activation":
      return fill(output, (index) => activate(at(inputs[0], index), node.activation, node.slopes?.[index[node.axis!]]));
    case "binary":
      return fill(
        output,
        (index) => activate(combine(node.operation, at(inputs[0], index), at(inputs[1], index)), node.activation),
      );
    case "select":
      return fill(output, (index) => at(inputs[at(inputs[0], index) !== 0 ? 1 : 2], index));
    case "pool":
      return pool(node, inputs[0], output);
    case "reduceMean":
      return reduceMean(node.axes, inputs[0], output);
    case "gather": {
      const rows = node.table ? { shape: node.rows, data: node.table } : inputs[0];
      const indices = inputs[inputs.length - 1];
      return fill(output, ([outer, k, inner]) => {
        const row = at(indices, node.batched ? [outer, k] : [k]);
        return at(rows, [outer, row < 0 ? row + node.rows[1] : row, inner]);
      });
    }
    case "cumulativeSum": {
      const length = output.shape[node.axis];
      return fill(output, (index) => {
        const own = index[node.axis];
        let sum = 0;
        for (let i = 0; i < length; i++) {
          const isBefore = node.reverse ? i > own : i < own;
          if (isBefore || (i === own && !node.exclusive)) sum += at(inputs[0], index.with(node.axis, i));
        }
        return sum;
      });
    }
    case "topIndices":
      return fill(output, (index) => {
        const row = Array.from({ length: inputs[0].shape.at(-1)! }, (_, i) => at(inputs[0], index.with(-1, i)));
        const order = [...row.keys()].sort((a, b) => (node.smallest ? row[a] - row[b] : row[b] - row[a]) || a - b);
        return order[index.at(-1)!];
      });
    case "reduce":
      return reduce(node, inputs[0], output);
    case "softmax":
      return softmax(node.axis, inputs[0], output);
    case "layerNormalization":
      return layerNormalization(node, inputs[0], output);
    case "matMul":
      return matMul(inputs[0], inputs[1], output);
    case "concat": {
      let start = 0;
      for (const input of inputs) {
        each(input.shape, (index) => {
          const target = index.map((i, axis) => (axis === node.axis ? i + start : i));
          output.data[position(output.shape, target)] = at(input, index);
        });
        start += input.shape[node.axis];
      }
      return;
    }
    case "resize":
      return resize(node, inputs[0], output);
    case "transpose":
      return output.data.set(permute(inputs[0], node.permutation).data);
    case "reshape":
      return output.data.set(inputs[0].data);
    case "slice":
      return fill(output, (index) => at(inputs[0], index.map((i, axis) => node.starts[axis] + i * node.steps[axis])));
    case "pad":
      return fill(output, (index) => {
        const source = index.map((i, axis) => i - node.before[axis]);
        const inside = source.every((i, axis) => i >= 0 && i < inputs[0].shape[axis]);
        return inside ? at(inputs[0], source) : node.value;
      });
    case "dilate":
      return fill(
        output,
        ([batch, y, x, channel]) =>
          y % node.step[0] === 0 && x % node.step[1] === 0
            ? at(inputs[0], [batch, y / node.step[0], x / node.step[1], channel])
            : 0,
      );
    default:
      node satisfies never;
  }
}

function position(shape: readonly number[], index: readonly number[]): number {
  let result = 0;
  for (let axis = 0; axis < shape.length; axis++) result = result * shape[axis] + index[axis];
  return result;
}

/** The element at an index into a shape that the array broadcasts to. */
function at({ shape, data }: Array32, index: readonly number[]): number {
  const missing = index.length - shape.length;
  let result = 0;
  for (let axis = 0; axis < shape.length; axis++) {
    result = result * shape[axis] + (shape[axis] === 1 ? 0 : index[axis + missing]);
  }
  return data[result];
}

function each(shape: readonly number[], visit: (index: number[]) => void): void {
  const index = shape.map(() => 0);
  for (let count = size(shape); count > 0; count--) {
    visit(index);
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      if (++index[axis] < shape[axis]) break;
      index[axis] = 0;
    }
  }
}

function fill(output: Array32, compute: (index: number[]) => number): void {
  let to = 0;
  each(output.shape, (index) => output.data[to++] = compute(index));
}

function convolution(node: ConvolutionNode, input: Array32, output: Array32): void {
  const [outputs, perGroup, kernelHeight, kernelWidth] = node.weightShape;
  const [, height, width, channels] = input.shape;
  const outputsPerGroup = outputs / node.groups;
  let to = 0;
  each(output.shape.slice(0, 3), ([batch, y, x]) => {
    const sums = new Float64Array(outputs);
    for (let i = 0; i < kernelHeight; i++) {
      const row = y * node.stride[0] - node.pads[0] + i * node.dilation[0];
      if (row < 0 || row >= height) continue;
      for (let j = 0; j < kernelWidth; j++) {
        const column = x * node.stride[1] - node.pads[1] + j * node.dilation[1];
        if (column < 0 || column >= width) continue;
        const pixel = ((batch * height + row) * width + column) * channels;
        for (let o = 0; o < outputs; o++) {
          const first = pixel + Math.floor(o / outputsPerGroup) * perGroup;
          let tap = o * perGroup * kernelHeight * kernelWidth + i * kernelWidth + j;
          let sum = 0;
          for (let c = 0; c < perGroup; c++) {
            sum += input.data[first + c] * node.weights[tap];
            tap += kernelHeight * kernelWidth;
          }
          sums[o] += sum;
        }
      }
    }
    for (let o = 0; o < outputs; o++) {
      output.data[to++] = activate(sums[o] + node.bias[o], node.activation, node.slopes?.[o]);
    }
  });
}

function fullyConnected(node: FullyConnectedNode, input: Array32, output: Array32): void {
  const [outputs, inputs] = node.weightShape;
  for (let row = 0; row < input.data.length / inputs; row++) {
    for (let o = 0; o < outputs; o++) {
      let sum = node.bias[o];
      for (let i = 0; i < inputs; i++) sum += input.data[row * inputs + i] * node.weights[o * inputs + i];
      output.data[row * outputs + o] = activate(sum, node.activation, node.slopes?.[o]);
    }
  }
}

function pool(node: PoolNode, input: Array32, output: Array32): void {
  const [, height, width] = input.shape;
  fill(output, ([batch, y, x, channel]) => {
    let [sum, largest, inside, padded] = [0, -Infinity, 0, 0];
    for (let i = 0; i < node.kernel[0]; i++) {
      for (let j = 0; j < node.kernel[1]; j++) {
        const row = y * node.stride[0] - node.pads[0] + i * node.dilation[0];
        const column = x * node.stride[1] - node.pads[1] + j * node.dilation[1];
        if (row < height + node.pads[2] && column < width + node.pads[3]) padded++;
        if (row < 0 || row >= height || column < 0 || column >= width) continue;
        const value = at(input, [batch, row, column, channel]);
        inside++;
        sum += value;
        largest = Math.max(largest, value);
      }
    }
    if (node.reduction === "max") return largest;
    return sum / (node.countIncludePad ? padded : inside);
  });
}

function reduceMean(axes: readonly number[], input: Array32, output: Array32): void {
  const sums = new Float64Array(output.data.length);
  each(input.shape, (index) => {
    const target = index.map((i, axis) => (axes.includes(axis) ? 0 : i));
    sums[position(output.shape, target)] += at(input, index);
  });
  const count = input.data.length / output.data.length;
  sums.forEach((sum, i) => output.data[i] = sum / count);
}

function reduce(node: ReduceNode, input: Array32, output: Array32): void {
  const rows = Array.from(output.data, (): number[] => []);
  each(input.shape, (index) => {
    rows[position(output.shape, index.map((i, axis) => node.axes.includes(axis) ? 0 : i))].push(at(input, index));
  });
  const sum = (row: number[], term: (x: number) => number) => row.reduce((total, x) => total + term(x), 0);
  const functions: Record<Reduction, (row: number[]) => number> = {
    sum: (row) => sum(row, (x) => x),
    product: (row) => row.reduce((product, x) => product * x, 1),
    maximum: (row) => Math.max(...row),
    minimum: (row) => Math.min(...row),
    l1: (row) => sum(row, Math.abs),
    l2: (row) => Math.hypot(...row),
    sumSquares: (row) => sum(row, (x) => x ** 2),
    meanSquares: (row) => sum(row, (x) => x ** 2) / row.length,
    logSum: (row) => Math.log(sum(row, (x) => x)),
    logSumExp: (row) => Math.log(sum(row, (x) => Math.exp(x - Math.max(...row)))) + Math.max(...row),
    firstMaximum: (row) => row.indexOf(Math.max(...row)),
    lastMaximum: (row) => row.lastIndexOf(Math.max(...row)),
    firstMinimum: (row) => row.indexOf(Math.min(...row)),
    lastMinimum: (row) => row.lastIndexOf(Math.min(...row)),
  };
  output.data.set(rows.map(functions[node.function]));
}

function softmax(axis: number, input: Array32, output: Array32): void {
  const length = input.shape[axis];
  fill(output, (index) => {
    const others = Array.from({ length }, (_, i) => at(input, index.with(axis, i)));
    const largest = Math.max(...others);
    const total = others.reduce((sum, value) => sum + Math.exp(value - largest), 0);
    return Math.exp(at(input, index) - largest) / total;
  });
}

function layerNormalization(node: LayerNormalizationNode, input: Array32, output: Array32): void {
  const length = node.scale.length;
  for (let start = 0; start < input.data.length; start += length) {
    const row = Array.from(input.data.subarray(start, start + length));
    const mean = row.reduce((sum, value) => sum + value, 0) / length;
    const variance = row.reduce((sum, value) => sum + (value - mean) ** 2, 0) / length;
    row.forEach((value, i) => {
      const normalized = (value - mean) / Math.sqrt(variance + node.epsilon);
      output.data[start + i] = normalized * node.scale[i] + (node.bias?.[i] ?? 0);
    });
  }
}

function matMul(a: Array32, b: Array32, output: Array32): void {
  const inner = a.shape.at(-1)!;
  fill(output, (index) => {
    const batch = index.slice(0, -2);
    let sum = 0;
    for (let i = 0; i < inner; i++) {
      sum += at(a, [...batch, index.at(-2)!, i]) * at(b, [...batch, i, index.at(-1)!]);
    }
    return sum;
  });
}

function resize(node: ResizeNode, input: Array32, output: Array32): void {
  const mix = (a: number, b: number, weight: number): number => a + (b - a) * weight;
  fill(output, ([batch, y, x, channel]) => {
    const { rows, columns } = node;
    const line = (row: number): number =>
      mix(
        at(input, [batch, row, columns.indices[2 * x], channel]),
        at(input, [batch, row, columns.indices[2 * x + 1], channel]),
        columns.weights[x],
      );
    return mix(line(rows.indices[2 * y]), line(rows.indices[2 * y + 1]), rows.weights[y]);
  });
}

function combine(operation: BinaryNode["operation"], a: number, b: number): number {
  switch (operation) {
    case "add":
      return a + b;
    case "subtract":
      return a - b;
    case "multiply":
      return a * b;
    case "divide":
      return a / b;
    case "maximum":
      return Math.max(a, b);
    case "minimum":
      return Math.min(a, b);
    case "equal":
      return Number(a === b);
    case "less":
      return Number(a < b);
    case "lessOrEqual":
      return Number(a <= b);
    case "notEqual":
      return Number(a !== b);
    case "prelu":
      return a < 0 ? a * b : a;
    case "power":
      return a ** b;
    case "remainder":
      return a % b;
    case "modulo":
      return a - Math.floor(a / b) * b;
  }
}

/** An activation function of one number. */
export function activate(x: number, activation: Activation, slope = NaN): number {
  const clip = (value: number, low: number, high: number): number => Math.min(Math.max(value, low), high);
  const sigmoid = (value: number): number => 1 / (1 + Math.exp(-value));
  switch (activation.kind) {
    case "identity":
      return x;
    case "relu":
      return Math.max(x, 0);
    case "clip":
      return clip(x, activation.min, activation.max);
    case "leakyRelu":
      return x < 0 ? activation.alpha * x : x;
    case "prelu":
      return x < 0 ? slope * x : x;
    case "hardSwish":
      return x * clip(x / 6 + 0.5, 0, 1);
    case "hardSigmoid":
      return clip(activation.alpha * x + activation.beta, 0, 1);
    case "sigmoid":
      return sigmoid(x);
    case "silu":
      return x * sigmoid(x);
    case "gelu":
      return 0.5 * x * (1 + erf(x / Math.SQRT2));
    case "geluTanh":
      return 0.5 * x * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * x ** 3)));
    case "elu":
      return x < 0 ? activation.alpha * Math.expm1(x) : x;
    case "tanh":
      return Math.tanh(x);
    case "erf":
      return erf(x);
    case "power":
      return x ** activation.exponent;
    case "selu":
      return activation.gamma * (x > 0 ? x : activation.alpha * Math.expm1(x));
    case "celu":
      return Math.max(x, 0) + Math.min(0, activation.alpha * Math.expm1(x / activation.alpha));
    case "thresholdedRelu":
      return x > activation.alpha ? x : 0;
    case "shrink":
      return x < -activation.lambda ? x + activation.bias : x > activation.lambda ? x - activation.bias : 0;
    case "softplus":
      return Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)));
    case "softsign":
      return x / (1 + Math.abs(x));
    case "mish":
      return x * Math.tanh(Math.log1p(Math.exp(x)));
    case "reciprocal":
      return 1 / x;
    case "round":
      return Math.abs(x % 1) === 0.5 ? 2 * Math.round(x / 2) : Math.round(x);
    case "truncate":
      return Math.trunc(x);
    case "isNaN":
      return Number(Number.isNaN(x));
    case "isInfinite":
      return Number((activation.positive && x === Infinity) || (activation.negative && x === -Infinity));
    case "isZero":
      return Number(x === 0);
    case "isNotZero":
      return Number(x !== 0);
    default:
      return Math[activation.kind](x);
  }
}

/** The error function by its Taylor series, and 1 where that is exact enough. */
function erf(x: number): number {
  if (Math.abs(x) > 4) return Math.sign(x);
  let [term, sum] = [x, x];
  for (let n = 1; n < 100; n++) {
    term *= -x * x / n;
    sum += term / (2 * n + 1);
  }
  return 2 / Math.sqrt(Math.PI) * sum;
}

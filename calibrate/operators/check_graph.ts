/**
 * Checks that a graph in channels-last form is consistent.
 *
 * @module
 */

import type { Graph, Node, Value } from "../graph/graph.ts";

/**
 * Checks a graph: nodes are in topological order, each value is made once,
 * shapes are what the nodes make of their inputs, parameters fit.
 *
 * @throws {TypeError} On the first inconsistency.
 */
export function verifyGraph(graph: Graph): void {
  const known = new Set<string>();
  for (const port of graph.inputs) {
    if (known.has(port.value)) throw new TypeError(`Input "${port.value}" is defined twice`);
    requireValue(graph, port.value);
    known.add(port.value);
  }
  for (const [name, value] of graph.values) {
    if (value.name !== name) throw new TypeError(`Value "${name}" is named "${value.name}"`);
    if (value.data === undefined) continue;
    if (value.data.length !== elements(value.shape)) {
      throw new TypeError(`Constant "${name}" of shape [${value.shape}] has ${value.data.length} elements`);
    }
    known.add(name);
  }
  const names = new Set<string>();
  for (const node of graph.nodes) {
    if (names.has(node.name)) throw new TypeError(`Two nodes are named "${node.name}"`);
    names.add(node.name);
    for (const input of node.inputs) {
      if (!known.has(input)) throw new TypeError(`Node "${node.name}" reads "${input}" too early`);
    }
    if (known.has(node.output)) throw new TypeError(`Value "${node.output}" is defined twice`);
    known.add(node.output);
    const inputs = node.inputs.map((input) => requireValue(graph, input).shape);
    checkNode(node, inputs, requireValue(graph, node.output).shape);
  }
  for (const port of graph.outputs) {
    if (!known.has(port.value)) throw new TypeError(`Output "${port.value}" is never made`);
    if (elements(requireValue(graph, port.value).shape) !== elements(port.shape)) {
      throw new TypeError(`Output "${port.name}" has another shape than its value`);
    }
  }
}

function requireValue(graph: Graph, name: string): Value {
  const value = graph.values.get(name);
  if (value === undefined) throw new TypeError(`Value "${name}" is unknown`);
  return value;
}

function elements(shape: readonly number[]): number {
  return shape.reduce((count, length) => count * length, 1);
}

function checkNode(node: Node, inputs: number[][], output: number[]): void {
  const expected = node.op === "reshape" ? undefined : expectedShape(node, inputs, output);
  const fits = expected === undefined
    ? elements(inputs[0]) === elements(output)
    : expected.length === output.length && expected.every((length, i) => length === output[i]);
  if (!fits) {
    throw new TypeError(
      `Node "${node.name}" (${node.op}) makes [${output}] of ${inputs.map((shape) => `[${shape}]`).join(" and ")}` +
        (expected ? `: expected [${expected}]` : ""),
    );
  }
  checkParameters(node);
}

function expectedShape(node: Node, inputs: number[][], output: number[]): number[] {
  const [first] = inputs;
  switch (node.op) {
    case "convolution": {
      const [outputs, perGroup, ...kernel] = node.weightShape;
      if (perGroup * node.groups !== first[3]) return [];
      const size = [0, 1].map((i) => {
        const padded = first[1 + i] + node.pads[i] + node.pads[i + 2];
        return Math.floor((padded - node.dilation[i] * (kernel[i] - 1) - 1) / node.stride[i]) + 1;
      });
      return [first[0], ...size, outputs];
    }
    case "fullyConnected":
      return first.at(-1) === node.weightShape[1] ? [...first.slice(0, -1), node.weightShape[0]] : [];
    case "binary":
      return broadcast(first, inputs[1]);
    case "pool":
      return [first[0], output[1], output[2], first[3]];
    case "reduceMean":
      return first.map((length, i) => (node.axes.includes(i) ? 1 : length));
    case "activation":
    case "softmax":
      return first;
    case "matMul": {
      const batch = broadcast(first.slice(0, -2), inputs[1].slice(0, -2));
      return first.at(-1) === inputs[1].at(-2) ? [...batch, first.at(-2)!, inputs[1].at(-1)!] : [];
    }
    case "concat": {
      const total = inputs.reduce((sum, shape) => sum + shape[node.axis], 0);
      const agree = inputs.every((shape) => shape.every((length, i) => i === node.axis || length === first[i]));
      return agree ? first.map((length, i) => (i === node.axis ? total : length)) : [];
    }
    case "resize":
      return [first[0], node.rows.weights.length, node.columns.weights.length, first[3]];
    case "transpose":
      return node.permutation.map((axis) => first[axis]);
    case "slice": {
      const inside = first.every((length, i) => {
        const end = node.starts[i] + (output[i] - 1) * node.steps[i];
        return node.starts[i] >= 0 && node.starts[i] < length && end >= 0 && end < length;
      });
      return inside ? output : [];
    }
    case "pad":
      return first.map((length, i) => node.before[i] + length + node.after[i]);
    case "dilate":
      return first.map((length, i) => i === 1 || i === 2 ? (length - 1) * node.step[i - 1] + 1 : length);
    case "reshape":
      return output;
  }
}

function broadcast(a: number[], b: number[]): number[] {
  const rank = Math.max(a.length, b.length);
  return Array.from({ length: rank }, (_, i) => {
    const left = a[i - rank + a.length] ?? 1;
    const right = b[i - rank + b.length] ?? 1;
    return left === 1 ? right : right === 1 || left === right ? left : -1;
  });
}

function checkParameters(node: Node): void {
  if (node.op === "activation" && node.activation.kind === "identity") {
    throw new TypeError(`Node "${node.name}" is an activation that does nothing`);
  }
  if (node.op !== "convolution" && node.op !== "fullyConnected") return;
  const outputs = node.weightShape[0];
  const lengths = [
    node.bias.length,
    node.slopes?.length ?? outputs,
    node.normalization?.gamma.length ?? outputs,
  ];
  const fits = node.weights.length === elements(node.weightShape) &&
    lengths.every((length) => length === outputs) &&
    (node.activation.kind === "prelu") === (node.slopes !== undefined);
  if (!fits) throw new TypeError(`Node "${node.name}" has parameters of inconsistent lengths`);
}

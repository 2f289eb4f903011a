/**
 * Lowering of the operators that only move elements.
 *
 * @module
 */

import type { Form } from "../graph/form.ts";
import { stridesOf } from "../graph/shape.ts";
import { quantizeValue } from "../../runtime/numerics/quantization.ts";
import type { ConcatNode, DilateNode, Node, PadNode, ReshapeNode, SliceNode, TransposeNode } from "../graph/graph.ts";
import type { LowerContext } from "./context.ts";

/** Elements to copy, with their places in both tensors. */
interface Walk {
  dimensions: number[];
  inputStrides: number[];
  outputStrides: number[];
  inputOffset?: number;
  outputOffset?: number;
}

/** Lowers an operator that only moves elements. */
export function lowerMovement(context: LowerContext, node: Node): void {
  const form = context.forms.computed.get(node.output)!;
  switch (node.op) {
    case "reshape":
      return lowerReshape(context, node, form);
    case "concat":
      return lowerConcat(context, node, form);
    case "transpose":
      return lowerTranspose(context, node, form);
    case "slice":
      return lowerSlice(context, node, form);
    case "pad":
      return lowerPad(context, node, form);
    case "dilate":
      return lowerDilate(context, node, form);
    default:
      throw new TypeError(`Node "${node.name}" has the operator ${node.op}, which does not only move elements`);
  }
}

/** A reshape is another name for the same tensor. */
function lowerReshape(context: LowerContext, node: ReshapeNode, form: Form): void {
  const places = context.places.get(node.output);
  context.places.set(node.output, { ...places, [form]: context.place(node.inputs[0], form) });
}

function lowerConcat(context: LowerContext, node: ConcatNode, form: Form): void {
  const output = context.create(node.output, form);
  const outputStrides = stridesOf(context.shape(node.output));
  let position = 0;
  for (const input of node.inputs) {
    const dimensions = context.shape(input);
    copy(context, { name: node.name, input: context.place(input, form), output }, {
      dimensions,
      inputStrides: stridesOf(dimensions),
      outputStrides,
      outputOffset: position * outputStrides[node.axis],
    });
    position += dimensions[node.axis];
  }
}

function lowerTranspose(context: LowerContext, node: TransposeNode, form: Form): void {
  const strides = stridesOf(context.shape(node.inputs[0]));
  const dimensions = context.shape(node.output);
  const output = context.create(node.output, form);
  copy(context, { name: node.name, input: context.place(node.inputs[0], form), output }, {
    dimensions,
    inputStrides: node.permutation.map((axis) => strides[axis]),
    outputStrides: stridesOf(dimensions),
  });
}

function lowerSlice(context: LowerContext, node: SliceNode, form: Form): void {
  const strides = stridesOf(context.shape(node.inputs[0]));
  const dimensions = context.shape(node.output);
  const output = context.create(node.output, form);
  copy(context, { name: node.name, input: context.place(node.inputs[0], form), output }, {
    dimensions,
    inputStrides: strides.map((stride, axis) => stride * node.steps[axis]),
    outputStrides: stridesOf(dimensions),
    inputOffset: offsetOf(strides, node.starts),
  });
}

function lowerPad(context: LowerContext, node: PadNode, form: Form): void {
  const output = filled(context, node, form, node.value);
  const dimensions = context.shape(node.inputs[0]);
  const outputStrides = stridesOf(context.shape(node.output));
  copy(context, { name: node.name, input: context.place(node.inputs[0], form), output }, {
    dimensions,
    inputStrides: stridesOf(dimensions),
    outputStrides,
    outputOffset: offsetOf(outputStrides, node.before),
  });
}

function lowerDilate(context: LowerContext, node: DilateNode, form: Form): void {
  const output = filled(context, node, form, 0);
  const dimensions = context.shape(node.inputs[0]);
  const factors = [1, ...node.step, 1];
  copy(context, { name: node.name, input: context.place(node.inputs[0], form), output }, {
    dimensions,
    inputStrides: stridesOf(dimensions),
    outputStrides: stridesOf(context.shape(node.output)).map((stride, axis) => stride * factors[axis]),
  });
}

/** The node's output tensor, filled with a value. */
function filled(context: LowerContext, node: PadNode | DilateNode, form: Form, real: number): number {
  const output = context.create(node.output, form);
  const { scale, zeroPoint } = context.builder.tensors[output];
  const value = form === "u8"
    ? quantizeValue(Math.fround(real), Math.fround(1 / scale!), zeroPoint!)
    : Math.fround(real);
  context.builder.step({ kernel: "fill", name: node.name, inputs: [], output, constants: [], attributes: { value } });
  return output;
}

function offsetOf(strides: readonly number[], position: readonly number[]): number {
  return strides.reduce((sum, stride, axis) => sum + stride * position[axis], 0);
}

/** Adds a copy step, with neighbouring dimensions merged where both sides allow it. */
export function copy(
  context: LowerContext,
  step: { name: string; input: number; output: number },
  walk: Walk,
): void {
  const kept: [length: number, input: number, output: number][] = [];
  for (const [axis, length] of walk.dimensions.entries()) {
    if (length === 1) continue;
    const [input, output] = [walk.inputStrides[axis], walk.outputStrides[axis]];
    const last = kept[kept.length - 1];
    if (last && last[1] === input * length && last[2] === output * length) {
      kept[kept.length - 1] = [last[0] * length, input, output];
    } else kept.push([length, input, output]);
  }
  if (kept.length > 6) throw new TypeError(`Node "${step.name}" moves elements over more than six dimensions`);
  while (kept.length < 6) kept.unshift([1, 0, 0]);
  context.builder.step({
    kernel: "copy",
    name: step.name,
    inputs: [step.input],
    output: step.output,
    constants: [],
    attributes: {
      dimensions: kept.map(([length]) => length),
      inputStrides: kept.map(([, input]) => input),
      outputStrides: kept.map(([, , output]) => output),
      inputOffset: walk.inputOffset ?? 0,
      outputOffset: walk.outputOffset ?? 0,
    },
  });
}

/**
 * Lowering of pooling, means and resampling.
 *
 * @module
 */

import type { PoolNode, ReduceMeanNode, ResizeAxis, ResizeNode } from "../graph/graph.ts";
import type { LowerContext } from "./context.ts";

/** Lowers pooling. */
export function lowerPool(context: LowerContext, node: PoolNode): void {
  const form = context.forms.computed.get(node.output)!;
  context.builder.step({
    kernel: `${node.reduction}_pool_${form}`,
    name: node.name,
    inputs: [context.place(node.inputs[0], form)],
    output: context.create(node.output, form),
    constants: [],
    attributes: {
      input: context.shape(node.inputs[0]),
      output: context.shape(node.output),
      kernel: node.kernel,
      stride: node.stride,
      dilation: node.dilation,
      pads: node.pads,
      countIncludePad: node.countIncludePad ? 1 : 0,
    },
  });
}

/** Lowers a mean over neighbouring dimensions to an average pooling over all of them. */
export function lowerReduceMean(context: LowerContext, node: ReduceMeanNode): void {
  const form = context.forms.computed.get(node.output)!;
  const shape = context.shape(node.inputs[0]);
  const [first, last] = [node.axes[0], node.axes[node.axes.length - 1]];
  if (last - first !== node.axes.length - 1) {
    throw new TypeError(`Node "${node.name}" takes a mean over dimensions that are not neighbours: ${node.axes}`);
  }
  const product = (start: number, end?: number) => shape.slice(start, end).reduce((total, length) => total * length, 1);
  const [outer, reduced, inner] = [product(0, first), product(first, last + 1), product(last + 1)];
  context.builder.step({
    kernel: `average_pool_${form}`,
    name: node.name,
    inputs: [context.place(node.inputs[0], form)],
    output: context.create(node.output, form),
    constants: [],
    attributes: {
      input: [outer, reduced, 1, inner],
      output: [outer, 1, 1, inner],
      kernel: [reduced, 1],
      stride: [1, 1],
      dilation: [1, 1],
      pads: [0, 0, 0, 0],
      countIncludePad: 0,
    },
  });
}

/** Lowers resampling; the sampling positions become constants. */
export function lowerResize(context: LowerContext, node: ResizeNode): void {
  const form = context.forms.computed.get(node.output)!;
  const constants = [node.rows, node.columns].map((axis) => context.builder.constant(samplingTable(axis)));
  context.builder.step({
    kernel: `resize_${form}`,
    name: node.name,
    inputs: [context.place(node.inputs[0], form)],
    output: context.create(node.output, form),
    constants,
    attributes: {
      input: context.shape(node.inputs[0]),
      output: context.shape(node.output),
      linear: node.mode === "linear" ? 1 : 0,
    },
  });
}

function samplingTable({ indices, weights }: ResizeAxis): Int32Array {
  const table = new Int32Array(weights.length * 3);
  const floats = new Float32Array(table.buffer);
  for (const [position, weight] of weights.entries()) {
    table[position * 3] = indices[position * 2];
    table[position * 3 + 1] = indices[position * 2 + 1];
    floats[position * 3 + 2] = weight;
  }
  return table;
}

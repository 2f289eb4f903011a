/**
 * Reductions over some dimensions, which kernels do over one.
 *
 * @module
 */

import { elementCount } from "../../runtime/tensor.ts";
import type { Form } from "../graph/form.ts";
import type { ReduceMeanNode, ReduceNode } from "../graph/graph.ts";
import { aroundAxes, type Shape } from "../graph/shape.ts";
import type { LowerContext } from "./context.ts";
import { copy, permutationWalk, walkLimits } from "./copy.ts";

/** Why a reduction over some dimensions of a shape cannot be lowered; undefined where it can. */
export function reductionLimits(axes: readonly number[], input: Shape): string | undefined {
  return areNeighbours(axes, input) ? undefined : walkLimits(permutationWalk(input, reducedFirst(axes, input)));
}

/** The tensor of a node's input, brought into an order where what is reduced is one of three dimensions. */
export function placeReduced(
  context: LowerContext,
  { name, inputs: [value], output, axes }: ReduceMeanNode | ReduceNode,
  form: Form,
): { input: number; dimensions: number[] } {
  const shape = context.shape(value);
  if (areNeighbours(axes, shape)) {
    return { input: context.place(value, form), dimensions: aroundAxes(shape, axes[0], axes.at(-1)) };
  }
  const walk = permutationWalk(shape, reducedFirst(axes, shape));
  const quantization = form === "u8" ? context.plan!.values.get(value) : undefined;
  const input = context.builder.tensor(`${output} gathered`, form, walk.dimensions, quantization);
  copy(context, { name, input: context.place(value, form), output: input }, walk);
  const reduced = elementCount(walk.dimensions.slice(0, axes.length));
  return { input, dimensions: [1, reduced, elementCount(walk.dimensions) / reduced] };
}

/** Whether no dimension longer than 1 stands between those that are reduced. */
function areNeighbours(axes: readonly number[], shape: Shape): boolean {
  return shape.every((length, axis) => length === 1 || axes.includes(axis) || axis < axes[0] || axis > axes.at(-1)!);
}

/** The dimensions of a shape, those that are reduced first. */
function reducedFirst(axes: readonly number[], shape: Shape): number[] {
  return [...axes, ...[...shape.keys()].filter((axis) => !axes.includes(axis))];
}

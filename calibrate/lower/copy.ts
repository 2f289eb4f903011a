/**
 * Copies of elements between tensors whose places follow from their indices.
 *
 * @module
 */

import { elementCount } from "../../runtime/tensor.ts";
import type { Form } from "../graph/form.ts";
import { broadcastStrides, type Shape, stridesOf } from "../graph/shape.ts";
import type { LowerContext } from "./context.ts";

/** Elements to copy, with their places in both tensors. */
export interface Walk {
  /** How many there are along each dimension. */
  dimensions: readonly number[];
  /** Elements of the input from one index of each dimension to the next. */
  inputStrides: readonly number[];
  /** Elements of the output from one index of each dimension to the next. */
  outputStrides: readonly number[];
  /** The first element of the input; 0 where absent. */
  inputOffset?: number;
  /** The first element of the output; 0 where absent. */
  outputOffset?: number;
}

/** Dimensions that the kernel walks. */
const RANK = 6;
/** Most steps that a walk over more dimensions than the kernel has may take. */
const MOST_STEPS = 256;

/** A dimension of a walk. */
interface Stride {
  length: number;
  input: number;
  output: number;
}

/** Dimensions of a walk, with neighbours merged where both sides allow it. */
function mergeDimensions({ dimensions, inputStrides, outputStrides }: Walk): Stride[] {
  const merged: Stride[] = [];
  for (const [axis, length] of dimensions.entries()) {
    if (length === 1) continue;
    const [input, output] = [inputStrides[axis], outputStrides[axis]];
    const last = merged.at(-1);
    if (last && last.input === input * length && last.output === output * length) {
      merged[merged.length - 1] = { length: last.length * length, input, output };
    } else merged.push({ length, input, output });
  }
  return merged;
}

/** The dimensions that one step walks, and the shortest others, over which there is a step for each index. */
function splitDimensions(walk: Walk): { inner: Stride[]; outer: Stride[] } {
  const merged = mergeDimensions(walk);
  const outer = merged.toSorted((a, b) => a.length - b.length).slice(0, Math.max(0, merged.length - RANK));
  return { inner: merged.filter((stride) => !outer.includes(stride)), outer };
}

/** Why a walk cannot be lowered; undefined where it can. */
export function walkLimits(walk: Walk): string | undefined {
  const steps = splitDimensions(walk).outer.reduce((count, { length }) => count * length, 1);
  return steps > MOST_STEPS
    ? `moves elements over [${walk.dimensions}], too many dimensions that do not merge`
    : undefined;
}

/** Adds the steps of a walk. */
export function copy(context: LowerContext, step: { name: string; input: number; output: number }, walk: Walk): void {
  const { inner, outer } = splitDimensions(walk);
  while (inner.length < RANK) inner.unshift({ length: 1, input: 0, output: 0 });
  const add = ([first, ...rest]: Stride[], inputOffset: number, outputOffset: number): void => {
    if (first) {
      for (let index = 0; index < first.length; index++) {
        add(rest, inputOffset + index * first.input, outputOffset + index * first.output);
      }
      return;
    }
    context.builder.step({
      kernel: "copy",
      name: step.name,
      inputs: [step.input],
      output: step.output,
      constants: [],
      attributes: {
        dimensions: inner.map(({ length }) => length),
        inputStrides: inner.map(({ input }) => input),
        outputStrides: inner.map(({ output }) => output),
        inputOffset,
        outputOffset,
      },
    });
  };
  add(outer, walk.inputOffset ?? 0, walk.outputOffset ?? 0);
}

/** The first element of a walk, by its index in a tensor. */
export function offsetOf(strides: readonly number[], index: readonly number[]): number {
  return strides.reduce((sum, stride, axis) => sum + stride * index[axis], 0);
}

/** The walk that permutes the dimensions of a tensor: dimension i of the output is dimension permutation[i] of the input. */
export function permutationWalk(input: Shape, permutation: readonly number[]): Walk {
  const strides = stridesOf(input);
  const dimensions = permutation.map((axis) => input[axis]);
  return { dimensions, inputStrides: permutation.map((axis) => strides[axis]), outputStrides: stridesOf(dimensions) };
}

/** The walk that repeats a tensor over a shape that it broadcasts to. */
export function expansionWalk(from: Shape, to: Shape): Walk {
  return { dimensions: to, inputStrides: broadcastStrides(from, to), outputStrides: stridesOf(to) };
}

/** A value repeated over a shape that it broadcasts to; the value's own tensor where it is as large. */
export function expand(
  context: LowerContext,
  name: string,
  { value, form, shape }: { value: string; form: Form; shape: Shape },
): number {
  const own = context.shape(value);
  const input = context.place(value, form);
  if (elementCount(own) === elementCount(shape)) return input;
  const quantization = form === "u8" ? context.plan!.values.get(value) : undefined;
  const output = context.builder.tensor(`${name} ${value} expanded`, form, shape, quantization);
  copy(context, { name, input, output }, expansionWalk(own, shape));
  return output;
}

/**
 * The walk of a copy step over both of its tensors.
 *
 * @module
 */

import type { CopyAttributes } from "../../runtime/kernels/copy.ts";

/** A dimension of a walk; strides in elements. */
export interface WalkAxis {
  length: number;
  input: number;
  output: number;
}

/** The elements that a copy moves, outermost dimension first. */
export interface Walk {
  /** Dimensions longer than 1. */
  axes: WalkAxis[];
  inputOffset: number;
  outputOffset: number;
  /** Number of elements. */
  count: number;
  /** Whether the input is read from its start in the order in which it is stored. */
  contiguous: boolean;
  /** Runs of neighbouring output elements, and from one run's start to the next's. */
  rows: number;
  rowStride: number;
}

/** Reads the walk of a copy step. */
export function readWalk(attributes: CopyAttributes): Walk {
  const { dimensions, inputStrides, outputStrides, inputOffset, outputOffset } = attributes;
  const axes = dimensions.map((length, axis) => ({ length, input: inputStrides[axis], output: outputStrides[axis] }))
    .filter(({ length }) => length > 1);
  let run = 1;
  let inner = axes.length;
  while (inner > 0 && axes[inner - 1].output === run) run *= axes[--inner].length;
  let stride = 1;
  const contiguous = inputOffset === 0 && axes.toReversed().every((axis) => {
    const expected = stride;
    stride *= axis.length;
    return axis.input === expected;
  });
  const count = axes.reduce((product, { length }) => product * length, 1);
  return {
    axes,
    inputOffset,
    outputOffset,
    count,
    contiguous,
    rows: inner <= 1 ? count / run : NaN,
    rowStride: inner === 1 ? axes[0].output : run,
  };
}

/** Whether a walk writes all elements of its output in their order. */
export function whollyWritten(walk: Walk, elements: number): boolean {
  return walk.count === elements && walk.rows === 1;
}

/** Positions in input and output of every element of a walk. */
export function* walkedPositions(walk: Walk): Generator<[input: number, output: number]> {
  const counter = walk.axes.map(() => 0);
  let [input, output] = [walk.inputOffset, walk.outputOffset];
  for (let index = 0; index < walk.count; index++) {
    yield [input, output];
    for (let axis = counter.length - 1; axis >= 0; axis--) {
      const { length, input: inputStride, output: outputStride } = walk.axes[axis];
      input += inputStride;
      output += outputStride;
      if (++counter[axis] < length) break;
      input -= inputStride * length;
      output -= outputStride * length;
      counter[axis] = 0;
    }
  }
}

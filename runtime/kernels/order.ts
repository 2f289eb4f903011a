/**
 * Running sums and the places of the greatest numbers.
 *
 * @module
 */

import { elementCount } from "../tensor.ts";
import { dimensions, FLAG } from "./attributes.ts";
import { cumulativeSumBlock, topIndicesBlock } from "./blocks.ts";
import { checkCounts, checkTensor, type KernelDefinition } from "./definition.ts";
import { stepError } from "./step.ts";

/** Running sums along one of three dimensions. */
export interface CumulativeSumAttributes {
  /** [outer, length, inner]: elements before, in and after that dimension. */
  dimensions: readonly number[];
  /** 1 where an element is not in its own sum. */
  exclusive: number;
  /** 1 where sums run from the end. */
  reverse: number;
}

/** Indices of the greatest numbers of each row, the greatest first; of equal numbers the first one first. */
export interface TopIndicesAttributes {
  /** [rows, length, count], count at most length. */
  dimensions: readonly number[];
  /** 1 where the least numbers are sought. */
  smallest: number;
}

/** The kernel "cumulative_sum_f32". */
export const cumulativeSumF32: KernelDefinition<CumulativeSumAttributes> = {
  attributes: { dimensions: dimensions(3), exclusive: FLAG, reverse: FLAG },
  check(step, { tensors }) {
    const count = elementCount(step.attributes.dimensions);
    checkCounts(step, 1, 0);
    checkTensor(step, tensors[step.inputs[0]], "f32", count);
    checkTensor(step, tensors[step.output], "f32", count);
  },
  bind({ inputs: [input], output, attributes }, _tables, memory) {
    return {
      entry: "cumulative_sum_f32",
      block: cumulativeSumBlock({ input: memory.tensor(input), output: memory.tensor(output), ...attributes }),
    };
  },
};

/** The kernel "top_indices_f32". */
export const topIndicesF32: KernelDefinition<TopIndicesAttributes> = {
  attributes: { dimensions: dimensions(3), smallest: FLAG },
  check(step, { tensors }) {
    const { dimensions: [rows, length, count] } = step.attributes;
    checkCounts(step, 1, 0);
    checkTensor(step, tensors[step.inputs[0]], "f32", rows * length);
    checkTensor(step, tensors[step.output], "f32", rows * count);
    if (count > length) throw stepError(step, `dimensions ask for ${count} of ${length} numbers`);
    if (step.inputs[0] === step.output) throw stepError(step, "input and output must differ");
  },
  bind({ inputs: [input], output, attributes }, _tables, memory) {
    return {
      entry: "top_indices_f32",
      block: topIndicesBlock({ input: memory.tensor(input), output: memory.tensor(output), ...attributes }),
    };
  },
};

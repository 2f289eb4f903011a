/**
 * Reductions of one dimension.
 *
 * @module
 */

import { dimensions } from "./attributes.ts";
import { reduceBlock } from "./blocks.ts";
import { checkCounts, checkTensor, type KernelDefinition } from "./definition.ts";
import { stepError } from "./step.ts";

/** What is made of many numbers; the last four are indices of numbers. */
export type Reduction =
  | "sum"
  | "product"
  | "maximum"
  | "minimum"
  | "l1"
  | "l2"
  | "sumSquares"
  | "meanSquares"
  | "logSum"
  | "logSumExp"
  | "firstMaximum"
  | "lastMaximum"
  | "firstMinimum"
  | "lastMinimum";

/** A reduction of one of three dimensions. */
export interface ReduceAttributes {
  /** [outer, length, inner]: elements before, in and after what is reduced. */
  dimensions: readonly number[];
  /** What is made of each row. */
  function: Reduction;
}

/** Reductions by their numbers in parameter blocks. */
const REDUCTIONS: readonly Reduction[] = [
  "sum",
  "product",
  "maximum",
  "minimum",
  "l1",
  "l2",
  "sumSquares",
  "meanSquares",
  "logSum",
  "logSumExp",
  "firstMaximum",
  "lastMaximum",
  "firstMinimum",
  "lastMinimum",
];

/** The kernel "reduce_f32". */
export const reduceF32: KernelDefinition<ReduceAttributes> = {
  attributes: { dimensions: dimensions(3), function: { type: "word", words: REDUCTIONS } },
  check(step, { tensors }) {
    const { dimensions: [outer, length, inner] } = step.attributes;
    checkCounts(step, 1, 0);
    checkTensor(step, tensors[step.inputs[0]], "f32", outer * length * inner);
    checkTensor(step, tensors[step.output], "f32", outer * inner);
    if (step.inputs[0] === step.output) throw stepError(step, "input and output must differ");
  },
  bind({ inputs: [input], output, attributes }, _tables, memory) {
    return {
      entry: "reduce_f32",
      block: reduceBlock({
        input: memory.tensor(input),
        output: memory.tensor(output),
        dimensions: attributes.dimensions,
        function: REDUCTIONS.indexOf(attributes.function),
      }),
    };
  },
};

/**
 * Layer normalisation over rows.
 *
 * @module
 */

import { elementCount } from "../tensor.ts";
import { dimensions } from "./attributes.ts";
import { layerNormalizationBlock } from "./blocks.ts";
import { checkConstant, checkCounts, checkTensor, type KernelDefinition } from "./definition.ts";
import { stepError } from "./step.ts";

/**
 * A normalisation of each row by its mean and variance. Constants, f32, one
 * number for each element of a row: none, factors, or factors and addends.
 */
export interface LayerNormalizationAttributes {
  /** [rows, length]. */
  dimensions: readonly number[];
  /** What is added to the variance, at least 0. */
  epsilon: number;
}

/** Most constants of a step. */
const MOST_CONSTANTS = 2;

/** The kernel "layer_normalization_f32". */
export const layerNormalizationF32: KernelDefinition<LayerNormalizationAttributes> = {
  attributes: { dimensions: dimensions(2), epsilon: { type: "float" } },
  check(step, tables) {
    const { dimensions, epsilon } = step.attributes;
    const count = Math.min(step.constants.length, MOST_CONSTANTS);
    checkCounts(step, 1, count);
    for (let index = 0; index < count; index++) {
      checkConstant(step, tables, index, { type: "f32", length: dimensions[1] });
    }
    if (epsilon < 0) throw stepError(step, "epsilon must be at least 0");
    checkTensor(step, tables.tensors[step.inputs[0]], "f32", elementCount(dimensions));
    checkTensor(step, tables.tensors[step.output], "f32", elementCount(dimensions));
  },
  bind({ inputs: [input], output, constants, attributes }, _tables, memory) {
    return {
      entry: "layer_normalization_f32",
      block: layerNormalizationBlock({
        input: memory.tensor(input),
        output: memory.tensor(output),
        scale: constants.length > 0 ? memory.constant(constants[0]) : 0,
        bias: constants.length > 1 ? memory.constant(constants[1]) : 0,
        ...attributes,
      }),
    };
  },
};

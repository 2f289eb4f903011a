/**
 * Copies of elements between tensors, along strides.
 *
 * @module
 */

import { ELEMENT_BYTES, elementCount } from "../tensor.ts";
import { dimensions } from "./attributes.ts";
import { copyBlock } from "./blocks.ts";
import { checkCounts, type KernelDefinition } from "./definition.ts";
import { stepError } from "./step.ts";

/** A walk over elements of two tensors of one type; strides and offsets in elements. */
export interface CopyAttributes {
  /** Six lengths, outermost first. */
  dimensions: readonly number[];
  /** Strides along them in the input, from -2^30 to 2^30. */
  inputStrides: readonly number[];
  /** Strides along them in the output. */
  outputStrides: readonly number[];
  /** First element that is read. */
  inputOffset: number;
  /** First element that is written. */
  outputOffset: number;
}

const STRIDES = { type: "integers", length: 6, min: -(2 ** 30), max: 2 ** 30 } as const;
const OFFSET = { type: "integer", min: 0, max: 2 ** 30, absent: 0 } as const;

/** The kernel "copy". */
export const copy: KernelDefinition<CopyAttributes> = {
  attributes: {
    dimensions: dimensions(6),
    inputStrides: STRIDES,
    outputStrides: STRIDES,
    inputOffset: OFFSET,
    outputOffset: OFFSET,
  },
  check(step, { tensors }) {
    checkCounts(step, 1, 0);
    const [input, output] = [tensors[step.inputs[0]], tensors[step.output]];
    if (input.type !== output.type) throw stepError(step, "input and output must have one type");
    if (step.inputs[0] === step.output) throw stepError(step, "input and output must differ");
    const { dimensions, inputStrides, outputStrides, inputOffset, outputOffset } = step.attributes;
    const moved = elementCount(dimensions);
    if (moved > elementCount(output.shape)) {
      throw stepError(step, `dimensions hold ${moved} elements, more than tensor "${output.name}"`);
    }
    if (!staysInside(dimensions, inputStrides, inputOffset, elementCount(input.shape))) {
      throw stepError(step, `inputStrides leave tensor "${input.name}"`);
    }
    if (!staysInside(dimensions, outputStrides, outputOffset, elementCount(output.shape))) {
      throw stepError(step, `outputStrides leave tensor "${output.name}"`);
    }
  },
  writtenPart({ attributes: { dimensions, outputStrides, outputOffset } }) {
    return { dimensions, strides: outputStrides, offset: outputOffset };
  },
  bind({ inputs: [input], output, attributes }, { tensors }, memory) {
    return {
      entry: ELEMENT_BYTES[tensors[output].type] === 1 ? "copy_8" : "copy_32",
      block: copyBlock({ input: memory.tensor(input), output: memory.tensor(output), ...attributes }),
    };
  },
};

/** Whether a walk touches elements from 0 to the one before `count` only. */
function staysInside(
  dimensions: readonly number[],
  strides: readonly number[],
  offset: number,
  count: number,
): boolean {
  let [low, high] = [offset, offset];
  for (let axis = 0; axis < strides.length; axis++) {
    const reach = strides[axis] * (dimensions[axis] - 1);
    if (reach < 0) low += reach;
    else high += reach;
  }
  return low >= 0 && high < count;
}

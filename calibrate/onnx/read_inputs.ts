/**
 * Checks the inputs of a model and settles their shapes.
 *
 * @module
 */

import type { Port } from "../graph/graph.ts";
import { elementTypeName } from "./decode_tensor.ts";
import { OnnxError, quote } from "./errors.ts";
import type { OnnxPort } from "./model.ts";
import { elementCount, MAXIMUM_ELEMENTS, MAXIMUM_RANK } from "./tensor.ts";

/**
 * Inputs with static shapes: a symbolic first dimension becomes 1, any other
 * is an error, as are elements that are not float32.
 */
export function readInputs(inputs: readonly OnnxPort[]): Port[] {
  return inputs.map(readInput);
}

function readInput({ name, elementType, shape }: OnnxPort): Port {
  const label = `Input ${quote(name)}`;
  if (elementType !== 1) {
    throw new OnnxError(`${label} has elements of ${elementTypeName(elementType)}: expected float32`);
  }
  if (shape === undefined || shape.length === 0) {
    throw new OnnxError(`${label} has no shape: expected one with a batch dimension`);
  }
  if (shape.length > MAXIMUM_RANK) {
    throw new OnnxError(`${label} has ${shape.length} dimensions: expected at most ${MAXIMUM_RANK}`);
  }
  const settled = shape.map((dimension, i) => {
    if (typeof dimension === "number" && dimension > 0) return dimension;
    if (i === 0) return 1;
    throw new OnnxError(
      typeof dimension === "string"
        ? `${label} has the symbolic dimension ${quote(dimension)} at position ${i}: expected a ` +
          `number, only the batch may be symbolic`
        : `${label} has dimension ${dimension} at position ${i}: expected a positive number`,
    );
  });
  if (elementCount(settled) > MAXIMUM_ELEMENTS) {
    throw new OnnxError(
      `${label} has shape [${settled}]: expected at most ${MAXIMUM_ELEMENTS} elements`,
    );
  }
  const batched = !(typeof shape[0] === "number" && shape[0] > 0);
  return { name, value: name, shape: settled, batched };
}

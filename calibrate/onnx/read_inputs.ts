/**
 * Checks the inputs of a model and settles their shapes.
 *
 * @module
 */

import { InputRangeError } from "../../runtime/errors.ts";
import { elementCount } from "../../runtime/tensor.ts";
import type { Port } from "../graph/graph.ts";
import { elementTypeName } from "./decode_tensor.ts";
import { quote, type UnsupportedPart } from "./errors.ts";
import type { OnnxPort } from "./model.ts";
import { fixDimensions, USE_FLOAT32 } from "./remedies.ts";
import { MAXIMUM_ELEMENTS, MAXIMUM_RANK } from "./tensor.ts";

/** Lengths for free dimensions, by their names. */
export type Dimensions = Readonly<Record<string, number>>;

/** An input with a static shape; `free` is the name of its batch where that is free and stands for 1. */
export interface InputPort extends Port {
  free: string | undefined;
}

/** Inputs as far as they are supported, and why others are not. */
export interface ReadInputs {
  ports: InputPort[];
  unsupported: UnsupportedPart[];
}

/**
 * Settles the shapes of inputs: free dimensions get the lengths that are given
 * for their names, a free first dimension without becomes 1.
 *
 * A dimension without a name is called after its input and its axis: `x.2`.
 *
 * @throws {InputRangeError} Where a length is given for a dimension that no input has, or is no length.
 */
export function readInputs(inputs: readonly OnnxPort[], dimensions: Dimensions): ReadInputs {
  const names = inputs.flatMap(freeNames);
  for (const [name, length] of Object.entries(dimensions)) {
    if (!Number.isSafeInteger(length) || length < 1) {
      throw new InputRangeError(
        `Dimension ${quote(name)} cannot have the length ${length}: expected a positive number`,
      );
    }
    if (!names.includes(name)) {
      const known = names.length === 0 ? "it has none" : `they are ${[...new Set(names)].map(quote).join(", ")}`;
      throw new InputRangeError(`The network has no free dimension ${quote(name)}: ${known}`);
    }
  }
  const ports: InputPort[] = [];
  const unsupported: UnsupportedPart[] = [];
  for (const input of inputs) {
    const result = readInput(input, dimensions);
    if (Array.isArray(result)) unsupported.push(...result);
    else ports.push(result);
  }
  return { ports, unsupported };
}

function isFree(dimension: number | string): dimension is string {
  return typeof dimension === "string" || dimension <= 0;
}

function nameOf(input: OnnxPort, axis: number): string {
  const dimension = input.shape![axis];
  return typeof dimension === "string" && dimension !== "?" ? dimension : `${input.name}.${axis}`;
}

function freeNames(input: OnnxPort): string[] {
  return (input.shape ?? []).flatMap((dimension, axis) => isFree(dimension) ? [nameOf(input, axis)] : []);
}

function readInput(input: OnnxPort, dimensions: Dimensions): InputPort | UnsupportedPart[] {
  const { name, elementType, shape } = input;
  const label = `Input ${quote(name)}`;
  const unsupported: UnsupportedPart[] = [];
  if (elementType !== 1) {
    const isNarrow = elementType === 10 || elementType === 11 || elementType === 16;
    const reason = `${label} has elements of ${elementTypeName(elementType)}: expected float32`;
    unsupported.push({ reason, ...(isNarrow && { remedy: USE_FLOAT32 }) });
  }
  if (shape === undefined) {
    unsupported.push({ reason: `${label} has no shape: expected one` });
    return unsupported;
  }
  if (shape.length > MAXIMUM_RANK) {
    unsupported.push({ reason: `${label} has ${shape.length} dimensions: expected at most ${MAXIMUM_RANK}` });
  }
  const open: string[] = [];
  const settled = shape.map((dimension, axis) => {
    if (!isFree(dimension)) return dimension;
    const own = nameOf(input, axis);
    if (Object.hasOwn(dimensions, own)) return dimensions[own];
    if (axis > 0) open.push(own);
    return 1;
  });
  if (open.length > 0) {
    const noun = open.length === 1 ? "the free dimension" : "the free dimensions";
    const reason = `${label} has ${noun} ${open.map(quote).join(", ")}: only the first may be free`;
    unsupported.push({ reason, remedy: fixDimensions(open) });
  } else if (elementCount(settled) > MAXIMUM_ELEMENTS) {
    unsupported.push({ reason: `${label} has shape [${settled}]: expected at most ${MAXIMUM_ELEMENTS} elements` });
  }
  if (unsupported.length > 0) return unsupported;
  const first = shape.length > 0 && isFree(shape[0]) && !Object.hasOwn(dimensions, nameOf(input, 0))
    ? nameOf(input, 0)
    : undefined;
  return { name, value: name, shape: settled, batched: first !== undefined, free: first };
}

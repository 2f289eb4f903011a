/**
 * Scalar reference of the operations on two broadcast tensors.
 *
 * @module
 */

import { activate, type ActivationOptions } from "../../runtime/numerics/activate.ts";
import { power } from "../../runtime/numerics/power.ts";
import { type EpilogueOptions, finish } from "./epilogue.ts";

const f = Math.fround;

/** Output dimensions and the strides of both operands, 0 where broadcast. */
export interface BroadcastShape {
  dimensions: readonly number[];
  aStrides: readonly number[];
  bStrides: readonly number[];
}

function eachElement(shape: BroadcastShape, visit: (a: number, b: number, index: number) => void): void {
  const [d0, d1, d2, d3] = shape.dimensions;
  const at = (strides: readonly number[], index: readonly number[]) =>
    index.reduce((sum, i, axis) => sum + i * strides[axis], 0);
  let output = 0;
  for (let i = 0; i < d0; i++) {
    for (let j = 0; j < d1; j++) {
      for (let k = 0; k < d2; k++) {
        for (let l = 0; l < d3; l++) {
          visit(at(shape.aStrides, [i, j, k, l]), at(shape.bStrides, [i, j, k, l]), output++);
        }
      }
    }
  }
}

function length(shape: BroadcastShape): number {
  return shape.dimensions.reduce((product, size) => product * size, 1);
}

/** Operation, zero points and scales of "binary_u8". */
export interface BinaryU8Options extends EpilogueOptions {
  operation: "add" | "multiply";
  aZeroPoint: number;
  bZeroPoint: number;
  aScale: number;
  bScale: number;
}

/** Reference of "binary_u8". */
export function binaryU8(
  [a, b]: readonly [Uint8Array, Uint8Array],
  options: BinaryU8Options & BroadcastShape,
): Uint8Array {
  const output = new Uint8Array(length(options));
  const { aZeroPoint, bZeroPoint } = options;
  const [aScale, bScale] = [f(options.aScale), f(options.bScale)];
  eachElement(options, (i, j, index) => {
    const x = a[i] - aZeroPoint;
    const y = b[j] - bZeroPoint;
    const v = options.operation === "add" ? f(f(x * aScale) + f(y * bScale)) : f((x * y + 0) * aScale);
    output[index] = finish(v, options, 0);
  });
  return output;
}

/** Reference operations of "binary_f32", in the order of their codes. */
export const OPERATIONS: readonly ((x: number, y: number) => number)[] = [
  (x, y) => f(x + y),
  (x, y) => f(x - y),
  (x, y) => f(x * y),
  (x, y) => f(x / y),
  Math.max,
  Math.min,
  (x, y) => Number(x === y),
  (x, y) => Number(x < y),
  (x, y) => Number(x <= y),
  (x, y) => Number(x !== y),
  (x, y) => x < 0 ? f(x * y) : x,
  (x, y) => f(power(x, y)),
  (x, y) => x % y,
  modulo,
];

function modulo(x: number, y: number): number {
  const rest = x % y;
  return rest !== 0 && rest < 0 !== y < 0 ? f(rest + y) : rest;
}

/** Reference of "binary_f32". */
export function binaryF32(
  [a, b]: readonly [Float32Array, Float32Array],
  options: ActivationOptions & BroadcastShape & { operation: number },
): Float32Array {
  const output = new Float32Array(length(options));
  const operation = OPERATIONS[options.operation];
  eachElement(options, (i, j, index) => output[index] = activate(operation(a[i], b[j]), options, 0));
  return output;
}

/** Dimensions of a result and the strides of what it is selected from. */
export interface SelectOptions {
  dimensions: readonly number[];
  conditionStrides: readonly number[];
  aStrides: readonly number[];
  bStrides: readonly number[];
}

/** Reference of "select_f32". */
export function selectF32(
  [condition, a, b]: readonly [Float32Array, Float32Array, Float32Array],
  { dimensions, conditionStrides, aStrides, bStrides }: SelectOptions,
): Float32Array {
  const output = new Float32Array(length({ dimensions, aStrides, bStrides }));
  const chosen = new Uint8Array(output.length);
  const zeros = [0, 0, 0, 0];
  eachElement({ dimensions, aStrides: conditionStrides, bStrides: zeros }, (at, _, index) => {
    chosen[index] = condition[at] === 0 ? 0 : 1;
  });
  eachElement({ dimensions, aStrides, bStrides }, (i, j, index) => output[index] = chosen[index] ? a[i] : b[j]);
  return output;
}

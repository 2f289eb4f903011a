/**
 * Weights of 4 bits in the data part of a bundle, and their expansion to the
 * 8-bit weights that kernels read. `docs/format.md` is the normative description.
 *
 * @module
 */

import { BundleError } from "../errors.ts";
import type { ConstantSpec } from "../tensor.ts";

/** Channels that lie side by side in packed weights. */
const CHANNELS = 8;
/** Elements of packed weights that lie side by side: 4 of each of these channels. */
export const ROW_ELEMENTS = CHANNELS * 4;
/** Greatest multiplier. */
export const MOST_MULTIPLIER = 18;
/** Least 8-bit weight. */
const LEAST_WEIGHT = -127;

/** A constant of type "i4". */
export type GroupedSpec = ConstantSpec & { rows: number; group: number };

/** Whether a constant is of type "i4". */
export function isGrouped(constant: ConstantSpec): constant is GroupedSpec {
  return constant.type === "i4";
}

/** Bytes that weights of 4 bits take: half a byte each, then the multipliers. */
export function groupedBytes(constant: GroupedSpec): number {
  return constant.length / 2 + multiplierCount(constant);
}

function multiplierCount({ length, rows, group }: GroupedSpec): number {
  return length / (rows * ROW_ELEMENTS) * Math.ceil(rows / group) * CHANNELS;
}

/**
 * Checks the multipliers of a constant.
 *
 * @param stored Its bytes.
 * @throws {BundleError} Where one is not from 1 to 18.
 */
export function checkMultipliers(constant: GroupedSpec, stored: Uint8Array, where: string): void {
  for (let index = constant.length / 2; index < stored.length; index++) {
    if (stored[index] < 1 || stored[index] > MOST_MULTIPLIER) {
      throw new BundleError(`${where} has a multiplier of ${stored[index]}: 1 to ${MOST_MULTIPLIER} expected`);
    }
  }
}

let products: Uint16Array | undefined;

/** For each multiplier and each byte the two weights that they stand for, side by side. */
function productTable(): Uint16Array {
  const table = new Uint16Array((MOST_MULTIPLIER + 1) * 256);
  const weight = (multiplier: number, level: number) => Math.max(LEAST_WEIGHT, multiplier * (level << 28 >> 28)) & 255;
  for (let multiplier = 1; multiplier <= MOST_MULTIPLIER; multiplier++) {
    for (let byte = 0; byte < 256; byte++) {
      table[multiplier << 8 | byte] = weight(multiplier, byte) | weight(multiplier, byte >> 4) << 8;
    }
  }
  return table;
}

/**
 * Expands weights of 4 bits.
 *
 * @param stored The constant's bytes.
 * @param target Takes the 8-bit weights, two in an element.
 */
export function expandWeights(constant: GroupedSpec, stored: Uint8Array, target: Uint16Array): void {
  const { length, rows, group } = constant;
  const table = products ??= productTable();
  const panels = length / (rows * ROW_ELEMENTS);
  let [at, multiplier] = [0, length / 2];
  for (let panel = 0; panel < panels; panel++) {
    for (let first = 0; first < rows; first += group, multiplier += CHANNELS) {
      const end = Math.min(rows, first + group);
      for (let row = first; row < end; row++) {
        for (let channel = 0; channel < CHANNELS; channel++, at += 2) {
          const part = stored[multiplier + channel] << 8;
          target[at] = table[part | stored[at]];
          target[at + 1] = table[part | stored[at + 1]];
        }
      }
    }
  }
}

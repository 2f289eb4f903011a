/**
 * Stores constants that are the same once.
 *
 * @module
 */

import { align } from "../../runtime/alignment.ts";
import { storedBytes } from "../../runtime/bundle/constant_elements.ts";
import type { Program } from "../../runtime/program.ts";
import type { ConstantSpec } from "../../runtime/tensor.ts";

/**
 * The program with each constant stored once, in the order of first use, such
 * as weights that several layers share.
 *
 * @param data The data part that goes with the program.
 */
export function shareConstants(program: Program, data: Uint8Array): { program: Program; data: Uint8Array } {
  const constants: ConstantSpec[] = [];
  const chunks: Uint8Array[] = [];
  const known = new Map<string, number[]>();
  let end = 0;
  const places = program.constants.map((spec) => {
    const bytes = storedBytes(spec, data);
    const { offset: _, ...kind } = spec;
    const key = `${JSON.stringify(kind)} ${checksum(bytes)}`;
    const alike = known.get(key) ?? [];
    const same = alike.find((index) => equal(chunks[index], bytes));
    if (same !== undefined) return same;
    known.set(key, [...alike, constants.length]);
    constants.push({ ...spec, offset: align(end) });
    chunks.push(bytes);
    end = align(end) + bytes.length;
    return constants.length - 1;
  });
  if (constants.length === places.length) return { program, data };
  const shared = new Uint8Array(align(end));
  for (const [index, chunk] of chunks.entries()) shared.set(chunk, constants[index].offset);
  const steps = program.steps.map((step) => ({ ...step, constants: step.constants.map((index) => places[index]) }));
  return { program: { ...program, constants, steps }, data: shared };
}

/** FNV-1a over 32 bits. */
function checksum(bytes: Uint8Array): number {
  let sum = 0x811c9dc5;
  for (const byte of bytes) sum = Math.imul(sum ^ byte, 0x01000193);
  return sum >>> 0;
}

function equal(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, i) => byte === b[i]);
}

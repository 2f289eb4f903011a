/**
 * Calls kernels on typed arrays with guard bytes around everything they may
 * write.
 *
 * @module
 */

import { assertEquals } from "@std/assert";
import type { KernelBuild } from "../../runtime/kernels/build.ts";
import {
  chooseBuild,
  instantiateKernels,
  instantiateModule,
  type KernelInstance,
} from "../../runtime/kernels/instance.ts";
import { loadKernels } from "../../runtime/kernels/modules.ts";
import { emulatedKernels } from "../support/emulated_dot.ts";

await loadKernels("simd128");

export { type Random, random } from "../support/random.ts";

/** An array that a kernel reads or writes. */
export type Values = Uint8Array | Int8Array | Int32Array | Uint32Array | Float32Array;

/**
 * A field of a parameter block: an integer, an f32, or the address of
 * something: a tensor to read, a constant, a tensor to write, scratch memory; or
 * words behind the block that "prepare_" and the kernel's name fill on hosts
 * with a signed dot product.
 */
export type Field =
  | number
  | { float: number }
  | { read: Values }
  | { constant: Values }
  | { write: Values }
  | { scratch: number }
  | { prepared: number };

/** Readable bytes after every tensor and constant. */
const TRAILING = 64;
const GUARD = 0x5c;

/** The builds that give exact results on this machine. */
export const builds: KernelBuild[] = chooseBuild() === "relaxed" ? ["simd128", "relaxed"] : ["simd128"];

/** Kernels as some host has them: a build that runs here, or the relaxed build with an emulated dot product. */
export type Host = KernelBuild | "emulated unsigned" | "emulated signed";

/** All hosts that kernels are tested on. */
export const hosts: Host[] = [...builds, "emulated unsigned", "emulated signed"];

const instances = new Map<Host, KernelInstance>();

function instance(host: Host): KernelInstance {
  const existing = instances.get(host);
  if (existing) return existing;
  const made = host === "simd128" || host === "relaxed"
    ? instantiateKernels(host)
    : instantiateModule("relaxed", emulatedKernels(host === "emulated signed" ? "signed" : "unsigned"));
  made.memory.grow(256);
  instances.set(host, made);
  return made;
}

/** The bytes of a tensor as they lie in memory. */
function inMemory(values: Values, signed: boolean): Uint8Array {
  return signed && values instanceof Uint8Array ? values.map((value) => value ^ 0x80) : bytesOf(values);
}

function bytesOf(values: Values): Uint8Array {
  return new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
}

function valuesOf(field: { read: Values } | { constant: Values } | { write: Values }): Values {
  if ("read" in field) return field.read;
  return "constant" in field ? field.constant : field.write;
}

function wordCount(field: Field): number {
  return typeof field === "object" && "prepared" in field ? field.prepared : 1;
}

/** Has the words behind a block filled, where the kernel has any, and nothing else. */
function prepare(
  functions: KernelInstance["functions"],
  name: string,
  { bytes, block, fields, end }: { bytes: Uint8Array; block: number; fields: Field[]; end: number },
): void {
  const last = fields[fields.length - 1];
  if (typeof last === "number" || !("prepared" in last)) return;
  const start = block + (fields.length - 1) * 4;
  const before = bytes.slice(0, end);
  functions[`prepare_${name}`](block);
  const after = bytes.slice(0, end);
  after.set(before.subarray(start, start + last.prepared * 4), start);
  assertEquals(after.findIndex((byte, index) => byte !== before[index]), -1, `prepare_${name} changed another byte`);
}

/**
 * Runs a kernel; arrays in "write" fields receive what it wrote.
 *
 * @throws {AssertionError} If it wrote next to an output, next to its scratch or into an input.
 */
export function callKernel(host: Host, name: string, fields: Field[]): void {
  const { memory, heapBase, functions, signed } = instance(host);
  const view = new DataView(memory.buffer);
  const bytes = new Uint8Array(memory.buffer);
  const block = heapBase + TRAILING;
  const words = fields.reduce<number>((sum, field) => sum + wordCount(field), 0);
  let next = block + words * 4 + TRAILING;
  const place = (size: number) => {
    const address = Math.ceil(next / 16) * 16;
    next = address + size + TRAILING;
    return address;
  };
  const areas = fields.map((field) => {
    if (typeof field === "number" || "float" in field || "prepared" in field) return undefined;
    const size = "scratch" in field ? field.scratch : valuesOf(field).byteLength;
    return { field, address: place(size), size };
  });
  bytes.fill(GUARD, heapBase, next);
  fields.forEach((field, index) => {
    const area = areas[index];
    if (typeof field === "number") view.setInt32(block + index * 4, field, true);
    else if ("float" in field) view.setFloat32(block + index * 4, field.float, true);
    else if ("prepared" in field) return;
    else view.setUint32(block + index * 4, area!.address, true);
    if (area && !("scratch" in area.field)) {
      bytes.set(inMemory(valuesOf(area.field), signed && !("constant" in area.field)), area.address);
    }
  });
  if (signed) prepare(functions, name, { bytes, block, fields, end: next });
  const before = bytes.slice(heapBase, next);
  functions[name](block);
  const after = bytes.slice(heapBase, next);
  for (const area of areas) {
    if (!area || "read" in area.field || "constant" in area.field) continue;
    const start = area.address - heapBase;
    if ("write" in area.field) {
      const written = bytesOf(area.field.write);
      written.set(after.subarray(start, start + area.size));
      written.set(inMemory(area.field.write, signed));
    }
    after.set(before.subarray(start, start + area.size), start);
  }
  const changed = after.findIndex((byte, index) => byte !== before[index]);
  assertEquals(changed, -1, `${name} (${host}) changed a byte outside its output`);
}

/** Runs a kernel on every host and compares its output with the reference, bit for bit but for the kind of NaN. */
export function assertKernel(name: string, expected: Values, fields: (output: Values) => Field[]): void {
  for (const host of hosts) {
    const output = expected.slice().fill(77) as Values;
    callKernel(host, name, fields(output));
    const wrong = expected.findIndex((value, index) => !Object.is(value, output[index]));
    if (wrong >= 0) {
      const shown = fields(output).map((field) =>
        typeof field === "object" && !("float" in field) ? "*" : JSON.stringify(field)
      );
      throw new Error(
        `${name} (${host}): element ${wrong} of ${expected.length} is ${output[wrong]}, ` +
          `expected ${expected[wrong]}; block ${shown.join(" ")}`,
      );
    }
  }
}

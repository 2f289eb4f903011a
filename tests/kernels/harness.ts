/**
 * Calls kernels on typed arrays with guard bytes around everything they may
 * write.
 *
 * @module
 */

import { assertEquals } from "@std/assert";
import {
  chooseBuild,
  instantiateKernels,
  type KernelBuild,
  type KernelInstance,
} from "../../runtime/kernels/instance.ts";

export { type Random, random } from "../support/random.ts";

/** An array that a kernel reads or writes. */
export type Values = Uint8Array | Int8Array | Int32Array | Uint32Array | Float32Array;

/** A field of a parameter block: an integer, an f32, or the address of something. */
export type Field =
  | number
  | { float: number }
  | { read: Values }
  | { write: Values }
  | { scratch: number };

/** Readable bytes after every tensor and constant. */
const TRAILING = 64;
const GUARD = 0x5c;

const instances = new Map<KernelBuild, KernelInstance>();

/** The builds that give exact results on this machine. */
export const builds: KernelBuild[] = chooseBuild() === "relaxed" ? ["simd128", "relaxed"] : ["simd128"];

function instance(build: KernelBuild): KernelInstance {
  const existing = instances.get(build);
  if (existing) return existing;
  const made = instantiateKernels(build);
  made.memory.grow(256);
  instances.set(build, made);
  return made;
}

function bytesOf(values: Values): Uint8Array {
  return new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
}

/**
 * Runs a kernel; arrays in "write" fields receive what it wrote.
 *
 * @throws {AssertionError} If it wrote next to an output, next to its scratch or into an input.
 */
export function callKernel(build: KernelBuild, name: string, fields: Field[]): void {
  const { memory, heapBase, functions } = instance(build);
  const view = new DataView(memory.buffer);
  const bytes = new Uint8Array(memory.buffer);
  const block = heapBase + TRAILING;
  let next = block + fields.length * 4 + TRAILING;
  const place = (size: number) => {
    const address = Math.ceil(next / 16) * 16;
    next = address + size + TRAILING;
    return address;
  };
  const areas = fields.map((field) => {
    if (typeof field === "number" || "float" in field) return undefined;
    const size = "scratch" in field ? field.scratch : ("read" in field ? field.read : field.write).byteLength;
    return { field, address: place(size), size };
  });
  bytes.fill(GUARD, heapBase, next);
  fields.forEach((field, index) => {
    const area = areas[index];
    if (typeof field === "number") view.setInt32(block + index * 4, field, true);
    else if ("float" in field) view.setFloat32(block + index * 4, field.float, true);
    else view.setUint32(block + index * 4, area!.address, true);
    if (typeof field === "object" && "read" in field) bytes.set(bytesOf(field.read), area!.address);
    if (typeof field === "object" && "write" in field) bytes.set(bytesOf(field.write), area!.address);
  });
  const before = bytes.slice(heapBase, next);
  functions[name](block);
  const after = bytes.slice(heapBase, next);
  for (const area of areas) {
    if (!area || "read" in area.field) continue;
    const start = area.address - heapBase;
    if ("write" in area.field) bytesOf(area.field.write).set(after.subarray(start, start + area.size));
    after.set(before.subarray(start, start + area.size), start);
  }
  const changed = after.findIndex((byte, index) => byte !== before[index]);
  assertEquals(changed, -1, `${name} (${build}) changed a byte outside its output`);
}

/** Runs a kernel in every build and compares its output with the reference, bit for bit but for the kind of NaN. */
export function assertKernel(name: string, expected: Values, fields: (output: Values) => Field[]): void {
  for (const build of builds) {
    const output = expected.slice().fill(77) as Values;
    callKernel(build, name, fields(output));
    const wrong = expected.findIndex((value, index) => !Object.is(value, output[index]));
    if (wrong >= 0) {
      const shown = fields(output).map((field) =>
        typeof field === "object" && !("float" in field) ? "*" : JSON.stringify(field)
      );
      throw new Error(
        `${name} (${build}): element ${wrong} of ${expected.length} is ${output[wrong]}, ` +
          `expected ${expected[wrong]}; block ${shown.join(" ")}`,
      );
    }
  }
}

/**
 * The relaxed build of the kernels with its relaxed dot product replaced by a
 * function of plain SIMD, so that every host can be tested on any host.
 *
 * @module
 */

import { joinBytes } from "../../runtime/http/protocol/join_bytes.ts";
import { findVectorInstructions, lebBytes, readSections, type Section } from "./wasm_code.ts";

/** How the second operand of the relaxed dot product is taken: what AVX-VNNI, arm64 or pmaddubsw give. */
export type DotProduct = "unsigned" | "signed" | "saturating";

/** Opcode of i32x4.relaxed_dot_i8x16_i7x16_add_s after its prefix 0xfd. */
const RELAXED_DOT = 0x113;

/** Opcodes after the prefix 0xfd. */
const SIMD = {
  shuffle: 0x0d,
  narrowWords: 0x86,
  extendLowSigned: 0x87,
  extendHighSigned: 0x88,
  extendLowUnsigned: 0x89,
  extendHighUnsigned: 0x8a,
  addPairsOfWords: 0x7e,
  addWords: 0xae,
  dotOfShorts: 0xba,
};

const simd = (opcode: number) => [0xfd, ...lebBytes(opcode)];
const local = (index: number) => [0x20, index];
/** Lanes first, first + 2, … of two i32 vectors. */
const everySecond = (first: number) => [
  ...simd(SIMD.shuffle),
  ...[0, 2, 4, 6].flatMap((lane) => [0, 1, 2, 3].map((byte) => (lane + first) * 4 + byte)),
];

/** Instructions that push the sums of two products each, as four i32, for one half of the bytes. */
function pairs(half: "Low" | "High", activations: "Signed" | "Unsigned"): number[] {
  const weights = [...local(0), ...simd(SIMD[`extend${half}Signed`])];
  const values = [...local(1), ...simd(SIMD[`extend${half}${activations}`])];
  return [...weights, ...values, ...simd(SIMD.dotOfShorts)];
}

/** Body of a function (weights, activations, sums) -> sums. */
function dotBody(product: DotProduct): number[] {
  const activations = product === "signed" ? "Signed" : "Unsigned";
  const both = [...pairs("Low", activations), ...pairs("High", activations)];
  const quads = product === "saturating" ? [...both, ...simd(SIMD.narrowWords), ...simd(SIMD.addPairsOfWords)] : [
    ...both,
    ...everySecond(0),
    ...pairs("Low", activations),
    ...pairs("High", activations),
    ...everySecond(1),
    ...simd(SIMD.addWords),
  ];
  const body = [0, ...quads, ...local(2), ...simd(SIMD.addWords), 0x0b];
  return [...lebBytes(body.length), ...body];
}

/** A section of a vector whose count is followed by its entries, with one entry more. */
function append(section: Section, entry: number[]): Uint8Array {
  const content = section.content.subarray(section.countBytes);
  return Uint8Array.of(...lebBytes(section.count + 1), ...content, ...entry);
}

const V128 = 0x7b;
const [TYPES, FUNCTIONS, CODE] = [1, 3, 10];

/** The bytes of a module in which every relaxed dot product is a call of an emulation. */
export function emulateDot(module: Uint8Array, product: DotProduct): Uint8Array<ArrayBuffer> {
  const sections = readSections(module);
  const find = (id: number) => sections.find((section) => section.id === id)!;
  const [types, functions, code] = [find(TYPES), find(FUNCTIONS), find(CODE)];
  // The call is as long as the instruction: an opcode and an index in two bytes.
  const calls = findVectorInstructions(code.content, RELAXED_DOT);
  if (calls.length === 0) throw new Error("The module holds no relaxed dot product");
  for (const at of calls) code.content.set([0x10, functions.count & 0x7f | 0x80, functions.count >> 7], at);
  const replaced = new Map([
    [TYPES, append(types, [0x60, 3, V128, V128, V128, 1, V128])],
    [FUNCTIONS, append(functions, lebBytes(types.count))],
    [CODE, append(code, dotBody(product))],
  ]);
  const parts = sections.flatMap(({ id, content }) => {
    const bytes = replaced.get(id) ?? content;
    return [Uint8Array.of(id, ...lebBytes(bytes.length)), bytes];
  });
  return joinBytes([module.subarray(0, 8), ...parts]);
}

const modules = new Map<DotProduct, WebAssembly.Module>();

/** The relaxed build with an emulated dot product, compiled once. */
export function emulatedKernels(product: DotProduct): WebAssembly.Module {
  const existing = modules.get(product);
  if (existing) return existing;
  const file = new URL("../../kernels/pkg/relaxed.wasm", import.meta.url);
  const module = new WebAssembly.Module(emulateDot(Deno.readFileSync(file), product));
  modules.set(product, module);
  return module;
}

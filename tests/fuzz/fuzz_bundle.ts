/**
 * Altered bundles: refused by a BundleError, or run so that nothing but their
 * own tensors changes, on every build with the same bits, and run after run.
 *
 * @module
 */

import { align } from "../../runtime/alignment.ts";
import { DIGEST_BYTES, PREFIX_BYTES } from "../../runtime/bundle/format.ts";
import { fixSizes } from "../../runtime/bundle/free_sizes.ts";
import { type Bundle, readBundle } from "../../runtime/bundle/read.ts";
import { writeBundle } from "../../runtime/bundle/write.ts";
import { BundleError } from "../../runtime/errors.ts";
import { KERNELS, type Step } from "../../runtime/kernels/registry.ts";
import { Model } from "../../runtime/model.ts";
import type { Program } from "../../runtime/program.ts";
import { type Random, random, seedOf } from "../support/random.ts";
import { bundleOf, fixDigest, groupedParts, smallParts, tinyParts } from "../support/tiny_bundle.ts";
import { freeParts } from "../support/free_parts.ts";
import { alterBytes } from "./alter_bytes.ts";
import { alterData } from "./alter_data.ts";
import { type AlteredFile, type Bytes, describeError, finding, type FuzzKind, type Outcome } from "./fuzz_kind.ts";
import { bitsOf, runEverywhere } from "./run_bundle.ts";

const GOLDEN = new URL("../golden/", import.meta.url);

/** Words that a header may hold. */
const WORDS = [
  ...Object.keys(KERNELS),
  ...["f32", "u8", "i8", "i32", "i4", "relu", "identity", "silu", "prelu", "tanh", "add", "multiply", "max", "average"],
];

async function readSeeds(): Promise<Bytes[]> {
  const names = Array.from(Deno.readDirSync(GOLDEN), ({ name }) => name).filter((name) => name.endsWith(".octet"))
    .sort();
  const golden = await Promise.all(names.map((name) => Deno.readFile(new URL(name, GOLDEN))));
  const made = [tinyParts(), smallParts(), groupedParts(), freeParts()].map(({ program, data }) =>
    writeBundle(program, data)
  );
  return [...golden, ...await Promise.all(made)];
}

const seeds = await readSeeds();

// deno-lint-ignore require-await
async function alter(seed: number): Promise<AlteredFile> {
  const draw = random(seedOf(seed, 0));
  const [base, other] = [draw.pick(seeds), draw.pick(seeds)];
  const alterations = draw.pick([1, 1, 1, 2, 3]);
  const honest = draw.unit() < 0.95;
  return {
    alterations,
    async build(chosen) {
      let bytes = base;
      for (const index of chosen) bytes = await alterOnce(bytes, random(seedOf(seed, index + 1)), other);
      return honest && bytes.length > DIGEST_BYTES ? await fixDigest(bytes.slice()) : bytes;
    },
  };
}

async function alterOnce(bytes: Bytes, draw: Random, other: Bytes): Promise<Bytes> {
  const parts = splitBundle(bytes);
  if (!parts || draw.unit() < 0.1) return alterBytes(bytes, draw, other);
  const { header, data, version } = parts;
  if (draw.unit() < 0.75) alterData(draw.unit() < 0.5 ? header : (header as Program).steps ?? header, draw, WORDS);
  else if (data.length > 0) alterElements(data, draw);
  return await bundleOf(JSON.stringify(header), data, draw.unit() < 0.02 ? draw.integer(0, 4) : version);
}

/** Header, data and version, where the header can be parsed. */
function splitBundle(bytes: Bytes): { header: unknown; data: Bytes; version: number } | undefined {
  if (bytes.length < PREFIX_BYTES + DIGEST_BYTES) return undefined;
  const view = new DataView(bytes.buffer);
  const end = PREFIX_BYTES + view.getUint32(12, true);
  try {
    const header = JSON.parse(new TextDecoder().decode(bytes.subarray(PREFIX_BYTES, end)));
    return { header, data: bytes.slice(align(end), -DIGEST_BYTES), version: view.getUint32(8, true) };
  } catch {
    return undefined;
  }
}

function alterElements(data: Bytes, { integer, pick }: Random): void {
  const at = integer(0, data.length - 1);
  const words = new DataView(data.buffer);
  if (at < data.length - 4) {
    words.setUint32(
      at & ~3,
      pick([0, 1, 0x7fffffff, 0x80000000, 0xffffffff, 0x7fc00000, 0x7f800000, 0x00000001, 0x7f7fffff]),
      true,
    );
  }
  for (let more = integer(0, 8); more > 0; more--) data[integer(0, data.length - 1)] = integer(0, 255);
}

/** A rough number of operations of a step, from its geometry. */
function workOf({ attributes }: Step): number {
  const { kernel = [1], output = [1], input = [1], dimensions = [1] } = attributes as unknown as Record<
    string,
    number[] | undefined
  >;
  return [...kernel, ...output, ...dimensions].reduce((product, length) => product * length, input[input.length - 1]);
}

/** Arenas and operations beyond which a program is not run. */
const [MOST_ARENA, MOST_WORK] = [2 ** 25, 3e8];

/** A network beside the altered one, and its answer. */
const beside = await Model.load(await writeBundle(smallParts().program, smallParts().data));
const inputBeside = Float32Array.from({ length: 108 }, (_, index) => Math.sin(index));
const answerBeside = bitsOf(beside.run({ x: inputBeside }).table.data);

async function check(bytes: Bytes, seed: number): Promise<Outcome> {
  let bundle: Bundle;
  try {
    bundle = await readBundle(bytes);
  } catch (error) {
    return error instanceof BundleError ? { kind: "refused" } : finding(`Reading: ${describeError(error)}`);
  }
  const { program, data } = bundle;
  const outcome = await run(bundle, bytes, seed);
  for (const share of program.free && outcome.kind === "accepted" ? [0.5, 1] : []) {
    const lengths = program.free!.sizes.map(({ name, minimum, maximum, step }) =>
      [name, minimum + step * Math.floor(share * (maximum - minimum) / step)] as const
    );
    let fixed: Program;
    try {
      fixed = fixSizes({ program, data }, Object.fromEntries(lengths)).program;
    } catch (error) {
      if (error instanceof BundleError && share < 1) continue;
      return finding(`Fixing sizes: ${describeError(error)}`);
    }
    const written = await writeBundle(fixed, data);
    const alone = await run(await readBundle(written), written, seed);
    if (alone.kind !== "accepted") return alone;
  }
  return outcome;
}

/** Runs a bundle that was read. */
async function run(bundle: Bundle, bytes: Bytes, seed: number): Promise<Outcome> {
  const { program } = bundle;
  if (program.arenaBytes > MOST_ARENA) return { kind: "too long" };
  if (program.steps.reduce((sum, step) => sum + Math.min(workOf(step), 1e12), 0) > MOST_WORK) {
    return { kind: "too long" };
  }
  try {
    const complaint = await runEverywhere(bundle, bytes, seed);
    if (complaint) return finding(complaint);
    if (bitsOf(beside.run({ x: inputBeside }).table.data) !== answerBeside) {
      return finding("Another network answers differently");
    }
  } catch (error) {
    return finding(`Running: ${describeError(error)}`);
  }
  return { kind: "accepted" };
}

/** Bundles. */
export const FUZZ_BUNDLE: FuzzKind = {
  suffix: "octet",
  limits: { seconds: 20, megabytes: 1024 },
  alter,
  check,
};

import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { unpackWeights } from "../calibrate/export/unpack_weights.ts";
import { packConvolutionU8, packLevels, type WeightShape } from "../calibrate/lower/pack_weights.ts";
import { checkProgram } from "../runtime/bundle/check_program.ts";
import { constantElements } from "../runtime/bundle/constant_elements.ts";
import { constantBytes } from "../runtime/bundle/format.ts";
import { versionOf } from "../runtime/bundle/versions.ts";
import { type Bundle, readBundle } from "../runtime/bundle/read.ts";
import { writeBundle } from "../runtime/bundle/write.ts";
import { BundleError } from "../runtime/errors.ts";
import { Executor } from "../runtime/executor.ts";
import { loadKernels } from "../runtime/kernels/modules.ts";
import type { Program } from "../runtime/program.ts";
import type { ConstantSpec } from "../runtime/tensor.ts";
import { type Random, random } from "./support/random.ts";
import { bundleOf, fixDigest, groupedParts, randomFloats, smallParts } from "./support/tiny_bundle.ts";

await loadKernels("simd128");

interface Weights {
  shape: WeightShape;
  groups: number;
  size: number;
  multipliers: Uint8Array;
  values: Int8Array;
}

function drawWeights(draw: Random): Weights {
  const groups = draw.pick([1, 1, 2]);
  const shape: WeightShape = [groups * draw.integer(1, 11), draw.integer(1, 9), draw.integer(1, 3), draw.integer(1, 3)];
  const [channels, inputs, height, width] = shape;
  const depth = inputs * height * width;
  const size = 4 * draw.integer(1, 12);
  const perChannel = Math.ceil(depth / size);
  const multipliers = Uint8Array.from({ length: channels * perChannel }, () => draw.integer(1, 18));
  const values = Int8Array.from({ length: channels * depth }, (_, index) => {
    const source = index % depth;
    const k = source % (height * width) * inputs + Math.floor(source / (height * width));
    return draw.integer(-7, 7) * multipliers[Math.floor(index / depth) * perChannel + Math.floor(k / size)];
  });
  return { shape, groups, size, multipliers, values };
}

function storedOf({ shape, groups, size, multipliers, values }: Weights): { spec: ConstantSpec; bytes: Uint8Array } {
  const { bytes, ...spec } = packLevels(values, { size, multipliers }, { shape, groups });
  return { spec: { ...spec, type: "i4", offset: 0 }, bytes };
}

async function assertRefused(change: (program: Program, data: Uint8Array) => void, message: string): Promise<void> {
  const { program, data } = groupedParts();
  change(program, data);
  const bytes = await bundleOf(JSON.stringify(program), data, 2);
  await assertRejects(() => readBundle(bytes), BundleError, message);
}

function groupedOf({ constants }: Program): ConstantSpec {
  return constants.find(({ type }) => type === "i4")!;
}

function outputsOf(bundle: Bundle, kernels: "simd128" | "relaxed"): (Float32Array | Uint8Array)[] {
  const executor = new Executor(bundle, { kernels });
  const { inputs, outputs } = bundle.program;
  executor.tensor(inputs[0].tensor).set(randomFloats(108, 3));
  executor.run();
  return outputs.map(({ tensor }) => executor.tensor(tensor).slice());
}

Deno.test("Weights of 4 bits expand to the 8-bit weights that they were made of, at any shape and group", () => {
  const draw = random(71);
  for (let round = 0; round < 200; round++) {
    const weights = drawWeights(draw);
    const { spec, bytes } = storedOf(weights);
    assertEquals(bytes.length, constantBytes(spec));
    const pack = (values: Int8Array) => packConvolutionU8(values, weights.shape, weights.groups);
    const expanded = constantElements(spec, bytes) as Int8Array;
    assertEquals(expanded, pack(weights.values));
    assertEquals(unpackWeights(expanded, weights.values.length, pack), weights.values);
  }
});

Deno.test("Every byte of levels and every multiplier expand to -127..127", () => {
  const rows = 18 * 8;
  for (let multiplier = 1; multiplier <= 18; multiplier++) {
    const bytes = Uint8Array.from({ length: rows * 16 + 8 }, (_, index) => index < rows * 16 ? index : multiplier);
    const spec: ConstantSpec = { type: "i4", offset: 0, length: rows * 32, rows, group: rows };
    const expanded = constantElements(spec, bytes);
    for (let index = 0; index < rows * 32; index++) {
      const level = bytes[index >> 1] >> index % 2 * 4 << 28 >> 28;
      assertEquals(expanded[index], Math.max(-127, level * multiplier));
    }
  }
});

Deno.test("A network with weights of 4 bits answers like the one with the weights that they expand to", async () => {
  const { program, data } = groupedParts();
  const expanded = structuredClone(program);
  const parts: Uint8Array[] = [];
  let end = 0;
  program.constants.forEach((constant, index) => {
    const elements = constantElements(constant, data);
    const bytes = new Uint8Array(Math.ceil(elements.byteLength / 64) * 64);
    bytes.set(new Uint8Array(elements.buffer));
    const type = constant.type === "i4" ? "i8" : constant.type;
    expanded.constants[index] = { type, offset: end, length: constant.length };
    parts.push(bytes);
    end += bytes.length;
  });
  const plain = new Uint8Array(end);
  parts.reduce((at, bytes) => (plain.set(bytes, at), at + bytes.length), 0);
  assertEquals([versionOf(program), versionOf(expanded)], [2, 1]);

  const grouped = await readBundle(await writeBundle(program, data));
  const wide = await readBundle(await writeBundle(expanded, plain));
  assert(grouped.sizes.data < wide.sizes.data);
  assertEquals(outputsOf(grouped, "simd128"), outputsOf(wide, "simd128"));
});

Deno.test("Weights of 4 bits without shape or of a wrong one are refused", async () => {
  await assertRefused((program) => delete groupedOf(program).rows, "rows must be an integer");
  await assertRefused((program) => delete groupedOf(program).group, "group must be an integer");
  await assertRefused((program) => groupedOf(program).rows = 0, "rows");
  await assertRefused((program) => groupedOf(program).rows! *= 2, "multiple of 32 times its rows");
  await assertRefused((program) => groupedOf(program).group = groupedOf(program).rows! + 1, "group");
  await assertRefused((program) => groupedOf(program).length += 1, "multiple of 32");
  await assertRefused((program) => groupedOf(program).length *= 2 ** 20, "past the end of the data");
  await assertRefused((program) => groupedOf(program).length += 32 * groupedOf(program).rows!, "constant");
});

Deno.test("A multiplier that is not from 1 to 18 is refused", async () => {
  for (const multiplier of [0, 19, 255]) {
    await assertRefused((program, data) => {
      const { offset, length } = groupedOf(program);
      data[offset + length / 2] = multiplier;
    }, `multiplier of ${multiplier}`);
  }
});

Deno.test("Weights that take more memory than the limit when they are expanded are refused", () => {
  const { program } = groupedParts();
  const length = 2 ** 30;
  const rows = length / 32;
  const bytes = length / 2 + 8;
  program.constants.push(
    { type: "i4", offset: 2 ** 20, length, rows, group: rows },
    { type: "i4", offset: 2 ** 20 + bytes + 56, length: 32, rows: 1, group: 1 },
  );
  assertThrows(() => checkProgram(JSON.parse(JSON.stringify(program)), 2 ** 30), BundleError, "expanded");
});

Deno.test("The version of a bundle must be that of its content", async () => {
  for (const { program, data } of [smallParts(), groupedParts()]) {
    const bytes = await writeBundle(program, data);
    const view = new DataView(bytes.buffer);
    const version = view.getUint32(8, true);
    assertEquals(version, versionOf(program));
    view.setUint32(8, 3 - version, true);
    const altered = await fixDigest(bytes);
    await assertRejects(() => readBundle(altered), BundleError, `version ${3 - version} has the content of version`);
  }
});

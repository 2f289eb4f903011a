import { assert, assertEquals, assertRejects } from "@std/assert";
import { planMemory } from "../runtime/bundle/plan_memory.ts";
import { packConvolutionU8 } from "../calibrate/lower/pack_weights.ts";
import { align } from "../runtime/alignment.ts";
import { Executor } from "../runtime/executor.ts";
import { parseStep, type Step } from "../runtime/kernels/registry.ts";
import type { Program, ProgramData } from "../runtime/program.ts";
import type { TensorSpec } from "../runtime/tensor.ts";
import { findPixelPort, joinSteps, upgradeProgram } from "../runtime/bundle/upgrade.ts";
import { readBundle } from "../runtime/bundle/read.ts";
import { versionOf } from "../runtime/bundle/versions.ts";
import { writeBundle } from "../runtime/bundle/write.ts";
import { BundleError } from "../runtime/errors.ts";
import { KERNEL_HOSTS } from "./support/kernel_hosts.ts";
import { type Random, random } from "./support/random.ts";
import { smallParts } from "./support/tiny_bundle.ts";

/** Tensors of the programs here, by index. */
const [IMAGE, IMAGE_U8, RESIDUAL, RESIDUAL_U8, PRODUCT, SUM, OUTPUT] = [0, 1, 2, 3, 4, 5, 6];

function u8(name: string, shape: number[], draw: Random): TensorSpec {
  return { name, type: "u8", shape, offset: 0, scale: Math.fround(0.02), zeroPoint: draw.integer(0, 255) };
}

/** A convolution of an input, and its sum with another input. */
function residualProgram(draw: Random): ProgramData {
  const [size, inputs, outputs, kernel] = [
    draw.integer(1, 19),
    draw.integer(1, 9),
    draw.integer(1, 40),
    1 + 2 * draw.integer(0, 1),
  ];
  const [input, output] = [[1, size, size, inputs], [1, size, size, outputs]];
  const weights = draw.i8(outputs * inputs * kernel * kernel);
  const parts = [
    packConvolutionU8(weights, [outputs, inputs, kernel, kernel], 1),
    Int32Array.from({ length: outputs }, () => draw.integer(-20000, 20000)),
    draw.f32(outputs, 0.0005, 0.003),
  ];
  let dataBytes = 0;
  const constants = parts.map((part, index) => {
    const offset = dataBytes;
    dataBytes = align(offset + part.byteLength);
    return { type: (["i8", "i32", "f32"] as const)[index], offset, length: part.length };
  });
  const data = new Uint8Array(dataBytes);
  parts.forEach(({ buffer }, index) => data.set(new Uint8Array(buffer), constants[index].offset));
  const strides = [size * size * outputs, size * outputs, outputs, 1];
  const quantize = (from: number, to: number, channels: number) =>
    parseStep({
      kernel: "quantize",
      name: "quantize",
      inputs: [from],
      output: to,
      constants: [],
      attributes: { dimensions: [1, size * size, channels] },
    });
  const program: Program = {
    name: "residual",
    inputs: [
      { name: "image", tensor: IMAGE, shape: input, batched: false },
      { name: "residual", tensor: RESIDUAL, shape: output, batched: false },
    ],
    outputs: [{ name: "output", tensor: OUTPUT, shape: output, batched: false }],
    tensors: [
      { name: "image", type: "f32", shape: input, offset: 0 },
      u8("image_u8", input, draw),
      { name: "residual", type: "f32", shape: output, offset: 0 },
      u8("residual_u8", output, draw),
      u8("product", output, draw),
      u8("sum", output, draw),
      { name: "output", type: "f32", shape: output, offset: 0 },
    ],
    constants,
    steps: [
      quantize(IMAGE, IMAGE_U8, inputs),
      quantize(RESIDUAL, RESIDUAL_U8, outputs),
      parseStep({
        kernel: "convolution_u8",
        name: "product",
        inputs: [IMAGE_U8],
        output: PRODUCT,
        constants: [0, 1, 2],
        attributes: { input, output, kernel: [kernel, kernel], pads: [kernel >> 1, kernel >> 1] },
      }),
      parseStep({
        kernel: "binary_u8",
        name: "sum",
        inputs: draw.pick([[PRODUCT, RESIDUAL_U8], [RESIDUAL_U8, PRODUCT]]),
        output: SUM,
        constants: [],
        attributes: {
          operation: "add",
          dimensions: output,
          aStrides: strides,
          bStrides: strides,
          scales: [draw.float(0.2, 2), draw.float(0.2, 2)],
          activation: draw.pick(["identity", "relu", "hardSwish"]),
        },
      }),
      { kernel: "dequantize", name: "output", inputs: [SUM], output: OUTPUT, constants: [], attributes: {} },
    ],
    arenaBytes: 0,
  };
  planMemory(program);
  return { program, data };
}

const STEP = 2;

/** The same with the sum as part of the convolution's step. */
function joined(program: Program): Program {
  const steps = [...program.steps];
  const [convolution, sum] = steps.splice(STEP, 2);
  steps.splice(STEP, 0, joinSteps(convolution, sum)!);
  const together = { ...program, steps, tensors: program.tensors.map((tensor) => ({ ...tensor })) };
  planMemory(together);
  return together;
}

for (const [host, instantiate] of Object.entries(KERNEL_HOSTS)) {
  Deno.test(`a sum computed together with its convolution is the same as one after it: ${host}`, () => {
    for (let seed = 1; seed <= 40; seed++) {
      const draw = random(seed);
      const { program, data } = residualProgram(draw);
      const apart = new Executor({ program, data }, {}, instantiate());
      const together = new Executor({ program: joined(program), data }, {}, instantiate());
      for (const { tensor } of program.inputs) {
        const values = draw.f32(together.tensor(tensor).length, -3, 3);
        for (const executor of [together, apart]) executor.tensor(tensor).set(values);
      }
      for (const executor of [together, apart]) executor.run();
      assertEquals(together.values(OUTPUT), apart.values(OUTPUT), `seed ${seed}`);
    }
  });
}

Deno.test("a bundle with a sum in its convolution's step is of version 3 and comes back as it was written", async () => {
  const { program, data } = residualProgram(random(1));
  const together = joined(program);
  assertEquals([versionOf(program), versionOf(together)], [1, 3]);
  const read = await readBundle(await writeBundle(together, data));
  assertEquals(read.program, together);
});

Deno.test("sums are found in bundles that do not name them, but where they lie where the convolution reads", () => {
  const { program } = residualProgram(random(1));
  const { tensors } = program;
  for (const [index, tensor] of tensors.entries()) tensor.offset = index * 65536;
  assertEquals(upgradeProgram(program, 1).steps.map(({ kernel }) => kernel), [
    "quantize",
    "quantize",
    "convolution_sum_u8",
    "dequantize",
  ]);
  assertEquals(upgradeProgram(program, 3), program);
  tensors[SUM].offset = tensors[IMAGE_U8].offset;
  assertEquals(upgradeProgram(program, 1), program);
});

Deno.test("only the sum of a convolution's own output without broadcasts is joined with it", () => {
  const changes: ((program: Program) => void)[] = [
    ({ steps }) => Object.assign(steps[STEP], { kernel: "depthwise_u8" }),
    ({ steps }) => Object.assign(steps[STEP + 1], { kernel: "binary_f32" }),
    ({ steps }) => Object.assign(steps[STEP + 1].attributes, { operation: "multiply" }),
    ({ steps }) => steps[STEP + 1].inputs = [RESIDUAL_U8, RESIDUAL_U8],
    ({ steps }) => steps[STEP + 1].inputs = [PRODUCT, PRODUCT],
    ({ steps }) => Object.assign(steps[STEP + 1].attributes, { bStrides: [0, 0, 0, 1] }),
    ({ steps }) => Object.assign(steps[STEP + 1].attributes, { aStrides: [0, 0, 0, 0] }),
  ];
  const join = ({ steps }: Program) => joinSteps(steps[STEP], steps[STEP + 1]);
  for (const change of changes) {
    const { program } = residualProgram(random(1));
    assert(join(program));
    change(program);
    assertEquals(join(program), undefined, String(change));
  }
});

Deno.test("a convolution with a sum is refused where its tensors do not fit", async () => {
  const changes: [(step: Step<"convolution_sum_u8">, program: Program) => void, string][] = [
    [({ attributes }) => attributes.product = IMAGE, "product"],
    [({ attributes }) => attributes.product = 99, "product must be less than 7"],
    [({ attributes }) => attributes.product = RESIDUAL_U8, "product must not be an input"],
    [({ attributes }) => attributes.product = SUM, "product must not be the output"],
    [(step) => step.inputs = [IMAGE_U8], "must have 2 inputs"],
    [(step) => step.inputs[1] = RESIDUAL, "must be u8"],
    [({ attributes }) => attributes.sumClamp = [9, 3], "clamp must not be empty"],
    [({ attributes }) => attributes.sumActivation = "prelu", "prelu needs"],
    [(_, { tensors }) => tensors[SUM].offset = tensors[IMAGE_U8].offset, "overlaps"],
    [(_, { tensors }) => tensors[PRODUCT].offset = tensors[RESIDUAL_U8].offset, "overlaps"],
  ];
  for (const [change, message] of changes) {
    const { program, data } = residualProgram(random(1));
    const together = joined(program);
    change(together.steps[STEP] as Step<"convolution_sum_u8">, together);
    const bytes = await writeBundle(together, data);
    await assertRejects(() => readBundle(bytes), BundleError, message);
  }
});

Deno.test("a port for pixels is found, read back, and refused where what remains to run is no program", async () => {
  const { program, data } = smallParts();
  assertEquals(findPixelPort(program)?.step, 1);
  const pixels = findPixelPort(program)!;
  const written = await readBundle(await writeBundle({ ...program, pixels }, data));
  assertEquals([versionOf(written.program), written.program.pixels], [3, pixels]);
  assertEquals(findPixelPort({ ...program, steps: program.steps.slice(1) }), undefined);
  const refused = async (change: Partial<Program>, message: string) => {
    const bytes = await writeBundle({ ...program, pixels, ...change }, data);
    await assertRejects(() => readBundle(bytes), BundleError, message);
  };
  await refused({ pixels: { ...pixels, step: 0 } }, "before it is written");
  await refused({ pixels: { ...pixels, step: 2 } }, "before it is written");
  await refused({ pixels: { ...pixels, tensor: program.inputs[0].tensor } }, "a u8 tensor of 108 elements");
  await refused({ pixels: { ...pixels, tensor: program.tensors.length } }, "pixels.tensor");
  const { preprocessing: _, ...plain } = program;
  const bytes = await writeBundle({ ...plain, pixels }, data);
  await assertRejects(() => readBundle(bytes), BundleError, "pixels needs preprocessing");
});

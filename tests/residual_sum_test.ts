import { assert, assertEquals, assertFalse } from "@std/assert";
import { planMemory } from "../calibrate/lower/plan_memory.ts";
import { packConvolutionU8 } from "../calibrate/lower/pack_weights.ts";
import { align } from "../runtime/alignment.ts";
import type { Bundle } from "../runtime/bundle/read.ts";
import { Executor } from "../runtime/executor.ts";
import { chooseBuild, instantiateKernels, instantiateModule } from "../runtime/kernels/instance.ts";
import { loadKernels } from "../runtime/kernels/modules.ts";
import { parseStep } from "../runtime/kernels/registry.ts";
import type { Program } from "../runtime/program.ts";
import type { TensorSpec } from "../runtime/tensor.ts";
import { isAddedNext, joinsSum } from "../runtime/residual_sum.ts";
import { emulatedKernels } from "./support/emulated_dot.ts";
import { type Random, random } from "./support/random.ts";

await loadKernels("simd128");

/** Tensors of the programs here, by index. */
const [IMAGE, IMAGE_U8, RESIDUAL, RESIDUAL_U8, PRODUCT, SUM, OUTPUT] = [0, 1, 2, 3, 4, 5, 6];

function u8(name: string, shape: number[], draw: Random): TensorSpec {
  return { name, type: "u8", shape, offset: 0, scale: 0.02, zeroPoint: draw.integer(0, 255) };
}

/** A convolution of an input, and its sum with another input. */
function residualBundle(draw: Random): Bundle {
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
        inputs: draw.pick([[PRODUCT, RESIDUAL_U8], [RESIDUAL_U8, PRODUCT], [PRODUCT, PRODUCT]]),
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
  return { program, data, hash: "", sizes: { header: 0, data: data.length, total: data.length } };
}

const STEP = 2;

const hosts = {
  simd128: () => instantiateKernels("simd128"),
  ...(chooseBuild() === "relaxed" && { relaxed: () => instantiateKernels("relaxed") }),
  "an emulated signed dot product": () => instantiateModule("relaxed", emulatedKernels("signed")),
};

for (const [host, instantiate] of Object.entries(hosts)) {
  Deno.test(`a sum computed together with its convolution is the same as one after it: ${host}`, () => {
    for (let seed = 1; seed <= 40; seed++) {
      const draw = random(seed);
      const bundle = residualBundle(draw);
      const { program } = bundle;
      assert(joinsSum(program, STEP), `seed ${seed}`);
      const [together, apart] = [0, 1].map(() => new Executor(bundle, {}, instantiate()));
      for (const { tensor } of program.inputs) {
        const values = draw.f32(together.tensor(tensor).length, -3, 3);
        for (const executor of [together, apart]) executor.tensor(tensor).set(values);
      }
      together.run();
      program.steps.forEach((_, step) => apart.run(step, step + 1));
      assertEquals(together.values(OUTPUT), apart.values(OUTPUT), `seed ${seed}`);
      assertEquals(together.values(SUM), apart.values(SUM), `seed ${seed}`);
    }
  });
}

Deno.test("a sum that lies where its convolution reads is computed after it", () => {
  const bundle = residualBundle(random(1));
  const { tensors } = bundle.program;
  tensors[SUM].offset = tensors[IMAGE_U8].offset;
  assert(isAddedNext(bundle.program, STEP));
  assertFalse(joinsSum(bundle.program, STEP));
});

Deno.test("only the sum of a convolution's own output without broadcasts is computed together with it", () => {
  const changes: ((program: Program) => void)[] = [
    ({ steps }) => Object.assign(steps[STEP], { kernel: "depthwise_u8" }),
    ({ steps }) => Object.assign(steps[STEP + 1], { kernel: "binary_f32" }),
    ({ steps }) => Object.assign(steps[STEP + 1].attributes, { operation: "multiply" }),
    ({ steps }) => steps[STEP + 1].inputs = [RESIDUAL_U8, RESIDUAL_U8],
    ({ steps }) => Object.assign(steps[STEP + 1].attributes, { bStrides: [0, 0, 0, 1] }),
    ({ steps }) => Object.assign(steps[STEP + 1].attributes, { aStrides: [0, 0, 0, 0] }),
    ({ steps }) => steps.splice(STEP + 1),
  ];
  for (const change of changes) {
    const { program } = residualBundle(random(1));
    assert(isAddedNext(program, STEP));
    change(program);
    assertFalse(isAddedNext(program, STEP), String(change));
  }
});

import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { checkLifetimes, lifetimesOf } from "../runtime/bundle/check_lifetimes.ts";
import { readBundle } from "../runtime/bundle/read.ts";
import { BundleError } from "../runtime/errors.ts";
import type { Kernel } from "../runtime/kernels/registry.ts";
import type { Program } from "../runtime/program.ts";
import { attributesOf, bundleOf, randomNumbers, smallParts, stepOf, tinyParts } from "./support/tiny_bundle.ts";

/** Reads the small bundle after a change to its program or data. */
async function readChanged(change: (program: Program, data: Uint8Array) => void): Promise<Program> {
  const { program, data } = smallParts();
  change(program, data);
  return (await readBundle(await bundleOf(JSON.stringify(program), data))).program;
}

async function assertRefused(change: (program: Program, data: Uint8Array) => void, message: string): Promise<void> {
  await assertRejects(() => readChanged(change), BundleError, message);
}

Deno.test("Live tensors that share memory are refused", async () => {
  await assertRefused((program) => {
    const { inputs, output } = stepOf(program, "binary_u8");
    program.tensors[output].offset = program.tensors[inputs[1]].offset;
  }, "overlaps");
  await assertRefused((program) => {
    const [a, b] = program.outputs;
    program.tensors[b.tensor].offset = program.tensors[a.tensor].offset;
  }, "overlaps");
});

Deno.test("The check of lifetimes finds what a comparison of all pairs finds", () => {
  const next = randomNumbers(31);
  const counts = { apart: 0, overlapping: 0 };
  for (let round = 0; round < 400; round++) {
    const length = 2 + Math.floor(next() * 6);
    const program: Program = { ...tinyParts().program, inputs: [], outputs: [], tensors: [], steps: [] };
    for (let index = 0; index < length; index++) {
      const shape = [1 + Math.floor(next() * 200)];
      program.tensors.push({ name: `t${index}`, type: "u8", shape, offset: Math.floor(next() * 16) * 64 });
    }
    const made: number[] = [];
    for (let index = 0; index < length; index++) {
      const inputs = made.filter(() => next() < 0.3);
      program.steps.push({ kernel: "dequantize", name: "", inputs, output: index, constants: [], attributes: {} });
      made.push(index);
    }
    const lifetimes = lifetimesOf(program).map((lifetime) => lifetime!);
    const overlaps = program.tensors.some((a, i) =>
      program.tensors.some((b, j) =>
        i < j && lifetimes[i].birth <= lifetimes[j].death && lifetimes[j].birth <= lifetimes[i].death &&
        a.offset < b.offset + b.shape[0] && b.offset < a.offset + a.shape[0]
      )
    );
    counts[overlaps ? "overlapping" : "apart"]++;
    if (overlaps) assertThrows(() => checkLifetimes(program), BundleError, "overlaps");
    else checkLifetimes(program);
  }
  assert(counts.apart > 50 && counts.overlapping > 50, JSON.stringify(counts));
});

Deno.test("Tensors that nothing wrote are refused where they are read", async () => {
  await assertRefused((program) => {
    program.steps.splice(program.steps.findIndex((step) => step.kernel === "softmax_f32"), 1);
  }, "before it is written");
  await assertRefused((program) => {
    const first = stepOf(program, "quantize");
    program.steps.splice(0, 1);
    program.steps.push(first);
  }, "before it is written");
  await assertRefused((program) => {
    program.steps.pop();
  }, "is never written");
});

Deno.test("Tensors past the arena are refused, and arenas over the limit", async () => {
  await assertRefused((program) => program.arenaBytes -= 64, "past the end of the arena");
  await assertRefused((program) => program.tensors[1].offset = program.arenaBytes, "past the end of the arena");
  await assertRefused((program) => program.tensors[0].offset = 2 ** 32, "offset");
  await assertRefused((program) => program.tensors[0].offset = -64, "offset");
  await assertRefused((program) => program.tensors[0].offset += 4, "multiple of 64");
  await assertRefused((program) => program.arenaBytes = 2 ** 32, "arenaBytes");
  await assertRefused((program) => program.tensors[0].shape = [2 ** 30, 2 ** 30, 2 ** 30, 2 ** 30], "2^30");
});

Deno.test("Constants that overlap or leave the data part are refused", async () => {
  await assertRefused((program) => program.constants[1].offset = program.constants[0].offset, "overlaps");
  await assertRefused((program) => program.constants[0].length = 1e6, "past the end of the data");
  await assertRefused((program) => program.constants[program.constants.length - 1].offset += 2 ** 20, "past the end");
  await assertRefused((program) => program.constants[0].offset += 1, "multiple of 64");
  await assertRefused((program) => program.constants[0].length = 0, "length");
});

Deno.test("More constants than the limit are refused", async () => {
  await assertRefused((program) => {
    for (let count = 0; count < 65536; count++) program.constants.push({ type: "u8", offset: 0, length: 1 });
  }, "at most 65536 are allowed");
});

Deno.test("Steps that name what does not exist are refused", async () => {
  await assertRefused((program) => Object.assign(program.steps[0], { kernel: "format_disk" }), "no such kernel");
  await assertRefused((program) => Object.assign(program.steps[0], { kernel: "__proto__" }), "no such kernel");
  await assertRefused((program) => attributesOf(program, "binary_u8").activation = "toString", "is unknown");
  await assertRefused((program) => attributesOf(program, "binary_u8").operation = "divide", "operation");
  await assertRefused((program) => program.steps[0].inputs[0] = program.tensors.length, "inputs[0]");
  await assertRefused((program) => program.steps[0].output = -1, "output");
  await assertRefused((program) => stepOf(program, "convolution_u8").constants[0] = 1e6, "constants[0]");
  await assertRefused((program) => stepOf(program, "convolution_u8").constants.pop(), "constants");
});

Deno.test("Weights, biases and slopes of a wrong length or type are refused", async () => {
  for (const kernel of ["convolution_u8", "depthwise_u8"] as const) {
    for (const index of stepOf(smallParts().program, kernel).constants.keys()) {
      await assertRefused(
        (program) => program.constants[stepOf(program, kernel).constants[index]].length--,
        `constant ${index}`,
      );
      await assertRefused(
        (program) => program.constants[stepOf(program, kernel).constants[index]].type = "u8",
        `constant ${index}`,
      );
    }
  }
});

Deno.test("Scales that are no positive number and zero points beyond a byte are refused", async () => {
  const quantized = (program: Program) => program.tensors.find((tensor) => tensor.type === "u8")!;
  for (const scale of [0, -0.5, NaN, Infinity, 1e-60, 1e60]) {
    await assertRefused((program) => quantized(program).scale = scale, "scale");
  }
  for (const zeroPoint of [256, -1, 0.5, NaN]) {
    await assertRefused((program) => quantized(program).zeroPoint = zeroPoint, "zeroPoint");
  }
  await assertRefused((program) => attributesOf(program, "binary_u8").outputScale = 0, "outputScale");
});

Deno.test("Numbers in a list of attributes that are no finite float32 are refused", async () => {
  const { program, data } = smallParts();
  attributesOf(program, "binary_u8").scales = [1, 1e60];
  const header = JSON.stringify(program);
  assertEquals(header.includes("1e+60"), true);
  for (const number of ["1e60", "1e999", "-1e999", "null", '"1"', "true", "[1]"]) {
    const bytes = await bundleOf(header.replace("1e+60", number), data);
    await assertRejects(() => readBundle(bytes), BundleError, "scales[1] must be a finite float32 number");
  }
});

Deno.test("Strides that leave a tensor are refused", async () => {
  const change = (kernel: Kernel, key: string, value: number[]) => (program: Program) => {
    attributesOf(program, kernel)[key] = value;
  };
  for (const key of ["inputStrides", "outputStrides"]) {
    await assertRefused(change("copy", key, [2 ** 30, 2 ** 30, 2 ** 30, 2 ** 30, 2 ** 30, 1000]), "leave tensor");
    await assertRefused(change("copy", key, [0, 0, 0, 0, 0, -100]), "leave tensor");
  }
  await assertRefused((program) => attributesOf(program, "copy").inputOffset = 1000, "leave tensor");
  for (const key of ["aStrides", "bStrides"]) {
    await assertRefused(change("binary_u8", key, [0, 0, 0, 2]), key);
    await assertRefused(change("binary_f32", key, [0, 0, 1000, 1]), "reach past the end");
  }
});

Deno.test("Rows of single elements that lie apart are refused, for kernels read whole vectors", async () => {
  await assertRefused((program) => {
    Object.assign(attributesOf(program, "binary_u8"), {
      operation: "add",
      dimensions: [72, 1, 2, 1],
      aStrides: [0, 0, 100, 0],
      bStrides: [0, 0, 0, 0],
      scales: [1, 1],
    });
  }, "aStrides must end in 0 or 1");
});

Deno.test("Copies of more elements than the output holds are refused", async () => {
  await assertRefused((program) => {
    const attributes = attributesOf(program, "copy");
    attributes.dimensions = [2 ** 30, 2 ** 30, 1, 1, 1, 1];
    attributes.inputStrides = [0, 0, 0, 0, 0, 0];
    attributes.outputStrides = [0, 0, 0, 0, 0, 0];
  }, "more than tensor");
});

Deno.test("Resize tables that leave the input are refused", async () => {
  for (const [table, value] of [[0, -1], [0, 3], [1, 3], [1, 2 ** 31 - 1]]) {
    for (const word of [0, 1, 9]) {
      await assertRefused((program, data) => {
        const { offset } = program.constants[stepOf(program, "resize_u8").constants[table]];
        new DataView(data.buffer).setInt32(offset + word * 4, value, true);
      }, `table ${table} leaves the input`);
    }
  }
});

Deno.test("Preprocessing that is wrong or does not fit the input is refused", async () => {
  await assertRefused((program) => program.preprocessing!.std[0] = 0, "preprocessing.std");
  await assertRefused((program) => program.preprocessing!.crop = [4, 4], "single input of 1x3x4x4");
  await assertRefused((program) => program.preprocessing!.mean = [0], "preprocessing.std");
  await assertRefused((program) => {
    Object.assign(program.preprocessing!, { crop: "all" });
  }, "preprocessing.crop");
  await assertRefused((program) => {
    Object.assign(program, { preprocessing: null });
  }, "preprocessing must be an object");
});

Deno.test("Ports without names of their own or with another size are refused", async () => {
  await assertRefused((program) => program.outputs[1].name = program.outputs[0].name, "different names");
  await assertRefused((program) => program.outputs[0].shape = [5], "of its own size");
  await assertRefused((program) => program.inputs = [], "must not be empty");
  await assertRefused((program) => program.outputs[0].tensor = stepOf(program, "convolution_u8").output, "float32");
});

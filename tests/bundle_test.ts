import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { checkLifetimes, lifetimesOf } from "../runtime/bundle/check_lifetimes.ts";
import { MAX_HEADER_BYTES, PREFIX_BYTES, versionOf } from "../runtime/bundle/format.ts";
import { constantElements } from "../runtime/bundle/constant_elements.ts";
import { type Bundle, readBundle } from "../runtime/bundle/read.ts";
import { writeBundle } from "../runtime/bundle/write.ts";
import { BundleError } from "../runtime/errors.ts";
import { Executor } from "../runtime/executor.ts";
import type { Program, StepSpec } from "../runtime/program.ts";
import {
  bundleOf,
  fixDigest,
  groupedParts,
  type Parts,
  randomNumbers,
  smallParts,
  tinyParts,
} from "./support/tiny_bundle.ts";

/** Reads the small bundle after a change to its program or data. */
async function readChanged(change: (program: Program, data: Uint8Array) => void): Promise<Program> {
  const { program, data } = smallParts();
  change(program, data);
  return (await readBundle(await bundleOf(JSON.stringify(program), data))).program;
}

async function assertRefused(change: (program: Program, data: Uint8Array) => void, message: string): Promise<void> {
  await assertRejects(() => readChanged(change), BundleError, message);
}

function stepOf(program: Program, kernel: string): StepSpec {
  return program.steps.find((step) => step.kernel === kernel)!;
}

/** A change of a file's 32-bit word, with the digest made to fit. */
async function readWithWord(offset: number, value: number): Promise<void> {
  const { program, data } = tinyParts();
  const bytes = await writeBundle(program, data);
  new DataView(bytes.buffer).setUint32(offset, value, true);
  await readBundle(await fixDigest(bytes));
}

Deno.test("A bundle that is written and read is the same program with the same constants", async () => {
  for (const { program, data } of [tinyParts(), smallParts(), groupedParts()]) {
    const bytes = await writeBundle(program, data);
    const bundle = await readBundle(bytes);
    assertEquals(JSON.parse(JSON.stringify(bundle.program)), JSON.parse(JSON.stringify(program)));
    assertEquals(bundle.data, data);
    assertEquals(bundle.sizes.header + bundle.sizes.data + 32, bytes.length);
    assertEquals(bundle.sizes.total, bytes.length);
    const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes.subarray(0, -32)));
    assertEquals(bundle.hash, Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join(""));
    assertEquals(bytes.slice(-32), digest);
  }
});

Deno.test("Scales survive the decimal text of a header bit by bit", async () => {
  const next = randomNumbers(1);
  for (let round = 0; round < 50; round++) {
    const scale = Math.fround(next() * 10 ** (next() * 20 - 10));
    const { program, data } = smallParts();
    program.tensors.find((tensor) => tensor.type === "u8")!.scale = scale;
    const { program: read } = await readBundle(await writeBundle(program, data));
    assertEquals(read.tensors.find((tensor) => tensor.type === "u8")!.scale, scale);
  }
});

Deno.test("The same program gives the same bytes twice", async () => {
  const [first, second] = [smallParts(), smallParts()];
  assertEquals(await writeBundle(first.program, first.data), await writeBundle(second.program, second.data));
});

Deno.test("A bundle is read from bytes at any address", async () => {
  const { program, data } = smallParts();
  const bytes = await writeBundle(program, data);
  for (const shift of [1, 2, 3]) {
    const shifted = new Uint8Array(bytes.length + shift).subarray(shift);
    shifted.set(bytes);
    const bundle = await readBundle(shifted);
    assertEquals(bundle.data, data);
    new Executor(bundle).run();
  }
});

Deno.test("Every truncation of a bundle is refused", async () => {
  const { program, data } = tinyParts();
  const bytes = await writeBundle(program, data);
  for (let length = 0; length < bytes.length; length++) {
    await assertRejects(() => readBundle(bytes.subarray(0, length)), BundleError);
  }
});

Deno.test("Bytes after the end of a bundle are refused", async () => {
  const { program, data } = tinyParts();
  const bytes = await writeBundle(program, data);
  const longer = new Uint8Array(bytes.length + 1);
  longer.set(bytes);
  await assertRejects(() => readBundle(longer), BundleError, "Trailing bytes");
});

Deno.test("Every change of a single bit of a bundle is refused", async () => {
  const { program, data } = tinyParts();
  const bytes = await writeBundle(program, data);
  for (let bit = 0; bit < bytes.length * 8; bit++) {
    bytes[bit >> 3] ^= 1 << (bit & 7);
    const expected = bit >= PREFIX_BYTES * 8 ? "SHA-256" : "";
    await assertRejects(() => readBundle(bytes), BundleError, expected);
    bytes[bit >> 3] ^= 1 << (bit & 7);
  }
  await readBundle(bytes);
});

Deno.test("Errors of the file's frame carry the byte offset", async () => {
  const error = await assertRejects(() => readWithWord(8, 2), BundleError, "version 2");
  assertEquals(error.offset, 8);
});

Deno.test("Words of the prefix that contradict the file are refused", async () => {
  await assertRejects(() => readWithWord(8, 0), BundleError, "version 0");
  await assertRejects(() => readWithWord(12, 100_000), BundleError, "Truncated");
  await assertRejects(() => readWithWord(12, 0xffffffff), BundleError, "over the limit");
  await assertRejects(() => readWithWord(16, 0x3fffffc0), BundleError, "Truncated");
  await assertRejects(() => readWithWord(16, 0xffffffff), BundleError, "over the limit");
  await assertRejects(() => readWithWord(20, 1), BundleError, "Reserved word");
  await assertRejects(() => readWithWord(12, 1), BundleError);
});

Deno.test("Headers that are no JSON object of a program are refused", async () => {
  const texts = ["", "{", "null", "[]", "1", '"text"', "{}", '{"arenaBytes":0}', "\u{feff}{}", "{}{}"];
  for (const text of texts) {
    await assertRejects(async () => await readBundle(await bundleOf(text, new Uint8Array(0))), BundleError);
  }
  const notUtf8 = Uint8Array.of(0x22, 0xff, 0x22);
  await assertRejects(async () => await readBundle(await bundleOf(notUtf8, new Uint8Array(0))), BundleError, "UTF-8");
});

Deno.test("Deep and huge headers are refused", async () => {
  const deep = 4_000_000;
  const header = "[".repeat(deep) + "]".repeat(deep);
  await assertRejects(async () => await readBundle(await bundleOf(header, new Uint8Array(0))), BundleError);
  const objects = '{"a":'.repeat(1_000_000) + "1" + "}".repeat(1_000_000);
  await assertRejects(async () => await readBundle(await bundleOf(objects, new Uint8Array(0))), BundleError);
  const huge = " ".repeat(MAX_HEADER_BYTES + 1);
  await assertRejects(
    async () => await readBundle(await bundleOf(huge, new Uint8Array(0))),
    BundleError,
    "over the limit",
  );
  await assertRefused((program) => {
    for (let count = 0; count < 65536; count++) program.constants.push({ type: "u8", offset: 0, length: 1 });
  }, "at most 65536 are allowed");
});

Deno.test("Non-zero padding after the header is refused", async () => {
  const { program, data } = tinyParts();
  const header = JSON.stringify(program).padEnd(1001);
  const bytes = await bundleOf(header, data);
  bytes[PREFIX_BYTES + 1001] = 1;
  await fixDigest(bytes);
  await assertRejects(() => readBundle(bytes), BundleError, "Padding");
});

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
      program.steps.push({ kernel: "copy", name: "", inputs, output: index, constants: [], attributes: {} });
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

Deno.test("Steps that name what does not exist are refused", async () => {
  await assertRefused((program) => program.steps[0].kernel = "format_disk", "no such kernel");
  await assertRefused((program) => program.steps[0].kernel = "__proto__", "no such kernel");
  await assertRefused((program) => stepOf(program, "binary_u8").attributes.activation = "toString", "is unknown");
  await assertRefused((program) => stepOf(program, "binary_u8").attributes.operation = "divide", "operation");
  await assertRefused((program) => program.steps[0].inputs[0] = program.tensors.length, "inputs[0]");
  await assertRefused((program) => program.steps[0].output = -1, "output");
  await assertRefused((program) => stepOf(program, "convolution_u8").constants[0] = 1e6, "constants[0]");
  await assertRefused((program) => stepOf(program, "convolution_u8").constants.pop(), "constants");
});

Deno.test("Weights, biases and slopes of a wrong length or type are refused", async () => {
  for (const kernel of ["convolution_u8", "depthwise_u8"]) {
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
  await assertRefused((program) => stepOf(program, "binary_u8").attributes.outputScale = 0, "outputScale");
});

Deno.test("Numbers in a list of attributes that are no finite float32 are refused", async () => {
  const { program, data } = smallParts();
  stepOf(program, "binary_u8").attributes.scales = [1, 1e60];
  const header = JSON.stringify(program);
  assertEquals(header.includes("1e+60"), true);
  for (const number of ["1e60", "1e999", "-1e999", "null", '"1"', "true", "[1]"]) {
    const bytes = await bundleOf(header.replace("1e+60", number), data);
    await assertRejects(() => readBundle(bytes), BundleError, "attributes.scales[1] must be a finite float32 number");
  }
});

Deno.test("Strides that leave a tensor are refused", async () => {
  const change = (kernel: string, key: string, value: number[]) => (program: Program) => {
    stepOf(program, kernel).attributes[key] = value;
  };
  for (const key of ["inputStrides", "outputStrides"]) {
    await assertRefused(change("copy", key, [2 ** 30, 2 ** 30, 2 ** 30, 2 ** 30, 2 ** 30, 1000]), "leave tensor");
    await assertRefused(change("copy", key, [0, 0, 0, 0, 0, -100]), "leave tensor");
  }
  await assertRefused((program) => stepOf(program, "copy").attributes.inputOffset = 1000, "leave tensor");
  for (const key of ["aStrides", "bStrides"]) {
    await assertRefused(change("binary_u8", key, [0, 0, 0, 2]), key);
    await assertRefused(change("binary_f32", key, [0, 0, 1000, 1]), "reach past the end");
  }
});

Deno.test("Rows of single elements that lie apart are refused, for kernels read whole vectors", async () => {
  await assertRefused((program) => {
    stepOf(program, "binary_u8").attributes = {
      operation: "add",
      dimensions: [72, 1, 2, 1],
      aStrides: [0, 0, 100, 0],
      bStrides: [0, 0, 0, 0],
      scales: [1, 1],
    };
  }, "aStrides must end in 0 or 1");
});

Deno.test("Copies of more elements than the output holds are refused", async () => {
  await assertRefused((program) => {
    const { attributes } = stepOf(program, "copy");
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

/** A place in a parsed header: the container and the key. */
type Field = [container: Record<string | number, unknown>, key: string | number];

function fieldsOf(value: unknown, found: Field[] = []): Field[] {
  if (typeof value !== "object" || value === null) return found;
  for (const key of Object.keys(value)) {
    const container = value as Record<string, unknown>;
    found.push([container, key]);
    fieldsOf(container[key], found);
  }
  return found;
}

const NUMBERS = [
  0,
  1,
  2,
  3,
  5,
  7,
  8,
  63,
  64,
  128,
  255,
  256,
  4096,
  65535,
  65536,
  2 ** 24,
  2 ** 30,
  2 ** 31,
  2 ** 32,
  2 ** 53,
];

function mutate(header: unknown, next: () => number): void {
  const pick = <T>(list: readonly T[]): T => list[Math.floor(next() * list.length)];
  const fields = fieldsOf(next() < 0.5 ? header : (header as Program).steps);
  if (fields.length === 0) return;
  const [container, key] = pick(fields);
  const value = container[key];
  const number = () => pick([pick(NUMBERS), pick(NUMBERS), Math.floor(next() * 8), -pick(NUMBERS), next() * 10, 1e300]);
  switch (Math.floor(next() * 10)) {
    case 0:
      delete container[key];
      return;
    case 1:
      container[key] = pick([null, "", "relu", [], {}, true, [1], [[]], "f32", "u8"]);
      return;
    case 2: {
      const [other, otherKey] = pick(fields);
      container[key] = structuredClone(other[otherKey]);
      return;
    }
    case 3:
    case 4:
    case 5:
      if (typeof value === "number") container[key] = pick([0, 1, value - 1, value + 1, value * 2, -value, value + 64]);
      else container[key] = number();
      return;
    default:
      if (typeof value === "number") container[key] = number();
      else mutate(header, next);
  }
}

/** Whether the steps run in a moment; kernels end for any geometry, but may take long. */
function isQuick(program: Program): boolean {
  return program.arenaBytes <= 2 ** 26 && program.steps.every((step) => {
    const { kernel = [1, 1], output = [1], input = [1] } = step.attributes as Record<string, number[]>;
    const product = [...kernel, ...output].reduce((total, length) => total * length, 1);
    return product * (input[input.length - 1] ?? 1) <= 1e7;
  });
}

/** Kernels that write outside of their tensors are likely to hit the constants, which lie before the arena. */
function assertConstants(executor: Executor, { program, data }: Bundle): void {
  for (const [index, constant] of program.constants.entries()) {
    assertEquals(executor.constant(index).slice(), constantElements(constant, data));
  }
}

async function fuzz(seed: number, rounds: number, makeParts: () => Parts): Promise<{ refused: number; ran: number }> {
  const next = randomNumbers(seed);
  const counts = { refused: 0, ran: 0 };
  for (let round = 0; round < rounds; round++) {
    const { program, data } = makeParts();
    const changes = next() < 0.8 ? 1 : 2;
    for (let change = 0; change < changes; change++) mutate(program, next);
    const text = JSON.stringify(program);
    const bytes = await bundleOf(text, data, versionOf(makeParts().program));
    try {
      const bundle = await readBundle(bytes);
      if (isQuick(bundle.program)) {
        const executor = new Executor(bundle);
        executor.run();
        assertConstants(executor, bundle);
        counts.ran++;
      }
    } catch (error) {
      assert(error instanceof BundleError, `round ${round} of seed ${seed}: ${error}\n${text}`);
      counts.refused++;
    }
  }
  return counts;
}

Deno.test("Random changes of header fields give an error or a program that runs", async () => {
  for (const seed of [11, 12, 13]) {
    const { refused, ran } = await fuzz(seed, 1200, smallParts);
    assert(refused > 100 && ran > 60, `${refused} refused, ${ran} ran`);
  }
  for (const [seed, makeParts] of [[14, tinyParts], [15, groupedParts]] as const) {
    const { refused, ran } = await fuzz(seed, 500, makeParts);
    assert(refused > 100 && ran > 10, `${refused} refused, ${ran} ran`);
  }
});

Deno.test("Random bytes in the data part give an error or a program that runs", async () => {
  const next = randomNumbers(21);
  for (let round = 0; round < 200; round++) {
    const { program, data } = smallParts();
    for (let index = 0; index < data.length; index++) if (next() < 0.1) data[index] = next() * 256;
    if (round % 2 === 0) {
      for (const index of stepOf(program, "resize_u8").constants) {
        const { offset, length } = program.constants[index];
        data.fill(0, offset, offset + length * 4);
      }
      new Executor(await readBundle(await writeBundle(program, data))).run();
    } else {
      const bytes = await writeBundle(program, data);
      await assertRejects(() => readBundle(bytes), BundleError, "leaves the input");
    }
  }
});

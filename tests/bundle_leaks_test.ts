import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import {
  packConvolutionF32,
  packConvolutionU8,
  packDepthwiseF32,
  packDepthwiseU8,
  type WeightShape,
} from "../calibrate/lower/pack_weights.ts";
import { checkWritten } from "../runtime/bundle/check_written.ts";
import { readBundle } from "../runtime/bundle/read.ts";
import { writeBundle } from "../runtime/bundle/write.ts";
import { BundleError } from "../runtime/errors.ts";
import type { CopyAttributes } from "../runtime/kernels/copy.ts";
import { findPadding } from "../runtime/kernels/packed_weights.ts";
import { parseStep, type Step } from "../runtime/kernels/registry.ts";
import type { Program } from "../runtime/program.ts";
import { type Random, random } from "./support/random.ts";
import { groupedParts, smallParts, stepOf } from "./support/tiny_bundle.ts";

/** A program that copies from an input to a tensor of `length` elements and gives that one. */
function copies(length: number, walks: readonly Partial<CopyAttributes>[], before: Step[] = []): Program {
  const shape = [length];
  const tensor = (name: string, offset: number) => ({ name, type: "f32" as const, shape, offset });
  const port = (name: string, tensor: number) => ({ name, tensor, shape, batched: false });
  const steps = walks.map((walk) => {
    const dimensions = [1, 1, 1, 1, 1, 1];
    const strides = [0, 0, 0, 0, 0, 0];
    const attributes = { dimensions, inputStrides: strides, outputStrides: strides, ...walk };
    return parseStep({ kernel: "copy", name: "copy", inputs: [0], output: 1, constants: [], attributes });
  });
  return {
    name: "copies",
    inputs: [port("x", 0)],
    outputs: [port("y", 1)],
    tensors: [tensor("x", 0), tensor("y", 64 * Math.ceil(length / 16))],
    constants: [],
    steps: [...before, ...steps],
    arenaBytes: 128 * Math.ceil(length / 16),
  };
}

function fill(output: number): Step {
  return { kernel: "fill", name: "fill", inputs: [], output, constants: [], attributes: { value: 0 } };
}

const half = { dimensions: [1, 1, 1, 1, 1, 4], outputStrides: [0, 0, 0, 0, 0, 1] };

Deno.test("A tensor that is written in part is refused where it is read whole or is an output", async () => {
  const refused = async (program: Program, message: string) => {
    const bytes = await writeBundle(program, new Uint8Array(0));
    await assertRejects(() => readBundle(bytes), BundleError, message);
  };
  await refused(copies(8, [half]), 'A part of output "y" may never be written');
  await refused(copies(8, [half, { ...half, outputOffset: 3 }]), "may never be written");
  await refused(copies(8, [half, half]), "may never be written");
  const read = copies(8, [half, { ...half, outputOffset: 4 }]);
  read.tensors.push({ ...read.tensors[1], name: "z", offset: 1024 });
  read.arenaBytes = 2048;
  const step = parseStep({
    kernel: "activation_f32",
    name: "reader",
    inputs: [1],
    output: 2,
    constants: [],
    attributes: {},
  });
  read.steps.splice(1, 0, step);
  await refused(read, 'Step "reader" reads tensor "y" whole, of which a part may never be written');
});

Deno.test("Parts that make up a tensor, or lie in one that was filled, are accepted", async () => {
  const accepted = async (program: Program) => void await readBundle(await writeBundle(program, new Uint8Array(0)));
  await accepted(copies(8, [half, { ...half, outputOffset: 4 }]));
  await accepted(copies(8, [half], [fill(1)]));
  const rows = (width: number, outputOffset: number) => ({
    dimensions: [1, 1, 1, 1, 5, width],
    outputStrides: [0, 0, 0, 0, 7, 1],
    outputOffset,
  });
  await accepted(copies(35, [rows(1, 0), rows(4, 3), rows(2, 1)]));
  await accepted(copies(24, [{ dimensions: [1, 1, 1, 2, 3, 4], outputStrides: [0, 0, 0, 1, 2, 6] }]));
  await accepted(copies(6, [{
    dimensions: [1, 1, 1, 1, 2, 3],
    outputStrides: [0, 0, 0, 0, -3, -1],
    outputOffset: 5,
  }]));
});

/** A walk inside of a tensor of `total` elements. */
function drawWalk(draw: Random, total: number): Partial<CopyAttributes> {
  const dimensions = [1, 1, 1, 1, 1, 1];
  const outputStrides = [0, 0, 0, 0, 0, 0];
  let [low, high] = [0, 0];
  let stride = draw.pick([1, 1, 1, 2]);
  for (let axis = 5; axis >= 3; axis--) {
    const length = draw.integer(1, 4);
    const signed = draw.pick([stride, stride, stride, -stride, 0]);
    const reach = signed * (length - 1);
    if (high - low + Math.abs(reach) >= total) break;
    dimensions[axis] = length;
    outputStrides[axis] = signed;
    if (reach < 0) low += reach;
    else high += reach;
    stride = draw.pick([stride * length, stride * length, draw.integer(1, 8)]);
  }
  return { dimensions, outputStrides, outputOffset: draw.integer(-low, total - 1 - high) };
}

function markWritten({ dimensions, outputStrides, outputOffset }: CopyAttributes, written: boolean[]): void {
  const visit = (axis: number, at: number): void => {
    if (axis === 6) return void (written[at] = true);
    for (let index = 0; index < dimensions[axis]; index++) visit(axis + 1, at + index * outputStrides[axis]);
  };
  visit(0, outputOffset);
}

Deno.test("What is accepted as written whole is, as element after element shows", () => {
  const draw = random(83);
  const counts = { whole: 0, accepted: 0 };
  for (let round = 0; round < 20_000; round++) {
    const total = draw.integer(1, 24);
    const program = copies(total, Array.from({ length: draw.integer(1, 3) }, () => drawWalk(draw, total)));
    const written = new Array<boolean>(total).fill(false);
    for (const step of program.steps) if (step.kernel === "copy") markWritten(step.attributes, written);
    const whole = written.every(Boolean);
    counts.whole += whole ? 1 : 0;
    try {
      checkWritten(program);
    } catch (error) {
      assert(error instanceof BundleError, String(error));
      continue;
    }
    counts.accepted++;
    assert(whole, JSON.stringify(program.steps));
  }
  assert(counts.accepted > 1000 && counts.accepted > counts.whole / 2, JSON.stringify(counts));
});

Deno.test("Padding of packed weights is found wherever it lies, and nothing else", () => {
  const draw = random(19);
  for (let round = 0; round < 60; round++) {
    const groups = draw.pick([1, 1, 2]);
    const kernel: [number, number] = [draw.integer(1, 5), draw.integer(1, 5)];
    const channels = draw.integer(1, 20);
    const inputs = draw.integer(1, 6);
    const cases: { depthwise: boolean; groups: number; shape: WeightShape; input: number }[] = [
      {
        depthwise: false,
        groups,
        shape: [channels * groups, inputs, ...kernel] as WeightShape,
        input: inputs * groups,
      },
      { depthwise: true, groups: channels, shape: [channels, 1, ...kernel], input: channels },
    ];
    for (const { depthwise, groups, shape, input } of cases) {
      const attributes = {
        input: [1, 9, 9, input],
        output: [1, 9, 9, shape[0]],
        kernel,
        stride: [1, 1],
        dilation: [1, 1],
        pads: [0, 0],
        groups,
      };
      const count = shape.reduce((product, length) => product * length, 1);
      const ones = new Int8Array(count).fill(1);
      const bytes = depthwise ? packDepthwiseU8(ones, shape) : packConvolutionU8(ones, shape, groups);
      const floats = depthwise
        ? packDepthwiseF32(Float32Array.from(ones), shape)
        : packConvolutionF32(Float32Array.from(ones), shape, groups);
      for (const [packed, type] of [[bytes, "u8"], [floats, "f32"]] as const) {
        const bits = 8 * packed.BYTES_PER_ELEMENT;
        const find = () => findPadding(attributes, { depthwise, type }, new Uint8Array(packed.buffer), bits);
        assertEquals(find(), undefined);
        const zeros = [...packed.keys()].filter((index) => packed[index] === 0);
        for (const index of zeros) {
          packed[index] = 1;
          assertEquals(find(), index);
          packed[index] = 0;
        }
      }
    }
  }
});

Deno.test("A bundle whose packed weights have padding that is not zero is refused, at 8 and at 4 bits", async () => {
  for (const makeParts of [smallParts, groupedParts]) {
    const { program, data } = makeParts();
    const { offset } = program.constants[stepOf(program, "convolution_u8").constants[0]];
    // 27 weights of each of 4 channels fill 7 rows of 8 x 4 elements but for one element and four channels.
    const index = 6 * 32 + 3;
    await readBundle(await writeBundle(program, data));
    data[makeParts === smallParts ? offset + index : offset + (index >> 1)] |= 0x10;
    const bytes = await writeBundle(program, data);
    await assertRejects(() => readBundle(bytes), BundleError, `padding of its weights must be zero: element ${index}`);
  }
  assertThrows(() => checkWritten(copies(2, [])), BundleError, "may never be written");
});

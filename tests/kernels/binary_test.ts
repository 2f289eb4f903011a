import {
  binaryF32,
  binaryU8,
  type BinaryU8Options,
  type BroadcastShape,
  OPERATIONS,
  selectF32,
} from "../../kernels/reference/binary.ts";
import { ACTIVATION_CODES } from "../../runtime/activation.ts";
import { kinds, randomActivation } from "./activations.ts";
import { assertKernel, type Random, random } from "./harness.ts";

const unary = kinds.filter((kind) => kind !== "prelu");

/** Strides of an operand that lacks some of the dimensions, and its number of elements. */
function operand(dimensions: readonly number[], draw: Random): { strides: number[]; length: number } {
  const whole = draw.integer(0, 1) === 0;
  const own = dimensions.map((size) => whole || draw.integer(0, 1) === 0 ? size : 1);
  let length = 1;
  const strides = own.map(() => 0);
  for (let axis = own.length - 1; axis >= 0; axis--) {
    if (own[axis] > 1) strides[axis] = length;
    length *= own[axis];
  }
  return { strides, length };
}

function randomShape(draw: Random): BroadcastShape & { lengths: [number, number] } {
  const dimensions = [0, 1, 2, 3].map((axis) => draw.pick([1, draw.integer(1, axis === 3 ? 40 : 5)]));
  const [a, b] = [operand(dimensions, draw), operand(dimensions, draw)];
  return { dimensions, aStrides: a.strides, bStrides: b.strides, lengths: [a.length, b.length] };
}

Deno.test("Adding and multiplying u8 tensors equals the reference for every activation", () => {
  const draw = random(21);
  for (const kind of unary) {
    for (let round = 0; round < 20; round++) {
      const shape = randomShape(draw);
      const [a, b] = shape.lengths.map((length) => draw.u8(length));
      const low = draw.pick([0, draw.integer(0, 100)]);
      const outputScale = draw.pick([1, draw.float(5, 60)]);
      const unit = outputScale === 1 ? draw.pick([10, 1e7]) : 1;
      const options: BinaryU8Options = {
        ...randomActivation(kind, 1, draw),
        operation: draw.pick(["add", "multiply"]),
        aZeroPoint: draw.pick([0, 255, 100]),
        bZeroPoint: draw.pick([0, 255, 131]),
        aScale: draw.float(0.001, 0.05) * unit,
        bScale: draw.float(0.001, 0.05) * unit,
        outputType: "u8",
        outputZeroPoint: draw.pick([0, 255, 7]),
        clampLow: low,
        clampHigh: draw.pick([255, draw.integer(low, 255)]),
        outputScale,
      };
      assertKernel("binary_u8", binaryU8([a, b], { ...options, ...shape }), (output) => [
        ...[{ read: a }, { read: b }, { write: output }],
        ...[...shape.dimensions, ...shape.aStrides, ...shape.bStrides],
        options.operation === "add" ? 0 : 1,
        ...[options.aZeroPoint, options.bZeroPoint, { float: options.aScale }, { float: options.bScale }],
        ...[options.outputZeroPoint, options.clampLow, options.clampHigh, ACTIVATION_CODES[kind]],
        ...[{ float: options.activationA! }, { float: options.activationB! }, { float: options.outputScale }],
      ]);
    }
  }
});

Deno.test("Halves are rounded to the even integer", () => {
  const a = Uint8Array.from({ length: 256 }, (_, i) => i);
  const shape = { dimensions: [1, 1, 1, 256], aStrides: [0, 0, 0, 1], bStrides: [0, 0, 0, 0] };
  const expected = a.map((q) => q % 4 === 3 ? (q + 1) / 2 : Math.floor(q / 2));
  assertKernel("binary_u8", expected, (output) => [
    ...[{ read: a }, { read: new Uint8Array(1) }, { write: output }],
    ...[...shape.dimensions, ...shape.aStrides, ...shape.bStrides],
    ...[0, 0, 0, { float: 0.5 }, { float: 1 }, 0, 0, 255, 0, 0, 0, { float: 1 }],
  ]);
});

Deno.test("Operations on f32 tensors equal the reference for every activation", () => {
  const draw = random(22);
  for (const kind of unary) {
    for (let round = 0; round < 28; round++) {
      const shape = randomShape(draw);
      const [a, b] = shape.lengths.map((length) => draw.f32(length));
      if (round % 4 === 0) a.set([NaN, Infinity, -0, 0].slice(0, a.length));
      const operation = round % OPERATIONS.length;
      const options = { ...randomActivation(kind, 1, draw), ...shape, operation };
      assertKernel("binary_f32", binaryF32([a, b], options), (output) => [
        ...[{ read: a }, { read: b }, { write: output }],
        ...[...shape.dimensions, ...shape.aStrides, ...shape.bStrides],
        ...[operation, ACTIVATION_CODES[kind], { float: options.activationA }, { float: options.activationB }],
      ]);
    }
  }
});

Deno.test("A selection equals the reference, and every condition but 0 selects", () => {
  const draw = random(23);
  for (let round = 0; round < 60; round++) {
    const dimensions = [0, 1, 2, 3].map((axis) => draw.pick([1, draw.integer(1, axis === 3 ? 40 : 5)]));
    const operands = [0, 1, 2].map(() => operand(dimensions, draw));
    const [condition, a, b] = operands.map(({ length }) => draw.f32(length));
    condition.forEach((_, index) => condition[index] = draw.pick([0, -0, 1, NaN, -Infinity, 1e-40]));
    const [conditionStrides, aStrides, bStrides] = operands.map(({ strides }) => strides);
    const expected = selectF32([condition, a, b], { dimensions, conditionStrides, aStrides, bStrides });
    assertKernel("select_f32", expected, (output) => [
      ...[{ read: condition }, { read: a }, { read: b }, { write: output }],
      ...[...dimensions, ...conditionStrides, ...aStrides, ...bStrides],
    ]);
  }
});

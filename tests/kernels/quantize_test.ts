import { dequantize, lookup, quantize } from "../../kernels/reference/quantize.ts";
import { assertKernel, random } from "./harness.ts";

const SPECIAL = [NaN, Infinity, -Infinity, 0.5, 1.5, 2.5, -0.5, -1.5, 254.5, 255.5, 1e30, -1e30, -0];

Deno.test("Quantising equals the reference in both layouts, with ties, infinities and NaN", () => {
  const draw = random(41);
  for (let round = 0; round < 80; round++) {
    const [batch, pixels, channels] = [draw.integer(1, 2), draw.integer(1, 30), draw.integer(1, 5)];
    const input = draw.f32(batch * pixels * channels, -300, 300);
    input.set(SPECIAL.slice(0, input.length));
    const options = {
      ...{ batch, pixels, channels, transposed: round % 2 === 0 },
      inverseScale: round % 3 === 0 ? 1 : draw.float(0.1, 2),
      zeroPoint: draw.pick([0, 255, 128]),
    };
    assertKernel("quantize", quantize(input, options), (output) => [
      ...[{ read: input }, { write: output }, batch, pixels, channels],
      ...[Number(options.transposed), { float: options.inverseScale }, options.zeroPoint],
    ]);
  }
});

Deno.test("Quantising planes of an image equals the reference for every number of pixels", () => {
  const draw = random(44);
  for (let pixels = 2; pixels < 70; pixels++) {
    const batch = draw.integer(1, 2);
    const input = draw.f32(batch * pixels * 3, -3, 3);
    const special = SPECIAL.slice(0, input.length);
    input.set(special, draw.integer(0, input.length - special.length));
    const options = { batch, pixels, channels: 3, transposed: true, inverseScale: 50, zeroPoint: 114 };
    assertKernel("quantize", quantize(input, options), (output) => [
      ...[{ read: input }, { write: output }, batch, pixels, 3, 1, { float: 50 }, 114],
    ]);
  }
});

Deno.test("Dequantising equals the reference", () => {
  const draw = random(42);
  for (let count = 1; count < 40; count++) {
    const input = draw.u8(count);
    const options = { scale: draw.float(0.001, 0.1), zeroPoint: draw.integer(0, 255) };
    assertKernel("dequantize", dequantize(input, options), (output) => [
      ...[{ read: input }, { write: output }, count, { float: options.scale }, options.zeroPoint],
    ]);
  }
});

Deno.test("A lookup replaces every value by its table entry", () => {
  const draw = random(43);
  const table = draw.u8(256);
  for (let count = 1; count < 40; count++) {
    const input = draw.u8(count);
    assertKernel("lookup", lookup(input, table), (output) => [
      ...[{ read: input }, { write: output }, { constant: table }, count],
    ]);
  }
});

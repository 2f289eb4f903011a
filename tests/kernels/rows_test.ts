import { assert, assertEquals } from "@std/assert";
import {
  layerNormalizationF32,
  type LayerNormalizationOptions,
  reduceF32,
  softmaxF32,
} from "../../kernels/reference/rows.ts";
import { KERNELS } from "../../runtime/kernels/registry.ts";
import { assertKernel, type Field, random } from "./harness.ts";

Deno.test("Softmax equals the reference for 1 to 40 columns", () => {
  const draw = random(51);
  for (let columns = 1; columns <= 40; columns++) {
    const rows = draw.integer(1, 4);
    const input = draw.f32(rows * columns, -100, 20);
    assertKernel("softmax_f32", softmaxF32(input, { rows, columns }), (output) => [
      ...[{ read: input }, { write: output }, rows, columns],
    ]);
  }
});

function optional(values: Float32Array | undefined): Field {
  return values ? { constant: values } : 0;
}

function checkNormalization(input: Float32Array, options: LayerNormalizationOptions): void {
  const { length, epsilon, scale, bias } = options;
  assertKernel("layer_normalization_f32", layerNormalizationF32(input, options), (output) => [
    ...[{ read: input }, { write: output }, optional(scale), optional(bias)],
    ...[input.length / length, length, { float: epsilon }],
  ]);
}

Deno.test("Layer normalisation equals the reference for rows of 1 to 40 elements, with and without scale and bias", () => {
  const draw = random(53);
  for (let length = 1; length <= 40; length++) {
    const scale = draw.f32(length);
    const bias = draw.f32(length);
    for (const constants of [{}, { scale }, { bias }, { scale, bias }]) {
      const input = draw.f32(draw.integer(1, 4) * length, -100, 20);
      checkNormalization(input, { length, epsilon: draw.pick([1e-5, 1e-12, 1]), ...constants });
    }
  }
});

Deno.test("Layer normalisation equals the reference where values are equal, huge, infinite or no numbers", () => {
  for (const value of [0, -0, 3, 1e30, -Infinity, NaN]) {
    const input = Float32Array.of(value, value, value, value, value, 1, 2, value, 3, 4);
    for (const epsilon of [0, 1e-5]) checkNormalization(input, { length: 5, epsilon });
  }
});

Deno.test("Layer normalisation of a row of equal elements gives the bias", () => {
  const draw = random(55);
  for (let length = 1; length <= 70; length++) {
    const scale = draw.f32(length);
    const bias = draw.f32(length);
    for (const magnitude of [1e-6, 1, 1e6, 1e30]) {
      const input = new Float32Array(length).fill(draw.f32(1, -magnitude, magnitude)[0]);
      const options = { length, epsilon: 1e-5, scale, bias };
      assertEquals(layerNormalizationF32(input, options), bias);
      checkNormalization(input, options);
    }
  }
});

Deno.test("Layer normalisation is near the exact one, far from zero too", () => {
  const draw = random(54);
  const [length, epsilon] = [768, 1e-5];
  for (const offset of [0, 100]) {
    const input = draw.f32(length, offset - 1, offset + 1);
    const mean = input.reduce((sum, x) => sum + x, 0) / length;
    const variance = input.reduce((sum, x) => sum + (x - mean) ** 2, 0) / length;
    const result = layerNormalizationF32(input, { length, epsilon });
    input.forEach((x, index) => {
      const exact = (x - mean) / Math.sqrt(variance + epsilon);
      assert(Math.abs(result[index] - exact) < 2e-6, `${result[index]} for ${exact}`);
    });
  }
});

Deno.test("Every reduction equals the reference, of infinities, equal numbers and NaN too", () => {
  const draw = random(57);
  const { words } = KERNELS.reduce_f32.attributes.function;
  for (const [code, name] of words.entries()) {
    for (let round = 0; round < 20; round++) {
      const dimensions = [draw.integer(1, 4), draw.integer(1, 30), draw.integer(1, 5)] as const;
      const input = draw.f32(dimensions[0] * dimensions[1] * dimensions[2], ...draw.pick([[-3, 3], [0, 200]] as const));
      if (round % 3 === 0) input.set([2, 2, -Infinity, Infinity, 0, -0, 2].slice(0, input.length));
      if (round % 7 === 0) input[input.length - 1] = NaN;
      assertKernel("reduce_f32", reduceF32(input, { dimensions, function: name }), (output) => [
        ...[{ read: input }, { write: output }, ...dimensions, code],
      ]);
    }
  }
});

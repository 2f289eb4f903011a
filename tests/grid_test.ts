import { assert, assertEquals } from "@std/assert";
import { type Grid, snapGrid } from "../calibrate/scales/score.ts";
import { dequantizeValue, quantizeValue } from "../runtime/numerics/quantization.ts";
import { random } from "./support/random.ts";

const LARGEST = 3.4028234663852886e38;

function quantize(value: number, { scale, zeroPoint }: Grid): number {
  return quantizeValue(value, Math.fround(1 / scale), zeroPoint);
}

function lowEnd({ scale, zeroPoint }: Grid): number {
  return -zeroPoint * scale;
}

function highEnd({ scale, zeroPoint, levels }: Grid): number {
  return (levels - zeroPoint) * scale;
}

Deno.test("Quantising a dequantised level gives the level again", () => {
  const draw = random(305);
  for (let round = 0; round < 300; round++) {
    const scale = Math.fround(draw.float(1, 2) * 2 ** draw.integer(-100, 100));
    const zeroPoint = draw.integer(0, 255);
    for (let level = 0; level < 256; level++) {
      assertEquals(quantize(dequantizeValue(level, scale, zeroPoint), { scale, zeroPoint, levels: 255 }), level);
    }
  }
});

Deno.test("Quantisation never decreases where values increase", () => {
  const draw = random(306);
  for (let round = 0; round < 100; round++) {
    const grid = snapGrid(-draw.float(0, 4), draw.float(0.001, 4), 255);
    const values = draw.f32(500, -6, 6).sort();
    let before = 0;
    for (const value of [-LARGEST, ...values, LARGEST]) {
      const level = quantize(value, grid);
      assert(level >= before, `${value} on ${JSON.stringify(grid)}`);
      before = level;
    }
    assertEquals(before, 255);
  }
});

Deno.test("A quantised value is within half a step inside the range and at its end outside", () => {
  const draw = random(307);
  // The kernels multiply by a float32 1 / scale: up to 255 steps carry its relative error.
  const tolerance = 1 + 255 * 2 ** -22;
  for (let round = 0; round < 200; round++) {
    const grid = snapGrid(-draw.float(0, 4), draw.float(0.001, 4), 255);
    const low = lowEnd(grid);
    const high = highEnd(grid);
    for (const value of draw.f32(300, 1.5 * low - 0.1, 1.5 * high + 0.1)) {
      const result = (quantize(value, grid) - grid.zeroPoint) * grid.scale;
      if (value < low) assertEquals(result, low === 0 ? result : low);
      else if (value > high) assertEquals(result, high === 0 ? result : high);
      else assert(Math.abs(value - result) <= grid.scale / 2 * tolerance, `${value} on ${JSON.stringify(grid)}`);
      if (value < low || value > high) assert(low <= result && result <= high);
    }
  }
});

Deno.test("A snapped grid reaches both ends of its range to half a step", () => {
  const draw = random(308);
  for (let round = 0; round < 500; round++) {
    const low = -draw.float(0, 5);
    const high = draw.float(0, 5);
    const grid = snapGrid(low, high, draw.pick([3, 15, 127, 255]));
    assert(Number.isInteger(grid.zeroPoint) && grid.zeroPoint >= 0 && grid.zeroPoint <= grid.levels);
    assert(Math.abs(lowEnd(grid) - low) <= grid.scale * 0.50001);
    assert(Math.abs(highEnd(grid) - high) <= grid.scale * 0.50001);
  }
});

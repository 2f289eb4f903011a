import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import { logarithm } from "../runtime/numerics/logarithm.ts";
import type { ElementaryFunction } from "../runtime/activation.ts";
import { ELEMENTARY } from "../runtime/numerics/elementary.ts";
import { power } from "../runtime/numerics/power.ts";
import { exponential } from "../runtime/numerics/exponential.ts";
import { digest } from "./support/images.ts";
import { type Random, random } from "./support/random.ts";

/** Twice the unit of rounding, and as much again for the functions of the engine, which serve as reference. */
const TOLERANCE = 2 ** -51;

function relativeError(actual: number, expected: number): number {
  return actual === expected ? 0 : Math.abs(actual - expected) / Math.abs(expected);
}

/** A positive double of any magnitude. */
function positive({ unit, integer }: Random): number {
  return (1 + unit()) * 2 ** integer(-1022, 1022);
}

Deno.test("The logarithm is exact to two units of rounding, from the least number to the greatest and around 1", () => {
  const draw = random(41);
  for (let round = 0; round < 20000; round++) {
    const values = [positive(draw), 1 + (draw.unit() - 0.5) * 2 ** -draw.integer(0, 40), 10 * draw.unit()];
    for (const x of values) assert(relativeError(logarithm(x), Math.log(x)) < TOLERANCE, `${x}`);
  }
  for (const x of [2 ** -1074, 3 * 2 ** -1070, 2 ** -1022, Number.MAX_VALUE, Math.SQRT2, Math.SQRT1_2, Math.E]) {
    assert(relativeError(logarithm(x), Math.log(x)) < TOLERANCE, `${x}`);
  }
  assertEquals([1, 0, -0, Infinity, -1, NaN].map(logarithm), [0, -Infinity, -Infinity, Infinity, NaN, NaN]);
});

Deno.test("The exponential is exact to two units of rounding wherever it is a normal number", () => {
  const draw = random(42);
  for (let round = 0; round < 20000; round++) {
    const values = [draw.unit() * 1418 - 708, draw.unit() * 4 - 2, (draw.unit() - 0.5) * 2 ** -draw.integer(0, 60)];
    for (const x of values) assert(relativeError(exponential(x), Math.exp(x)) < TOLERANCE, `${x}`);
  }
  for (const x of [-708.5, -745.1, -720, 709.7827128933839]) {
    assertAlmostEquals(exponential(x), Math.exp(x), Math.max(2 ** -1074, Math.exp(x) * TOLERANCE));
  }
  assertEquals([0, -0, -Infinity, -746, 710, Infinity, NaN].map(exponential), [1, 1, 0, 0, Infinity, Infinity, NaN]);
});

Deno.test("Logarithm and exponential undo each other", () => {
  const draw = random(43);
  for (let round = 0; round < 5000; round++) {
    const x = draw.unit() * 40 - 20;
    assertAlmostEquals(logarithm(exponential(x)), x, 2 ** -50 * (1 + Math.abs(x)));
  }
});

Deno.test("The bits of logarithm, exponential and power are the same on every host", () => {
  const draw = random(44);
  const values = Float64Array.from({ length: 3000 }, (_, index) => {
    const x = draw.unit() * 20;
    return [logarithm(x), exponential(x - 10), power(x, draw.unit() * 6 - 3)][index % 3];
  });
  const bytes = new DataView(new ArrayBuffer(values.byteLength));
  values.forEach((value, index) => bytes.setFloat64(8 * index, value));
  assertEquals(digest(new Uint8Array(bytes.buffer)), 1649705967);
});

Deno.test("Powers are products where the exponent is a small integer, and roots where it is a half", () => {
  for (const base of [-3, -0.7, 0.1, 1.5, 7]) {
    assertEquals(power(base, 2), base * base);
    assertEquals(power(base, 3), base * (base * base));
    assertEquals(power(base, -1), 1 / base);
    assertEquals(power(base, 0), 1);
  }
  for (let exponent = 0; exponent <= 62; exponent++) assertEquals(BigInt(power(2, exponent)), 1n << BigInt(exponent));
  assertEquals([2, 0.3, 1e300].map((base) => power(base, 0.5)), [2, 0.3, 1e300].map(Math.sqrt));
});

Deno.test("Other powers have an error below 2^-40 and the engine's signs and limits", () => {
  const draw = random(45);
  for (let round = 0; round < 20000; round++) {
    const [base, exponent] = [draw.unit() * 100, draw.unit() * 60 - 30];
    assert(relativeError(power(base, exponent), base ** exponent) < 2 ** -40, `${base}^${exponent}`);
  }
  const limits = [0, -0, 1, -1, 2, -2, 0.5, Infinity, NaN, -1.0001];
  for (const base of limits) {
    for (const exponent of [0.3, -0.3, 2.5, 65, -65, 66, 1e20, Infinity, -Infinity, NaN, 0, -0, 1, -1]) {
      // As in C, and unlike in ECMAScript.
      const isOne = base === 1 || (base === -1 && Math.abs(exponent) === Infinity);
      const [actual, expected] = [power(base, exponent), isOne ? 1 : base ** exponent];
      if (Object.is(actual, expected)) continue;
      assert(relativeError(actual, expected) < 2 ** -40, `${base}^${exponent} is ${actual}, expected ${expected}`);
    }
  }
});

/** Arguments of float32 of all magnitudes, and around 0 and 1. */
function arguments32({ unit, integer }: Random): number[] {
  const sign = unit() < 0.5 ? -1 : 1;
  return [sign * (1 + unit()) * 2 ** integer(-60, 60), sign * unit(), sign * 100 * unit(), 1 + unit() * 2 ** -20].map(
    Math.fround,
  );
}

Deno.test("Elementary functions of float32 are exact to 1e-10 of the engine's, which serve as reference", () => {
  const draw = random(46);
  const references: Partial<Record<ElementaryFunction, (x: number) => number>> = {
    ...{ exp: Math.exp, log: Math.log, sin: Math.sin, cos: Math.cos, tan: Math.tan, asin: Math.asin, acos: Math.acos },
    ...{ atan: Math.atan, sinh: Math.sinh, cosh: Math.cosh, asinh: Math.asinh, acosh: Math.acosh, atanh: Math.atanh },
    softplus: (x) => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x))),
    mish: (x) => x > 30 ? x : x * Math.tanh(Math.log1p(Math.exp(x))),
    selu: (x) => 1.5 * (x > 0 ? x : 0.5 * Math.expm1(x)),
    celu: (x) => x < 0 ? 0.5 * Math.expm1(x / 0.5) : x,
  };
  for (const [name, reference] of Object.entries(references)) {
    const compute = ELEMENTARY[name as ElementaryFunction];
    for (let round = 0; round < 5000; round++) {
      for (const x of arguments32(draw)) {
        const [actual, expected] = [compute(x, 0.5, 1.5), reference(x)];
        if (Object.is(actual, expected) || Math.abs(expected) < 2 ** -150) continue;
        assert(relativeError(actual, expected) < 1e-10, `${name}(${x}) is ${actual}, expected ${expected}`);
      }
    }
  }
});

Deno.test("Elementary functions have the limits and signs of C", () => {
  const { asin, acos, atanh, acosh, asinh, round, sign, sin, cos, tan, atan } = ELEMENTARY;
  for (const f of [asin, acos, atanh]) {
    assertEquals([1.5, -1.5, Infinity, NaN].map((x) => f(x, 0, 0)), Array(4).fill(NaN));
  }
  assertEquals([0.5, -1, -2, -1e20].map((x) => acosh(x, 0, 0)), Array(4).fill(NaN));
  assertEquals([1, -1, Infinity].map((x) => [atanh(x, 0, 0), asinh(x * Infinity, 0, 0)]), [
    [Infinity, Infinity],
    [-Infinity, -Infinity],
    [NaN, Infinity],
  ]);
  assertEquals([2.5, -2.5, -0.3, 0.5, -0, 1e30].map((x) => round(x, 0, 0)), [2, -2, -0, 0, -0, 1e30]);
  assertEquals([-3, 0, 7, NaN].map((x) => sign(x, 0, 0)), [-1, 0, 1, NaN]);
  for (const f of [sin, cos, tan]) assertEquals([Infinity, -Infinity, NaN].map((x) => f(x, 0, 0)), [NaN, NaN, NaN]);
  assertEquals([-0, -Infinity].map((x) => [sin(x, 0, 0), atan(x, 0, 0)]), [[-0, -0], [NaN, -Math.PI / 2]]);
});

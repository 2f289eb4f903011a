import { assert } from "@std/assert";
import { activationF32 } from "../../kernels/reference/activation.ts";
import { ACTIVATION_CODES } from "../../runtime/activation.ts";
import { erf, exp, sigmoid, tanh } from "../../runtime/numerics/float32.ts";
import { kinds, randomActivation } from "./activations.ts";
import { assertKernel, random } from "./harness.ts";

const SPECIAL = [0, -0, Infinity, -Infinity, NaN, 1e-30, -1e-30, 3e38, -3e38, 0.6, -0.6, 88, -87, 100, -100, 3, -3];

Deno.test("Every activation equals the reference, special values included", () => {
  const draw = random(11);
  for (const kind of kinds) {
    for (let round = 0; round < 10; round++) {
      const channels = draw.integer(1, 150);
      const input = new Float32Array(channels * draw.integer(1, 4));
      input.set(draw.f32(input.length, ...draw.pick([[-1, 1], [-10, 10], [-100, 100]] as const)));
      input.set(SPECIAL.slice(0, input.length));
      const options = { channels, ...randomActivation(kind, channels, draw) };
      assertKernel("activation_f32", activationF32(input, options), (output) => [
        { read: input },
        { write: output },
        input.length,
        channels,
        ACTIVATION_CODES[kind],
        { float: options.activationA },
        { float: options.activationB },
        { read: options.slopes },
      ]);
    }
  }
});

function* sweep(low: number, high: number): Generator<number> {
  for (let i = 0; i <= 200_000; i++) yield Math.fround(low + (high - low) * i / 200_000);
}

Deno.test("The exponential has a relative error below 3e-7", () => {
  for (const x of sweep(-87, 88)) {
    const error = Math.abs(exp(x) / Math.exp(x) - 1);
    assert(error < 3e-7, `e^${x} is off by ${error}`);
  }
});

Deno.test("The hyperbolic tangent has a relative error below 3e-7", () => {
  for (const x of sweep(-10, 10)) {
    const error = Math.abs(tanh(x) - Math.tanh(x));
    assert(error <= 3e-7 * Math.abs(Math.tanh(x)), `tanh ${x} is off by ${error}`);
  }
});

Deno.test("The sigmoid has an absolute error below 1.2e-7", () => {
  for (const x of sweep(-30, 30)) {
    const error = Math.abs(sigmoid(x) - 1 / (1 + Math.exp(-x)));
    assert(error < 1.2e-7, `sigmoid ${x} is off by ${error}`);
  }
});

/** Error function by its series in double precision, for |x| up to 4. */
function erfSeries(x: number): number {
  let term = x;
  let sum = x;
  for (let n = 1; Math.abs(term) > 1e-17; n++) {
    term *= -x * x / n;
    sum += term / (2 * n + 1);
  }
  return 2 / Math.sqrt(Math.PI) * sum;
}

Deno.test("The error function has an absolute error below 3e-7", () => {
  for (const x of sweep(-3.9, 3.9)) {
    const error = Math.abs(erf(x) - erfSeries(x));
    assert(error < 3e-7, `erf ${x} is off by ${error}`);
  }
});

import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import { estimate } from "../calibrate/estimate.ts";
import { compareOutputs, fidelityOf, kindOfClasses } from "../calibrate/fidelity.ts";
import { measuresTable } from "../calibrate/report/measures_table.ts";
import { random } from "./support/random.ts";

Deno.test("The divergence of logits is that of their softmax, and large logits are no trouble", () => {
  const [float, output] = [Float32Array.of(0, Math.log(3)), Float32Array.of(Math.log(3), 0)];
  // Probabilities 1/4, 3/4 against 3/4, 1/4.
  const wanted = 0.25 * Math.log(1 / 3) + 0.75 * Math.log(3);
  assertAlmostEquals(compareOutputs(float, output, "logits").divergence!, wanted, 1e-6);
  const far = (values: Float32Array) => values.map((value) => value + 1000);
  assertAlmostEquals(compareOutputs(far(float), far(output), "logits").divergence!, wanted, 1e-3);
});

Deno.test("The divergence is zero for equal classes, never negative, and known for no classes", () => {
  const draw = random(3);
  for (let round = 0; round < 50; round++) {
    const [float, output] = [draw.f32(10, -8, 8), draw.f32(10, -8, 8)];
    for (const kind of ["logits", "independent-probabilities"] as const) {
      const unit = (values: Float32Array) => kind === "logits" ? values : values.map((value) => 1 / (1 + 2 ** value));
      assert(compareOutputs(unit(float), unit(output), kind).divergence! > 0);
      assertAlmostEquals(compareOutputs(unit(float), unit(float), kind).divergence!, 0, 1e-12);
    }
    assertEquals(compareOutputs(float, output, undefined).divergence, null);
  }
});

Deno.test("Probabilities are taken as they are, also where one is zero", () => {
  const half = Float32Array.of(0.5, 0.5, 0);
  const { divergence } = compareOutputs(half, Float32Array.of(0.25, 0.75, 0), "probabilities");
  assertAlmostEquals(divergence!, 0.5 * Math.log(0.5 / 0.25) + 0.5 * Math.log(0.5 / 0.75), 1e-6);
  assertAlmostEquals(compareOutputs(half, half, "probabilities").divergence!, 0, 1e-12);
  const impossible = compareOutputs(half, Float32Array.of(1, 0, 0), "probabilities").divergence!;
  assert(impossible > 10 && Number.isFinite(impossible));
});

Deno.test("Standard errors are those that repeated samples show", () => {
  const draw = random(11);
  const observed: { sqnr: number; mean: number }[] = [];
  let told = { sqnr: 0, mean: 0 };
  for (let round = 0; round < 400; round++) {
    const samples = Array.from({ length: 50 }, () => {
      const [signal, noise] = draw.f32(2, 0.5, 1.5);
      return { signal: signal * 100, noise: noise * noise, divergence: noise, same: noise < 1.2 };
    });
    const { sqnr, divergence } = fidelityOf(samples);
    observed.push({ sqnr: sqnr!.mean, mean: divergence!.mean });
    told = { sqnr: told.sqnr + sqnr!.standardError! / 400, mean: told.mean + divergence!.standardError! / 400 };
  }
  for (const figure of ["sqnr", "mean"] as const) {
    const { standardError } = estimate(observed.map((one) => one[figure]));
    const deviation = standardError! * Math.sqrt(400);
    assert(Math.abs(told[figure] / deviation - 1) < 0.12, `${figure}: ${told[figure]} for ${deviation}`);
  }
});

Deno.test("A network that is exact has no SQNR, and one sample no standard error", () => {
  const exact = fidelityOf([compareOutputs(Float32Array.of(1, 2), Float32Array.of(1, 2), "logits")]);
  assertEquals(exact.sqnr, null);
  assertEquals(exact.same, { mean: 1, standardError: null });
  assertEquals(
    measuresTable("n", [{ name: "8 bits", fidelity: exact }]).split("\n")[2],
    "8 bits  0.00000        –   100.0",
  );
});

Deno.test("Probabilities that miss 1 by rounding count as shares of their sum", () => {
  const [float, output] = [Float32Array.of(0.5, 0.25, 0.25), Float32Array.of(0.5, 0.3, 0.2)];
  const wanted = compareOutputs(float, output, "probabilities").divergence!;
  const rounded = compareOutputs(
    float.map((value) => value * 1.02),
    output.map((value) => value * 0.97),
    "probabilities",
  );
  assertAlmostEquals(rounded.divergence!, wanted, 1e-6);
  assertEquals(compareOutputs(float, float.map((value) => value / 2), "probabilities").divergence, 0);
});

Deno.test("Logits of minus infinity are classes that cannot be, and outputs that are not finite give NaN", () => {
  const never = Float32Array.of(1, 2, -Infinity);
  const { divergence } = compareOutputs(never, Float32Array.of(2, 1, -1000), "logits");
  assertAlmostEquals(
    divergence!,
    compareOutputs(never.subarray(0, 2), Float32Array.of(2, 1), "logits").divergence!,
    1e-9,
  );
  const broken = fidelityOf([compareOutputs(Float32Array.of(1, 2), Float32Array.of(NaN, 2), "logits")]);
  assertEquals([broken.sqnr!.mean, broken.divergence!.mean], [NaN, NaN]);
});

Deno.test("Outputs of several dimensions, or of one value, are no classes", () => {
  assertEquals(kindOfClasses([1, 10], "logits"), "logits");
  assertEquals(kindOfClasses([1, 8, 1, 1], "probabilities"), "probabilities");
  for (const shape of [[1, 4, 4], [1, 1], [1]]) assertEquals(kindOfClasses(shape, "logits"), undefined);
});

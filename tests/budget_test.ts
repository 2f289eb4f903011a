import { assert, assertEquals, assertThrows } from "@std/assert";
import { BUDGET } from "../bench/budget.ts";
import { sizeFindings, speedFindings, startFindings } from "../bench/budget/findings.ts";
import { measureSizes } from "../bench/budget/sizes.ts";
import type { StartFigures } from "../bench/start/measure.ts";

Deno.test("the compiled kernels and the minified runtime keep to the budget", async () => {
  const sizes = await measureSizes();
  assert(sizes.module > 10_000 && sizes.javaScript > 10_000, `${sizes.module} and ${sizes.javaScript} bytes`);
  const findings = sizeFindings(BUDGET, sizes);
  assertEquals(findings.map(({ figure }) => figure), ["each WASM module", "the runtime's minified JavaScript"]);
  for (const { figure, measured, limit, kept } of findings) {
    assert(kept, `${figure}: ${measured} bytes, at most ${limit}`);
  }
});

Deno.test("a size beyond its limit is found, and a limit that nothing measures is refused", () => {
  const [module, javaScript] = BUDGET.bytes.map(({ atMost }) => atMost);
  const kept = (sizes: { module: number; javaScript: number }) => sizeFindings(BUDGET, sizes).map(({ kept }) => kept);
  assertEquals(kept({ module, javaScript }), [true, true]);
  assertEquals(kept({ module: module + 1, javaScript }), [false, true]);
  assertEquals(kept({ module, javaScript: javaScript + 1 }), [true, false]);
  const strange = { ...BUDGET, bytes: [{ file: "the moon", atMost: 1 }] };
  assertThrows(() => sizeFindings(strange, { module, javaScript }), RangeError, '"the moon"');
});

Deno.test("a start beyond its limits is found", () => {
  const figures: StartFigures = {
    bare: 15,
    firstResult: 33,
    ratio: 2.2,
    load: 8,
    firstRun: 9,
    warmUp: 20,
    fullSpeed: 5,
    bareMemory: 30e6,
    memory: 70e6,
  };
  const kept = (changes: Partial<StartFigures>) =>
    startFindings(BUDGET, { ...figures, ...changes }).map(({ unit, kept }) => `${unit} ${kept}`);
  assertEquals(kept({}), ["x true", "bytes true", "ms true"]);
  assertEquals(kept({ ratio: 2.21 }), ["x false", "bytes true", "ms true"]);
  assertEquals(kept({ memory: 70e6 + 1 }), ["x true", "bytes false", "ms true"]);
  assertEquals(kept({ warmUp: 20.1 }), ["x true", "bytes true", "ms false"]);
});

Deno.test("speeds are held against the limits of the builds that ran", () => {
  const budget = {
    ...BUDGET,
    speedUps: [
      { network: "n", build: "relaxed" as const, atLeast: 2 },
      { network: "n", build: "simd128" as const, atLeast: 1 },
    ],
    shares: [{ kernel: "k", build: "simd128" as const, atLeast: 0.5 }],
  };
  const speeds = { build: "simd128" as const, speedUps: { n: 1 }, shares: { k: 0.49 } };
  const findings = speedFindings(budget, [speeds]);
  assertEquals(findings.map(({ figure, measured, limit, kept }) => [figure, measured, limit, kept]), [
    ["n, float32 over int8, simd128", 1, 1, true],
    ["k, simd128", 0.49, 0.5, false],
  ]);
  assertEquals(speedFindings(budget, [{ ...speeds, build: "relaxed" }]).length, 1);
});

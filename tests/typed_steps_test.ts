import { assertEquals, assertThrows } from "@std/assert";
import { BundleError } from "../runtime/errors.ts";
import type { AttributeTable } from "../runtime/kernels/attributes.ts";
import type { KernelDefinition } from "../runtime/kernels/definition.ts";
import type { FillAttributes } from "../runtime/kernels/fill.ts";
import { KERNELS, type KernelTable, parseStep, type Step, writeStep } from "../runtime/kernels/registry.ts";
import { groupedParts, smallParts } from "./support/tiny_bundle.ts";

Deno.test("A kernel that lacks a part does not compile", () => {
  const { copy: _copy, ...others } = KERNELS;
  // @ts-expect-error Steps of "copy" have no definition.
  others satisfies KernelTable;
  const { bind: _bind, ...unbound } = KERNELS.fill;
  // @ts-expect-error Nothing makes the call.
  unbound satisfies KernelDefinition<FillAttributes>;
  const { check: _check, ...unchecked } = KERNELS.fill;
  // @ts-expect-error Nothing checks the step.
  unchecked satisfies KernelDefinition<FillAttributes>;
  // @ts-expect-error Nothing reads or writes the attribute "value".
  ({}) satisfies AttributeTable<FillAttributes>;
  // @ts-expect-error A number cannot be one of several words.
  ({ value: { type: "word", words: ["one"] } }) satisfies AttributeTable<FillAttributes>;
  const parts = { name: "", inputs: [], output: 0, constants: [] };
  // @ts-expect-error The step lacks an attribute.
  ({ kernel: "fill", ...parts, attributes: {} }) satisfies Step;
  // @ts-expect-error The attribute is another kernel's.
  ({ kernel: "fill", ...parts, attributes: { value: 1, transposed: 1 } }) satisfies Step;
});

Deno.test("Steps are written without what is assumed, and read as they were", () => {
  for (const { program } of [smallParts(), groupedParts()]) {
    for (const step of program.steps) {
      const written = writeStep(step);
      const { inputs, constants = [], attributes = {} } = JSON.parse(JSON.stringify(written));
      const { kernel, name, output } = step;
      assertEquals(parseStep({ kernel, name, inputs, output, constants, attributes }), step);
    }
  }
  const step = { kernel: "quantize", name: "q", inputs: [0], output: 1, constants: [] };
  const parsed = parseStep({ ...step, attributes: { dimensions: [1, 4, 3], unknown: "ignored" } });
  assertEquals(parsed.attributes, { dimensions: [1, 4, 3], transposed: 0 });
  assertEquals(writeStep(parsed), {
    kernel: "quantize",
    name: "q",
    inputs: [0],
    output: 1,
    attributes: { dimensions: [1, 4, 3] },
  });
});

Deno.test("An attribute that is missing or wrong is named with its step and what was expected", () => {
  const read = (kernel: string, attributes: Record<string, unknown>) => () =>
    parseStep({ kernel, name: "node", inputs: [], output: 0, constants: [], attributes });
  const operands = { dimensions: [1, 1, 1, 1], aStrides: [0, 0, 0, 0], bStrides: [0, 0, 0, 0] };
  const cases: [() => Step, string][] = [
    [read("fill", {}), 'Step "node" (fill): value must be a finite float32 number'],
    [read("quantize", { dimensions: [1, 2] }), "dimensions must have 3 entries: it has 2"],
    [read("quantize", { dimensions: [1, 2, 0] }), "dimensions[2] must be an integer from 1 to 1073741824"],
    [read("quantize", { dimensions: [1, 2, 3], transposed: true }), "transposed must be an integer from 0 to 1"],
    [read("binary_u8", { ...operands, operation: "divide" }), 'operation "divide" is unknown: one of add, multiply'],
    [read("binary_u8", { ...operands, operation: "add", scales: [1] }), "scales must have 2 entries: it has 1"],
    [read("activation_f32", { activation: "sine" }), 'activation "sine" is unknown: one of identity, relu'],
  ];
  for (const [make, message] of cases) assertThrows(make, BundleError, message);
});

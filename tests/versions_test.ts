import { assertEquals, assertRejects } from "@std/assert";
import { findPixelPort } from "../runtime/bundle/upgrade.ts";
import { versionOf, VERSIONS } from "../runtime/bundle/versions.ts";
import { readBundle } from "../runtime/bundle/read.ts";
import { writeBundle } from "../runtime/bundle/write.ts";
import { BundleError } from "../runtime/errors.ts";
import { parseStep, type Step } from "../runtime/kernels/registry.ts";
import type { Program } from "../runtime/program.ts";
import { fixDigest, groupedParts, smallParts } from "./support/tiny_bundle.ts";

/** A step that only counts as one of its kernel. */
function stepOfKernel(kernel: Step["kernel"]): Step {
  return { kernel, name: "", inputs: [0], output: 0, constants: [], attributes: {} } as unknown as Step;
}

function activated(activation: string): Step {
  return { ...stepOfKernel("activation_f32"), attributes: { activation } } as unknown as Step;
}

Deno.test("Each feature of a version, and nothing else, makes a bundle bear it", () => {
  const { program } = smallParts();
  assertEquals(versionOf(program), 1);
  const prelu = parseStep({
    kernel: "activation_f32",
    name: "",
    inputs: [0],
    output: 1,
    constants: [0],
    attributes: { activation: "prelu" },
  });
  const turned = { ...program.tensors[1], shape: [...program.tensors[1].shape, 1] };
  const uses: Record<string, [version: number, changes: Partial<Program>]> = {
    "weights of 4 bits": [2, groupedParts().program],
    "a convolution with a sum": [3, { steps: [stepOfKernel("convolution_sum_u8")] }],
    "a layer normalisation": [3, { steps: [stepOfKernel("layer_normalization_f32")] }],
    "slopes along another dimension than the input's last": [3, {
      steps: [prelu],
      tensors: [program.tensors[0], turned],
    }],
    "a port for pixels": [3, { pixels: findPixelPort(program)! }],
    "a kind of its first output": [3, { outputKind: "probabilities" }],
    "an element-wise function of version 4": [4, { steps: [activated("mish")] }],
    "an operation of version 4": [4, {
      steps: [{ ...stepOfKernel("binary_f32"), attributes: { operation: "power" } } as unknown as Step],
    }],
    "a running sum": [4, { steps: [stepOfKernel("cumulative_sum_f32")] }],
    "places of the greatest numbers": [4, { steps: [stepOfKernel("top_indices_f32")] }],
    "free sizes": [4, { free: { sizes: [], numbers: [] } }],
    "a gather": [4, { steps: [stepOfKernel("gather_f32")] }],
    "a reduction": [4, { steps: [stepOfKernel("reduce_f32")] }],
    "a selection": [4, { steps: [stepOfKernel("select_f32")] }],
    "a size that images are stretched to": [3, { preprocessing: { ...program.preprocessing!, resize: [6, 6] } }],
  };
  const features = VERSIONS.flatMap(({ features }) => features.map(({ name }) => name));
  assertEquals(Object.keys(uses).sort(), features.sort());
  for (const [name, [version, changes]] of Object.entries(uses)) {
    assertEquals(versionOf({ ...program, ...changes }), version, name);
  }
  assertEquals(VERSIONS.map(({ number }) => number), [1, 2, 3, 4]);
});

Deno.test("A bundle that bears another version is refused, with what to do", async () => {
  const { program, data } = smallParts();
  const withVersion = async (version: number, changes: Partial<Program> = {}) => {
    const bytes = await writeBundle({ ...program, ...changes }, data);
    new DataView(bytes.buffer).setUint32(8, version, true);
    return await fixDigest(bytes);
  };
  const cases: [number, Partial<Program>, string][] = [
    [0, {}, "Unsupported bundle version 0: this runtime reads versions 1 to 4; calibrate the network anew"],
    [5, {}, "Unsupported bundle version 5: this runtime reads versions 1 to 4; update Octet"],
    [2 ** 32 - 1, {}, "update Octet"],
    [3, {}, "Bundle of version 3 has the content of version 1"],
    [
      1,
      { outputKind: "probabilities" },
      "Bundle of version 1 has the content of version 3, for it has a kind of its first output",
    ],
  ];
  for (const [version, changes, message] of cases) {
    const bytes = await withVersion(version, changes);
    const error = await assertRejects(() => readBundle(bytes), BundleError, message);
    assertEquals(error.offset, 8);
  }
});

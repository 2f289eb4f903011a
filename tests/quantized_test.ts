import { assert, assertAlmostEquals, assertEquals, assertGreater } from "@std/assert";
import type { Node } from "../calibrate/graph/graph.ts";
import { chooseBuild } from "../runtime/kernels/instance.ts";
import { loadKernels } from "../runtime/kernels/modules.ts";
import { random } from "./support/random.ts";
import { activate } from "./support/interpret.ts";
import type { GraphParts } from "./support/tiny_bundle.ts";
import {
  add,
  clampedRound,
  convolution,
  fidelity,
  kernelsOf,
  quantize,
  runQuantized,
} from "./support/quantized_graph.ts";

await loadKernels("simd128");

Deno.test("An activation function after a layer that another node reads keeps the unrounded result", async () => {
  const quantized = await quantize({
    inputs: { x: [1, 6, 6, 3] },
    shapes: { a: [1, 6, 6, 8], b: [1, 6, 6, 8], c: [1, 6, 6, 8], y: [1, 6, 6, 8] },
    nodes: [
      convolution({ inputs: ["x"], output: "a", weightShape: [8, 3, 3, 3] }),
      { op: "activation", inputs: ["a"], output: "b", activation: { kind: "silu" } },
      convolution({ inputs: ["a"], output: "c", weightShape: [8, 8, 1, 1] }, 5),
      add(["b", "c"], "y"),
    ],
  });
  const { program, places } = quantized.lowered;
  assertEquals(kernelsOf(quantized, "a"), ["convolution_u8", "quantize"]);
  assertEquals(kernelsOf(quantized, "b")[0], "activation_f32");
  const step = program.steps.find(({ kernel }) => kernel === "activation_f32")!;
  assertEquals(step.inputs, [places.get("a")!.f32!]);
  assertGreater(fidelity(quantized), 30);
});

Deno.test("An activation function after a concatenation maps bytes by a table", async () => {
  const quantized = await quantize({
    inputs: { x: [1, 6, 6, 3] },
    shapes: { a: [1, 6, 6, 8], b: [1, 6, 6, 4], j: [1, 6, 6, 12], s: [1, 6, 6, 12], y: [1, 6, 6, 5] },
    nodes: [
      convolution({ inputs: ["x"], output: "a", weightShape: [8, 3, 3, 3] }),
      convolution({ inputs: ["x"], output: "b", weightShape: [4, 3, 1, 1] }, 5),
      { op: "concat", inputs: ["a", "b"], output: "j", axis: 3 },
      { op: "activation", inputs: ["j"], output: "s", activation: { kind: "hardSwish" } },
      convolution({ inputs: ["s"], output: "y", weightShape: [5, 12, 1, 1] }, 6),
    ],
  });
  assertEquals(kernelsOf(quantized, "s"), ["lookup"]);
  const values = runQuantized(quantized);
  const { plan } = quantized;
  const [from, to] = [plan.values.get("j")!, plan.values.get("s")!];
  assertEquals(from, plan.values.get("a"));
  assertEquals(from, plan.values.get("b"));
  values.get("j")!.forEach((value, index) => {
    const real = activate((value - from.zeroPoint) * from.scale, { kind: "hardSwish" }, 0);
    assertAlmostEquals(values.get("s")![index], clampedRound(real / to.scale, to.zeroPoint), 1);
  });
  assertGreater(fidelity(quantized), 30);
});

Deno.test("A slope per channel after a value that is 8 bits by nature runs in float32", async () => {
  const slopes = Float32Array.of(-0.5, 0.1, 0.9);
  const quantized = await quantize({
    inputs: { x: [1, 6, 6, 3] },
    shapes: { r: [1, 6, 6, 3], y: [1, 6, 6, 5] },
    nodes: [
      { op: "activation", inputs: ["x"], output: "r", activation: { kind: "prelu" }, slopes, axis: 3 },
      convolution({ inputs: ["r"], output: "y", weightShape: [5, 3, 1, 1] }, 6),
    ],
  });
  assertEquals(kernelsOf(quantized, "r"), ["activation_f32", "quantize"]);
  assertGreater(fidelity(quantized), 30);
});

Deno.test("Operators that move elements share their parameters and fill with the zero point", async () => {
  const window = { stride: [1, 1] as [number, number], dilation: [1, 1] as [number, number] };
  const quantized = await quantize({
    inputs: { x: [1, 6, 6, 3] },
    shapes: {
      a: [1, 6, 6, 4],
      m: [1, 5, 5, 4],
      s: [1, 4, 5, 4],
      p: [1, 5, 7, 4],
      d: [1, 9, 13, 4],
      r: [1, 13, 9, 4],
      y: [1, 13, 9, 2],
    },
    nodes: [
      convolution({ inputs: ["x"], output: "a", weightShape: [4, 3, 3, 3] }),
      {
        ...window,
        op: "pool",
        inputs: ["a"],
        output: "m",
        reduction: "max",
        kernel: [2, 2],
        pads: [0, 0, 0, 0],
        countIncludePad: false,
      },
      { op: "slice", inputs: ["m"], output: "s", starts: [0, 1, 0, 0], steps: [1, 1, 1, 1] },
      { op: "pad", inputs: ["s"], output: "p", before: [0, 1, 2, 0], after: [0, 0, 0, 0], value: 0 },
      { op: "dilate", inputs: ["p"], output: "d", step: [2, 2] },
      { op: "reshape", inputs: ["d"], output: "r" },
      convolution({ inputs: ["r"], output: "y", weightShape: [2, 4, 3, 3] }),
    ],
  });
  const { plan, lowered } = quantized;
  const parameters = plan.values.get("a")!;
  assert(parameters.zeroPoint > 0 && parameters.zeroPoint < 255);
  for (const value of ["m", "s", "p", "d", "r"]) {
    assertEquals(plan.values.get(value), parameters);
    const { scale, zeroPoint } = lowered.program.tensors[lowered.places.get(value)!.u8!];
    assertEquals({ scale, zeroPoint }, parameters);
  }
  const values = runQuantized(quantized);
  const [padded, dilated] = [values.get("p")!, values.get("d")!];
  for (let index = 0; index < 7 * 4; index++) assertEquals(padded[index], parameters.zeroPoint);
  for (let index = 0; index < 9 * 13; index++) {
    const [row, column] = [Math.floor(index / 13), index % 13];
    const inserted = row % 2 === 1 || column % 2 === 1;
    for (let channel = 0; channel < 4; channel++) {
      const source = padded[(row / 2 * 7 + column / 2) * 4 + channel];
      assertEquals(dilated[index * 4 + channel], inserted ? parameters.zeroPoint : source);
    }
  }
  assertGreater(fidelity(quantized), 30);
});

Deno.test("Outputs are float32 straight from the accumulators, beyond the range seen as well", async () => {
  const quantized = await quantize({
    inputs: { x: [1, 6] },
    shapes: { y: [1, 4] },
    nodes: [{
      op: "fullyConnected",
      inputs: ["x"],
      output: "y",
      weights: random(2).f32(24, -1, 1),
      weightShape: [4, 6],
      bias: Float32Array.of(1000, -1000, 0, 0.5),
      activation: { kind: "identity" },
    }],
  });
  const { program } = quantized.lowered;
  assertEquals(kernelsOf(quantized, "y"), ["convolution_u8"]);
  assertEquals(program.tensors[program.outputs[0].tensor].type, "f32");
  assertEquals(quantized.plan.values.has("y"), false);
  const plain = runQuantized(quantized).get("y")!;
  // Twice the input range: 8-bit inputs saturate, results must follow the saturated input exactly.
  const { scale, zeroPoint } = quantized.plan.values.get("x")!;
  const { values, scales } = quantized.plan.weights.get("y")!;
  const input = quantized.input.map((value) => value * 2);
  const doubled = runQuantized({ ...quantized, input }).get("y")!;
  assert(String(doubled) !== String(plain));
  for (let output = 0; output < 4; output++) {
    const factor = scale * scales[output];
    let sum = Math.round([1000, -1000, 0, 0.5][output] / factor);
    input.forEach((value, index) =>
      sum += (clampedRound(value / scale, zeroPoint) - zeroPoint) * values[output * 6 + index]
    );
    assertAlmostEquals(doubled[output], sum * factor, Math.abs(sum * factor) * 1e-6);
  }
});

/** A residual block with ReLU, and a squeeze-and-excitation gate. */
function blockParts(): GraphParts {
  return {
    inputs: { x: [1, 8, 8, 16] },
    shapes: {
      a: [1, 8, 8, 16],
      sum: [1, 8, 8, 16],
      pooled: [1, 1, 1, 16],
      squeezed: [1, 1, 1, 4],
      gate: [1, 1, 1, 16],
      gated: [1, 8, 8, 16],
      y: [1, 8, 8, 8],
    },
    nodes: [
      convolution({ inputs: ["x"], output: "a", weightShape: [16, 16, 3, 3] }),
      add(["a", "x"], "sum", { activation: { kind: "relu" } }),
      { op: "reduceMean", inputs: ["sum"], output: "pooled", axes: [1, 2] },
      convolution(
        { inputs: ["pooled"], output: "squeezed", weightShape: [4, 16, 1, 1], activation: { kind: "relu" } },
        5,
      ),
      convolution(
        { inputs: ["squeezed"], output: "gate", weightShape: [16, 4, 1, 1], activation: { kind: "sigmoid" } },
        6,
      ),
      add(["sum", "gate"], "gated", { operation: "multiply" }),
      convolution({ inputs: ["gated"], output: "y", weightShape: [8, 16, 1, 1] }, 7),
    ],
  };
}

Deno.test("Residual sums and squeeze-and-excitation gates run in 8 bits with a small error", async () => {
  const quantized = await quantize(blockParts());
  assertEquals(quantized.plan.values.get("gate"), { scale: 1 / 256, zeroPoint: 0 });
  assertEquals(kernelsOf(quantized, "sum"), [], "it is a part of the convolution before it");
  assert(quantized.lowered.computed.has("sum"));
  assert(quantized.lowered.program.steps.some(({ kernel }) => kernel === "convolution_sum_u8"));
  assertEquals(kernelsOf(quantized, "gated"), ["binary_u8"]);
  assertEquals(kernelsOf(quantized, "pooled"), ["average_pool_u8"]);
  assertGreater(fidelity(quantized), 30);
});

/** A transposed convolution and a resampling to the size of its result. */
function enlargingParts(): GraphParts {
  const rows = {
    indices: Int32Array.from({ length: 18 }, (_, index) => Math.min(4, Math.floor(index / 4) + index % 2)),
    weights: Float32Array.from({ length: 9 }, (_, index) => index % 2 / 2),
  };
  return {
    inputs: { x: [1, 5, 5, 6] },
    shapes: { d: [1, 9, 9, 6], t: [1, 9, 9, 6], u: [1, 9, 9, 6], sum: [1, 9, 9, 6], y: [1, 9, 9, 3] },
    nodes: [
      { op: "dilate", inputs: ["x"], output: "d", step: [2, 2] },
      convolution({
        inputs: ["d"],
        output: "t",
        weightShape: [6, 6, 3, 3],
        activation: { kind: "leakyRelu", alpha: 0.2 },
      }),
      { op: "resize", inputs: ["x"], output: "u", mode: "linear", rows, columns: rows },
      add(["t", "u"], "sum"),
      convolution({ inputs: ["sum"], output: "y", weightShape: [3, 6, 1, 1] }, 5),
    ],
  };
}

Deno.test("Linear resampling and transposed convolutions run in 8 bits with a small error", async () => {
  const quantized = await quantize(enlargingParts());
  assertEquals(kernelsOf(quantized, "u"), ["resize_u8"]);
  assertGreater(fidelity(quantized), 30);
});

Deno.test({
  name: "Both builds of the kernels give the same bytes",
  ignore: chooseBuild() !== "relaxed",
  fn: async () => {
    for (const quantized of [await quantize(blockParts()), await quantize(enlargingParts())]) {
      assertEquals(runQuantized(quantized, "relaxed"), runQuantized(quantized, "simd128"));
    }
  },
});

Deno.test("A layer that sums more products than accumulators can hold stays in float, and the others do not", async () => {
  const draw = random(8);
  const dense = (input: string, output: string, weightShape: [number, number]): Node => ({
    op: "fullyConnected",
    name: output,
    inputs: [input],
    output,
    weights: draw.f32(weightShape[0] * weightShape[1], -0.01, 0.01),
    weightShape,
    bias: draw.f32(weightShape[0]),
    activation: { kind: "identity" },
  });
  for (const [depth, kernels] of [[66304, ["convolution_u8"]], [66320, ["convolution_f32", "quantize"]]] as const) {
    const quantized = await quantize({
      inputs: { x: [1, depth] },
      shapes: { deep: [1, 3], y: [1, 2] },
      nodes: [dense("x", "deep", [3, depth]), dense("deep", "y", [2, 3])],
    });
    assertEquals(kernelsOf(quantized, "deep"), kernels);
    assertEquals(kernelsOf(quantized, "y"), ["convolution_u8"]);
    assertGreater(fidelity(quantized), 30);
  }
});

Deno.test("Means over dimensions that are no neighbours, and sums over five dimensions, run in 8 bits", async () => {
  const quantized = await quantize({
    inputs: { x: [1, 6, 4, 3] },
    shapes: { a: [1, 6, 4, 4], m: [1, 1, 4, 1], y: [1, 1, 4, 2] },
    nodes: [
      convolution({ inputs: ["x"], output: "a", weightShape: [4, 3, 3, 3] }),
      { op: "reduceMean", inputs: ["a"], output: "m", axes: [1, 3] },
      convolution({ inputs: ["m"], output: "y", weightShape: [2, 1, 1, 1] }),
    ],
  });
  assertEquals(kernelsOf(quantized, "m"), ["copy", "average_pool_u8"]);
  assertGreater(fidelity(quantized), 30);

  const summed = await quantize({
    inputs: { x: [2, 2, 3, 4] },
    shapes: {
      a: [2, 2, 3, 4],
      small: [1, 2, 3, 4],
      part: [1, 2, 1, 2, 6],
      half: [2, 1, 2, 1, 6],
      front: [2, 2, 3, 2],
      sum: [2, 2, 2, 2, 6],
      flat: [8, 12],
      y: [8, 2],
    },
    nodes: [
      convolution({ inputs: ["x"], output: "a", weightShape: [4, 4, 1, 1] }),
      { op: "slice", inputs: ["a"], output: "front", starts: [0, 0, 0, 0], steps: [1, 1, 1, 1] },
      { op: "slice", inputs: ["a"], output: "small", starts: [1, 0, 0, 0], steps: [1, 1, 1, 1] },
      { op: "reshape", inputs: ["front"], output: "half" },
      { op: "reshape", inputs: ["small"], output: "part" },
      { op: "binary", operation: "add", inputs: ["half", "part"], output: "sum", activation: { kind: "identity" } },
      { op: "reshape", inputs: ["sum"], output: "flat" },
      {
        op: "fullyConnected",
        inputs: ["flat"],
        output: "y",
        weights: random(3).f32(24),
        weightShape: [2, 12],
        bias: new Float32Array(2),
        activation: { kind: "identity" },
      } as Node,
    ],
  });
  assertEquals(kernelsOf(summed, "sum"), ["copy", "copy", "binary_u8"]);
  assertGreater(fidelity(summed), 30);
});

import { assert, assertAlmostEquals, assertEquals, assertGreater } from "@std/assert";
import type { BinaryNode, ConvolutionNode, Graph } from "../calibrate/graph.ts";
import { verifyGraph } from "../calibrate/graph_check.ts";
import { chooseForms } from "../calibrate/lower/forms.ts";
import { lower, type Lowered } from "../calibrate/lower/lower.ts";
import { createHistogram, observe } from "../calibrate/observe/histogram.ts";
import { makePlan } from "../calibrate/quantize/make_plan.ts";
import { atomsOf, parameterGroups } from "../calibrate/quantize/observed_values.ts";
import type { QuantizationPlan } from "../calibrate/quantize/plan.ts";
import { openLanes } from "../calibrate/stream/lanes.ts";
import { stepRanges } from "../calibrate/stream/step_ranges.ts";
import type { Activation } from "../runtime/activation.ts";
import { Executor } from "../runtime/executor.ts";
import { chooseBuild, type KernelBuild } from "../runtime/kernels/instance.ts";
import { interpret } from "./support/interpret.ts";
import { random } from "./support/random.ts";
import { type GraphParts, makeGraph } from "./support/tiny_bundle.ts";

/** A small graph with its 8-bit program, and every value of the float graph on one random input. */
interface Quantized {
  graph: Graph;
  plan: QuantizationPlan;
  lowered: Lowered;
  input: Float32Array;
  floats: Map<string, Float32Array>;
}

async function quantize(parts: GraphParts): Promise<Quantized> {
  const graph = makeGraph(parts);
  verifyGraph(graph);
  const [port] = graph.inputs;
  const input = random(21).f32(port.shape.reduce((product, length) => product * length, 1), -1.5, 2);
  const computed = graph.nodes.map(({ output }) => output);
  const whole = {
    ...graph,
    outputs: computed.map((value) => ({ name: value, value, shape: graph.values.get(value)!.shape, batched: false })),
  };
  const results = interpret(whole, new Map([[port.name, input]]));
  const floats = new Map([[port.value, input], ...[...results].map(([name, { data }]) => [name, data] as const)]);
  const forms = chooseForms(graph);
  const groups = parameterGroups(graph, forms);
  const producers = new Map(graph.nodes.map((node) => [node.output, node]));
  const observations = new Map(
    groups.flatMap(({ sources }) => sources).map((name) => {
      const histogram = createHistogram(atomsOf(producers.get(name)));
      observe(histogram, floats.get(name)!, name);
      return [name, { histogram, raw: floats.get(name)! }];
    }),
  );
  const options = { scales: "qmse", weights: "per-channel" } as const;
  const { plan } = await makePlan(graph, { forms, groups, observations, channels: new Map() }, options, openLanes(1));
  return { graph, plan, lowered: lower(graph, { plan, forms }), input, floats };
}

/** Runs the program node by node and returns each value as its node left it, in u8 where it has that form. */
function runQuantized({ lowered, input }: Quantized, kernels?: KernelBuild): Map<string, Uint8Array | Float32Array> {
  const { program, data, places } = lowered;
  const sizes = { header: 0, data: data.length, total: data.length };
  const executor = new Executor({ program, data, hash: "", sizes }, kernels ? { kernels } : {});
  executor.tensor(program.inputs[0].tensor).set(input);
  const values = new Map<string, Uint8Array | Float32Array>();
  for (const [owner, { first, end }] of stepRanges(lowered)) {
    executor.run(first, end);
    const value = owner === "" ? program.inputs[0].name : owner;
    const { u8, f32 } = places.get(value)!;
    values.set(value, executor.values((u8 ?? f32)!));
  }
  return values;
}

/** Signal to noise ratio in dB of an output against the float graph. */
function fidelity(quantized: Quantized): number {
  const { name } = quantized.graph.outputs[0];
  const result = runQuantized(quantized).get(name)!;
  let [signal, noise] = [0, 0];
  quantized.floats.get(name)!.forEach((value, index) => {
    signal += value ** 2;
    noise += (value - result[index]) ** 2;
  });
  return 10 * Math.log10(signal / noise);
}

function kernelsOf({ lowered }: Quantized, owner: string): string[] {
  return lowered.program.steps.filter((_, index) => lowered.owners[index] === owner).map(({ kernel }) => kernel);
}

type ConvolutionParts = Partial<ConvolutionNode> & Pick<ConvolutionNode, "weightShape" | "output" | "inputs">;

function convolution(parts: ConvolutionParts, seed = 4): ConvolutionNode {
  const draw = random(seed);
  const count = parts.weightShape.reduce((product, length) => product * length, 1);
  const pad = (parts.weightShape[2] - 1) / 2;
  return {
    op: "convolution",
    name: parts.output,
    weights: draw.f32(count, -0.5, 0.5),
    bias: draw.f32(parts.weightShape[0], -0.5, 0.5),
    stride: [1, 1],
    dilation: [1, 1],
    pads: [pad, pad, pad, pad],
    groups: 1,
    activation: { kind: "identity" },
    ...parts,
  };
}

function add(inputs: [string, string], output: string, parts: Partial<BinaryNode> = {}): BinaryNode {
  return { op: "binary", name: output, inputs, output, operation: "add", activation: { kind: "identity" }, ...parts };
}

const ACTIVATIONS: Activation[] = [
  { kind: "identity" },
  { kind: "relu" },
  { kind: "clip", min: 0, max: 1 },
  { kind: "clip", min: -0.7, max: 0.9 },
  { kind: "leakyRelu", alpha: 0.1 },
  { kind: "prelu" },
  { kind: "hardSwish" },
  { kind: "hardSigmoid", alpha: 0.2, beta: 0.5 },
  { kind: "sigmoid" },
  { kind: "silu" },
  { kind: "gelu" },
  { kind: "geluTanh" },
  { kind: "elu", alpha: 1.5 },
  { kind: "tanh" },
];

/** The definition of an activation function, in double precision. */
function activate(x: number, activation: Activation, slope: number): number {
  switch (activation.kind) {
    case "identity":
      return x;
    case "relu":
      return Math.max(0, x);
    case "clip":
      return Math.min(activation.max, Math.max(activation.min, x));
    case "leakyRelu":
      return x < 0 ? activation.alpha * x : x;
    case "prelu":
      return x < 0 ? slope * x : x;
    case "hardSwish":
      return x * Math.min(6, Math.max(0, x + 3)) / 6;
    case "hardSigmoid":
      return Math.min(1, Math.max(0, activation.alpha * x + activation.beta));
    case "sigmoid":
      return 1 / (1 + Math.exp(-x));
    case "silu":
      return x / (1 + Math.exp(-x));
    case "gelu":
      return 0.5 * x * (1 + erf(x / Math.SQRT2));
    case "geluTanh":
      return 0.5 * x * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * x ** 3)));
    case "elu":
      return x < 0 ? activation.alpha * Math.expm1(x) : x;
    case "tanh":
      return Math.tanh(x);
  }
}

/** Error function by its Maclaurin series; for |x| < 5. */
function erf(x: number): number {
  let [term, sum] = [x, x];
  for (let n = 1; n < 120; n++) {
    term *= -x * x / n;
    sum += term / (2 * n + 1);
  }
  return 2 / Math.sqrt(Math.PI) * sum;
}

const SIDE = 12;
const OUTPUTS = 24;

for (const groups of [1, OUTPUTS]) {
  for (const activation of ACTIVATIONS) {
    const kind = `${groups === 1 ? "convolution" : "depthwise convolution"} with ${JSON.stringify(activation)}`;
    Deno.test(`An 8-bit ${kind} gives its accumulators' results, rounded once`, async () => {
      const inputs = groups === 1 ? 4 : OUTPUTS;
      const node = convolution({
        inputs: ["x"],
        output: "a",
        weightShape: [OUTPUTS, inputs / groups, 3, 3],
        groups,
        activation,
        ...(activation.kind === "prelu" && { slopes: random(9).f32(OUTPUTS, 0.05, 0.5) }),
      });
      const quantized = await quantize({
        inputs: { x: [1, SIDE, SIDE, inputs] },
        shapes: { a: [1, SIDE, SIDE, OUTPUTS], y: [1, SIDE, SIDE, 2] },
        nodes: [node, convolution({ inputs: ["a"], output: "y", weightShape: [2, OUTPUTS, 1, 1] })],
      });
      const actual = runQuantized(quantized).get("a")!;
      assert(actual instanceof Uint8Array);
      const expected = fakeQuantized(quantized, node);
      let different = 0;
      for (const [index, value] of expected.entries()) {
        assert(Math.abs(actual[index] - value) <= 1, `Element ${index} is ${actual[index]}, ${value} expected`);
        if (actual[index] !== value) different++;
      }
      assert(different <= expected.length / 1000, `${different} of ${expected.length} elements differ`);
    });
  }
}

/** A convolution's u8 results from quantised input and weights, written out plainly. */
function fakeQuantized({ plan, input }: Quantized, node: ConvolutionNode): number[] {
  const [x, a] = [plan.values.get("x")!, plan.values.get("a")!];
  const { values, scales } = plan.weights.get("a")!;
  const [, depth] = node.weightShape;
  const channels = input.length / SIDE / SIDE;
  const integers = Array.from(input, (value) => clampedRound(value / x.scale, x.zeroPoint) - x.zeroPoint);
  const result: number[] = [];
  for (let row = 0; row < SIDE; row++) {
    for (let column = 0; column < SIDE; column++) {
      for (let output = 0; output < OUTPUTS; output++) {
        const first = Math.floor(output * node.groups / OUTPUTS) * depth;
        const scale = x.scale * scales[output];
        let sum = Math.round(node.bias[output] / scale);
        for (let tap = 0; tap < 9 * depth; tap++) {
          const [channel, i, j] = [Math.floor(tap / 9), row + Math.floor(tap / 3) % 3 - 1, column + tap % 3 - 1];
          if (i < 0 || j < 0 || i >= SIDE || j >= SIDE) continue;
          sum += integers[(i * SIDE + j) * channels + first + channel] * values[output * depth * 9 + tap];
        }
        const real = activate(Math.fround(sum * scale), node.activation, node.slopes?.[output] ?? 0);
        result.push(clampedRound(real / a.scale, a.zeroPoint));
      }
    }
  }
  return result;
}

/** Nearest integer, ties to even, plus the zero point, within 0..255. */
function clampedRound(value: number, zeroPoint: number): number {
  const rounder = 6755399441055744;
  return Math.min(255, Math.max(0, value + rounder - rounder + zeroPoint));
}

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
      { op: "activation", inputs: ["x"], output: "r", activation: { kind: "prelu" }, slopes },
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
  assertEquals(kernelsOf(quantized, "sum"), ["binary_u8"]);
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

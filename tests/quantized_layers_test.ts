import { assert } from "@std/assert";
import type { ConvolutionNode } from "../calibrate/graph/graph.ts";
import type { Activation } from "../runtime/activation.ts";
import { activate } from "./support/interpret.ts";
import { random } from "./support/random.ts";
import { clampedRound, convolution, quantize, type Quantized, runQuantized } from "./support/quantized_graph.ts";

const ACTIVATIONS: Activation[] = [
  { kind: "identity" },
  { kind: "relu" },
  { kind: "clip", min: 0, max: 1 },
  { kind: "clip", min: -0.7, max: 0.9 },
  { kind: "clip", min: -2, max: -2 },
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

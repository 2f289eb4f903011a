import { assert } from "@std/assert";
import { calibrate } from "../calibrate/calibrate.ts";
import { writeNpy } from "../calibrate/dataset/npy_writer.ts";
import { floatModel } from "../calibrate/float_model.ts";
import type { Graph } from "../calibrate/graph/graph.ts";
import { importOnnx } from "../calibrate/onnx/import.ts";
import { elementCount } from "../runtime/tensor.ts";
import { Model } from "../runtime/model.ts";
import { OPERATOR_CASES } from "./support/onnx_operator_cases.ts";
import { floats, type ModelSpec, type NodeSpec, writeOnnx } from "./support/onnx_writer.ts";
import { random } from "./support/random.ts";
import { makeGraph } from "./support/tiny_bundle.ts";

const SAMPLES = 4;
const IDENTITY = { kind: "identity" } as const;
/** Half a step of 255 in the middle of a uniform range is 59 dB below it; sums and functions cost some of that. */
const LEAST_RATIO = 10 ** 2.5;

Deno.test("Every operator in every form gives an 8-bit network close to the float one", async () => {
  const path = await Deno.makeTempFile({ suffix: ".npy" });
  const draw = random(17);
  const distant: string[] = [];
  try {
    for (const { name, spec } of OPERATOR_CASES) {
      const graph = importOnnx(writeOnnx(spec), { name: "network" });
      if (graph.inputs.length !== 1) continue;
      const { shape } = graph.inputs[0];
      const length = shape.reduce((product, size) => product * size, 1);
      const data = draw.f32(SAMPLES * length, -1.5, 1.5);
      await Deno.writeFile(path, writeNpy([SAMPLES, ...shape], data));
      const ratio = await ratioOf(graph, path, data.subarray(0, length));
      if (!(ratio > LEAST_RATIO)) distant.push(`${name}: ${(10 * Math.log10(ratio)).toFixed(1)} dB`);
    }
  } finally {
    await Deno.remove(path);
  }
  assert(distant.length === 0, distant.join("\n"));
});

/** What stands between two convolutions, from "c" to "n", by a name. */
const BETWEEN: Record<string, NodeSpec[]> = {
  InstanceNormalization: [{ op: "InstanceNormalization", inputs: ["c", "s", "b"], outputs: ["n"] }],
  LRN: [{ op: "LRN", inputs: ["c"], outputs: ["n"], attributes: { size: 5 } }],
  LpNormalization: [{ op: "LpNormalization", inputs: ["c"], outputs: ["n"], attributes: { axis: 1 } }],
  "RMS normalisation": [
    { op: "Pow", inputs: ["c", "two"], outputs: ["p"] },
    { op: "ReduceMean", inputs: ["p"], outputs: ["m"], attributes: { axes: [1] } },
    { op: "Sqrt", inputs: ["m"], outputs: ["r"] },
    { op: "Reciprocal", inputs: ["r"], outputs: ["i"] },
    { op: "Mul", inputs: ["c", "i"], outputs: ["n"] },
  ],
  "Mish, spelled out": [
    { op: "Softplus", inputs: ["c"], outputs: ["p"] },
    { op: "Tanh", inputs: ["p"], outputs: ["t"] },
    { op: "Mul", inputs: ["c", "t"], outputs: ["n"] },
  ],
  Where: [
    { op: "Less", inputs: ["c", "two"], outputs: ["l"] },
    { op: "Where", inputs: ["l", "c", "two"], outputs: ["n"] },
  ],
  Log: [
    { op: "Abs", inputs: ["c"], outputs: ["p"] },
    { op: "Add", inputs: ["p", "two"], outputs: ["a"] },
    { op: "Log", inputs: ["a"], outputs: ["n"] },
  ],
};

Deno.test("What has no 8-bit kernel stands in float between layers of 8 bits", async () => {
  const path = await Deno.makeTempFile({ suffix: ".npy" });
  const draw = random(31);
  const weights = (shape: number[]) => floats(shape, draw.f32(elementCount(shape)));
  try {
    for (const [name, nodes] of Object.entries(BETWEEN)) {
      const spec: ModelSpec = {
        inputs: { x: [1, 8, 12, 12] },
        outputs: ["y"],
        constants: {
          ...{ w: weights([16, 8, 3, 3]), v: weights([8, 16, 1, 1]), s: weights([16]), b: weights([16]) },
          two: floats([], [2]),
        },
        nodes: [
          { op: "Conv", inputs: ["x", "w"], outputs: ["c"] },
          ...nodes,
          { op: "Conv", inputs: ["n", "v"], outputs: ["y"] },
        ],
      };
      const data = draw.f32(SAMPLES * 8 * 12 * 12, -1, 1);
      await Deno.writeFile(path, writeNpy([SAMPLES, 8, 12, 12], data));
      const ratio = await ratioOf(importOnnx(writeOnnx(spec), { name }), path, data.subarray(0, 8 * 12 * 12));
      assert(ratio > LEAST_RATIO, `${name}: ${(10 * Math.log10(ratio)).toFixed(1)} dB`);
    }
  } finally {
    await Deno.remove(path);
  }
});

Deno.test("Samples of several rows, or of no batch at all, are observed whole", async () => {
  const path = await Deno.makeTempFile({ suffix: ".npy" });
  try {
    for (const shape of [[3, 4, 5], [3, 5], [15]]) {
      const last = shape[shape.length - 1];
      const graph = makeGraph({
        inputs: { x: shape },
        shapes: { y: shape },
        constants: { slopes: { shape: [last], data: random(3).f32(last, 0.5, 2) } },
        nodes: [{ op: "binary", operation: "multiply", inputs: ["x", "slopes"], output: "y", activation: IDENTITY }],
      });
      const length = elementCount(shape);
      // Rows after the first are larger: ranges of the first alone would clip them.
      const data = random(9).f32(SAMPLES * length, -1, 1).map((value, index) => value * (index % length < 5 ? 1 : 50));
      await Deno.writeFile(path, writeNpy([SAMPLES, ...shape], data));
      const ratio = await ratioOf(graph, path, data.subarray(0, length));
      assert(ratio > LEAST_RATIO, `${shape}: ${(10 * Math.log10(ratio)).toFixed(1)} dB`);
    }
  } finally {
    await Deno.remove(path);
  }
});

/** Energy of the float outputs over that of the 8-bit ones' error. */
async function ratioOf(graph: Graph, data: string, sample: Float32Array): Promise<number> {
  const { bundle } = await calibrate(graph, { data, scales: "minmax", usp: "off" });
  const inputs = { [graph.inputs[0].name]: sample };
  const expected = (await floatModel(graph)).run(inputs);
  const actual = (await Model.load(bundle)).run(inputs);
  let [signal, noise] = [0, 0];
  for (const [output, { data }] of Object.entries(expected)) {
    data.forEach((value, index) => {
      signal += value ** 2;
      noise += (value - actual[output].data[index]) ** 2;
    });
  }
  return signal === noise ? Infinity : signal / noise;
}

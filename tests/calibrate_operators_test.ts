import { assert } from "@std/assert";
import { calibrate } from "../calibrate/calibrate.ts";
import { writeNpy } from "../calibrate/dataset/npy_writer.ts";
import { floatModel } from "../calibrate/float_model.ts";
import type { Graph } from "../calibrate/graph/graph.ts";
import { importOnnx } from "../calibrate/onnx/import.ts";
import { elementCount } from "../runtime/tensor.ts";
import { Model } from "../runtime/model.ts";
import { OPERATOR_CASES } from "./support/onnx_operator_cases.ts";
import { writeOnnx } from "./support/onnx_writer.ts";
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

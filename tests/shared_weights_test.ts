import { assert, assertEquals } from "@std/assert";
import { calibrate } from "../calibrate/calibrate.ts";
import { writeNpy } from "../calibrate/dataset/npy_writer.ts";
import { layersThatShare } from "../calibrate/graph/shared_weights.ts";
import { layersOf } from "../calibrate/graph/layers.ts";
import { lower } from "../calibrate/program/lower.ts";
import { shareConstants } from "../calibrate/lower/share_constants.ts";
import { importOnnx } from "../calibrate/onnx/import.ts";
import { constantElements } from "../runtime/bundle/constant_elements.ts";
import { readBundle } from "../runtime/bundle/read.ts";
import { writeBundle } from "../runtime/bundle/write.ts";
import { Model } from "../runtime/model.ts";
import { floats, type NodeSpec, writeOnnx } from "./support/onnx_writer.ts";
import { randomFloats } from "./support/tiny_bundle.ts";

const WIDTH = 64;
const STEPS = 6;

/** A network that applies one layer again and again, with another bias each time, and another layer at its end. */
function recurrent(): Uint8Array {
  const weights = () => floats([WIDTH, WIDTH], randomFloats(WIDTH * WIDTH, 1).map((weight) => weight / 4));
  const constants = {
    w: weights(),
    last: floats([WIDTH, WIDTH], randomFloats(WIDTH * WIDTH, 2)),
    ...Object.fromEntries(
      Array.from({ length: STEPS }, (_, i) => [`b${i}`, floats([WIDTH], randomFloats(WIDTH, i + 3))]),
    ),
  };
  const nodes = Array.from({ length: STEPS }, (_, i): NodeSpec[] => [
    {
      op: "Gemm",
      inputs: [i === 0 ? "x" : `r${i - 1}`, "w", `b${i}`],
      outputs: [`g${i}`],
      attributes: { transB: i % 2 },
    },
    { op: "Relu", inputs: [`g${i}`], outputs: [`r${i}`] },
  ]).flat();
  nodes.push({ op: "MatMul", inputs: [`r${STEPS - 1}`, "last"], outputs: ["y"] });
  return writeOnnx({ inputs: { x: ["N", WIDTH] }, outputs: ["y"], constants, nodes });
}

Deno.test("layers with the same weights in the same shape are found, in both orders of their matrix", () => {
  const groups = layersThatShare(importOnnx(recurrent(), { name: "n" }));
  assertEquals(groups.map((group) => group.map(({ name }) => name)), [["g0", "g2", "g4"], ["g1", "g3", "g5"]]);
});

Deno.test("weights that layers share are quantised together and stored once", async () => {
  const graph = importOnnx(recurrent(), { name: "n" });
  const path = await Deno.makeTempFile({ suffix: ".npy" });
  try {
    await Deno.writeFile(path, writeNpy([8, WIDTH], randomFloats(8 * WIDTH, 9)));
    const { bundle, report } = await calibrate(graph, { data: path });
    const { program, data } = await readBundle(bundle);
    const layers = program.steps.filter(({ kernel }) => kernel === "convolution_u8");
    assertEquals(layers.length, layersOf(graph).length);
    assertEquals(new Set(layers.map(({ constants }) => constants[0])).size, 3);
    const stored = program.constants.map((constant) => constantElements(constant, data));
    assertEquals(new Set(stored.map((elements) => `${elements.constructor.name} ${elements}`)).size, stored.length);
    assert(report.layers.every(({ sqnrAfter }) => sqnrAfter! > 25), JSON.stringify(report.layers));
  } finally {
    await Deno.remove(path);
  }
});

Deno.test("a program answers the same after constants that are the same are stored once", async () => {
  const graph = importOnnx(recurrent(), { name: "n" });
  const whole = lower(graph);
  const shared = shareConstants(whole.program, whole.data);
  assert(shared.data.length < whole.data.length * 0.6);
  const x = randomFloats(2 * WIDTH, 5);
  const [before, after] = await Promise.all(
    [whole, shared].map(async ({ program, data }) => (await Model.load(await writeBundle(program, data))).run({ x }).y),
  );
  assertEquals(after, before);
  assertEquals(shareConstants(shared.program, shared.data), shared);
});

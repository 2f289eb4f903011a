import { assert, assertEquals } from "@std/assert";
import { isMade, ONNX } from "../../python/environment.ts";
import { floats } from "../../support/onnx_writer.ts";
import { difference } from "../tolerance.ts";
import { bytesOf, drawNetwork, type DrawnNetwork } from "./draw_network.ts";
import { describeFinding, isHarmless, runRandom } from "./run_random.ts";
import { shrink } from "./shrink.ts";

const missing = !isMade(ONNX);
const note = missing ? " (skipped: onnxruntime is missing, deno task test:python installs it)" : "";

Deno.test({
  name: `Random networks give onnxruntime's answers or are refused at import${note}`,
  ignore: missing,
  async fn() {
    const { counts, findings } = await runRandom({ networks: 400, seed: 1 });
    const failures = findings.filter(({ verdict }) => !isHarmless(verdict));
    assertEquals(failures.map(describeFinding), []);
    assert(counts.same > 300, JSON.stringify(counts));
  },
});

Deno.test("A seed always draws the same network, and seeds draw different ones", () => {
  const files = [1, 2, 3].map((seed) => bytesOf(drawNetwork(seed)).toHex());
  assertEquals([1, 2, 3].map((seed) => bytesOf(drawNetwork(seed)).toHex()), files);
  assertEquals(new Set(files).size, 3);
});

Deno.test("A network that fails is made small: nodes, outputs and inputs go that the failure does not need", async () => {
  const network: DrawnNetwork = {
    seed: 1,
    shapes: new Map(["x", "a", "b", "c", "d", "e"].map((name) => [name, [2, 3]])),
    spec: {
      inputs: { x: [2, 3], z: [2, 3] },
      outputs: ["e", "c"],
      constants: { k: floats([3], [1, 2, 3]), unused: floats([1], [1]) },
      nodes: [
        { op: "Relu", inputs: ["x"], outputs: ["a"] },
        { op: "Add", inputs: ["a", "k"], outputs: ["b"] },
        { op: "Sigmoid", inputs: ["z"], outputs: ["c"] },
        { op: "Softmax", inputs: ["b"], outputs: ["d"] },
        { op: "Tanh", inputs: ["d"], outputs: ["e"] },
      ],
    },
  };
  const { spec } = await shrink(network, ({ spec }) => Promise.resolve(spec.nodes.some(({ op }) => op === "Softmax")));
  assertEquals(spec.nodes, [{ op: "Softmax", inputs: ["b"], outputs: ["d"] }]);
  assertEquals([spec.inputs, spec.outputs, spec.constants], [{ b: [2, 3] }, ["d"], {}]);
});

Deno.test("Answers differ in shape, in a number beyond the tolerance, and where only one is no number", () => {
  const tolerance = { relative: 1e-3, ofLargest: 0, absolute: 0 };
  const says = (got: number[], expected: number[], shape = [got.length]) =>
    difference({ shape, data: Float32Array.from(got) }, { shape: [expected.length], data: expected }, tolerance);
  assertEquals(says([1, NaN, Infinity, 0], [1.0005, NaN, Infinity, -0]), undefined);
  assertEquals(says([1, 2], [1, 2.1]), `element 1 of 2 is 2, expected ${Math.fround(2.1)}`);
  assertEquals(says([NaN], [1]), "element 0 of 1 is NaN, expected 1");
  assertEquals(says([1], [NaN]), "element 0 of 1 is 1, expected NaN");
  assertEquals(says([1], [Infinity]), "element 0 of 1 is 1, expected Infinity");
  assertEquals(says([1, 2], [1, 2], [2, 1]), "has shape [2,1], expected [2]");
  assertEquals(difference(undefined, { shape: [1], data: [1] }, tolerance), "is missing");
});

import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import type { Graph } from "../calibrate/graph/graph.ts";
import { importOnnx } from "../calibrate/onnx/import.ts";
import { interpret } from "./support/interpret.ts";
import { pattern } from "./support/onnx_operator_cases.ts";

const models = new URL("../../shared/models/", import.meta.url);

/** What onnxruntime gives for {@linkcode pattern}: the first ten logits. */
const NETWORKS = [
  {
    file: "mobilenetv1_025.onnx",
    logits: [-0.353359, -0.825399, 0.978898, 0.708278, 0.468613, 0.175558, 0.184695, 0.342549, 0.120681, -0.856711],
    operations: { transpose: 1, convolution: 27, reduceMean: 1, reshape: 1, fullyConnected: 1 },
    normalized: 27,
  },
  {
    file: "resnet20_cifar.onnx",
    logits: [-5.21054, -3.84995, 6.35175, 3.19043, 5.53582, -0.405154, 4.83732, -4.69128, -3.76576, -1.98988],
    operations: { transpose: 1, convolution: 19, binary: 9, slice: 2, pad: 2, pool: 1, reshape: 1, fullyConnected: 1 },
    normalized: 19,
  },
];

function exists(url: URL): boolean {
  try {
    return Deno.statSync(url).isFile;
  } catch {
    return false;
  }
}

function countOperations(graph: Graph): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const node of graph.nodes) counts[node.op] = (counts[node.op] ?? 0) + 1;
  return counts;
}

for (const { file, logits, operations, normalized } of NETWORKS) {
  const url = new URL(file, models);
  Deno.test({
    name: `importOnnx() brings ${file} into its least form and keeps its logits`,
    ignore: !exists(url),
    async fn() {
      const graph = importOnnx(await Deno.readFile(url), { name: file });
      assertEquals(countOperations(graph), operations);
      assertEquals(graph.nodes.filter((node) => "normalization" in node).length, normalized);
      const [input] = graph.inputs;
      assert(input.batched);
      const output = interpret(graph, new Map([[input.name, pattern(input.shape.reduce((a, b) => a * b, 1))]]));
      const got = output.get("logits")!.data;
      logits.forEach((want, i) => assertAlmostEquals(got[i], want, 1e-4));
    },
  });
}

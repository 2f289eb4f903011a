import { assert, assertEquals } from "@std/assert";
import { calibrate } from "../calibrate/calibrate.ts";
import { writeNpy } from "../calibrate/dataset/npy_writer.ts";
import type { Graph } from "../calibrate/graph.ts";
import { evenlySpread } from "../calibrate/quantize_network.ts";
import { random } from "./support/random.ts";
import { makeGraph } from "./support/tiny_bundle.ts";

const SAMPLES = 512;
const ELEMENTS = 192;

Deno.test("Fewer items than there are lie evenly spread, and more than there are are all of them", () => {
  const items = (length: number) => Array.from({ length }, (_, index) => index);
  assertEquals(evenlySpread(items(10), 4), [0, 2, 5, 7]);
  assertEquals(evenlySpread(items(3), 5), [0, 1, 2]);
  assertEquals(evenlySpread(items(7), 7), items(7));
  for (const [length, count] of [[1000, 256], [257, 256], [5000, 3]]) {
    const chosen = evenlySpread(items(length), count);
    assertEquals(new Set(chosen).size, count);
    for (const [index, position] of chosen.entries()) {
      const next = chosen[index + 1] ?? length;
      assert(next > position && next - position <= Math.ceil(length / count));
    }
  }
});

/** A convolution without bias, and a classifier. */
function network(): Graph {
  return makeGraph({
    inputs: { x: [1, 3, 8, 8] },
    shapes: { image: [1, 8, 8, 3], a: [1, 8, 8, 8], mean: [1, 1, 1, 8], flat: [1, 8], y: [1, 5] },
    nodes: [
      { op: "transpose", inputs: ["x"], output: "image", permutation: [0, 2, 3, 1] },
      {
        op: "convolution",
        inputs: ["image"],
        output: "a",
        weights: random(1).f32(8 * 27, -0.5, 0.5),
        weightShape: [8, 3, 3, 3],
        bias: new Float32Array(8),
        stride: [1, 1],
        dilation: [1, 1],
        pads: [1, 1, 1, 1],
        groups: 1,
        activation: { kind: "relu" },
      },
      { op: "reduceMean", inputs: ["a"], output: "mean", axes: [1, 2] },
      { op: "reshape", inputs: ["mean"], output: "flat" },
      {
        op: "fullyConnected",
        inputs: ["flat"],
        output: "y",
        weights: random(2).f32(40, -1, 1),
        weightShape: [5, 8],
        bias: new Float32Array(5),
        activation: { kind: "identity" },
      },
    ],
  });
}

Deno.test("Correction and comparison see samples of the whole set, whatever the number of threads", async () => {
  const data = random(3).f32(SAMPLES * ELEMENTS, -1, 1);
  // As in a folder sorted by class, of which the first classes are black.
  data.fill(0, 0, SAMPLES / 2 * ELEMENTS);
  const path = await Deno.makeTempFile({ suffix: ".npy" });
  try {
    await Deno.writeFile(path, writeNpy([SAMPLES, 3, 8, 8], data));
    const one = await calibrate(network(), { data: path });
    const row = one.report.layers.find(({ name }) => name === "a")!;
    assertEquals([row.usp, row.guarded], ["moments", 0]);
    assert(row.sqnrAfter !== null && row.sqnrAfter > 20, `${row.sqnrAfter} dB`);
    const three = await calibrate(network(), { data: path, threads: 3 });
    assertEquals(three, one);
  } finally {
    await Deno.remove(path);
  }
});

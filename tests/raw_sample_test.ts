import { assert, assertEquals } from "@std/assert";
import { writeNpy } from "../calibrate/dataset/npy_writer.ts";
import { lower } from "../calibrate/program/lower.ts";
import { rawSample } from "../calibrate/observe/raw_sample.ts";
import { openLaneNetwork } from "../calibrate/stream/lane_network.ts";
import { openObservation } from "../calibrate/stream/observation.ts";
import { random } from "./support/random.ts";
import { makeGraph } from "./support/tiny_bundle.ts";

/** Elements that tell their channel. */
function channelsOf(channels: number, positions: number): Float32Array {
  return Float32Array.from({ length: channels * positions }, (_, index) => index % channels);
}

Deno.test("A raw sample has elements of all channels, as often one as the other", () => {
  for (const channels of [1, 2, 3, 12, 32, 35, 64, 96, 210]) {
    for (const count of [channels, 256, 1000, 5000]) {
      const sample = rawSample(channelsOf(channels, 56 * 56), channels, count);
      assert(sample.length <= count);
      const seen = new Float64Array(channels);
      for (const channel of sample) seen[channel]++;
      if (count >= 256) assert(Math.max(...seen) - Math.min(...seen) <= 1, `${channels} channels, ${count} elements`);
    }
  }
});

Deno.test("A raw sample is the whole tensor where it is small, and empty where nothing is asked for", () => {
  const data = random(1).f32(60);
  assertEquals(rawSample(data, 6, 60), data);
  assertEquals(rawSample(data, 6, 1000), data);
  assertEquals(rawSample(data, 6, 0).length, 0);
});

Deno.test("What a lane keeps of a value comes from all its channels", async () => {
  const graph = makeGraph({
    inputs: { x: [1, 8, 8, 64] },
    shapes: { y: [1, 8, 8, 64] },
    nodes: [{ op: "activation", inputs: ["x"], output: "y", activation: { kind: "relu" } }],
  });
  const path = await Deno.makeTempFile({ suffix: ".npy" });
  try {
    await Deno.writeFile(path, writeNpy([1, 8, 8, 64], channelsOf(64, 64)));
    const network = await openLaneNetwork({
      data: path,
      dataset: { inputShape: [1, 8, 8, 64] },
      float: lower(graph, { probes: true }),
    });
    const stage = openObservation(network, { values: [{ name: "y", atoms: [] }], channels: [], layers: [], grids: [] });
    const { raw: [kept] } = await stage.observe(0, 128);
    assertEquals(new Set(kept).size, 64);
  } finally {
    await Deno.remove(path);
  }
});

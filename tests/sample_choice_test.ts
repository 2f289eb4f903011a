import { assert, assertEquals } from "@std/assert";
import { calibrate } from "../calibrate/calibrate.ts";
import { writeNpy } from "../calibrate/dataset/npy_writer.ts";
import { evenlySpread } from "../calibrate/evenly_spread.ts";
import { random } from "./support/random.ts";
import { smallNetwork } from "./support/small_network.ts";

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

Deno.test("Correction and comparison see samples of the whole set, whatever the number of threads", async () => {
  const data = random(3).f32(SAMPLES * ELEMENTS, -1, 1);
  // As in a folder sorted by class, of which the first classes are black.
  data.fill(0, 0, SAMPLES / 2 * ELEMENTS);
  const path = await Deno.makeTempFile({ suffix: ".npy" });
  try {
    await Deno.writeFile(path, writeNpy([SAMPLES, 3, 8, 8], data));
    const one = await calibrate(smallNetwork(), { data: path });
    const row = one.report.layers.find(({ name }) => name === "a")!;
    assertEquals([row.usp, row.guarded], ["shrinkage", 0]);
    assert(row.sqnrAfter !== null && row.sqnrAfter > 20, `${row.sqnrAfter} dB`);
    const three = await calibrate(smallNetwork(), { data: path, threads: 3 });
    assertEquals(three, one);
  } finally {
    await Deno.remove(path);
  }
});

/** Fresh processes up to the first result of MobileNetV2: `deno bench -A bench/start_bench.ts`, on Linux alone. */

import { fileURLToPath } from "node:url";
import { textTable } from "../cli/text_table.ts";
import { deployedModule } from "./deployed_module.ts";
import { networkBundles } from "./networks/bundles.ts";
import { mobilenetV2 } from "./networks/mobilenet_v2.ts";
import { runPinned } from "./pinned.ts";
import { measureStart } from "./start/measure.ts";

const ROUNDS = 9;

if (Deno.build.os === "linux") {
  const bundle = fileURLToPath((await networkBundles(mobilenetV2())).int8);
  const figures = await measureStart(bundle, ROUNDS);
  const { bare, firstResult, ratio, load, firstRun, warmUp, fullSpeed, bareMemory, memory } = figures;
  const milliseconds = (time: number) => `${time.toFixed(1)} ms`;
  const megabytes = (bytes: number) => `${(bytes / 1e6).toFixed(1)} MB`;
  const table = textTable(["MobileNetV2, int8", "median"], [
    ["a Deno process that does nothing", milliseconds(bare)],
    ["from a process's start to its first result", milliseconds(firstResult)],
    ["the second over the first", `${ratio.toFixed(2)} x`],
    ["  of it loading the bundle", milliseconds(load)],
    ["  of it the first run", milliseconds(firstRun)],
    ["runs before full speed, the first included", milliseconds(warmUp)],
    ["a run at full speed", milliseconds(fullSpeed)],
    ["peak memory of a process that does nothing", megabytes(bareMemory)],
    ["peak memory up to the first result", megabytes(memory)],
  ], { align: ["left", "right"] });
  // Standard output stays what `deno bench --json` is asked for.
  addEventListener("unload", () => console.error(table));

  const start = { group: "process of its own, from start to end", n: ROUNDS, warmup: 1 };
  const [empty, octet] = [await deployedModule("bench/start/empty.ts"), await deployedModule("bench/start/octet.ts")];
  Deno.bench({ ...start, name: "does nothing", baseline: true, fn: async () => void await runPinned(empty) });
  Deno.bench({
    ...start,
    name: "MobileNetV2, first result",
    fn: async () => void await runPinned(octet, [bundle, "1"]),
  });
} else {
  console.error("Skipped: memory of processes is counted on Linux alone");
}

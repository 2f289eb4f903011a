/**
 * Benches that have a rate. Deno's own table has their times, by group and with
 * a baseline; when a file has run, a second one on standard error has the rate
 * beside each time. Deno's can have no more columns, and standard output stays
 * what `deno bench --json` is asked for.
 *
 * @module
 */

import { textTable } from "../cli/text_table.ts";
import type { KernelBuild } from "../runtime/kernels/build.ts";
import { builds, type KernelWork, peakRate, prepare, warmUp } from "./kernel_calls.ts";
import { median } from "../calibrate/median.ts";

/** What one call of a bench does. */
export interface RatedBench {
  /** Benches of a group do the same and are compared. */
  group: string;
  /** What sets it apart in its group. */
  name: string;
  /** Whether the others of the group are compared with it. */
  baseline?: boolean;
  /** Multiply-adds of a call, or elements. */
  operations: number;
  /** Of what the rate tells 10^9 in a second. */
  unit?: "GMAC/s" | "Gelements/s";
  /** The rate that could be reached, in the same unit. */
  peak?: number;
}

const measured: { bench: RatedBench; times: number[] }[] = [];

/** Warms a call up and registers its bench. */
export async function benchRate(bench: RatedBench, call: () => void): Promise<void> {
  await warmUp(call);
  if (measured.length === 0) addEventListener("unload", () => console.error(rateTable()));
  const times: number[] = [];
  measured.push({ bench, times });
  const { group, name, baseline = false } = bench;
  Deno.bench({
    group,
    name,
    baseline,
    fn() {
      const start = performance.now();
      call();
      times.push(performance.now() - start);
    },
  });
}

/** Registers a bench of a kernel in a build; its rate is compared with the peak where it is of multiply-adds. */
export async function benchKernel(
  bench: Omit<RatedBench, "operations" | "peak">,
  { kernel, build = builds[0], work: { words, operations } }: { kernel: string; build?: KernelBuild; work: KernelWork },
): Promise<void> {
  const isProduct = (bench.unit ?? "GMAC/s") === "GMAC/s";
  const peak = isProduct ? { peak: await peakRate(build, kernel.endsWith("_u8") ? "u8" : "f32") } : {};
  await benchRate({ ...bench, operations, ...peak }, prepare(build, kernel, words));
}

/** Registers a layer in float32 as the baseline, and in int8 in each build that this machine can use. */
export async function benchLayer(
  group: string,
  kernel: "convolution" | "depthwise",
  work: (elementBytes: 1 | 4) => KernelWork,
): Promise<void> {
  await benchKernel({ group, name: "float32", baseline: true }, { kernel: `${kernel}_f32`, work: work(4) });
  for (const build of builds) {
    await benchKernel({ group, name: `int8, ${build}` }, { kernel: `${kernel}_u8`, build, work: work(1) });
  }
}

function rateTable(): string {
  const rows = measured.filter(({ times }) => times.length > 0).map(({ bench, times }) => {
    const { group, name, operations, unit = "GMAC/s", peak } = bench;
    const [best, middle] = [times.reduce((a, b) => Math.min(a, b)), median(times)];
    const rate = (time: number) => operations / time / 1e6;
    const text = (rate: number) => `${rate < 1 ? rate.toPrecision(2) : rate.toFixed(1)} ${unit}`;
    return [
      group,
      name,
      `${best.toFixed(4)} ms`,
      `${middle.toFixed(4)} ms`,
      text(rate(best)),
      text(rate(middle)),
      peak === undefined ? "" : `${(rate(best) / peak * 100).toFixed(0)} %`,
    ];
  });
  return textTable(["group", "bench", "best", "median", "best rate", "median rate", "of peak"], rows, {
    align: ["left", "left", "right", "right", "right", "right", "right"],
  });
}

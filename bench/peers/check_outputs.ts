/**
 * Checks that runtimes compute what they are timed on.
 *
 * @module
 */

import type { Benchmark, Runtime } from "./benchmarks.ts";
import { correlation } from "./correlation.ts";
import type { Arithmetic } from "./files/network_files.ts";
import { ask } from "./processes.ts";
import { describeProcess, type Setting } from "./setting.ts";

/** Least correlation of an int8 output with the same runtime's float32 output. */
const LEAST_INT8 = 0.99;
/** Least correlation of a float32 output with Octet's. */
const LEAST_FLOAT32 = 0.99999;

/** What became of a check. */
export interface OutputCheck {
  /** Name of the benchmark. */
  benchmark: string;
  /** The runtime. */
  runtime: Runtime;
  /** Pearson's correlation: of int8 with the runtime's own float32, of float32 with Octet's. */
  correlation: number;
  /** Whether it is high enough for times to count. */
  passed: boolean;
}

/**
 * Runs every runtime of every benchmark once and compares the outputs.
 *
 * @param progress Is told of each process.
 */
export async function checkOutputs(
  setting: Setting,
  benchmarks: readonly Benchmark[],
  progress: (done: number, total: number) => void,
): Promise<OutputCheck[]> {
  const outputs = new Map<string, Promise<Float32Array>>();
  const checks: OutputCheck[] = [];
  const all = benchmarks.flatMap((benchmark) => benchmark.runtimes.map((runtime) => ({ benchmark, runtime })));
  for (const [index, { benchmark, runtime }] of all.entries()) {
    progress(index, all.length);
    const { network, arithmetic, v8Flags } = benchmark;
    const run = async (runtime: Runtime, arithmetic: Arithmetic, v8Flags: string[]) => {
      const key = JSON.stringify([network, runtime, arithmetic, v8Flags]);
      if (!outputs.has(key)) outputs.set(key, runOnce(setting, { network, v8Flags }, { runtime, arithmetic }));
      return await outputs.get(key)!;
    };
    const output = await run(runtime, arithmetic, v8Flags);
    const reference = await run(arithmetic === "int8" ? runtime : "octet", "float32", []);
    const found = correlation(output, reference);
    const passed = found >= (arithmetic === "int8" ? LEAST_INT8 : LEAST_FLOAT32);
    checks.push({ benchmark: benchmark.name, runtime, correlation: found, passed });
  }
  progress(all.length, all.length);
  return checks;
}

async function runOnce(
  setting: Setting,
  benchmark: Pick<Benchmark, "network" | "v8Flags">,
  options: { runtime: Runtime; arithmetic: Arithmetic },
): Promise<Float32Array> {
  const output = await Deno.makeTempFile();
  try {
    await ask(describeProcess(setting, benchmark, { ...options, milliseconds: 0, output }));
    return new Float32Array((await Deno.readFile(output)).buffer);
  } finally {
    await Deno.remove(output);
  }
}

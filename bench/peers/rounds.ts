/**
 * Measuring in rounds: in each, every runtime of every benchmark in turn, so
 * that what else the machine does falls on all alike.
 *
 * @module
 */

import { median } from "../../calibrate/median.ts";
import type { Benchmark, Runtime } from "./benchmarks.ts";
import { type Answered, ask, runProcess } from "./processes.ts";
import { describeProcess, type Setting } from "./setting.ts";

/** How long a process measures, in milliseconds of CPU time. */
const MEASURE = 1000;
/** Fresh processes of each runtime in a round; an even number. */
const STARTS = 6;

/** What was measured: a runtime, or a Deno process that does nothing. */
export type Measured = Runtime | "bare";

/** Medians over rounds. */
export interface Figures {
  /** Name of the benchmark. */
  benchmark: string;
  /** What was measured. */
  measured: Measured;
  /** CPU time in milliseconds: of one run, or of the whole process at a start. */
  cpu: number;
  /** Time on the clock in milliseconds: of one run, or from a process's start to the first result. */
  wall: number;
  /** Peak resident memory at the first result, in bytes; median, too. */
  memory: number;
  /** Every value of `cpu`, in the order of measuring. */
  cpuTimes: number[];
  /** Every value of `wall`, in the order of measuring. */
  wallTimes: number[];
}

/** One process's values. */
interface Sample {
  cpu: number;
  wall: number;
  memory: number;
}

/** All values of what is measured of a benchmark. */
interface Series {
  benchmark: Benchmark;
  measured: Measured;
  samples: Sample[];
}

/** Measures in rounds. @param progress Is told of each benchmark. */
export async function measureRounds(
  setting: Setting,
  { benchmarks, rounds, progress }: {
    benchmarks: readonly Benchmark[];
    rounds: number;
    progress: (done: number, total: number) => void;
  },
): Promise<Figures[]> {
  const groups = benchmarks.map((benchmark) => {
    const measured: Measured[] = benchmark.kind === "start" ? [...benchmark.runtimes, "bare"] : benchmark.runtimes;
    return measured.map((measured): Series => ({ benchmark, measured, samples: [] }));
  });
  const series = groups.flat();
  const total = rounds * series.length;
  let done = 0;
  for (let round = 0; round < rounds; round++) {
    for (const group of groups) {
      progress(done, total);
      if (group[0].benchmark.kind === "start") await measureStarts(setting, group);
      else for (const one of group) one.samples.push(await measureSteady(setting, one));
      done += group.length;
    }
  }
  progress(done, total);
  return series.map(({ benchmark, measured, samples }) => ({
    benchmark: benchmark.name,
    measured,
    cpu: (benchmark.kind === "start" ? mean : median)(samples.map(({ cpu }) => cpu)),
    wall: median(samples.map(({ wall }) => wall)),
    memory: median(samples.map(({ memory }) => memory)),
    cpuTimes: samples.map(({ cpu }) => cpu),
    wallTimes: samples.map(({ wall }) => wall),
  }));
}

async function measureSteady(setting: Setting, series: Series): Promise<Sample> {
  const { run, peakMemory } = await askRuntime(setting, series, MEASURE);
  return { ...run!, memory: peakMemory };
}

/** Starts all in turn, there and back: none of them alone finds its own code still in the processor's caches. */
async function measureStarts(setting: Setting, group: readonly Series[]): Promise<void> {
  for (let start = 0; start < STARTS; start++) {
    for (const one of start % 2 === 0 ? group : group.toReversed()) {
      one.samples.push(await measureStart(setting, one));
    }
  }
}

async function measureStart(setting: Setting, series: Series): Promise<Sample> {
  if (series.measured === "bare") return await measureBare(setting, series.benchmark);
  const { processCpu, start, peakMemory } = await askRuntime(setting, series, 0);
  return { cpu: processCpu, wall: start, memory: peakMemory };
}

async function askRuntime(setting: Setting, { benchmark, measured }: Series, milliseconds: number): Promise<Answered> {
  const { arithmetic } = benchmark;
  return await ask(
    describeProcess(setting, benchmark, { runtime: measured as Runtime, arithmetic, milliseconds }),
  );
}

async function measureBare({ core }: Setting, { v8Flags }: Benchmark): Promise<Sample> {
  const script = (name: string) => ({ core, v8Flags, script: new URL(`../start/${name}.ts`, import.meta.url) });
  const { cpu, lifetime } = await runProcess(script("empty"));
  const { output } = await runProcess(script("bare"));
  return { cpu, wall: lifetime, memory: JSON.parse(output).peakMemory };
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

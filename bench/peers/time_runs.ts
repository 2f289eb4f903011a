/**
 * Timing of a network in steady state.
 *
 * @module
 */

import { median } from "../../calibrate/median.ts";
import type { RunTime } from "./job.ts";

/** Runs a network once on the sample that it was loaded with. */
export type Run = () => Float32Array | Promise<Float32Array>;

/** Warm-up, in milliseconds of CPU time and in runs; both are reached. */
const WARM_UP = { milliseconds: 1000, runs: 5 };
/** CPU time of a block in milliseconds: long against the resolution of the clock. */
const BLOCK = 25;
const LEAST_BLOCKS = 5;

/**
 * Times runs after a warm-up, in blocks of at least 25 ms.
 *
 * CPU time decides when to go on, so that a process which shares its core
 * gets as much work done as one that has it alone.
 *
 * @param run Runs the network once.
 * @param milliseconds CPU time to measure for; more where five blocks take more.
 */
export async function timeRuns(run: Run, milliseconds: number): Promise<RunTime> {
  // Not before the first result: what it takes to load would count in the start.
  const { default: process } = await import("node:process");
  const cpuTime = () => {
    const { user, system } = process.cpuUsage();
    return (user + system) / 1000;
  };
  const warmUntil = cpuTime() + WARM_UP.milliseconds;
  for (let runs = 0; runs < WARM_UP.runs || cpuTime() < warmUntil; runs++) await run();
  const blocks: RunTime[] = [];
  const until = cpuTime() + milliseconds;
  let runs = 1;
  while (blocks.length < LEAST_BLOCKS || cpuTime() < until) {
    const block = await timeBlock(run, { runs, cpuTime });
    if (block.cpu < BLOCK) runs = Math.ceil(runs * Math.min(10, 1.2 * BLOCK / Math.max(block.cpu, 0.001)));
    else blocks.push({ cpu: block.cpu / runs, wall: block.wall / runs });
  }
  return { cpu: median(blocks.map(({ cpu }) => cpu)), wall: median(blocks.map(({ wall }) => wall)) };
}

async function timeBlock(
  run: Run,
  { runs, cpuTime }: { runs: number; cpuTime: () => number },
): Promise<RunTime> {
  const cpuStart = cpuTime();
  const start = performance.now();
  for (let index = 0; index < runs; index++) await run();
  return { cpu: cpuTime() - cpuStart, wall: performance.now() - start };
}

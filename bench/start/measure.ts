/**
 * Start, first result and warm-up of fresh processes beside a bare Deno process.
 *
 * @module
 */

import { median } from "../../calibrate/median.ts";
import { runPinned } from "../pinned.ts";
import { deployedModule } from "../deployed_module.ts";

/** Figures of the start, each the median over all rounds; times in milliseconds. */
export interface StartFigures {
  /** From the start of a Deno process that does nothing to its end. */
  bare: number;
  /** From the start of a process to the first result of a network. */
  firstResult: number;
  /** The second over the first. */
  ratio: number;
  /** Loading of the bundle, a part of the time to the first result. */
  load: number;
  /** The first run, a part of the time to the first result. */
  firstRun: number;
  /** All runs before the network is at full speed. */
  warmUp: number;
  /** A run at full speed. */
  fullSpeed: number;
  /** Greatest resident memory of a process that does nothing, in bytes. */
  bareMemory: number;
  /** The same up to the first result. */
  memory: number;
}

/** What a process that runs a network says. */
interface Answer {
  firstResult: number;
  load: number;
  peakMemory: number;
  times: number[];
}

const RUNS = 60;
/** Runs at the end that say what full speed is, and how much slower a run at full speed may be. */
const LAST_RUNS = 20;
const TOLERANCE = 1.25;

/**
 * Measures the start with a bundle; Linux alone.
 *
 * @param bundle Path of the bundle's file.
 * @param rounds How often each process is started.
 */
export async function measureStart(bundle: string, rounds: number): Promise<StartFigures> {
  const scripts: Scripts = {
    empty: await deployedModule("bench/start/empty.ts"),
    bare: await deployedModule("bench/start/bare.ts"),
    octet: await deployedModule("bench/start/octet.ts"),
  };
  const figures: StartFigures[] = [];
  // One round more fills the caches of files and of compiled JavaScript.
  for (let round = 0; round <= rounds; round++) {
    const figure = await measureRound(scripts, bundle);
    if (round > 0) figures.push(figure);
  }
  const [first] = figures;
  const keys = Object.keys(first) as (keyof StartFigures)[];
  return Object.fromEntries(
    keys.map((key) => [key, median(figures.map((figure) => figure[key]))]),
  ) as unknown as StartFigures;
}

/** What the measured processes run, each one module. */
interface Scripts {
  empty: URL;
  bare: URL;
  octet: URL;
}

async function measureRound(scripts: Scripts, bundle: string): Promise<StartFigures> {
  const { times }: Answer = JSON.parse((await runPinned(scripts.octet, [bundle, String(RUNS)])).output);
  // What is compared follows a process that does next to nothing: after long work, the processor is slower.
  const { peakMemory: bareMemory } = JSON.parse((await runPinned(scripts.bare)).output);
  const { lifetime: bare } = await runPinned(scripts.empty);
  const { started, output } = await runPinned(scripts.octet, [bundle, "1"]);
  const answer: Answer = JSON.parse(output);
  const firstResult = answer.firstResult - started;
  return {
    bare,
    firstResult,
    ratio: firstResult / bare,
    load: answer.load,
    firstRun: answer.times[0],
    ...warmUpOf(times),
    bareMemory,
    memory: answer.peakMemory,
  };
}

/** Time before the first of three runs in a row that are about as fast as the last ones; of all runs where there is none. */
function warmUpOf(times: number[]): { warmUp: number; fullSpeed: number } {
  const fullSpeed = median(times.slice(-LAST_RUNS));
  const isFast = (time: number) => time <= fullSpeed * TOLERANCE;
  const first = times.findIndex((_, run) => times.slice(run, run + 3).every(isFast));
  const slow = first < 0 ? times : times.slice(0, first);
  return { warmUp: slow.reduce((sum, time) => sum + time, 0), fullSpeed };
}

/**
 * The 8-bit programs of all rows that start from the same float network.
 *
 * @module
 */

import { lifetimesOf } from "../../runtime/bundle/check_lifetimes.ts";
import { ELEMENT_BYTES, elementCount } from "../../runtime/bundle/format.ts";
import type { Lowered } from "../lower/lower.ts";
import type { Statistics } from "../observe/statistics.ts";
import { quantizeMixed } from "../precision/quantize_mixed.ts";
import type { PreparedNetwork } from "../prepare_network.ts";
import { quantizeNetwork } from "../quantize_network.ts";
import type { ProgressListener } from "../report/progress.ts";
import type { CalibrationSettings } from "../settings.ts";
import type { Lanes } from "../stream/lanes.ts";
import { stepRanges } from "../stream/step_ranges.ts";
import { lockstep } from "./lockstep.ts";
import { rememberTasks } from "../stream/remember_tasks.ts";
import type { RowLane } from "./row_lane.ts";

/** Memory for the programs and samples of rows that are corrected at the same time, over all workers. */
const ROW_BYTES = 2 ** 30;
const FLOAT_BYTES = 4;

/**
 * Quantises a network by each of some methods; as many at a time as memory
 * holds are corrected beside one run of the float network, but those of mixed
 * precision one after the other, each beside runs of its own.
 *
 * @returns The programs, in the methods' order, as `calibrate` makes them.
 */
export async function quantizeRows(
  { network, statistics, samples, lanes, progress }: {
    network: PreparedNetwork;
    statistics: Statistics;
    samples: readonly number[];
    lanes: Lanes<RowLane>;
    progress: ProgressListener | undefined;
  },
  methods: readonly CalibrationSettings[],
): Promise<Lowered[]> {
  const programs: Lowered[] = [];
  const isMixed = ({ keepFloat }: CalibrationSettings) => keepFloat > 0;
  const passes = ({ usp, rounding }: CalibrationSettings) => usp !== "off" || rounding === "gptq";
  const layers = network.graph.nodes.filter(({ op }) => op === "convolution" || op === "fullyConnected").length;
  const corrected = methods.filter((method) => method.usp !== "off" && !isMixed(method)).length;
  const remembering = rememberTasks(lanes);
  let done = 0;
  const tell: ProgressListener = (phase) => progress?.(phase, Math.min(++done, corrected * layers), corrected * layers);
  const size = Math.max(1, Math.floor(ROW_BYTES / rowBytes(network, samples.length, lanes.all.length)));
  const uniform = [...methods.keys()].filter((row) => !isMixed(methods[row]));
  for (const group of groupsOf(uniform, size, (row) => passes(methods[row]))) {
    const steps = lockstep(remembering, group.length);
    const outcomes = await Promise.allSettled(group.map(async (row, position) => {
      try {
        const session = { network, lanes: steps.lanesOf(position), progress: tell };
        programs[row] = (await quantizeNetwork(session, { statistics, samples }, methods[row])).program;
      } finally {
        steps.leave(position);
      }
    }));
    for (const outcome of outcomes) if (outcome.status === "rejected") throw outcome.reason;
  }
  for (const [row, settings] of methods.entries()) {
    if (!isMixed(settings)) continue;
    const session = { network, samples, lanes, progress };
    programs[row] = (await quantizeMixed(session, statistics, settings)).quantized.program;
  }
  return programs;
}

/** Rows in groups that need no more than `size` passes each. */
function groupsOf(rows: readonly number[], size: number, passes: (row: number) => boolean): number[][] {
  const groups: number[][] = [[]];
  let taken = 0;
  for (const row of rows) {
    if (passes(row) && taken++ === size) {
      groups.push([]);
      taken = 1;
    }
    groups[groups.length - 1].push(row);
  }
  return groups;
}

/** An estimate of the memory that one corrected row takes: its samples between two nodes, and its program in each lane. */
function rowBytes({ float }: PreparedNetwork, samples: number, lanes: number): number {
  const { program, data } = float;
  return samples * largestFrontier(float) / FLOAT_BYTES + lanes * (program.arenaBytes + data.length / FLOAT_BYTES);
}

/** Most bytes of a sample that later nodes need, over all nodes. */
function largestFrontier(lowered: Lowered): number {
  const { tensors } = lowered.program;
  const lifetimes = lifetimesOf(lowered.program);
  const bytesAfter = (step: number) =>
    lifetimes.reduce((sum, lifetime, index) => {
      if (!lifetime || lifetime.birth >= step || lifetime.death < step) return sum;
      const { type, shape } = tensors[index];
      return sum + elementCount(shape) * ELEMENT_BYTES[type];
    }, 0);
  return Math.max(...[...stepRanges(lowered).values()].map(({ end }) => bytesAfter(end)));
}

/**
 * The 8-bit programs of all rows that start from the same float network.
 *
 * @module
 */

import type { ProgressListener } from "../../cli/progress.ts";
import { lifetimesOf } from "../../runtime/bundle/check_lifetimes.ts";
import type { Preprocessing } from "../../runtime/preprocessing.ts";
import { tensorBytes } from "../../runtime/tensor.ts";
import type { DatasetOptions } from "../dataset/open_dataset.ts";
import { layersOf } from "../graph/layers.ts";
import type { Lowered } from "../program/lower.ts";
import type { CalibrationSettings } from "../settings.ts";
import { stepRanges } from "../stream/step_ranges.ts";
import type { CalibrationLanes } from "../stream/table.ts";
import { groupsThatFit } from "./groups_that_fit.ts";
import { observeSamples } from "./observe_samples.ts";
import { openPlanning } from "./planning.ts";
import type { PreparedNetwork } from "./prepare_network.ts";
import { isMixed, quantizeMixed } from "./quantize_mixed.ts";
import { quantizeNetwork } from "./quantize_network.ts";
import type { RefinedLayer } from "./refine_layers.ts";

/** What rows start from. */
export interface RowSource {
  network: PreparedNetwork;
  /** The calibration samples, which the lanes open. */
  source: { data: string; dataset: DatasetOptions };
  /** Positions of the samples. */
  samples: readonly number[];
  preprocessing: Preprocessing | undefined;
  lanes: CalibrationLanes;
  progress: ProgressListener | undefined;
}

/** The program of a row. */
export interface QuantizedRow<Row> {
  row: Row;
  /** As `calibrate` makes it. */
  program: Lowered;
  /** The layers that got more precision. */
  kept: readonly RefinedLayer[];
}

/** Memory for the programs and samples of rows that are corrected at the same time, over all workers. */
const ROW_BYTES = 2 ** 30;
const FLOAT_BYTES = 4;

/**
 * Observes a network once and quantises it for all rows. As many rows at a time
 * as memory holds are corrected beside one run of the float network, but those
 * of mixed precision one after the other, each beside runs of its own.
 *
 * @returns Rows as they become ready, each once; between them the lanes may be put to other use.
 */
export async function* quantizeRows<Row extends { settings: CalibrationSettings }>(
  { network, source, samples, preprocessing, lanes, progress }: RowSource,
  rows: readonly Row[],
): AsyncGenerator<QuantizedRow<Row>[]> {
  if (rows.length === 0) return;
  const open = () => lanes.use({ ...source, float: network.float });
  await open();
  const session = { network, samples, lanes, planning: await openPlanning(lanes), progress };
  const statistics = await observeSamples({ ...session, ...(preprocessing && { preprocessing }) });
  const uniform = rows.filter(({ settings }) => !isMixed(settings));
  const correcting = { ...session, progress: countCorrections(network, uniform, progress) };
  const room = { network, samples: samples.length, lanes: lanes.count };
  for (const group of groupsThatFit(uniform, bytesOfRow(room), ROW_BYTES)) {
    await open();
    const settings = group.map(({ settings }) => settings);
    const made = await quantizeNetwork(correcting, { statistics, samples }, settings);
    yield made.map(({ program }, index) => ({ row: group[index], program, kept: [] }));
  }
  for (const row of rows.filter(({ settings }) => isMixed(settings))) {
    await open();
    const { quantized: { program }, kept } = await quantizeMixed(session, statistics, row.settings);
    yield [{ row, program, kept }];
  }
}

/** Makes the counter of the layers that rows have corrected. */
function countCorrections(
  { graph }: PreparedNetwork,
  rows: readonly { settings: CalibrationSettings }[],
  progress: ProgressListener | undefined,
): () => void {
  const layers = layersOf(graph).length;
  const total = layers * rows.filter(({ settings }) => settings.usp !== "off").length;
  let done = 0;
  return () => progress?.("Correcting statistics", Math.min(++done, total), total);
}

/** Makes the estimate of the memory that a row takes. @param room Numbers of samples and lanes. */
function bytesOfRow(
  room: { network: PreparedNetwork; samples: number; lanes: number },
): (row: { settings: CalibrationSettings }) => number {
  const program = room.network.float.data.length / FLOAT_BYTES;
  const corrected = program + correctionBytes(room);
  return ({ settings: { usp, rounding } }) => usp === "off" && rounding === "nearest" ? program : corrected;
}

/** An estimate of the memory for correcting one row: its samples between two nodes, and its program in each lane. */
function correctionBytes(
  { network: { float }, samples, lanes }: { network: PreparedNetwork; samples: number; lanes: number },
): number {
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
      return sum + tensorBytes(tensors[index]);
    }, 0);
  return Math.max(...[...stepRanges(lowered).values()].map(({ end }) => bytesAfter(end)));
}

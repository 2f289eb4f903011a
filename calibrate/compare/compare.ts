/**
 * Comparison: many ways to quantise one network, side by side.
 *
 * @module
 */

import type { ProgressListener } from "../../cli/progress.ts";
import { InputRangeError } from "../../runtime/errors.ts";
import type { Preprocessing } from "../../runtime/preprocessing.ts";
import { accuracyOf } from "../accuracy.ts";
import { checkDataset } from "../dataset/check_dataset.ts";
import { classCount } from "../dataset/classes.ts";
import type { Dataset } from "../dataset/dataset.ts";
import { type DatasetOptions, openDataset } from "../dataset/open_dataset.ts";
import { nameUnusable } from "../dataset/unusable_samples.ts";
import { kindOfClasses } from "../fidelity.ts";
import type { Graph } from "../graph/graph.ts";
import { layersOf } from "../graph/layers.ts";
import { findOutputKind } from "../output_kind.ts";
import { lower } from "../program/lower.ts";
import { type CalibrationSettings, completeSettings } from "../settings.ts";
import { checkKeepFloat } from "../stages/refine_layers.ts";
import { prepareNetwork } from "../stages/prepare_network.ts";
import { type QuantizedRow, quantizeRows } from "../stages/quantize_rows.ts";
import { type FloatScores, scorePrograms } from "../stages/score_programs.ts";
import { openCalibrationLanes } from "../stream/table.ts";
import { writeNetwork } from "../write_network.ts";
import { byFidelity, type Comparison, type RowScore, summarise } from "./comparison.ts";
import { COMPARED_METHODS, type ComparedMethod } from "./methods.ts";

/** What is compared, and on what. */
export interface ComparisonOptions {
  /** Path of the samples to calibrate on: a .npy file or a folder of images. */
  data: string;
  /** Path of the samples to evaluate on. */
  evaluation: string;
  /** Path of the evaluation samples' labels; not needed where sub-folders are the classes. Without any, no accuracies are told. */
  labels?: string;
  /** Names of the classes, which class sub-folders may go by. */
  classes?: string[];
  /** The methods; all that `compare` knows where absent. */
  methods?: readonly ComparedMethod[];
  /** Number of calibration subsets, which have no sample in common; 1 by default. */
  repeats?: number;
  /** Number of samples of each subset, evenly spread; as many as there are where absent. */
  samples?: number;
  /** How images become the network's input. */
  preprocessing?: Preprocessing;
  /** Number of workers; 1 by default. The result does not depend on it. */
  threads?: number;
  /** Is told of the work done. */
  progress?: ProgressListener;
  /** Is given each method's bundle of each subset. */
  take?: (made: MethodBundle) => void | Promise<void>;
}

/** A method at work. */
interface Row {
  name: string;
  settings: CalibrationSettings;
  /** Of each subset's program. */
  scores: RowScore[];
}

/** Bytes of programs that wait to be evaluated together. */
const READY_BYTES = 2 ** 29;

/** A bundle that a comparison made. */
export interface MethodBundle {
  /** Name of the method. */
  method: string;
  /** The calibration subset, from 0. */
  subset: number;
  /** The bundle, as `calibrate` writes it. */
  bundle: Uint8Array<ArrayBuffer>;
}

/**
 * Quantises a network by many methods and evaluates them all.
 *
 * The float network runs once over the evaluation samples for all methods. Over
 * each calibration subset it runs once to be observed and, as long as memory
 * holds all rows, once beside all that are corrected. Each row's program is that which `calibrate` makes.
 *
 * @throws {TypeError} Where samples don't suit the network.
 * @throws {RangeError} Where there are too few samples, or a setting is out of range.
 */
export async function compareMethods(network: Graph, options: ComparisonOptions): Promise<Comparison> {
  const { repeats = 1, threads = 1, progress, preprocessing, methods = methodsFor(network) } = options;
  if (!Number.isInteger(repeats) || repeats < 1) {
    throw new InputRangeError(`repeats must be a whole number of at least 1: got ${repeats}`);
  }
  const rows = methods.map(({ name, settings }): Row => ({ name, settings: completeSettings(settings), scores: [] }));
  for (const { name, settings } of rows) {
    if (settings.targetDrop !== undefined) {
      throw new InputRangeError(`Method "${name}" needs keepFloat, not targetDrop`);
    }
    checkKeepFloat(network, settings.keepFloat);
  }
  const { calibration, evaluation, classes, datasets } = await openSamples(network, options, repeats);
  const prepared = prepareNetwork(network);
  const plain = lower(network);
  const outputKind = findOutputKind(network);
  const kind = kindOfClasses(network.outputs[0].shape, outputKind);
  const lanes = openCalibrationLanes(Math.min(threads, calibration.samples));
  const float: FloatScores = { outputs: [], ranks: [], signal: 0 };
  const score = async (ready: readonly QuantizedRow<Row>[], subset: number) => {
    await lanes.use({ ...evaluation.source, float: plain });
    const scoring = { lanes, ...evaluation, kind };
    const tell = progress && ((done: number, total: number) => progress("Evaluating", done, total));
    const scored = await scorePrograms({ ...scoring, progress: tell }, ready.map(({ program }) => program), float);
    for (const [index, { row: { name, settings, scores }, program, kept }] of ready.entries()) {
      const notes = { settings, kept, samples: calibration.samples, preprocessing, classes, outputKind };
      const bundle = await writeNetwork(program, notes);
      scores.push({ ...scored[index], bundleBytes: bundle.length });
      await options.take?.({ method: name, subset, bundle });
    }
  };
  try {
    for (let subset = 0; subset < repeats; subset++) {
      const dataset = { ...calibration.dataset, subset: { index: subset, count: repeats } };
      const samples = Array.from({ length: calibration.samples }, (_, sample) => sample);
      const parts = { source: { data: options.data, dataset }, samples, preprocessing, lanes, progress };
      const ready: QuantizedRow<Row>[] = [];
      for await (const made of quantizeRows({ ...parts, network: prepared }, rows)) {
        ready.push(...made);
        if (bytesOf(ready) >= READY_BYTES) await score(ready.splice(0), subset);
      }
      if (ready.length > 0) await score(ready, subset);
    }
  } catch (error) {
    let named: unknown = error;
    for (const [dataset, path] of datasets) named = await nameUnusable(dataset, path, named);
    throw named;
  } finally {
    lanes.close();
  }
  return {
    network: network.name,
    calibration: { subsets: repeats, samples: calibration.samples },
    samples: evaluation.samples.length,
    ...(evaluation.labels && { float: accuracyOf(float.ranks) }),
    rows: rows.map(({ name, settings, scores }) =>
      summarise({ name, settings }, scores, evaluation.labels && float.ranks)
    ).sort(byFidelity),
  };
}

/** All methods that a network has enough layers for. */
function methodsFor(network: Graph): ComparedMethod[] {
  const layers = layersOf(network).length;
  return COMPARED_METHODS.filter(({ settings: { keepFloat = 0 } }) => keepFloat <= layers);
}

function bytesOf(ready: readonly QuantizedRow<Row>[]): number {
  return ready.reduce((sum, { program }) => sum + program.data.length, 0);
}

/** Opens both sets of samples and checks them, before any work. */
async function openSamples(network: Graph, options: ComparisonOptions, repeats: number): Promise<{
  calibration: { dataset: DatasetOptions; samples: number };
  evaluation: {
    source: { data: string; dataset: DatasetOptions };
    samples: readonly number[];
    labels: Int32Array | undefined;
  };
  classes: string[] | undefined;
  datasets: [Dataset, string][];
}> {
  const { data, evaluation, labels, samples, preprocessing } = options;
  const count = classCount(network.outputs[0].shape);
  const suits = { inputShape: network.inputs[0].shape, ...(preprocessing && { preprocessing }) };
  const dataset: DatasetOptions = { ...suits, labels: "none", ...(samples !== undefined && { samples }) };
  const calibration = await openDataset(data, { ...dataset, subset: { index: 0, count: repeats } });
  const scored: DatasetOptions = {
    ...suits,
    classes: { count, names: options.classes },
    ...(labels !== undefined && { labels }),
  };
  const evaluated = await openDataset(evaluation, scored);
  const needs = { classes: count, preprocessing };
  checkDataset(calibration, needs);
  checkDataset(evaluated, needs);
  return {
    calibration: { dataset, samples: calibration.length },
    evaluation: {
      source: { data: evaluation, dataset: scored },
      samples: Array.from({ length: evaluated.length }, (_, sample) => sample),
      labels: evaluated.labels,
    },
    classes: options.classes ?? evaluated.classes,
    datasets: [[calibration, data], [evaluated, evaluation]],
  };
}

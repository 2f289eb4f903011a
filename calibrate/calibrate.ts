/**
 * Calibration: from a float graph and samples to a bundle and a report.
 *
 * @module
 */

import { elementCount } from "../runtime/bundle/format.ts";
import { writeBundle } from "../runtime/bundle/write.ts";
import type { Preprocessing } from "../runtime/preprocessing.ts";
import type { CorrectionMode, CorrectionOutcome, CorrectionTarget } from "./correct/correct_layer.ts";
import { correctLayers } from "./correct/correct_layers.ts";
import { checkDataset } from "./dataset/check_dataset.ts";
import { openDataset } from "./dataset/open_dataset.ts";
import type { Graph } from "./graph.ts";
import { chooseForms } from "./lower/forms.ts";
import { lower, type Lowered } from "./lower/lower.ts";
import { observeValues } from "./observe/observe_values.ts";
import { makePlan, type ScaleMethod } from "./quantize/make_plan.ts";
import { parameterGroups } from "./quantize/observed_values.ts";
import type { WeightGranularity } from "./quantize/quantize_weights.ts";
import { type CalibrationReport, makeReport, summarise, type Summary } from "./report/report.ts";
import { type Lanes, openLanes } from "./stream/lanes.ts";

/** How a network is calibrated. */
export interface CalibrationOptions {
  /** Path of the samples: a .npy file or a folder of images. */
  data: string;
  /** Path of the labels, for accuracies in the report. */
  labels?: string;
  /** Number of samples to use; all where absent. */
  samples?: number;
  /** How images become the network's input; stored in the bundle. */
  preprocessing?: Preprocessing;
  /** Names of the classes, stored in the bundle. */
  classes?: string[];
  /** Which weights share a scale; "per-channel" by default. */
  weights?: WeightGranularity;
  /** Method that chooses scales; "qmse" by default. */
  scales?: ScaleMethod;
  /** Correction of batch statistics; "moments" by default. */
  usp?: CorrectionMode | "off";
  /** What statistics are brought to; "measured" by default. */
  uspTarget?: CorrectionTarget;
  /** Number of workers, at most 64; 1 by default. The result does not depend on it. */
  threads?: number;
  /** Is told of the work done: a phase, and how much of it. */
  progress?: (phase: string, done: number, total: number) => void;
}

/** A calibrated network. */
export interface CalibrationResult {
  /** The bundle. */
  bundle: Uint8Array<ArrayBuffer>;
  /** Accuracy, size, and where the error arises. */
  report: CalibrationReport;
}

/** Memory for the tensors of samples between layers, over all workers. */
const STREAM_BYTES = 320 * 2 ** 20;
/** Most samples whose statistics are corrected on. */
const MOST_CORRECTION_SAMPLES = 256;
/** Most workers; more would cost memory and gain nothing on the machines that calibrate. */
const MOST_THREADS = 64;
/** Most samples on which layers are compared. */
const MOST_COMPARED_SAMPLES = 128;

/**
 * Calibrates a network: observes it, chooses scales, quantises weights,
 * corrects statistics layer by layer, and measures the result.
 *
 * The same network, samples and options give the same bundle, on every host
 * and with any number of workers.
 *
 * @throws {RangeError} Where samples are missing or hold values that are not numbers.
 * @throws {TypeError} Where the network cannot be calibrated on such samples.
 */
export async function calibrate(graph: Graph, options: CalibrationOptions): Promise<CalibrationResult> {
  if (graph.inputs.length !== 1) {
    throw new TypeError(
      `Network "${graph.name}" has ${graph.inputs.length} inputs: calibration takes networks with one`,
    );
  }
  const settings = {
    weights: "per-channel",
    scales: "qmse",
    usp: "moments",
    uspTarget: "measured",
    ...options,
  } as const;
  const datasetOptions = {
    inputShape: graph.inputs[0].shape,
    ...(options.labels !== undefined && { labels: options.labels }),
    ...(options.samples !== undefined && { samples: options.samples }),
    ...(options.preprocessing && { preprocessing: options.preprocessing }),
  };
  const dataset = await openDataset(options.data, datasetOptions);
  checkDataset(dataset, {
    classes: elementCount(graph.outputs[0].shape),
    preprocessing: options.preprocessing,
  });
  const { progress } = options;
  const classes = options.classes ?? dataset.classes;
  const compared = dataset.labels ? dataset.length : Math.min(dataset.length, MOST_COMPARED_SAMPLES);
  const lanes = openLanes(Math.min(options.threads ?? 1, dataset.length, MOST_THREADS));
  try {
    const float = lower(graph, { probes: true });
    await Promise.all(lanes.all.map((lane) => lane.open({ data: options.data, dataset: datasetOptions, float })));
    const forms = chooseForms(graph);
    const groups = parameterGroups(graph, forms);
    const observations = await observeValues(lanes, graph, {
      names: groups.flatMap(({ sources }) => sources),
      samples: dataset.length,
      progress,
    });
    const { plan, choices } = makePlan(graph, { forms, groups, observations }, settings);
    const plain = lower(graph, { plan, forms });
    const before = await compareSamples(lanes, plain, { phase: "Measuring before USP", count: compared, progress });

    let outcomes = new Map<string, CorrectionOutcome>();
    if (settings.usp !== "off") {
      const { usp: mode, uspTarget: target } = settings;
      const room = Math.floor(STREAM_BYTES / (float.program.arenaBytes + plain.program.arenaBytes));
      const samples = Math.max(1, Math.min(dataset.length, room, MOST_CORRECTION_SAMPLES));
      outcomes = await correctLayers({ lanes, graph, plan, samples }, { mode, target, progress });
    }
    const corrected = lower(graph, { plan, forms });
    const after = settings.usp === "off"
      ? before
      : await compareSamples(lanes, corrected, { phase: "Measuring after USP", count: compared, progress });

    corrected.program.calibration = {
      weights: settings.weights,
      scales: settings.scales,
      usp: settings.usp,
      uspTarget: settings.uspTarget,
      samples: dataset.length,
    };
    if (options.preprocessing) corrected.program.preprocessing = options.preprocessing;
    if (classes) corrected.program.labels = classes;
    const bundle = await writeBundle(corrected.program, corrected.data);
    const report = makeReport({
      graph,
      lowered: corrected,
      choices,
      outcomes,
      before,
      after,
      bundleBytes: bundle.length,
    });
    return { bundle, report };
  } finally {
    lanes.close();
  }
}

/** Compares an 8-bit program with the float one on samples. */
async function compareSamples(
  lanes: Lanes,
  lowered: Lowered,
  options: { phase: string; count: number; progress: CalibrationOptions["progress"] },
): Promise<Summary> {
  const { phase, count, progress } = options;
  await Promise.all(lanes.all.map((lane) => lane.prepare(lowered)));
  let done = 0;
  return summarise(
    await lanes.forSamples(count, async (lane, sample) => {
      const comparison = await lane.compare(sample);
      progress?.(phase, ++done, count);
      return comparison;
    }),
  );
}

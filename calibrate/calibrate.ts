/**
 * Calibration: from a float graph and samples to a bundle and a report.
 *
 * @module
 */

import { writeBundle } from "../runtime/bundle/write.ts";
import type { Preprocessing } from "../runtime/preprocessing.ts";
import { type CorrectionMode, type CorrectionOutcome, type CorrectionTarget, correctLayer } from "./correct/correct_layer.ts";
import { openDataset } from "./dataset/open_dataset.ts";
import type { Graph } from "./graph.ts";
import { chooseForms } from "./lower/forms.ts";
import { lower } from "./lower/lower.ts";
import type { LayerNode } from "./lower/lower_layer.ts";
import { mergeHistogram } from "./observe/histogram.ts";
import { makePlan, type Observation, type ScaleMethod } from "./quantize/make_plan.ts";
import { atomsOf, parameterGroups } from "./quantize/observed_values.ts";
import type { QuantizationPlan } from "./quantize/plan.ts";
import type { WeightGranularity } from "./quantize/quantize_weights.ts";
import { requantise } from "./quantize/requantise.ts";
import { type CalibrationReport, makeReport, summarise } from "./report/report.ts";
import { type Lanes, openLanes } from "./stream/lanes.ts";

/** How a network is calibrated. */
export interface CalibrationOptions {
  /** Path of the samples: a .npy file or a folder of images. */
  data: string;
  /** Path of the labels, for accuracies in the report. */
  labels?: string;
  /** Number of samples to use; all where absent. */
  samples?: number;
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
  /** Number of workers; 1 by default. The result does not depend on it. */
  threads?: number;
  /** Is told of the work done: a phase, and how much of it. */
  progress?: (phase: string, done: number, total: number) => void;
}

/** A calibrated network. */
export interface CalibrationResult {
  /** The bundle. */
  bundle: Uint8Array<ArrayBuffer>;
  report: CalibrationReport;
}

/** Raw values kept of each observed value, over all samples. */
const RAW_VALUES = 65536;
/** Memory for the tensors of samples between layers, over all workers. */
const STREAM_BYTES = 320 * 2 ** 20;
/** Most samples whose statistics are corrected on. */
const MOST_CORRECTION_SAMPLES = 256;
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
    throw new TypeError(`Network "${graph.name}" has ${graph.inputs.length} inputs: calibration takes networks with one`);
  }
  const settings = { weights: "per-channel", scales: "qmse", usp: "moments", uspTarget: "measured", ...options } as const;
  const datasetOptions = {
    inputShape: graph.inputs[0].shape,
    ...(options.labels !== undefined && { labels: options.labels }),
    ...(options.samples !== undefined && { samples: options.samples }),
    ...(options.preprocessing && { preprocessing: options.preprocessing }),
  };
  const dataset = await openDataset(options.data, datasetOptions);
  const classes = options.classes ?? dataset.classes;
  const lanes = openLanes(Math.min(options.threads ?? 1, dataset.length));
  try {
    const float = lower(graph, { probes: true });
    await Promise.all(lanes.all.map((lane) => lane.open({ data: options.data, dataset: datasetOptions, float })));
    const forms = chooseForms(graph);
    const groups = parameterGroups(graph, forms);
    const observations = await observeValues(lanes, graph, {
      names: groups.flatMap(({ sources }) => sources),
      samples: dataset.length,
      progress: options.progress,
    });
    const { plan, choices } = makePlan(graph, { forms, groups, observations }, settings);
    const plain = lower(graph, { plan, forms });
    const before = await compareSamples("Measuring before USP", plain);

    const outcomes = new Map<string, CorrectionOutcome>();
    if (settings.usp !== "off") {
      const { usp: mode, uspTarget: target } = settings;
      const room = Math.floor(STREAM_BYTES / (float.program.arenaBytes + plain.program.arenaBytes));
      const samples = Math.max(1, Math.min(dataset.length, room, MOST_CORRECTION_SAMPLES));
      await correctLayers({ lanes, graph, plan, outcomes, samples }, { mode, target, progress: options.progress });
    }
    const corrected = lower(graph, { plan, forms });
    const after = settings.usp === "off" ? before : await compareSamples("Measuring after USP", corrected);

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
    const report = makeReport({ graph, lowered: corrected, choices, outcomes, before, after, bundleBytes: bundle.length });
    return { bundle, report };

    async function compareSamples(phase: string, lowered: typeof plain): Promise<ReturnType<typeof summarise>> {
      await Promise.all(lanes.all.map((lane) => lane.prepare(lowered)));
      const count = dataset.labels ? dataset.length : Math.min(dataset.length, MOST_COMPARED_SAMPLES);
      let done = 0;
      return summarise(
        await lanes.forSamples(count, async (lane, sample) => {
          const comparison = await lane.compare(sample);
          options.progress?.(phase, ++done, count);
          return comparison;
        }),
      );
    }
  } finally {
    lanes.close();
  }
}

async function observeValues(
  lanes: Lanes,
  graph: Graph,
  options: { names: string[]; samples: number; progress: CalibrationOptions["progress"] },
): Promise<Map<string, Observation>> {
  const { names, samples, progress } = options;
  const producers = new Map(graph.nodes.map((node) => [node.output, node]));
  const values = names.map((name) => ({
    name,
    atoms: atomsOf(producers.get(name)),
    raw: Math.ceil(RAW_VALUES / samples),
  }));
  let done = 0;
  const seen = await lanes.forSamples(samples, async (lane, sample) => {
    const observation = await lane.observe(sample, values);
    progress?.("Observing", ++done, samples);
    return observation;
  });
  const [first, ...others] = await Promise.all(lanes.all.map((lane) => lane.histograms()));
  return new Map(names.map((name, index) => {
    for (const histograms of others) mergeHistogram(first[index], histograms[index]);
    const raw = Float32Array.from(seen.flatMap((observation) => [...observation.raw[index]]));
    return [name, { histogram: first[index], raw }];
  }));
}

/** USP: corrects one layer after the other, on samples that have passed the corrected layers before it. */
async function correctLayers(
  state: {
    lanes: Lanes;
    graph: Graph;
    plan: QuantizationPlan;
    outcomes: Map<string, CorrectionOutcome>;
    samples: number;
  },
  options: { mode: CorrectionMode; target: CorrectionTarget; progress: CalibrationOptions["progress"] },
): Promise<void> {
  const { lanes: { all }, graph, plan, outcomes, samples } = state;
  const forms = chooseForms(graph);
  const probed = lower(graph, { plan, forms, probes: true });
  const shares = all.map((_, index) => range(samples).filter((sample) => sample % all.length === index));
  await Promise.all(all.map((lane, index) => lane.begin(probed, shares[index])));
  const layers = graph.nodes.filter((node): node is LayerNode => plan.weights.has(node.output));
  const normalized = layers.some((layer) => layer.normalization);
  let done = 0;
  for (const node of graph.nodes) {
    if (plan.weights.has(node.output)) {
      const layer = node as LayerNode;
      const measured = await Promise.all(all.map((lane) => lane.measure(layer.output)));
      const moments = range(samples).map((sample) => measured[sample % all.length][Math.floor(sample / all.length)]);
      const wholly = layer.normalization !== undefined || (!normalized && layer.op === "convolution");
      const outcome = correctLayer(moments, {
        mode: wholly ? options.mode : "mean",
        target: options.target,
        normalization: layer.normalization,
        bias: layer.bias,
      });
      outcomes.set(layer.output, outcome);
      plan.corrections.set(layer.output, outcome.correction);
      const output = forms.computed.get(layer.output) === "u8" ? plan.values.get(layer.output) : undefined;
      const { bias, multiplier } = requantise(
        plan.weights.get(layer.output)!,
        outcome.correction,
        plan.values.get(layer.inputs[0])!,
        { activation: layer.activation.kind, quantization: output },
      );
      await Promise.all(all.map((lane) => lane.correct(layer.output, bias, multiplier)));
      options.progress?.("Correcting statistics", ++done, layers.length);
    }
    await Promise.all(all.map((lane) => lane.advance(node.output)));
  }
}

function range(length: number): number[] {
  return Array.from({ length }, (_, index) => index);
}

/**
 * What a calibration reports: accuracy, size, and where the error arises.
 *
 * @module
 */

import type { CorrectionOutcome } from "../correct/correct_layer.ts";
import type { Graph, Node } from "../graph.ts";
import type { Lowered } from "../lower/lower.ts";
import { isDepthwise } from "../lower/lower_layer.ts";
import type { ScaleChoice } from "../quantize/make_plan.ts";
import type { SampleComparison } from "../stream/compare.ts";

/** Shares of samples whose label came first, and among the first five. */
export interface Accuracy {
  /** Number of samples. */
  samples: number;
  /** Share whose label came first, 0 to 1. */
  top1: number;
  /** Share whose label was among the first five, 0 to 1. */
  top5: number;
}

/** Comparison of the float program and an 8-bit program over samples. */
export interface Summary {
  /** Signal to quantisation noise ratio in dB of each node's result, by the name of its output. */
  sqnr: Map<string, number>;
  /** Accuracies, where there are labels. */
  float?: Accuracy;
  /** Accuracy of the bundle. */
  quantized?: Accuracy;
}

/** One row of a report. */
export interface LayerReport {
  /** Name in the source network. */
  name: string;
  /** "convolution", "depthwise", "pointwise", "fully connected", or the operator. */
  kind: string;
  /** Dimensions of the result, channels last. */
  shape: number[];
  /** How the scale of the result was chosen; "float32" where it has none. */
  scale: string;
  /** Share of the result's values outside the range, 0 to 1. */
  clipped: number;
  /** SQNR in dB before and after USP; null where the float result is all zero. */
  sqnrBefore: number | null;
  /** SQNR in dB after USP; null where the float result is all zero. */
  sqnrAfter: number | null;
  /** What USP kept: "moments", "mean", "lsq", "none"; absent where the node has no weights. */
  usp?: string;
  /** What USP brought the statistics to. */
  uspTarget?: string;
  /** Channels whose correction was clamped or left out. */
  guarded?: number;
}

/** The report of a calibration. */
export interface CalibrationReport {
  /** Name of the network. */
  network: string;
  /** Bytes of the bundle. */
  bundleBytes: number;
  /** Accuracies on the calibration samples, where there are labels. */
  float?: Accuracy;
  /** Accuracy of the 8-bit network before USP. */
  beforeUsp?: Accuracy;
  /** Accuracy of the bundle. */
  quantized?: Accuracy;
  /** One row per node, in order. */
  layers: LayerReport[];
}

/** Adds up comparisons in the samples' order. */
export function summarise(comparisons: readonly SampleComparison[]): Summary {
  const sums = new Map<string, { signal: number; noise: number }>();
  for (const { nodes } of comparisons) {
    for (const { node, signal, noise } of nodes) {
      const sum = sums.get(node) ?? { signal: 0, noise: 0 };
      sums.set(node, { signal: sum.signal + signal, noise: sum.noise + noise });
    }
  }
  const sqnr = new Map([...sums].map(([node, { signal, noise }]) => [node, 10 * Math.log10(signal / noise)]));
  if (comparisons.some(({ floatRank }) => floatRank === undefined)) return { sqnr };
  return {
    sqnr,
    float: accuracyOf(comparisons.map(({ floatRank }) => floatRank!)),
    quantized: accuracyOf(comparisons.map(({ quantizedRank }) => quantizedRank!)),
  };
}

/** Accuracy from the rank of each sample's label. */
export function accuracyOf(ranks: readonly number[]): Accuracy {
  const share = (limit: number) => ranks.filter((rank) => rank < limit).length / ranks.length;
  return { samples: ranks.length, top1: share(1), top5: share(5) };
}

/** Makes the report of a calibration. */
export function makeReport(parts: {
  graph: Graph;
  lowered: Lowered;
  choices: ReadonlyMap<string, ScaleChoice>;
  outcomes: ReadonlyMap<string, CorrectionOutcome>;
  before: Summary;
  after: Summary;
  /** Bytes of the bundle. */
  bundleBytes: number;
}): CalibrationReport {
  const { graph, lowered, choices, outcomes, before, after, bundleBytes } = parts;
  const steps = new Set(lowered.owners);
  const layers = graph.nodes.filter((node) => steps.has(node.output)).map((node): LayerReport => {
    const outcome = outcomes.get(node.output);
    const inBytes = lowered.places.get(node.output)?.u8 !== undefined;
    return {
      name: node.name,
      kind: kindOf(node),
      shape: graph.values.get(node.output)!.shape,
      scale: inBytes ? choices.get(node.output)!.method : "float32",
      clipped: inBytes ? choices.get(node.output)!.clipped : 0,
      sqnrBefore: finite(before.sqnr.get(node.output)),
      sqnrAfter: finite(after.sqnr.get(node.output)),
      ...(outcome && { usp: outcome.kept, uspTarget: outcome.target, guarded: outcome.guarded }),
    };
  });
  return {
    network: graph.name,
    bundleBytes,
    ...(after.float && { float: after.float }),
    ...(before.quantized && { beforeUsp: before.quantized }),
    ...(after.quantized && { quantized: after.quantized }),
    layers,
  };
}

/** The kind of a node in words. */
export function kindOf(node: Node): string {
  if (node.op === "fullyConnected") return "fully connected";
  if (node.op === "pool") return `${node.reduction} pool`;
  if (node.op === "binary") return node.operation;
  if (node.op !== "convolution") return node.op;
  if (isDepthwise(node)) return "depthwise";
  return node.weightShape[2] * node.weightShape[3] === 1 ? "pointwise" : "convolution";
}

function finite(value: number | undefined): number | null {
  return value !== undefined && Number.isFinite(value) ? value : null;
}

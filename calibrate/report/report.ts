/**
 * What a calibration reports: accuracy, size, and where the error arises.
 *
 * @module
 */

import type { Accuracy } from "../accuracy.ts";
import type { Fidelity } from "../fidelity.ts";
import type { Graph } from "../graph/graph.ts";
import { describeNode } from "../operators/describe_node.ts";
import type { Summary } from "../stages/compare_programs.ts";
import type { QuantizedNetwork } from "../stages/quantize_network.ts";
import type { DropReport, PrecisionReport } from "./describe_precision.ts";
import type { OutliersReport } from "./outliers.ts";
import type { Provenance } from "./provenance.ts";

/** One row of a report. */
export interface LayerReport {
  /** Name in the source network. */
  name: string;
  /** The operator in words, such as "depthwise convolution". */
  kind: string;
  /** Dimensions of the result, channels last. */
  shape: number[];
  /** How the scale of the result was chosen; "float32" where it has none. */
  scale: string;
  /** Share of the result's values outside the range, 0 to 1. */
  clipped: number;
  /** SQNR in dB before USP; null where the float result is all zero, or there is no error. */
  sqnrBefore: number | null;
  /** SQNR in dB after USP; null where the float result is all zero, or there is no error. */
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
  /** How near the bundle comes to the float network on the samples that were compared; and without USP, where it is used. */
  fidelity: { beforeUsp?: Fidelity; quantized: Fidelity };
  /** Accuracies on the calibration samples, where there are labels. */
  float?: Accuracy;
  /** Accuracy of the 8-bit network without USP, where it is used. */
  beforeUsp?: Accuracy;
  /** Accuracy of the bundle. */
  quantized?: Accuracy;
  /** One row per node, in order. */
  layers: LayerReport[];
  /** What it was made by and of. */
  provenance: Provenance;
  /** Samples far from all others, where there are any. */
  outliers?: OutliersReport;
  /** What is unusual about the samples, in sentences, where anything is. */
  warnings?: string[];
  /** Loss of accuracy, where a limit was set to it. */
  drop?: DropReport;
  /** The layers in float and what they cost, where layers were ranked. */
  precision?: PrecisionReport;
}

/**
 * Makes the report of a calibration.
 *
 * @param parts What was made; `before` and `after` USP are the same where there is none.
 */
export function makeReport(parts: {
  graph: Graph;
  quantized: QuantizedNetwork;
  before: Summary;
  after: Summary;
  /** Bytes of the bundle. */
  bundleBytes: number;
}): Omit<CalibrationReport, "provenance"> {
  const { graph, quantized: { program, choices, outcomes }, before, after, bundleBytes } = parts;
  const layers = graph.nodes.filter((node) => program.computed.has(node.output)).map((node): LayerReport => {
    const outcome = outcomes.get(node.output);
    const inBytes = program.places.get(node.output)?.u8 !== undefined;
    return {
      name: node.name,
      kind: describeNode(graph, node).kind,
      shape: graph.values.get(node.output)!.shape,
      scale: inBytes ? choices.get(node.output)!.method : "float32",
      clipped: inBytes ? choices.get(node.output)!.clipped : 0,
      sqnrBefore: before.sqnr.get(node.output) ?? null,
      sqnrAfter: after.sqnr.get(node.output) ?? null,
      ...(outcome && { usp: outcome.kept, uspTarget: outcome.target, guarded: outcome.guarded }),
    };
  });
  const corrected = before !== after;
  return {
    network: graph.name,
    bundleBytes,
    fidelity: { ...(corrected && { beforeUsp: before.fidelity }), quantized: after.fidelity },
    ...(after.float && { float: after.float }),
    ...(corrected && before.quantized && { beforeUsp: before.quantized }),
    ...(after.quantized && { quantized: after.quantized }),
    layers,
  };
}

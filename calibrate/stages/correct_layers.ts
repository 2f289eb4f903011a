/**
 * The pass of USP: one layer after the other, on samples that have passed the
 * corrected layers before it.
 *
 * @module
 */

import type { ProgressListener } from "../../cli/progress.ts";
import { type LayerNode, layersOf } from "../graph/layers.ts";
import { layersThatShare } from "../graph/shared_weights.ts";
import { fitsAccumulators, requantise } from "../lower/requantise.ts";
import type { JointMoments } from "../observe/moments.ts";
import type { QuantizationPlan } from "../plan.ts";
import { lower } from "../program/lower.ts";
import { type CorrectionOutcome, correctLayer } from "../quantize/correct_layer.ts";
import type { CalibrationSettings, CorrectionMode } from "../settings.ts";
import type { CalibrationLanes } from "../stream/table.ts";
import type { PreparedNetwork } from "./prepare_network.ts";
import { roundLayer } from "./round_layer.ts";

/** One of the ways in which a network is quantised, to be corrected beside others. */
export interface CorrectedRow {
  /** Its weights and corrections are replaced in place. */
  plan: QuantizationPlan;
  /** How it is corrected. */
  settings: Pick<CalibrationSettings, "usp" | "uspTarget" | "rounding">;
  /** How each layer's correction came about, by the name of its output; filled in. */
  outcomes: Map<string, CorrectionOutcome>;
}

/**
 * Corrects the batch statistics of every layer in topological order, in all
 * rows beside one run of the float network.
 *
 * Mean and variance where a BatchNormalization was folded into the layer, or,
 * in a network without any, where it is a convolution; else the mean alone.
 *
 * @param work Positions of the samples in the data.
 * @param trust Factor on what "shrinkage" corrects.
 * @param rows Plans of the network for the same forms.
 */
export async function correctLayers(
  { lanes, network: { graph, forms }, samples, trust, progress }: {
    lanes: CalibrationLanes;
    network: Pick<PreparedNetwork, "graph" | "forms">;
    samples: readonly number[];
    trust: number;
    progress: ProgressListener | undefined;
  },
  rows: readonly CorrectedRow[],
): Promise<void> {
  const programs = rows.map(({ plan }) => lower(graph, { plan, forms, probes: true }));
  const team = await lanes.open("correct", (lane) => ({
    programs,
    samples: samples.filter((_, position) => position % lanes.count === lane),
  }));
  const layers = new Map(
    layersOf(graph).filter(({ output }) => rows[0].plan.weights.has(output)).map((layer) => [layer.output, layer]),
  );
  // What is rounded by what each gets would no longer be the same.
  const shared = new Set(layersThatShare(graph).flat().map(({ output }) => output));
  const normalized = layers.values().some((layer) => layer.normalization);
  const corrected = rows.keys().filter((row) => rows[row].settings.usp !== "off").toArray();
  let done = 0;
  for (const { output } of graph.nodes) {
    const layer = layers.get(output);
    if (layer) {
      await Promise.all(rows.map(async ({ plan, settings: { rounding, usp } }, index) => {
        if (rounding === "gptq" && !shared.has(output)) {
          const removed = usp === "off" ? 0 : usp === "shrinkage" ? 1 - (1 - trust) ** 2 : 1;
          await roundLayer({ team, samples }, { index, plan }, layer, removed);
        }
      }));
      const measured = corrected.length > 0 ? await team.everywhere("measure", corrected, output) : [];
      corrected.forEach((index, position) => {
        const moments = samples.map((_, sample) =>
          measured[sample % lanes.count][position][Math.floor(sample / lanes.count)]
        );
        correctRow(rows[index], layer, moments);
        progress?.("Correcting statistics", ++done, layers.size * corrected.length);
      });
      // A bias holds the zero point times the sum of the weights: it follows their rounding, too.
      await Promise.all(rows.map(async ({ plan }, index) => {
        const { bias, multiplier } = requantised(plan, layer);
        await team.everywhere("correct", index, output, bias, multiplier);
      }));
    }
    await team.everywhere("advance", output);
  }
  await team.close();

  /** Replaces the correction of a layer. */
  function correctRow({ plan, settings, outcomes }: CorrectedRow, layer: LayerNode, moments: JointMoments[]): void {
    const input = plan.values.get(layer.inputs[0])!;
    const weights = plan.weights.get(layer.output)!;
    const wholly = layer.normalization !== undefined || (!normalized && layer.op === "convolution");
    const outcome = correctLayer(moments, {
      mode: wholly || settings.usp === "shrinkage" ? settings.usp as CorrectionMode : "mean",
      target: settings.uspTarget,
      trust,
      normalization: layer.normalization,
      bias: layer.bias,
      fits: (correction) => fitsAccumulators(weights, correction, input),
    });
    outcomes.set(layer.output, outcome);
    plan.corrections.set(layer.output, outcome.correction);
  }

  /** What a layer's kernel needs after its accumulators. */
  function requantised(plan: QuantizationPlan, layer: LayerNode) {
    const [weights, input] = [plan.weights.get(layer.output)!, plan.values.get(layer.inputs[0])!];
    return requantise(weights, plan.corrections.get(layer.output)!, input, {
      name: layer.name,
      activation: layer.activation.kind,
      quantization: forms.computed.get(layer.output) === "u8" ? plan.values.get(layer.output) : undefined,
    });
  }
}

/**
 * The pass of USP: one layer after the other, on samples that have passed the
 * corrected layers before it.
 *
 * @module
 */

import type { Graph } from "../graph/graph.ts";
import type { FormChoice } from "../lower/forms.ts";
import { lower } from "../lower/lower.ts";
import type { LayerNode } from "../graph/layers.ts";
import type { QuantizationPlan } from "../plan.ts";
import { fitsAccumulators, requantise } from "../lower/requantise.ts";
import type { ProgressListener } from "../../cli/progress.ts";
import type { CorrectionMode, CorrectionTarget, WeightRounding } from "../settings.ts";
import type { Lanes } from "../stream/lanes.ts";
import { roundLayer } from "./round_layer.ts";
import { type CorrectionOutcome, correctLayer } from "./correct_layer.ts";

/**
 * Corrects the batch statistics of every layer in topological order.
 *
 * Mean and variance where a BatchNormalization was folded into the layer, or,
 * in a network without any, where it is a convolution; else the mean alone.
 *
 * @param state The plan's corrections are replaced in place; samples are positions in the data.
 * @returns How each layer's correction came about, by the name of its output.
 */
export async function correctLayers(
  state: {
    lanes: Lanes;
    graph: Graph;
    forms: FormChoice;
    plan: QuantizationPlan;
    samples: readonly number[];
  },
  options: {
    mode: CorrectionMode | "off";
    target: CorrectionTarget;
    rounding: WeightRounding;
    progress: ProgressListener | undefined;
  },
): Promise<Map<string, CorrectionOutcome>> {
  const { lanes: { all }, graph, forms, plan, samples } = state;
  const outcomes = new Map<string, CorrectionOutcome>();
  const probed = lower(graph, { plan, forms, probes: true });
  const shares = all.map((_, index) => samples.filter((_, position) => position % all.length === index));
  await Promise.all(all.map((lane, index) => lane.begin(probed, shares[index])));
  const layers = graph.nodes.filter((node): node is LayerNode => plan.weights.has(node.output));
  const normalized = layers.some((layer) => layer.normalization);
  let done = 0;
  for (const node of graph.nodes) {
    if (plan.weights.has(node.output)) {
      const layer = node as LayerNode;
      const input = plan.values.get(layer.inputs[0])!;
      if (options.rounding === "gptq") await roundLayer(state, layer, options.mode !== "off");
      if (options.mode === "off") {
        await Promise.all(all.map((lane) => lane.advance(node.output)));
        continue;
      }
      const weights = plan.weights.get(layer.output)!;
      const measured = await Promise.all(all.map((lane) => lane.measure(layer.output)));
      const moments = samples.map((_, position) => measured[position % all.length][Math.floor(position / all.length)]);
      const wholly = layer.normalization !== undefined || (!normalized && layer.op === "convolution");
      const outcome = correctLayer(moments, {
        mode: wholly ? options.mode : "mean",
        target: options.target,
        normalization: layer.normalization,
        bias: layer.bias,
        fits: (correction) => fitsAccumulators(weights, correction, input),
      });
      outcomes.set(layer.output, outcome);
      plan.corrections.set(layer.output, outcome.correction);
      const output = forms.computed.get(layer.output) === "u8" ? plan.values.get(layer.output) : undefined;
      const { bias, multiplier } = requantise(
        weights,
        outcome.correction,
        input,
        { name: layer.name, activation: layer.activation.kind, quantization: output },
      );
      await Promise.all(all.map((lane) => lane.correct(layer.output, bias, multiplier)));
      options.progress?.("Correcting statistics", ++done, layers.length);
    }
    await Promise.all(all.map((lane) => lane.advance(node.output)));
  }
  await Promise.all(all.map((lane) => lane.finish()));
  return outcomes;
}

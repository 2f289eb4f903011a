/**
 * The stage of tasks that need no samples.
 *
 * @module
 */

import type { LayerNode } from "../graph/layers.ts";
import { scaleLayer } from "../graph/scale_layer.ts";
import type { Observation } from "../observe/statistics.ts";
import type { ValueQuantization, WeightQuantization } from "../plan.ts";
import { chooseGrid, type GridChoice } from "../quantize/choose_grid.ts";
import { quantizeWeights, type WeightOptions } from "../quantize/quantize_weights.ts";
import type { ScaleMethod } from "../settings.ts";

/** What a lane can be asked while decisions are made. */
export interface PlanningStage {
  /** Chooses the grid of a value. */
  chooseGrid(observation: Observation, method: ScaleMethod, percentile?: number): GridChoice;
  /** Quantises a layer's weights. */
  quantizeWeights(
    layer: LayerNode,
    input: ValueQuantization,
    options: WeightOptions,
    outputFactors: Float64Array | undefined,
  ): WeightQuantization;
}

/** Opens the stage. */
export function openPlanning(): PlanningStage {
  return {
    chooseGrid,
    quantizeWeights(layer, input, options, output) {
      const weights = quantizeWeights(scaleLayer(layer, { input: input.factors, output }), input, options);
      return output ? { ...weights, scales: weights.scales.map((scale, channel) => scale * output[channel]) } : weights;
    },
  };
}

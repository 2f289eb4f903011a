/**
 * Tasks that are asked for many times alike, done once.
 *
 * @module
 */

import type { Observation } from "../observe/statistics.ts";
import type { GridChoice } from "../quantize/choose_grid.ts";
import type { ScaleMethod } from "../settings.ts";
import type { ValueQuantization, WeightQuantization } from "../plan.ts";
import type { WeightOptions } from "../quantize/quantize_weights.ts";
import type { LayerNode } from "../graph/layers.ts";
import type { Lane } from "./lane.ts";
import type { Lanes } from "./lanes.ts";

/** What was asked for before: results, or promises of them. */
interface Memory {
  grids: { observation: Observation; method: ScaleMethod; choice: Promise<GridChoice> }[];
  weights: {
    layer: LayerNode;
    input: ValueQuantization;
    options: WeightOptions;
    chosen: Promise<WeightQuantization>;
  }[];
}

/** Lanes whose shared work chooses the same scale, or quantises the same weights in the same way, only once. */
export function rememberTasks<Kind extends Lane>(lanes: Lanes<Kind>): Lanes<Kind> {
  const memory: Memory = { grids: [], weights: [] };
  const remembering = new Map(lanes.all.map((lane) => [lane, remember(lane, memory)]));
  return {
    ...lanes,
    share: (items, work, take) => lanes.share(items, (lane, item) => work(remembering.get(lane)!, item), take),
  };
}

function remember<Kind extends Lane>(lane: Kind, { grids, weights }: Memory): Kind {
  return {
    ...lane,
    chooseGrid(observation, method) {
      const known = grids.find((entry) => entry.method === method && sameObservation(entry.observation, observation));
      if (known) return known.choice;
      const choice = lane.chooseGrid(observation, method);
      grids.push({ observation, method, choice });
      return choice;
    },
    quantizeWeights(layer, input, options) {
      const known = weights.find((entry) =>
        entry.layer === layer && sameFields(entry.input, input) && sameFields(entry.options, options)
      );
      if (known) return known.chosen;
      const chosen = lane.quantizeWeights(layer, input, options);
      weights.push({ layer, input, options, chosen });
      return chosen;
    },
  };
}

function sameObservation(a: Observation, b: Observation): boolean {
  return a === b || (sameFields(a.histogram, b.histogram) && same(a.raw, b.raw));
}

function sameFields<Fields extends object>(a: Fields, b: Fields): boolean {
  const keys = Object.keys(a) as (keyof Fields)[];
  return keys.length === Object.keys(b).length && keys.every((key) => same(a[key], b[key]));
}

function same(a: unknown, b: unknown): boolean {
  if (!isList(a) || !isList(b)) return a === b;
  return a.length === b.length && a.every((value, index) => value === b[index]);
}

function isList(value: unknown): value is number[] | Float32Array | Float64Array {
  return Array.isArray(value) || value instanceof Float32Array || value instanceof Float64Array;
}

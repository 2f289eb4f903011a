/**
 * Layers that share their weights.
 *
 * @module
 */

import type { Graph } from "./graph.ts";
import { type LayerNode, layersOf } from "./layers.ts";

/** Fewest weights for which it matters to store them once. */
const FEWEST = 1024;

/**
 * Groups of layers with the same weights in the same shape, such as the steps
 * of an unrolled recurrent network; at least two layers in each.
 */
export function layersThatShare(graph: Graph): LayerNode[][] {
  const groups = new Map<string, LayerNode[][]>();
  for (const layer of layersOf(graph)) {
    if (layer.weights.length < FEWEST) continue;
    const key = `${layer.op} ${layer.weightShape} ${checksum(layer.weights)}`;
    const alike = groups.get(key) ?? [];
    groups.set(key, alike);
    const group = alike.find(([first]) => sameWeights(first, layer));
    if (group) group.push(layer);
    else alike.push([layer]);
  }
  return [...groups.values()].flat().filter(({ length }) => length > 1);
}

function sameWeights({ weights: a, ...first }: LayerNode, { weights: b, ...second }: LayerNode): boolean {
  const groupsOf = (layer: object) => "groups" in layer ? layer.groups : 1;
  return groupsOf(first) === groupsOf(second) && (a === b || a.every((weight, i) => weight === b[i]));
}

/** FNV-1a over 32 bits. */
function checksum(weights: Float32Array): number {
  let sum = 0x811c9dc5;
  for (const word of new Uint32Array(weights.buffer, weights.byteOffset, weights.length)) {
    sum = Math.imul(sum ^ word, 0x01000193);
  }
  return sum >>> 0;
}

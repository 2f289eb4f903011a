/**
 * Parameters of the layers with weights.
 *
 * @module
 */

import { elementCount } from "../../runtime/bundle/format.ts";
import type { LayerNode } from "../graph/layers.ts";

/** What is wrong with the lengths of a layer's parameters. */
export function checkLayer(node: LayerNode): string | undefined {
  const [outputs] = node.weightShape;
  const lengths = [
    node.bias.length,
    node.slopes?.length ?? outputs,
    node.normalization?.gamma.length ?? outputs,
  ];
  const fits = node.weights.length === elementCount(node.weightShape) &&
    lengths.every((length) => length === outputs) &&
    (node.activation.kind === "prelu") === (node.slopes !== undefined);
  return fits ? undefined : "has parameters of inconsistent lengths";
}

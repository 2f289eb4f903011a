/**
 * Float networks as models, run by the same kernels as bundles.
 *
 * @module
 */

import { writeBundle } from "../runtime/bundle/write.ts";
import { Model } from "../runtime/model.ts";
import type { Preprocessing } from "../runtime/preprocessing.ts";
import type { Graph } from "./graph/graph.ts";
import { findOutputKind } from "./output_kind.ts";
import { lower } from "./program/lower.ts";

/** Makes a float model of a graph. @param preprocessing How its images are prepared, where it takes images. */
export async function floatModel(graph: Graph, preprocessing?: Preprocessing): Promise<Model> {
  const { program, data } = lower(graph);
  const outputKind = findOutputKind(graph);
  const notes = { ...(preprocessing && { preprocessing }), ...(outputKind !== "logits" && { outputKind }) };
  return await Model.load(await writeBundle({ ...program, ...notes }, data));
}

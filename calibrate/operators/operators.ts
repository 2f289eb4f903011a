/**
 * All operators of the graph.
 *
 * @module
 */

import type { Node } from "../graph/graph.ts";
import { activation } from "./activation.ts";
import { binary } from "./binary.ts";
import { concat } from "./concat.ts";
import { convolution } from "./convolution.ts";
import { dilate } from "./dilate.ts";
import { fullyConnected } from "./fully_connected.ts";
import { gather } from "./gather.ts";
import { layerNormalization } from "./layer_normalization.ts";
import { matMul } from "./mat_mul.ts";
import type { Operator } from "./operator.ts";
import { cumulativeSum, topIndices } from "./order.ts";
import { pad } from "./pad.ts";
import { pool } from "./pool.ts";
import { reduce } from "./reduce.ts";
import { reduceMean } from "./reduce_mean.ts";
import { reshape } from "./reshape.ts";
import { resize } from "./resize.ts";
import { select } from "./select.ts";
import { slice } from "./slice.ts";
import { softmax } from "./softmax.ts";
import { transpose } from "./transpose.ts";

/** What is known of each operator. */
export type Operators = { readonly [K in Node["op"]]: Operator<Extract<Node, { op: K }>> };

/** What is known of each operator, by its name in the graph. */
export const OPERATORS: Operators = {
  activation,
  binary,
  concat,
  convolution,
  cumulativeSum,
  dilate,
  fullyConnected,
  gather,
  layerNormalization,
  matMul,
  pad,
  pool,
  reduce,
  reduceMean,
  reshape,
  resize,
  select,
  slice,
  softmax,
  topIndices,
  transpose,
};

/** What is known of a node's operator, to be asked about this node alone. */
export function operatorOf({ op }: { op: Node["op"] }): Operator<Node> {
  // The compiler does not see that the table's key and the node's type go together.
  return OPERATORS[op] as Operator<Node>;
}

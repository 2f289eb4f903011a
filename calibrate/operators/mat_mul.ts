/**
 * Matrix products of two values.
 *
 * @module
 */

import { placeInSourceOrder } from "../graph/relayout.ts";
import { elementCount } from "../../runtime/tensor.ts";
import type { MatMulNode } from "../graph/graph.ts";
import { broadcastShapes } from "../graph/shape.ts";
import { checkNothing, computed, noParameterAxis, type Operator } from "./operator.ts";
import { broadcastPlace } from "./samples.ts";

/** A matrix product of two values. */
export const matMul: Operator<MatMulNode> = {
  shape(_, [a, b]) {
    const batch = broadcastShapes(a.slice(0, -2), b.slice(0, -2));
    if (batch === undefined) return `cannot broadcast [${a}] with [${b}]`;
    const fits = a.length >= 2 && b.length >= 2 && a.at(-1) === b.at(-2);
    return fits ? [...batch, a.at(-2)!, b.at(-1)!] : `cannot multiply [${a}] by [${b}]`;
  },
  samples(_, [a, b], { inputs: [left, right], output }) {
    const meets = "it multiplies samples with each other";
    const [rows, columns] = [a?.axis === left.length - 2, b?.axis === right.length - 1];
    if (a?.axis === left.length - 1 || b?.axis === right.length - 2 || (rows && b) || (columns && a)) return meets;
    if (rows) return { ...a!, axis: output.length - 2 };
    if (columns) return { ...b!, axis: output.length - 1 };
    return broadcastPlace([a, b], [left.slice(0, -2), right.slice(0, -2)], output.length - 2);
  },
  check: checkNothing,
  readsImages: false,
  relayout: placeInSourceOrder,
  parameterAxis: noParameterAxis,
  content: computed,
  forms: "float",
  linkChannels: () => false,
  describe: (_, { inputs: [a], output }) => ({
    kind: "matrix product",
    parameters: 0,
    multiplyAdds: elementCount(output) * a.at(-1)!,
  }),
};

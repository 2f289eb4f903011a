/**
 * The graph as which a network is imported, for those who look into it.
 *
 * It may change with every version of Octet, as `calibrate` changes.
 *
 * @module
 */

export type * from "./graph.ts";
export type { Activation, PlainFunction } from "../../runtime/activation.ts";
export type { BinaryOperation } from "../../runtime/kernels/binary.ts";
export type { Reduction } from "../../runtime/kernels/reduce.ts";

/**
 * Lowering of nodes that only move elements.
 *
 * @module
 */

import { quantizeValue } from "../../runtime/numerics/quantization.ts";
import type { Node } from "../graph/graph.ts";
import type { LowerContext } from "./context.ts";
import { copy, type Walk } from "./copy.ts";

/** Lowers a node that copies its input by a walk. */
export function lowerMovement(context: LowerContext, node: Node, walk: Walk): void {
  const form = context.form(node);
  const output = context.create(node.output, form);
  copy(context, { name: node.name, input: context.place(node.inputs[0], form), output }, walk);
}

/** Lowers a node that copies its input by a walk into a tensor that is filled with a number before. */
export function lowerFilled(
  context: LowerContext,
  node: Node,
  { walk, value: real }: { walk: Walk; value: number },
): void {
  const form = context.form(node);
  const output = context.create(node.output, form);
  const { scale, zeroPoint } = context.builder.tensors[output];
  const value = form === "u8"
    ? quantizeValue(Math.fround(real), Math.fround(1 / scale!), zeroPoint!)
    : Math.fround(real);
  const step = { name: node.name, output };
  context.builder.step({ ...step, kernel: "fill", inputs: [], constants: [], attributes: { value } });
  copy(context, { ...step, input: context.place(node.inputs[0], form) }, walk);
}

/**
 * Einsum: sums of products over indices, written out as sums, transposes and
 * matrix products.
 *
 * @module
 */

import { elementCount } from "../../../runtime/tensor.ts";
import type { Value } from "../../graph/graph.ts";
import { permute } from "../../graph/relayout.ts";
import { stringAttribute } from "../attributes.ts";
import { emitFullyConnected, emitMatMul, emitReduce, emitReshape, emitTranspose } from "../emit.ts";
import { OnnxError, UnsupportedReason } from "../errors.ts";
import { type Lowering, operand } from "../lowering.ts";
import type { OnnxNode } from "../model.ts";

/** A value whose dimensions have labels, each but once. */
interface Labelled {
  value: Value;
  labels: string[];
}

/** Lowers Einsum: operands are multiplied one after another; an index that repeats within one is not supported. */
export function lowerEinsum(lowering: Lowering, node: OnnxNode): Value {
  const operands = node.inputs.map((_, index) => operand(lowering, node, index));
  const { inputs, output } = parseEquation(node, operands.map(({ shape }) => shape.length));
  const terms = operands.map((value, i) => ({ value, labels: inputs[i] }));
  const lengths = lengthsOf(terms);
  let product = terms[0];
  for (const [i, term] of terms.entries()) {
    const later = terms.slice(i + 1).flatMap(({ labels }) => labels);
    const needed = new Set([...output, ...later]);
    if (i === 0) product = sumOver(lowering, term, (label) => needed.has(label));
    else product = multiply(lowering, { left: product, right: term, needed, lengths });
  }
  return arrange(lowering, product, output).value;
}

/** Labels of the inputs and of the output; an ellipsis stands for labels of its own. */
function parseEquation(node: OnnxNode, ranks: readonly number[]): { inputs: string[][]; output: string[] } {
  const equation = stringAttribute(node, "equation", "").replaceAll(" ", "");
  const [left, right] = equation.split("->");
  const terms = left.split(",");
  const valid = terms.length === ranks.length &&
    [...terms, right ?? ""].every((term) => /^[A-Za-z]*(\.\.\.)?[A-Za-z]*$/.test(term));
  if (!valid) throw new OnnxError(`Einsum has the equation ${equation} for ${ranks.length} inputs`, node.name);
  const hidden = terms.map((term, i) => term.includes("...") ? ranks[i] - term.length + 3 : 0);
  const most = Math.max(...hidden);
  const expand = (term: string, count: number): string[] => {
    const [before, after] = term.split("...");
    if (after === undefined) return [...term];
    return [...before, ...Array.from({ length: count }, (_, i) => `...${most - count + i}`), ...after];
  };
  const inputs = terms.map((term, i) => expand(term, hidden[i]));
  if (hidden.some((count) => count < 0) || inputs.some((labels, i) => labels.length !== ranks[i])) {
    throw new OnnxError(`Einsum has the equation ${equation} for inputs of ${ranks} dimensions`, node.name);
  }
  if (inputs.some((labels) => new Set(labels).size < labels.length)) {
    throw new UnsupportedReason(`its equation ${equation} repeats an index within an input`);
  }
  if (right !== undefined) return { inputs, output: expand(right, most) };
  const all = inputs.flat();
  const once = [...new Set(all)].filter((label) =>
    !label.startsWith(".") && all.indexOf(label) === all.lastIndexOf(label)
  );
  return { inputs, output: [...Array.from({ length: most }, (_, i) => `...${i}`), ...once.sort()] };
}

function lengthsOf(terms: readonly Labelled[]): Map<string, number> {
  const lengths = new Map<string, number>();
  for (const { value, labels } of terms) {
    for (const [i, label] of labels.entries()) {
      const known = lengths.get(label) ?? value.shape[i];
      if (known !== value.shape[i]) {
        throw new UnsupportedReason(`its index ${label} has the lengths ${known} and ${value.shape[i]}`);
      }
      lengths.set(label, known);
    }
  }
  return lengths;
}

/** The sum over the labels that are not kept. */
function sumOver(lowering: Lowering, { value, labels }: Labelled, keeps: (label: string) => boolean): Labelled {
  const axes = [...labels.keys()].filter((axis) => !keeps(labels[axis]));
  if (axes.length === 0) return { value, labels };
  const kept = labels.filter(keeps);
  const sum = emitReduce(lowering, value, axes, "sum");
  return { value: emitReshape(lowering, sum, value.shape.filter((_, axis) => !axes.includes(axis))), labels: kept };
}

function arrange(lowering: Lowering, { value, labels }: Labelled, order: readonly string[]): Labelled {
  const permutation = order.map((label) => labels.indexOf(label));
  return { value: emitTranspose(lowering, value, permutation), labels: [...order] };
}

/** The product of two values, summed over the labels that both have and nothing needs afterwards. */
function multiply(
  lowering: Lowering,
  { left, right, needed, lengths }: {
    left: Labelled;
    right: Labelled;
    needed: ReadonlySet<string>;
    lengths: ReadonlyMap<string, number>;
  },
): Labelled {
  const a = sumOver(lowering, left, (label) => needed.has(label) || right.labels.includes(label));
  const b = sumOver(lowering, right, (label) => needed.has(label) || a.labels.includes(label));
  const shared = a.labels.filter((label) => b.labels.includes(label));
  const [batch, inner] = [shared.filter((label) => needed.has(label)), shared.filter((label) => !needed.has(label))];
  const rows = a.labels.filter((label) => !shared.includes(label));
  const columns = b.labels.filter((label) => !shared.includes(label));
  const count = (labels: readonly string[]) => elementCount(labels.map((label) => lengths.get(label)!));
  const matrices = (term: Labelled, [m, n]: [string[], string[]]) =>
    emitReshape(lowering, arrange(lowering, term, [...batch, ...m, ...n]).value, [count(batch), count(m), count(n)]);
  const labels = [...batch, ...rows, ...columns];
  const isLayer = b.value.data !== undefined && batch.length === 0;
  const product = isLayer
    ? emitFullyConnected(lowering, emitReshape(lowering, matrices(a, [rows, inner]), [count(rows), count(inner)]), {
      weights: permute(
        b.value.data!,
        b.value.shape,
        [...columns, ...inner].map((label) => b.labels.indexOf(label)),
      ),
      weightShape: [count(columns), count(inner)],
      bias: new Float32Array(count(columns)),
    })
    : emitMatMul(lowering, matrices(a, [rows, inner]), matrices(b, [inner, columns]));
  return { value: emitReshape(lowering, product, labels.map((label) => lengths.get(label)!)), labels };
}

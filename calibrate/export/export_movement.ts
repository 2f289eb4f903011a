/**
 * Steps that only move elements, in ONNX: concatenations, views and, where
 * neither fits, a gather over all elements.
 *
 * @module
 */

import type { Step } from "../../runtime/kernels/registry.ts";
import { elementCount } from "../../runtime/tensor.ts";
import { type Constant, floats, ints, typed } from "../onnx/encode.ts";
import type { ExportContext } from "./context.ts";
import { readWalk, type Walk, walkedPositions, whollyWritten } from "./walk.ts";

/** A step that writes a part of a tensor without computing. */
export type MovementStep = Step<"copy" | "fill">;

/**
 * Exports all steps that write one tensor.
 *
 * @param steps Copies, and before them a fill where they leave gaps.
 */
export function exportMovement(context: ExportContext, steps: readonly MovementStep[]): void {
  const copies = steps.filter((step) => step.kernel === "copy");
  const parts = copies.map((step) => ({ tensor: step.inputs[0], walk: readWalk(step.attributes) }));
  const fill = steps.find((step) => step.kernel === "fill");
  if (!fill && parts.length === 1 && exportView(context, steps[0], parts[0].walk)) return;
  if (!fill && exportConcat(context, steps[0], parts)) return;
  exportGather(context, steps[0], { parts, fill: fill?.attributes.value ?? 0 });
}

/** Exports a constant tensor. */
export function exportConstant({ builder, values, program, constant }: ExportContext, step: Step<"constant">): void {
  const { shape, type } = program.tensors[step.output];
  const elements = constant(step, 0);
  const value = type === "f32" ? floats(shape, elements) : typed(elements as Uint8Array, shape);
  values.write(step.output, { order: "stored", float: false }, builder.constant(step.name, value));
}

/** One input's share in a tensor. */
interface Part {
  tensor: number;
  walk: Walk;
}

/** Slices and transposes the one input, if that is all that the walk does. */
function exportView({ builder, values, program }: ExportContext, step: MovementStep, walk: Walk): boolean {
  const [input, output] = [program.tensors[step.inputs[0]], program.tensors[step.output]];
  const axes = walk.axes.toSorted((a, b) => b.input - a.input);
  const count = elementCount(output.shape);
  if (walk.outputOffset !== 0 || !whollyWritten(walk, count) || axes.some((axis) => axis.input <= 0)) return false;
  const view: number[] = [1];
  const starts: number[] = [0];
  let [outer, rest] = [elementCount(input.shape), walk.inputOffset];
  for (const { length, input: stride } of axes) {
    const start = Math.floor(rest / stride);
    rest %= stride;
    if (outer % stride !== 0 || start + length > outer / stride) return false;
    view.push(outer / stride);
    starts.push(start);
    outer = stride;
  }
  if (outer !== 1 || rest !== 0) return false;
  let value = values.read(step.inputs[0], { order: "stored", float: false, shape: view });
  const lengths = axes.map(({ length }) => length);
  if (lengths.some((length, axis) => length < view[1 + axis])) {
    const ends = lengths.map((length, axis) => starts[1 + axis] + length);
    const along = lengths.map((_, axis) => 1 + axis);
    const bounds = [starts.slice(1), ends, along].map((list) => builder.constant(`${step.name} bounds`, ints(list)));
    value = builder.node("Slice", step.name, [value, ...bounds]);
  }
  const perm = [0, ...walk.axes.map((axis) => 1 + axes.indexOf(axis))];
  if (perm.some((from, to) => from !== to)) value = builder.node("Transpose", step.name, [value], { perm });
  const shape = [1, ...walk.axes.map(({ length }) => length)];
  values.write(step.output, { order: "stored", float: false, shape }, value);
  return true;
}

/** Joins whole inputs along one dimension, if that is all that the walks do. */
function exportConcat(
  { builder, values, program }: ExportContext,
  step: MovementStep,
  parts: readonly Part[],
): boolean {
  const output = program.tensors[step.output];
  const total = elementCount(output.shape);
  const rows = parts[0].walk.rows;
  const row = total / rows;
  const widths = parts.map(({ tensor, walk }) => {
    const count = elementCount(program.tensors[tensor].shape);
    return walk.rows === rows && walk.contiguous && walk.count === count && (rows === 1 || walk.rowStride === row)
      ? count / rows
      : NaN;
  });
  const starts = widths.map((_, index) => widths.slice(0, index).reduce((sum, width) => sum + width, 0));
  if (parts.some(({ walk }, index) => walk.outputOffset !== starts[index])) return false;
  if (widths.reduce((sum, width) => sum + width, 0) !== row) return false;
  const join = (inputs: string[]) => builder.node("Concat", step.name, inputs, { axis: 1 });
  const channels = parts.every(({ tensor }, index) => {
    const { shape } = program.tensors[tensor];
    return shape.length === 4 && shape[3] === widths[index] && values.orderOf(tensor) === "channels first";
  });
  if (channels && output.shape.length === 4 && output.shape[3] === row) {
    const form = { order: "channels first", float: false } as const;
    values.write(step.output, form, join(parts.map(({ tensor }) => values.read(tensor, form))));
    return true;
  }
  const form = { order: "stored", float: false } as const;
  const inputs = parts.map(({ tensor }, index) => values.read(tensor, { ...form, shape: [rows, widths[index]] }));
  values.write(step.output, { ...form, shape: [rows, row] }, join(inputs));
  return true;
}

/** Picks every element by its position in all inputs, one after the other. */
function exportGather(
  context: ExportContext,
  step: MovementStep,
  { parts, fill }: { parts: readonly Part[]; fill: number },
): void {
  const { builder, values, program } = context;
  const { shape, type } = program.tensors[step.output];
  const filler = type === "f32" ? floats([], [fill]) : typed(Uint8Array.of(fill), []);
  const sources: string[] = [];
  const indices = new Array<number>(elementCount(shape)).fill(0);
  let start = 1;
  for (const { tensor, walk } of parts) {
    const count = elementCount(program.tensors[tensor].shape);
    sources.push(values.read(tensor, { order: "stored", float: false, shape: [1, count] }));
    for (const [input, output] of walkedPositions(walk)) indices[output] = start + input;
    start += count;
  }
  const filled = fillBefore(context, step, sources, filler);
  const positions = builder.constant(`${step.name} positions`, ints(indices));
  const form = { order: "stored", float: false, shape: [1, indices.length] } as const;
  values.write(step.output, form, builder.node("Gather", step.name, [filled, positions], { axis: 1 }));
}

/** All sources after each other, and before them the element that fills what no source does. */
function fillBefore({ builder }: ExportContext, { name }: MovementStep, sources: string[], filler: Constant): string {
  if (sources.length === 0) return builder.constant(`${name} fill`, { ...filler, shape: [1, 1] });
  const all = sources.length === 1 ? sources[0] : builder.node("Concat", `${name} sources`, sources, { axis: 1 });
  const pads = builder.constant(`${name} pads`, ints([0, 1, 0, 0]));
  return builder.node("Pad", `${name} filled`, [all, pads, builder.constant(`${name} fill`, filler)]);
}

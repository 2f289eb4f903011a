/**
 * The check that no run can see what another one left in the arena.
 *
 * @module
 */

import { BundleError } from "../errors.ts";
import type { StridedWalk } from "../kernels/definition.ts";
import { intermediateOf, writtenPart } from "../kernels/registry.ts";
import type { Program } from "../program.ts";
import { elementCount } from "../tensor.ts";

/**
 * Checks that every tensor is written whole before a step reads it, and every
 * output at the end: by one step, or in parts that make up the whole.
 *
 * @throws {BundleError} At the first tensor of which an element may not be written.
 */
export function checkWritten({ tensors, inputs, outputs, steps }: Program): void {
  /** Of each tensor that was not yet written whole, the parts that were. */
  const parts: (StridedWalk[] | undefined)[] = new Array(tensors.length).fill(undefined);
  const whole: boolean[] = new Array(tensors.length).fill(false);
  const isWhole = (tensor: number) => {
    const list = parts[tensor];
    if (!whole[tensor] && list) whole[tensor] = makeUp(list, elementCount(tensors[tensor].shape));
    return whole[tensor];
  };
  for (const { tensor } of inputs) whole[tensor] = true;
  for (const step of steps) {
    for (const input of step.inputs) {
      if (!isWhole(input)) {
        throw new BundleError(
          `Step "${step.name}" reads tensor "${tensors[input].name}" whole, of which a part may never be written`,
        );
      }
    }
    const { output } = step;
    const intermediate = intermediateOf(step);
    if (intermediate !== undefined) whole[intermediate] = true;
    if (whole[output]) continue;
    const part = writtenPart(step);
    if (part) (parts[output] ??= []).push(part);
    else whole[output] = true;
  }
  for (const { name, tensor } of outputs) {
    if (!isWhole(tensor)) throw new BundleError(`A part of output "${name}" may never be written`);
  }
}

/** Rows of neighbouring elements at equal distances. */
interface Rows {
  start: number;
  /** Elements of a row. */
  width: number;
  count: number;
  /** From one row's start to the next one's; any number where there is one row. */
  stride: number;
}

/**
 * Whether walks reach every one of `total` elements: one walk alone, or several
 * that lie side by side in rows, as parts that are joined along one dimension do.
 */
function makeUp(walks: readonly StridedWalk[], total: number): boolean {
  const columns: [start: number, end: number][] = [];
  let stride: number | undefined;
  for (const walk of walks) {
    const rows = rowsOf(walk);
    if (!rows) continue;
    if (rows.count === 1 && rows.start === 0 && rows.width === total) return true;
    const own = rows.count === 1 ? total : rows.stride;
    stride ??= own;
    const fits = own === stride && rows.count * stride === total && rows.start + rows.width <= stride;
    if (fits) columns.push([rows.start, rows.start + rows.width]);
  }
  columns.sort((a, b) => a[0] - b[0]);
  let end = 0;
  for (const [start, next] of columns) {
    if (start > end) return false;
    end = Math.max(end, next);
  }
  return end === stride;
}

/** The elements that a walk reaches as rows; undefined where they are none. */
function rowsOf({ dimensions, strides, offset }: StridedWalk): Rows | undefined {
  const axes: { length: number; stride: number }[] = [];
  let start = offset;
  for (let axis = 0; axis < dimensions.length; axis++) {
    const [length, stride] = [dimensions[axis], strides[axis]];
    // A stride of 0 comes to the same element again.
    if (length === 1 || stride === 0) continue;
    if (stride < 0) start += stride * (length - 1);
    axes.push({ length, stride: Math.abs(stride) });
  }
  axes.sort((a, b) => a.stride - b.stride);
  let width = 1;
  let next = 0;
  while (next < axes.length && axes[next].stride === width) width *= axes[next++].length;
  if (next === axes.length) return { start, width, count: 1, stride: width };
  const { stride } = axes[next];
  let count = axes[next++].length;
  while (next < axes.length && axes[next].stride === stride * count) count *= axes[next++].length;
  return next === axes.length && stride > width ? { start, width, count, stride } : undefined;
}

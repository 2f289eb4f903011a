/**
 * The geometry attributes that convolutions and pools share.
 *
 * @module
 */

import { intsAttribute, stringAttribute } from "./attributes.ts";
import { OnnxError } from "./errors.ts";
import type { OnnxNode } from "./model.ts";

/** How a window moves over an image; signals have height 1. */
export interface Window {
  kernel: [number, number];
  stride: [number, number];
  dilation: [number, number];
  /** [top, left, bottom, right]. */
  pads: [number, number, number, number];
  autoPad: string;
}

/** Reads kernel_shape, strides, dilations, pads and auto_pad, and checks their ranges. */
export function readWindow(
  node: OnnxNode,
  rank: 1 | 2,
  kernelShape: readonly number[],
): Window {
  const list = (name: string, length: number, otherwise: number): number[] => {
    const values = intsAttribute(node, name) ?? new Array<number>(length).fill(otherwise);
    if (values.length !== length) {
      throw new OnnxError(`${node.operator} has ${name} [${values}]: expected ${length} numbers`, node.name);
    }
    return values;
  };
  const positive = (name: string): number[] => {
    const values = list(name, rank, 1);
    requireAtLeast(values, 1, { node, name });
    return values;
  };
  requireAtLeast(kernelShape, 1, { node, name: "kernel_shape" });
  const stated = intsAttribute(node, "kernel_shape");
  if (stated && (stated.length !== rank || stated.some((size, i) => size !== kernelShape[i]))) {
    throw new OnnxError(
      `${node.operator} has kernel_shape [${stated}]: expected [${kernelShape}]`,
      node.name,
    );
  }
  const pads = list("pads", 2 * rank, 0);
  requireAtLeast(pads, 0, { node, name: "pads" });
  const autoPad = stringAttribute(node, "auto_pad", "NOTSET");
  if (!["NOTSET", "SAME_UPPER", "SAME_LOWER", "VALID", ""].includes(autoPad)) {
    throw new OnnxError(`${node.operator} has unknown auto_pad`, node.name);
  }
  return {
    kernel: pair(kernelShape, 1),
    stride: pair(positive("strides"), 1),
    dilation: pair(positive("dilations"), 1),
    pads: rank === 2 ? [pads[0], pads[1], pads[2], pads[3]] : [0, pads[0], 0, pads[1]],
    autoPad: autoPad === "" ? "NOTSET" : autoPad,
  };
}

/** Pads for SAME_UPPER and SAME_LOWER, none for VALID, the stated ones otherwise. */
export function resolvePads(
  window: Window,
  size: readonly [number, number],
): [number, number, number, number] {
  if (window.autoPad === "NOTSET") return window.pads;
  if (window.autoPad === "VALID") return [0, 0, 0, 0];
  const both = [0, 1].map((i) => {
    const outputs = Math.ceil(size[i] / window.stride[i]);
    const reach = window.dilation[i] * (window.kernel[i] - 1) + 1;
    return Math.max(0, (outputs - 1) * window.stride[i] + reach - size[i]);
  });
  const small = both.map((total) => Math.floor(total / 2));
  const large = both.map((total) => Math.ceil(total / 2));
  return window.autoPad === "SAME_UPPER"
    ? [small[0], small[1], large[0], large[1]]
    : [large[0], large[1], small[0], small[1]];
}

function requireAtLeast(
  values: readonly number[],
  least: number,
  where: { node: OnnxNode; name: string },
): void {
  if (values.some((value) => value < least)) {
    throw new OnnxError(
      `${where.node.operator} has ${where.name} [${values}]: expected at least ${least}`,
      where.node.name,
    );
  }
}

/** Numbers per spatial dimension as [vertical, horizontal]. */
export function pair(values: readonly number[], otherwise: number): [number, number] {
  return values.length === 2 ? [values[0], values[1]] : [otherwise, values[0]];
}

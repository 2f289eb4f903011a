/**
 * Images: values whose dimensions are batch, channels, height and width, in
 * either order.
 *
 * @module
 */

import type { Shape } from "../graph/shape.ts";
import type { ImageOrder } from "./operator.ts";

/** Index of an image's dimension of channels. */
export function channelAxis(order: ImageOrder): number {
  return order === "channelsFirst" ? 1 : 3;
}

/** Indices of an image's height and width. */
export function spatialAxes(order: ImageOrder): [number, number] {
  return order === "channelsFirst" ? [2, 3] : [1, 2];
}

/** Shape of an image. */
export function imageShape(
  { batch, channels, size: [height, width] }: { batch: number; channels: number; size: readonly number[] },
  order: ImageOrder,
): number[] {
  return order === "channelsFirst" ? [batch, channels, height, width] : [batch, height, width, channels];
}

/** Why a value is no image, to stand after the operator's name; undefined where it is one. */
export function refuseNoImage(shape: Shape): string | undefined {
  return shape.length === 4 ? undefined : `reads [${shape}]: expected an image of four dimensions`;
}

/** How a window moves over an image. */
export interface WindowFields {
  kernel: readonly number[];
  stride: readonly number[];
  dilation: readonly number[];
  pads: readonly number[];
}

/** Largest step and border of a window, and largest side of one that has weights, in pixels. */
export const LARGEST_SIDE = 65535;
/** Most products or elements of a window. */
export const LARGEST_WINDOW = 2 ** 24;
/** Largest position that a window reaches. */
const LARGEST_POSITION = 2 ** 30;

/** Why a window is beyond what the kernels take. @param size Height and width of the result. */
export function windowLimits({ kernel, stride, dilation, pads }: WindowFields, size: Shape): string | undefined {
  if ([...stride, ...dilation, ...pads].some((length) => length > LARGEST_SIDE)) {
    return `has strides, dilations or pads beyond ${LARGEST_SIDE}`;
  }
  const reaches = size.some((length, i) => (length - 1) * stride[i] + kernel[i] * dilation[i] > LARGEST_POSITION);
  return reaches ? `has windows that reach beyond position ${LARGEST_POSITION}` : undefined;
}

/** How often a window fits into a padded length. */
export function positions(length: number, kernel: number, { stride, dilation }: { stride: number; dilation: number }) {
  return Math.floor((length - dilation * (kernel - 1) - 1) / stride) + 1;
}

/**
 * Resizing and cropping of 8-bit images, with the same bytes as torchvision's
 * `Resize` and `CenterCrop` of Pillow's images. Rows are always filtered before
 * columns, as in Pillow up to version 12; version 13 filters some images, tall
 * or stretched ones, the other way round, which can differ by one.
 *
 * @module
 */

import { InputError, InputRangeError } from "./errors.ts";

/** An 8-bit image, rows from the top, channels last. `ImageData` is one. */
export interface Pixels {
  /** height x width x channels bytes, row-major. */
  data: Uint8Array | Uint8ClampedArray;
  /** Width in pixels. */
  width: number;
  /** Height in pixels. */
  height: number;
  /** 1 grey, 3 red-green-blue, 4 with alpha, which is dropped; absent: told from the length of `data`. */
  channels?: 1 | 3 | 4;
}

/** A part of an image, in pixels. */
export interface ImageWindow {
  /** Rows above the window. */
  top: number;
  /** Columns left of the window. */
  left: number;
  /** Height in pixels. */
  height: number;
  /** Width in pixels. */
  width: number;
}

/** Bits after the point in Pillow's fixed-point coefficients: 32, less 8 for a pixel and 2 for overshoot. */
const PRECISION_BITS = 22;

/** Coefficients of a run of output positions along one axis. */
interface Taps {
  /** Input position of the first tap of each output position. */
  first: Int32Array;
  /** Number of taps of each output position. */
  count: Int32Array;
  /** `stride` fixed-point weights for each output position. */
  weights: Int32Array;
  stride: number;
}

/**
 * Checks an image and tells its number of channels.
 *
 * @param image Image from outside.
 * @returns 1, 3 or 4.
 * @throws {TypeError} If it is no image, or its data don't fit its size.
 * @throws {RangeError} If a side is not a positive integer.
 */
export function channelsOf(image: Pixels): 1 | 3 | 4 {
  if (typeof image !== "object" || image === null) {
    throw new InputError(
      "An image must be an object with data, width and height",
    );
  }
  const { data, width, height, channels } = image;
  if (!(data instanceof Uint8Array || data instanceof Uint8ClampedArray)) {
    throw new InputError(
      "The data of an image must be a Uint8Array or a Uint8ClampedArray",
    );
  }
  checkSide(height, "Image height");
  checkSide(width, "Image width");
  const found = channels ?? data.length / (width * height);
  if (found !== 1 && found !== 3 && found !== 4) {
    throw new InputError(`An image must have 1, 3 or 4 channels, not ${found}`);
  }
  if (data.length !== height * width * found) {
    throw new InputError(
      `An image of ${height}x${width} with ${found} channels has ${height * width * found} bytes, not ${data.length}`,
    );
  }
  return found;
}

/**
 * Resizes an image with Pillow's antialiased bilinear filter.
 *
 * A triangle filter, widened by the reduction factor, runs along the rows and
 * then along the columns, rounded to 8 bits in between. Alpha is dropped.
 *
 * @param image Image of 1, 3 or 4 channels.
 * @param height Height of the result in pixels.
 * @param width Width of the result in pixels.
 * @returns An image of 1 or 3 channels.
 * @throws {TypeError} If it is no image, or its data don't fit its size.
 * @throws {RangeError} If a side is not a positive integer.
 */
export function resizeImage(
  image: Pixels,
  height: number,
  width: number,
): Pixels {
  return resizeWindow(image, { height, width }, {
    top: 0,
    left: 0,
    height,
    width,
  });
}

/**
 * Resizes an image and cuts a window from the result, computing no more than the window.
 *
 * @param image Image of 1, 3 or 4 channels.
 * @param size Size of the whole resized image in pixels.
 * @param window The part of the resized image that is wanted.
 * @returns An image of 1 or 3 channels, equal to that part of `resizeImage`.
 * @throws {TypeError} If it is no image, or its data don't fit its size.
 * @throws {RangeError} If a side is not a positive integer, or the window is not inside the resized image.
 */
export function resizeWindow(
  image: Pixels,
  size: { height: number; width: number },
  window: ImageWindow,
): Pixels {
  const step = channelsOf(image);
  checkSide(size.height, "Height of the resized image");
  checkSide(size.width, "Width of the resized image");
  checkWindow(window, size);
  const channels = step === 1 ? 1 : 3;
  const rows = axisTaps(image.height, size.height, window.top, window.height);
  const columns = axisTaps(image.width, size.width, window.left, window.width);

  const firstRow = rows.first[0];
  const endRow = rows.first[window.height - 1] + rows.count[window.height - 1];
  const length = window.width * channels;
  const narrow = new Uint8Array((endRow - firstRow) * length);
  const filterRow = channels === 1 ? filterGreyRow : filterColourRow;
  for (let y = firstRow; y < endRow; y++) {
    filterRow(image.data, y * image.width * step, step, columns, narrow, (y - firstRow) * length);
  }
  const data = new Uint8Array(window.height * length);
  for (let y = 0; y < window.height; y++) {
    filterColumns(narrow, (rows.first[y] - firstRow) * length, rows, y, data.subarray(y * length, (y + 1) * length));
  }
  return { data, width: window.width, height: window.height, channels };
}

/**
 * Cuts the centre out of an image.
 *
 * @param image Image of 1, 3 or 4 channels.
 * @param height Height of the result in pixels, at most the image's.
 * @param width Width of the result in pixels, at most the image's.
 * @returns An image of 1 or 3 channels; alpha is dropped.
 * @throws {TypeError} If it is no image, or its data don't fit its size.
 * @throws {RangeError} If a side is not a positive integer or larger than the image's.
 */
export function centerCrop(
  image: Pixels,
  height: number,
  width: number,
): Pixels {
  const step = channelsOf(image);
  const { top, left } = centerWindow(image, height, width);
  const channels = step === 1 ? 1 : 3;
  const data = new Uint8Array(height * width * channels);
  let target = 0;
  for (let y = 0; y < height; y++) {
    let source = ((top + y) * image.width + left) * step;
    for (let x = 0; x < width; x++, source += step) {
      for (let c = 0; c < channels; c++) {
        data[target++] = image.data[source + c];
      }
    }
  }
  return { data, width, height, channels };
}

/**
 * Finds the window that torchvision's `CenterCrop` keeps: half an odd margin is rounded to the even number.
 *
 * @param size Size of the image in pixels.
 * @param height Height of the window in pixels.
 * @param width Width of the window in pixels.
 * @returns The window.
 * @throws {RangeError} If the window is not inside the image.
 */
export function centerWindow(
  size: { height: number; width: number },
  height: number,
  width: number,
): ImageWindow {
  const window = {
    top: halfToEven(size.height - height),
    left: halfToEven(size.width - width),
    height,
    width,
  };
  checkWindow(window, size);
  return window;
}

/** Half of a margin, rounded to nearest and ties to even, as Python's `round` does. */
function halfToEven(margin: number): number {
  const below = Math.floor(margin / 2);
  return margin % 2 === 1 && below % 2 === 1 ? below + 1 : below;
}

/**
 * Finds the size that torchvision's `Resize` gives.
 *
 * @param size Size of the image in pixels.
 * @param target Length that the shorter side gets, or [height, width] of the result, in pixels.
 * @returns Size in pixels; of a shorter side, the longer one is truncated.
 */
export function resizedSize(
  size: { height: number; width: number },
  target: number | readonly [number, number],
): { height: number; width: number } {
  if (typeof target !== "number") return { height: target[0], width: target[1] };
  const { height, width } = size;
  return height <= width
    ? { height: target, width: Math.trunc(target * width / height) }
    : { height: Math.trunc(target * height / width), width: target };
}

/** Weights of `count` output positions from `start`, as Pillow computes them for the whole axis. */
function axisTaps(
  input: number,
  output: number,
  start: number,
  count: number,
): Taps {
  const scale = input / output;
  const support = Math.max(scale, 1);
  const stride = input === output ? 1 : Math.ceil(support) * 2 + 1;
  const taps = {
    first: new Int32Array(count),
    count: new Int32Array(count),
    weights: new Int32Array(count * stride),
    stride,
  };
  if (input === output) {
    taps.first.forEach((_, index) => taps.first[index] = start + index);
    taps.count.fill(1);
    taps.weights.fill(2 ** PRECISION_BITS);
    return taps;
  }
  const raw = new Float64Array(stride);
  const inverse = 1 / support;
  for (let index = 0; index < count; index++) {
    const center = (start + index + 0.5) * scale;
    const first = Math.max(0, Math.trunc(center - support + 0.5));
    const length = Math.min(input, Math.trunc(center + support + 0.5)) - first;
    let total = 0;
    for (let k = 0; k < length; k++) {
      const distance = Math.abs((k + first - center + 0.5) * inverse);
      raw[k] = distance < 1 ? 1 - distance : 0;
      total += raw[k];
    }
    taps.first[index] = first;
    taps.count[index] = length;
    for (let k = 0; k < length; k++) {
      taps.weights[index * stride + k] = Math.trunc(
        0.5 + raw[k] / total * 2 ** PRECISION_BITS,
      );
    }
  }
  return taps;
}

/** Half of a byte's unit in sums, so that they round to nearest. */
const HALF = 1 << (PRECISION_BITS - 1);

/** A sum as a byte; the weights of one add up to at most a few units more than 1. */
function toByte(sum: number): number {
  const value = sum >> PRECISION_BITS;
  return value > 255 ? 255 : value;
}

/** Filters a row of grey pixels, `step` bytes from each other, that begins at `source`. */
function filterGreyRow(
  data: Pixels["data"],
  source: number,
  step: number,
  { first, count, weights, stride }: Taps,
  output: Uint8Array,
  target: number,
): void {
  for (let x = 0; x < first.length; x++) {
    let sum = HALF;
    const end = x * stride + count[x];
    for (let k = x * stride, at = source + first[x] * step; k < end; k++, at += step) {
      sum += Math.imul(data[at], weights[k]);
    }
    output[target++] = toByte(sum);
  }
}

/** The same of red, green and blue bytes. */
function filterColourRow(
  data: Pixels["data"],
  source: number,
  step: number,
  { first, count, weights, stride }: Taps,
  output: Uint8Array,
  target: number,
): void {
  for (let x = 0; x < first.length; x++) {
    let [red, green, blue] = [HALF, HALF, HALF];
    const end = x * stride + count[x];
    for (let k = x * stride, at = source + first[x] * step; k < end; k++, at += step) {
      const weight = weights[k];
      red += Math.imul(data[at], weight);
      green += Math.imul(data[at + 1], weight);
      blue += Math.imul(data[at + 2], weight);
    }
    output[target] = toByte(red);
    output[target + 1] = toByte(green);
    output[target + 2] = toByte(blue);
    target += 3;
  }
}

/** Filters the bytes below each other from `source` on to the bytes of one row. */
function filterColumns(
  narrow: Uint8Array,
  source: number,
  { count, weights, stride }: Taps,
  position: number,
  output: Uint8Array,
): void {
  const length = output.length;
  const start = position * stride;
  const end = start + count[position];
  for (let x = 0; x < length; x++) {
    let sum = HALF;
    for (let k = start, at = source + x; k < end; k++, at += length) sum += Math.imul(narrow[at], weights[k]);
    output[x] = toByte(sum);
  }
}

function checkWindow(
  window: ImageWindow,
  size: { height: number; width: number },
): void {
  checkSide(window.height, "Window height");
  checkSide(window.width, "Window width");
  const { top, left, height, width } = window;
  if (
    !Number.isInteger(top) || !Number.isInteger(left) || top < 0 || left < 0 ||
    height > size.height - top || width > size.width - left
  ) {
    throw new RangeError(
      `A window of ${height}x${width} at ${top},${left} is not inside an image of ${size.height}x${size.width}`,
    );
  }
}

function checkSide(value: number, what: string): void {
  if (
    !Number.isInteger(value) || value < 1 || value > Number.MAX_SAFE_INTEGER
  ) {
    throw new InputRangeError(`${what} must be a positive integer, not ${value}`);
  }
}

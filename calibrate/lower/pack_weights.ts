/**
 * Weights in the order in which the kernels read them; the layouts are in
 * `kernels/README.md`. All functions take weights as [O][I / groups][height][width].
 *
 * @module
 */

import { elementCount } from "../../runtime/tensor.ts";

/** [output channels, input channels / groups, kernel height, kernel width]. */
export type WeightShape = readonly [number, number, number, number];

function checkLength(
  weights: ArrayLike<number>,
  shape: WeightShape,
  groups: number,
): void {
  const length = elementCount(shape);
  if (weights.length !== length) {
    throw new RangeError(
      `Weights of shape ${shape.join(" x ")} need ${length} elements, got ${weights.length}`,
    );
  }
  if (shape[0] % groups !== 0) {
    throw new RangeError(
      `${groups} groups do not divide ${shape[0]} output channels`,
    );
  }
}

/** Calls `visit(channel, depth, source)`: output channel, index in the order (ky, kx, c), index in `weights`. */
function eachWeight(
  shape: WeightShape,
  visit: (channel: number, depth: number, source: number) => void,
): void {
  const [channels, inputs, height, width] = shape;
  const taps = height * width;
  let source = 0;
  for (let channel = 0; channel < channels; channel++) {
    for (let input = 0; input < inputs; input++) {
      for (let tap = 0; tap < taps; tap++) {
        visit(channel, tap * inputs + input, source++);
      }
    }
  }
}

/**
 * The order in which kernels sum products: for each index (ky, kx, c) that of
 * the same weight among those of an output channel, [inputs / groups][height][width].
 */
export function kernelOrder([, inputs, height, width]: WeightShape): Int32Array {
  const taps = height * width;
  return Int32Array.from({ length: inputs * taps }, (_, k) => k % inputs * taps + Math.floor(k / inputs));
}

function packPanels<T extends Int8Array | Float32Array>(
  weights: T,
  shape: WeightShape,
  { groups, step, allocate }: {
    groups: number;
    step: number;
    allocate: (length: number) => T;
  },
): T {
  checkLength(weights, shape, groups);
  const perGroup = shape[0] / groups;
  const depth = shape[1] * shape[2] * shape[3];
  const panelLength = Math.ceil(depth / step) * step * 8;
  const panels = Math.ceil(perGroup / 8);
  const packed = allocate(groups * panels * panelLength);
  eachWeight(shape, (channel, k, source) => {
    const inGroup = channel % perGroup;
    const panel = (channel - inGroup) / perGroup * panels +
      Math.floor(inGroup / 8);
    const within = (Math.floor(k / step) * 8 + inGroup % 8) * step + k % step;
    packed[panel * panelLength + within] = weights[source];
  });
  return packed;
}

/**
 * Weights of "convolution_u8": for each group [ceil(N / 8)][ceil(K / 4)][8][4], padded with zeros.
 *
 * @throws {RangeError} If the length does not fit the shape, or the groups do not divide the channels.
 */
export function packConvolutionU8(
  weights: Int8Array,
  shape: WeightShape,
  groups: number,
): Int8Array {
  return packPanels(weights, shape, {
    groups,
    step: 4,
    allocate: (length) => new Int8Array(length),
  });
}

/**
 * Weights of "convolution_f32": for each group [ceil(N / 8)][K][8], padded with zeros.
 *
 * @throws {RangeError} If the length does not fit the shape, or the groups do not divide the channels.
 */
export function packConvolutionF32(
  weights: Float32Array,
  shape: WeightShape,
  groups: number,
): Float32Array {
  return packPanels(weights, shape, {
    groups,
    step: 1,
    allocate: (length) => new Float32Array(length),
  });
}

/** Weights of 4 bits as they lie in a bundle; `docs/format.md` describes them. */
export interface PackedLevels {
  /** Two levels in a byte, then the multipliers. */
  bytes: Uint8Array;
  /** Number of weights, as "convolution_u8" packs them. */
  length: number;
  /** Rows of 32 weights in a panel. */
  rows: number;
  /** Rows in a panel that share their multipliers. */
  group: number;
}

/**
 * Packs weights of "convolution_u8" that are levels times multipliers into 4 bits.
 *
 * @param size Weights of a channel in the order (ky, kx, c) that share a multiplier, a multiple of 4.
 * @param multipliers [channels][ceil(weights of a channel / size)]; each divides its weights.
 * @throws {RangeError} If the length does not fit the shape, or the groups do not divide the channels.
 */
export function packLevels(
  weights: Int8Array,
  { size, multipliers }: { size: number; multipliers: Uint8Array },
  { shape, groups }: { shape: WeightShape; groups: number },
): PackedLevels {
  const depth = shape[1] * shape[2] * shape[3];
  const perChannel = Math.ceil(depth / size);
  const levels = new Int8Array(weights.length);
  eachWeight(shape, (channel, k, source) => {
    levels[source] = weights[source] / multipliers[channel * perChannel + Math.floor(k / size)];
  });
  const packed = packConvolutionU8(levels, shape, groups);
  const perGroup = shape[0] / groups;
  const panels = Math.ceil(perGroup / 8);
  const half = packed.length / 2;
  const bytes = new Uint8Array(half + groups * panels * perChannel * 8);
  for (let index = 0; index < half; index++) bytes[index] = packed[2 * index] & 15 | packed[2 * index + 1] << 4;
  bytes.fill(1, half);
  for (let channel = 0; channel < shape[0]; channel++) {
    const inGroup = channel % perGroup;
    const panel = (channel - inGroup) / perGroup * panels + Math.floor(inGroup / 8);
    for (let index = 0; index < perChannel; index++) {
      bytes[half + (panel * perChannel + index) * 8 + inGroup % 8] = multipliers[channel * perChannel + index];
    }
  }
  const rows = Math.ceil(depth / 4);
  return { bytes, length: packed.length, rows, group: Math.min(rows, size / 4) };
}

function checkDepthwise(weights: ArrayLike<number>, shape: WeightShape): void {
  if (shape[1] !== 1) {
    throw new RangeError(
      `Depthwise weights have one input channel per group, got ${shape[1]}`,
    );
  }
  checkLength(weights, shape, shape[0]);
}

/**
 * Weights of "depthwise_u8": [ceil(C / 16)][ceil(rows / 4)][columns][16][4], padded with zeros; a kernel of one row
 * counts as one of one column.
 *
 * @throws {RangeError} If the length does not fit the shape, or a group has several input channels.
 */
export function packDepthwiseU8(
  weights: Int8Array,
  shape: WeightShape,
): Int8Array {
  checkDepthwise(weights, shape);
  const [channels, , height, width] = shape;
  const [rows, columns] = height === 1 ? [width, 1] : [height, width];
  const groups = Math.ceil(rows / 4);
  const packed = new Int8Array(Math.ceil(channels / 16) * groups * columns * 64);
  eachWeight(shape, (channel, tap, source) => {
    const [row, column] = [Math.floor(tap / columns), tap % columns];
    const block = (Math.floor(channel / 16) * groups + Math.floor(row / 4)) * columns + column;
    packed[block * 64 + channel % 16 * 4 + row % 4] = weights[source];
  });
  return packed;
}

/**
 * Weights of "depthwise_f32": [columns][rows][C rounded up to 16], padded with zeros.
 *
 * @throws {RangeError} If the length does not fit the shape, or a group has several input channels.
 */
export function packDepthwiseF32(
  weights: Float32Array,
  shape: WeightShape,
): Float32Array {
  checkDepthwise(weights, shape);
  const [channels, , rows, columns] = shape;
  const width = Math.ceil(channels / 16) * 16;
  const packed = new Float32Array(rows * columns * width);
  eachWeight(shape, (channel, tap, source) => {
    const [row, column] = [Math.floor(tap / columns), tap % columns];
    packed[(column * rows + row) * width + channel] = weights[source];
  });
  return packed;
}

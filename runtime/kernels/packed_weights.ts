/**
 * The packed weights of convolutions; the layouts are in `kernels/README.md`.
 *
 * @module
 */

import type { TensorType } from "../tensor.ts";

/** The geometry of a convolution. */
export interface ConvolutionGeometry {
  /** [batch, height, width, channels]. */
  input: readonly number[];
  /** [batch, height, width, channels]. */
  output: readonly number[];
  /** [height, width]. */
  kernel: readonly number[];
  /** [height, width]. */
  stride: readonly number[];
  /** [height, width]. */
  dilation: readonly number[];
  /** [top, left]. */
  pads: readonly number[];
  /** Groups that input and output channels fall into. */
  groups: number;
}

/** Elements that the packed weights of 16 channels of a depthwise kernel take. */
export function depthwiseBlock([height, width]: readonly number[], type: TensorType): number {
  if (type === "f32") return height * width * 16;
  return height === 1 ? Math.ceil(width / 4) * 64 : Math.ceil(height / 4) * width * 64;
}

/** Number of elements of packed weights; the layouts are in `kernels/README.md`. */
export function packedLength(geometry: ConvolutionGeometry, depthwise: boolean, type: TensorType): number {
  const { input, output, kernel, groups } = geometry;
  if (depthwise) return Math.ceil(output[3] / 16) * depthwiseBlock(kernel, type);
  const depth = kernel[0] * kernel[1] * (input[3] / groups);
  const blocks = groups * Math.ceil(output[3] / groups / 8);
  return blocks * 8 * (type === "u8" ? Math.ceil(depth / 4) * 4 : depth);
}

/**
 * Finds an element of packed weights that stands for no weight and is not zero. Kernels multiply such elements with
 * bytes that lie outside of their tensors.
 *
 * @param kind Which kernel reads the weights.
 * @param bytes The weights as they are stored.
 * @param bits Bits of an element.
 * @returns Its index; undefined where there is none.
 */
export function findPadding(
  geometry: ConvolutionGeometry,
  kind: { depthwise: boolean; type: TensorType },
  bytes: Uint8Array,
  bits: number,
): number | undefined {
  return kind.depthwise
    ? findDepthwisePadding(geometry, kind.type, bytes, bits)
    : findConvolutionPadding(geometry, kind.type, bytes, bits);
}

/** Panels of eight channels: [K / 4 rounded up][8][4] for u8, [K][8] for f32. */
function findConvolutionPadding(
  { input, output, kernel, groups }: ConvolutionGeometry,
  type: TensorType,
  bytes: Uint8Array,
  bits: number,
): number | undefined {
  const depth = kernel[0] * kernel[1] * (input[3] / groups);
  const run = type === "u8" ? 4 : 1;
  const rows = Math.ceil(depth / run);
  const inLastRow = depth - (rows - 1) * run;
  const channels = output[3] / groups;
  const panels = Math.ceil(channels / 8);
  if (inLastRow === run && channels % 8 === 0) return undefined;
  for (let panel = 0; panel < groups * panels; panel++) {
    const start = panel * rows * 8 * run;
    const used = Math.min(8, channels - panel % panels * 8);
    for (let row = 0; used < 8 && row < rows; row++) {
      const first = start + (row * 8 + used) * run;
      for (let index = first; index < start + (row + 1) * 8 * run; index++) {
        if (!isZero(bytes, bits, index)) return index;
      }
    }
    for (let channel = 0; inLastRow < run && channel < used; channel++) {
      const first = start + ((rows - 1) * 8 + channel) * run;
      for (let index = first + inLastRow; index < first + run; index++) {
        if (!isZero(bytes, bits, index)) return index;
      }
    }
  }
  return undefined;
}

/** Blocks of 16 channels: [rows / 4 rounded up][columns][16][4] for u8; rows of all channels for f32. */
function findDepthwisePadding(
  { output, kernel }: ConvolutionGeometry,
  type: TensorType,
  bytes: Uint8Array,
  bits: number,
): number | undefined {
  const channels = output[3];
  const blocks = Math.ceil(channels / 16);
  if (type === "f32") {
    for (let tap = 0; tap < kernel[0] * kernel[1]; tap++) {
      for (let index = tap * blocks * 16 + channels; index < (tap + 1) * blocks * 16; index++) {
        if (!isZero(bytes, bits, index)) return index;
      }
    }
    return undefined;
  }
  const [rows, columns] = kernel[0] === 1 ? [kernel[1], 1] : kernel;
  const quads = Math.ceil(rows / 4);
  const filled = rows - (quads - 1) * 4;
  if (filled < 4 && !(bits === 8 && endInZeros(bytes, filled, { blocks, quads, columns }))) {
    for (let channel = 0; channel < channels; channel++) {
      const block = Math.floor(channel / 16);
      for (let column = 0; column < columns; column++) {
        const start = (((block * quads + quads - 1) * columns + column) * 16 + channel % 16) * 4;
        for (let index = start + filled; index < start + 4; index++) if (!isZero(bytes, bits, index)) return index;
      }
    }
  }
  const used = channels - (blocks - 1) * 16;
  for (let tap = 0; used < 16 && tap < quads * columns; tap++) {
    const start = ((blocks - 1) * quads * columns + tap) * 64;
    for (let index = start + used * 4; index < start + 64; index++) if (!isZero(bytes, bits, index)) return index;
  }
  return undefined;
}

/** Whether all words of four bytes in the last quad of rows of each block end in zeros. Many, so word by word. */
function endInZeros(
  bytes: Uint8Array,
  filled: number,
  { blocks, quads, columns }: { blocks: number; quads: number; columns: number },
): boolean {
  const aligned = bytes.byteOffset % 4 === 0 ? bytes : bytes.slice();
  const words = new Int32Array(aligned.buffer, aligned.byteOffset, aligned.length / 4);
  let union = 0;
  for (let block = 0; block < blocks; block++) {
    const start = (block * quads + quads - 1) * columns * 16;
    const end = start + columns * 16;
    // Four at a time: in code that runs but once, the loop takes longer than the words.
    for (let index = start; index < end; index += 4) {
      union |= words[index] | words[index + 1] | words[index + 2] | words[index + 3];
    }
  }
  return union >>> 8 * filled === 0;
}

function isZero(bytes: Uint8Array, bits: number, index: number): boolean {
  if (bits === 8) return bytes[index] === 0;
  if (bits === 4) return (bytes[index >> 1] >> index % 2 * 4 & 15) === 0;
  return (bytes[index * 4] | bytes[index * 4 + 1] | bytes[index * 4 + 2] | bytes[index * 4 + 3]) === 0;
}

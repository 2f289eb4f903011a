/**
 * Sums of products of a layer's 8-bit inputs: what an error of one weight has
 * to do with an error of another, and with errors of the inputs.
 *
 * @module
 */

import { Executor } from "../../runtime/executor.ts";
import type { ConvolutionGeometry } from "../../runtime/kernels/packed_weights.ts";
import type { Program } from "../../runtime/program.ts";

/**
 * Sums over positions of one group of a layer's inputs. Plain data of exact
 * integers: sums do not depend on order.
 *
 * x stands for q - z; d for what the float network's input is more than that, in
 * {@linkcode SHIFT_UNITS} of a step, rounded and at most {@linkcode MOST_SHIFT}.
 */
export interface Gram {
  /** Number of positions. */
  count: number;
  /** Sum of each x of a product, in the order (ky, kx, c). */
  sums: Float64Array;
  /** Sum of the products of two of them, [inputs, inputs]. */
  products: Float64Array;
  /** Sum of each d. */
  shifts: Float64Array;
  /** Sum of d x, [inputs of d, inputs of x]. */
  crossings: Float64Array;
}

/** Parts of a step in which d is counted. */
export const SHIFT_UNITS = 8;
/** Greatest magnitude of d: with it the products of a block of rows stay below 2^24. */
const MOST_SHIFT = 256;
/** Positions that a product of matrices sums: 256 x 255 x 256 is below 2^24, so that float32 is exact. */
const ROWS = 256;

/** A layer's input of one sample. */
export interface GramInput {
  /** In u8, [batch, height, width, channels]. */
  values: Uint8Array;
  zeroPoint: number;
  /** What the float network has there, and the steps to a unit of each channel; that of `values` where absent. */
  floats?: { values: Float32Array; stepsPerUnit: Float64Array };
}

/** Sums up the inputs of a layer, group by group. */
export interface GramSums {
  /** Adds the inputs of one sample. */
  add(input: GramInput): void;
  /** The sums so far, one for each group. */
  finish(): Gram[];
}

/**
 * Opens sums of a layer's inputs.
 *
 * @param geometry The layer's.
 * @param positions Number of output positions of each sample to look at, evenly spread; all where there are no more.
 */
export function sumInputs(geometry: ConvolutionGeometry, positions: number): GramSums {
  return geometry.input[3] === geometry.groups
    ? new ChannelSums(geometry, positions)
    : new GroupSums(geometry, positions);
}

/** Sums of groups of channels, by products of matrices. */
class GroupSums implements GramSums {
  readonly #geometry: ConvolutionGeometry;
  readonly #windows: Int32Array[];
  readonly #groups: GroupRows[];

  constructor(geometry: ConvolutionGeometry, positions: number) {
    this.#geometry = geometry;
    this.#windows = windowsOf(geometry, positions);
    const depth = depthOf(geometry);
    const executor = productsOf(depth);
    this.#groups = createGrams(geometry.groups, depth).map((gram) => new GroupRows(gram, executor));
  }

  add(input: GramInput): void {
    this.#groups.forEach((rows, group) => {
      for (const window of this.#windows) this.#gather(input, group, window, rows);
    });
  }

  finish(): Gram[] {
    return this.#groups.map((rows) => rows.finish());
  }

  #gather({ values, zeroPoint, floats }: GramInput, group: number, window: Int32Array, rows: GroupRows): void {
    const channels = this.#geometry.input[3];
    const perGroup = channels / this.#geometry.groups;
    const first = group * perGroup;
    const { x, d } = rows.next();
    for (let tap = 0; tap < window.length; tap++) {
      const k = tap * perGroup;
      if (window[tap] < 0) {
        x.fill(0, k, k + perGroup);
        d.fill(0, k, k + perGroup);
        continue;
      }
      const from = window[tap] * channels + first;
      for (let c = 0; c < perGroup; c++) {
        const value = values[from + c] - zeroPoint;
        x[k + c] = value;
        d[k + c] = floats ? shiftOf(floats.values[from + c] * floats.stepsPerUnit[first + c], value) : 0;
      }
    }
  }
}

/** Rows of inputs of a group that wait for a product of matrices. */
class GroupRows {
  readonly #gram: Gram;
  readonly #depth: number;
  readonly #executor: Executor;
  readonly #x: Float32Array;
  readonly #d: Float32Array;
  #count = 0;

  /** @param executor Of the products, which groups share. */
  constructor(gram: Gram, executor: Executor) {
    this.#gram = gram;
    this.#depth = gram.sums.length;
    this.#executor = executor;
    [this.#x, this.#d] = [0, 1].map(() => new Float32Array(ROWS * this.#depth));
  }

  /** Where the next row is to be written. */
  next(): { x: Float32Array; d: Float32Array } {
    if (this.#count === ROWS) this.#flush();
    const start = this.#count++ * this.#depth;
    return { x: this.#x.subarray(start, start + this.#depth), d: this.#d.subarray(start, start + this.#depth) };
  }

  finish(): Gram {
    if (this.#count > 0) this.#flush();
    return this.#gram;
  }

  #flush(): void {
    const [depth, count, gram] = [this.#depth, this.#count, this.#gram];
    this.#x.fill(0, count * depth);
    const [columns, rows, shifts] = [0, 1, 2].map((index) => this.#executor.tensor(index) as Float32Array);
    rows.set(this.#x);
    for (const [matrix, sums, into] of [[this.#x, gram.sums, columns], [this.#d, gram.shifts, shifts]] as const) {
      for (let row = 0; row < count; row++) {
        for (let k = 0; k < depth; k++) {
          const value = matrix[row * depth + k];
          sums[k] += value;
          into[k * ROWS + row] = value;
        }
      }
    }
    this.#executor.run();
    addTo(gram.products, this.#executor.tensor(3));
    addTo(gram.crossings, this.#executor.tensor(4));
    gram.count += count;
    this.#count = 0;
  }
}

/** Sums of channels that are convolved each alone, all of them side by side. */
class ChannelSums implements GramSums {
  readonly #channels: number;
  readonly #depth: number;
  readonly #windows: Int32Array[];
  /** As in a gram, [..., channels]. */
  readonly #all: Omit<Gram, "count">;
  #count = 0;

  constructor(geometry: ConvolutionGeometry, positions: number) {
    this.#channels = geometry.groups;
    this.#depth = depthOf(geometry);
    this.#windows = windowsOf(geometry, positions);
    const lengths = [this.#depth, this.#depth * this.#depth];
    const [sums, products, shifts, crossings] = [...lengths, ...lengths].map((length) =>
      new Float64Array(length * geometry.groups)
    );
    this.#all = { sums, products, shifts, crossings };
  }

  add({ values, zeroPoint, floats }: GramInput): void {
    const [channels, depth] = [this.#channels, this.#depth];
    const [x, d] = [new Float64Array(depth * channels), new Float64Array(depth * channels)];
    for (const window of this.#windows) {
      for (let tap = 0; tap < depth; tap++) {
        const [from, to] = [window[tap] * channels, tap * channels];
        for (let c = 0; c < channels; c++) {
          const value = from < 0 ? 0 : values[from + c] - zeroPoint;
          x[to + c] = value;
          if (floats) d[to + c] = from < 0 ? 0 : shiftOf(floats.values[from + c] * floats.stepsPerUnit[c], value);
        }
      }
      addTo(this.#all.sums, x);
      addTo(this.#all.shifts, d);
      for (let a = 0; a < depth; a++) {
        for (let b = 0; b < depth; b++) {
          const pair = a * depth + b;
          if (b <= a) addProducts(this.#all.products, pair, x, a, x, b, channels);
          if (floats) addProducts(this.#all.crossings, pair, d, a, x, b, channels);
        }
      }
      this.#count++;
    }
  }

  finish(): Gram[] {
    const [channels, depth] = [this.#channels, this.#depth];
    const grams = createGrams(channels, depth);
    grams.forEach((gram, c) => {
      gram.count = this.#count;
      for (let a = 0; a < depth; a++) {
        gram.sums[a] = this.#all.sums[a * channels + c];
        gram.shifts[a] = this.#all.shifts[a * channels + c];
        for (let b = 0; b < depth; b++) {
          const lower = Math.max(a, b) * depth + Math.min(a, b);
          gram.products[a * depth + b] = this.#all.products[lower * channels + c];
          gram.crossings[a * depth + b] = this.#all.crossings[(a * depth + b) * channels + c];
        }
      }
    });
    return grams;
  }
}

/** Adds the products of rows of two matrices to a row of a third. */
function addProducts(
  into: Float64Array,
  row: number,
  one: Float64Array,
  a: number,
  other: Float64Array,
  b: number,
  length: number,
): void {
  const [to, from, second] = [row * length, a * length, b * length];
  for (let c = 0; c < length; c++) into[to + c] += one[from + c] * other[second + c];
}

function addTo(into: Float64Array, from: ArrayLike<number>): void {
  for (let index = 0; index < into.length; index++) into[index] += from[index];
}

/** Rounds to the nearest integer. */
const ROUNDER = 6755399441055744;

/** What d is of a float value, in steps, and an x. */
function shiftOf(float: number, x: number): number {
  const shift = (float - x) * SHIFT_UNITS + ROUNDER - ROUNDER;
  return shift > MOST_SHIFT ? MOST_SHIFT : shift < -MOST_SHIFT ? -MOST_SHIFT : shift;
}

/** Number of inputs of a product. */
function depthOf({ input, kernel, groups }: ConvolutionGeometry): number {
  return kernel[0] * kernel[1] * (input[3] / groups);
}

/** Where the inputs of output positions lie, evenly spread: the number of each tap's pixel, or -1 outside the input. */
function windowsOf(geometry: ConvolutionGeometry, positions: number): Int32Array[] {
  const { input, output, kernel, stride, dilation, pads } = geometry;
  const [, height, width] = input;
  const all = output[0] * output[1] * output[2];
  const taken = Math.min(all, positions);
  return Array.from({ length: taken }, (_, index) => {
    const position = Math.floor(index * all / taken);
    const x = position % output[2];
    const y = Math.floor(position / output[2]) % output[1];
    const batch = Math.floor(position / (output[1] * output[2]));
    return Int32Array.from({ length: kernel[0] * kernel[1] }, (_, tap) => {
      const iy = y * stride[0] + Math.floor(tap / kernel[1]) * dilation[0] - pads[0];
      const ix = x * stride[1] + tap % kernel[1] * dilation[1] - pads[1];
      return iy < 0 || ix < 0 || iy >= height || ix >= width ? -1 : (batch * height + iy) * width + ix;
    });
  });
}

/** Adds sums to others. */
export function mergeGram(into: Gram, from: Gram): void {
  into.count += from.count;
  for (const kind of ["sums", "products", "shifts", "crossings"] as const) addTo(into[kind], from[kind]);
}

/** Grams of zeros, which share memory, so that they are sent at once. */
function createGrams(groups: number, depth: number): Gram[] {
  const lengths = { sums: depth, products: depth * depth, shifts: depth, crossings: depth * depth };
  const all = new Float64Array(groups * 2 * (depth + depth * depth));
  let end = 0;
  const take = (length: number) => all.subarray(end, end += length);
  return Array.from({ length: groups }, () => ({
    count: 0,
    sums: take(lengths.sums),
    products: take(lengths.products),
    shifts: take(lengths.shifts),
    crossings: take(lengths.crossings),
  }));
}

/** Executor of the products of [depth, ROWS] and [ROWS, depth]: of the inputs, and of the shifts, with the inputs. */
function productsOf(depth: number): Executor {
  const bytes = Math.ceil(depth * ROWS * 4 / 64) * 64;
  const square = Math.ceil(depth * depth * 4 / 64) * 64;
  const tensor = (name: string, shape: number[], offset: number) => ({ name, type: "f32" as const, shape, offset });
  const product = (left: number, output: number) => ({
    kernel: "matmul_f32" as const,
    name: "",
    inputs: [left, 1],
    output,
    constants: [],
    attributes: { dimensions: [1, depth, ROWS, depth], batchStrides: [0, 0] },
  });
  const program: Program = {
    name: "",
    inputs: [],
    outputs: [],
    tensors: [
      tensor("columns", [depth, ROWS], 0),
      tensor("rows", [ROWS, depth], bytes),
      tensor("shifts", [depth, ROWS], 2 * bytes),
      tensor("products", [depth, depth], 3 * bytes),
      tensor("crossings", [depth, depth], 3 * bytes + square),
    ],
    constants: [],
    steps: [product(0, 3), product(2, 4)],
    arenaBytes: 3 * bytes + 2 * square,
  };
  return new Executor({ program, data: new Uint8Array(0) });
}

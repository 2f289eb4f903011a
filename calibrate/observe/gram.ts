/**
 * Sums of products of a layer's 8-bit inputs: what an error of one weight has
 * to do with an error of another.
 *
 * @module
 */

import { Executor } from "../../runtime/executor.ts";
import type { ConvolutionGeometry } from "../../runtime/kernels/packed_weights.ts";
import type { Program } from "../../runtime/program.ts";

/** Sums over positions of one group of a layer's inputs. Plain data of exact integers: sums do not depend on order. */
export interface Gram {
  /** Number of positions. */
  count: number;
  /** Sum of q - z of each input of a product, in the order (ky, kx, c). */
  sums: Float64Array;
  /** Sum of the products of two of them, [inputs, inputs]. */
  products: Float64Array;
}

/** Positions that a product of matrices sums: 256 x 255^2 is below 2^24, so that float32 is exact. */
const ROWS = 256;

/** Sums up the inputs of a layer, group by group. */
export class GramSums {
  readonly #geometry: ConvolutionGeometry;
  readonly #depth: number;
  readonly #grams: Gram[];
  readonly #executor: Executor;
  readonly #columns: Float32Array;
  readonly #rows: Float32Array;

  /** @param geometry The layer's. */
  constructor(geometry: ConvolutionGeometry) {
    const { input, kernel, groups } = geometry;
    const depth = kernel[0] * kernel[1] * (input[3] / groups);
    this.#geometry = geometry;
    this.#depth = depth;
    this.#grams = Array.from({ length: groups }, () => createGram(depth));
    this.#executor = productOf(depth);
    this.#columns = this.#executor.tensor(0) as Float32Array;
    this.#rows = this.#executor.tensor(1) as Float32Array;
  }

  /**
   * Adds the inputs of one sample.
   *
   * @param values The layer's input in u8, [batch, height, width, channels].
   * @param positions Number of output positions to look at, evenly spread; all where there are no more.
   */
  add(values: Uint8Array, zeroPoint: number, positions: number): void {
    const { output, groups } = this.#geometry;
    const all = output[0] * output[1] * output[2];
    const taken = Math.min(all, positions);
    for (let group = 0; group < groups; group++) {
      for (let start = 0; start < taken; start += ROWS) {
        const end = Math.min(taken, start + ROWS);
        this.#rows.fill(0);
        this.#columns.fill(0);
        for (let index = start; index < end; index++) {
          this.#gather(values, zeroPoint, { group, position: Math.floor(index * all / taken), row: index - start });
        }
        this.#flush(this.#grams[group], end - start);
      }
    }
  }

  /** The sums so far, one for each group. */
  finish(): Gram[] {
    return this.#grams;
  }

  #gather(
    values: Uint8Array,
    zeroPoint: number,
    { group, position, row }: { group: number; position: number; row: number },
  ): void {
    const { input, output, kernel, stride, dilation, pads, groups } = this.#geometry;
    const [, height, width, channels] = input;
    const perGroup = channels / groups;
    const x = position % output[2];
    const y = Math.floor(position / output[2]) % output[1];
    const batch = Math.floor(position / (output[1] * output[2]));
    let k = 0;
    for (let ky = 0; ky < kernel[0]; ky++) {
      for (let kx = 0; kx < kernel[1]; kx++, k += perGroup) {
        const iy = y * stride[0] + ky * dilation[0] - pads[0];
        const ix = x * stride[1] + kx * dilation[1] - pads[1];
        if (iy < 0 || ix < 0 || iy >= height || ix >= width) continue;
        const from = ((batch * height + iy) * width + ix) * channels + group * perGroup;
        for (let c = 0; c < perGroup; c++) {
          const value = values[from + c] - zeroPoint;
          this.#rows[row * this.#depth + k + c] = value;
          this.#columns[(k + c) * ROWS + row] = value;
        }
      }
    }
  }

  #flush(gram: Gram, count: number): void {
    this.#executor.run();
    const products = this.#executor.tensor(2);
    for (let index = 0; index < products.length; index++) gram.products[index] += products[index];
    for (let row = 0; row < count; row++) {
      for (let k = 0; k < this.#depth; k++) gram.sums[k] += this.#rows[row * this.#depth + k];
    }
    gram.count += count;
  }
}

/** Adds sums to others. */
export function mergeGram(into: Gram, from: Gram): void {
  into.count += from.count;
  for (const kind of ["sums", "products"] as const) {
    const [target, source] = [into[kind], from[kind]];
    for (let index = 0; index < target.length; index++) target[index] += source[index];
  }
}

function createGram(depth: number): Gram {
  return { count: 0, sums: new Float64Array(depth), products: new Float64Array(depth * depth) };
}

/** Executor of the product of [depth, ROWS] and [ROWS, depth]. */
function productOf(depth: number): Executor {
  const bytes = Math.ceil(depth * ROWS * 4 / 64) * 64;
  const tensor = (name: string, shape: number[], offset: number) => ({ name, type: "f32" as const, shape, offset });
  const program: Program = {
    name: "",
    inputs: [],
    outputs: [],
    tensors: [
      tensor("columns", [depth, ROWS], 0),
      tensor("rows", [ROWS, depth], bytes),
      tensor("products", [depth, depth], 2 * bytes),
    ],
    constants: [],
    steps: [{
      kernel: "matmul_f32",
      name: "",
      inputs: [0, 1],
      output: 2,
      constants: [],
      attributes: { dimensions: [1, depth, ROWS, depth], batchStrides: [0, 0] },
    }],
    arenaBytes: 2 * bytes + depth * depth * 4,
  };
  return new Executor({ program, data: new Uint8Array(0) });
}

/**
 * Scalar reference of the resizes.
 *
 * @module
 */

import { toU8 } from "./arithmetic.ts";

const f = Math.fround;

/** Source positions of an output row or column and the weight of the second. */
export interface ResizeSource {
  index0: number;
  index1: number;
  weight1: number;
}

/** Geometry and tables of a resize. */
export interface ResizeOptions {
  batch: number;
  inputHeight: number;
  inputWidth: number;
  channels: number;
  rowTable: readonly ResizeSource[];
  columnTable: readonly ResizeSource[];
  linear: boolean;
}

function mix(a: number, b: number, weight: number): number {
  return f(f(a * f(1 - weight)) + f(b * weight));
}

/** Reference of "resize_u8" and "resize_f32", by the type of the input. */
export function resize<T extends Uint8Array | Float32Array>(input: T, options: ResizeOptions): T {
  const { batch, channels, inputHeight, inputWidth, rowTable, columnTable } = options;
  const length = batch * rowTable.length * columnTable.length * channels;
  const output = (input instanceof Uint8Array ? new Uint8Array(length) : new Float32Array(length)) as T;
  let index = 0;
  for (let n = 0; n < batch; n++) {
    const at = (y: number, x: number, c: number) => input[((n * inputHeight + y) * inputWidth + x) * channels + c];
    for (const row of rowTable) {
      for (const column of columnTable) {
        for (let c = 0; c < channels; c++) {
          output[index++] = options.linear
            ? linear(row, column, (y, x) => at(y, x, c))
            : at(row.index0, column.index0, c);
        }
      }
    }
  }
  return output;

  function linear(row: ResizeSource, column: ResizeSource, at: (y: number, x: number) => number): number {
    const weight = f(column.weight1);
    const top = mix(at(row.index0, column.index0), at(row.index0, column.index1), weight);
    const bottom = mix(at(row.index1, column.index0), at(row.index1, column.index1), weight);
    const v = mix(top, bottom, f(row.weight1));
    return input instanceof Uint8Array ? toU8(v, { low: 0, high: 255, zeroPoint: 0 }) : v;
  }
}

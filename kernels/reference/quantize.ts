/**
 * Scalar reference of the conversions between f32 and u8.
 *
 * @module
 */

import { toU8 } from "./arithmetic.ts";

const f = Math.fround;

/** Reference of "quantize": [batch][pixels][channels], or with `transposed` from [batch][channels][pixels]. */
export function quantize(
  input: Float32Array,
  options: {
    batch: number;
    pixels: number;
    channels: number;
    transposed: boolean;
    inverseScale: number;
    zeroPoint: number;
  },
): Uint8Array {
  const { pixels, channels, transposed, zeroPoint } = options;
  const output = new Uint8Array(options.batch * pixels * channels);
  for (let i = 0; i < output.length; i++) {
    const channel = i % channels;
    const pixel = Math.floor(i / channels) % pixels;
    const image = Math.floor(i / channels / pixels);
    const source = transposed ? (image * channels + channel) * pixels + pixel : i;
    output[i] = toU8(f(input[source] * f(options.inverseScale)), { low: 0, high: 255, zeroPoint });
  }
  return output;
}

/** Reference of "dequantize". */
export function dequantize(input: Uint8Array, options: { scale: number; zeroPoint: number }): Float32Array {
  return Float32Array.from(input, (q) => f((q - options.zeroPoint) * f(options.scale)));
}

/** Reference of "lookup". */
export function lookup(input: Uint8Array, table: Uint8Array): Uint8Array {
  return input.map((q) => table[q]);
}

/**
 * Draws from a generator with a fixed seed.
 *
 * @module
 */

/** Draws of a generator with a fixed seed. */
export interface Random {
  /** Number strictly between 0 and 1. */
  unit(): number;
  /** Integer in low..high. */
  integer(low: number, high: number): number;
  /** f32 in low..high. */
  float(low: number, high: number): number;
  pick<T>(values: readonly T[]): T;
  u8(length: number): Uint8Array;
  /** Weights in -127..127. */
  i8(length: number): Int8Array;
  f32(length: number, low?: number, high?: number): Float32Array;
}

/** A generator of random cases (xorshift, 32 bits). */
export function random(seed: number): Random {
  let state = (seed * 0x9e3779b1) | 1;
  const unit = () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 2 ** 32;
  };
  for (let i = 0; i < 8; i++) unit();
  const integer = (low: number, high: number) => low + Math.floor(unit() * (high - low + 1));
  const float = (low: number, high: number) => Math.fround(low + unit() * (high - low));
  return {
    unit,
    integer,
    float,
    pick: (values) => values[integer(0, values.length - 1)],
    u8: (length) => Uint8Array.from({ length }, () => integer(0, 255)),
    i8: (length) => Int8Array.from({ length }, () => integer(-127, 127)),
    f32: (length, low = -2, high = 2) => Float32Array.from({ length }, () => float(low, high)),
  };
}

/** A standard normal number. */
export function normal({ unit }: Random): number {
  return Math.sqrt(-2 * Math.log(unit())) * Math.cos(2 * Math.PI * unit());
}

/** An exponential number of mean 1. */
export function exponential({ unit }: Random): number {
  return -Math.log(unit());
}

/** A Laplace number of mean deviation 1. */
export function laplace(draw: Random): number {
  return exponential(draw) * draw.pick([-1, 1]);
}

/** As many numbers as asked for from a distribution, as float32. */
export function sample(length: number, next: () => number): Float32Array {
  return Float32Array.from({ length }, next);
}

/** The values in another order. */
export function shuffle(values: Float32Array, { integer }: Random): Float32Array {
  const shuffled = values.slice();
  for (let last = shuffled.length - 1; last > 0; last--) {
    const other = integer(0, last);
    [shuffled[last], shuffled[other]] = [shuffled[other], shuffled[last]];
  }
  return shuffled;
}

/** A seed of its own for each case of a run. */
export function seedOf(seed: number, index: number): number {
  let mixed = (Math.imul(seed ^ 0x5bd1e995, 0x85ebca6b) + Math.imul(index + 1, 0xc2b2ae35)) >>> 0;
  mixed = Math.imul(mixed ^ (mixed >>> 15), 0x2c1b3c6d) >>> 0;
  mixed = Math.imul(mixed ^ (mixed >>> 12), 0x297a2d39) >>> 0;
  return (mixed ^ (mixed >>> 15)) >>> 8;
}

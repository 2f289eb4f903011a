/**
 * The noise that the rounding of a layer's weights makes, as it depends on the
 * factors of the channels around the layer.
 *
 * @module
 */

import { fourDimensions, groupsOf, type LayerNode } from "../graph/layers.ts";
import type { WeightBits, WeightGranularity } from "../settings.ts";

/** What the noise of a layer's weights depends on beside factors. */
export interface LayerNoiseOptions {
  bits: WeightBits;
  /** Weights of an output channel that share a step, in the order (ky, kx, c); all where 0. */
  group: number;
  granularity: WeightGranularity;
  /** Mean square of each input channel. */
  energies: Float64Array;
  /** How much of an error of each output channel arrives at the network's outputs. */
  gains: Float64Array;
  /** Number of the factor of each input channel; -1 where it is always 1. */
  inputFactors: Int32Array;
  /** Number of the factor of each output channel; -1 where it is always 1. */
  outputFactors: Int32Array;
}

/**
 * Weights that share a step, those of one factor taken together, row after row:
 * with weights w[i] f[i] a step is max |w[i] f[i]| / top, and the noise of a row
 * step^2 / 12 x sum of E[x[i]^2] / f[i]^2.
 */
interface Rows {
  /** Output channel of each row. */
  outputs: Int32Array;
  /** The first member of each row, and the number of all members. */
  starts: Int32Array;
  /** The factor of each member. */
  factors: Int32Array;
  /** Its largest magnitude. */
  largest: Float32Array;
  /** The energy of its inputs, times the number of weights. */
  energies: Float32Array;
}

/** The noise of a layer's weights at the network's outputs, while factors change one by one. */
export class LayerNoise {
  /** The factors that change the noise. */
  readonly factors: readonly number[];
  readonly #rows: Rows;
  readonly #options: LayerNoiseOptions;
  /** All factors. */
  readonly #values: Float64Array;
  /** Members of each factor, and their rows. */
  readonly #members: Map<number, { members: Int32Array; rows: Int32Array }>;
  /** Largest scaled magnitude of each row, the factor that it is from, and the largest of other factors. */
  readonly #first: Float64Array;
  readonly #firstFactor: Int32Array;
  readonly #second: Float64Array;
  /** Energy of the scaled inputs of each row. */
  readonly #energies: Float64Array;
  readonly #unit: number;

  /** @param values All factors by their numbers; the caller tells of changes. */
  constructor(layer: LayerNode, options: LayerNoiseOptions, values: Float64Array) {
    this.#options = options;
    this.#values = values;
    const rows = rowsOf(layer, options);
    this.#rows = rows;
    const count = rows.outputs.length;
    this.#members = membersOf(rows);
    const made = options.granularity === "per-tensor" ? options.outputFactors.filter((factor) => factor >= 0) : [];
    this.factors = [...new Set([...this.#members.keys(), ...made])];
    this.#unit = 1 / (12 * (options.bits === 4 ? 7 : 127) ** 2);
    [this.#first, this.#second, this.#energies] = [0, 0, 0].map(() => new Float64Array(count));
    this.#firstFactor = new Int32Array(count);
    this.refresh();
  }

  /** Takes note that all factors may have changed. */
  refresh(): void {
    for (let row = 0; row < this.#first.length; row++) this.#scan(row);
  }

  /** The noise of all weights. */
  total(): number {
    const { outputs } = this.#rows;
    if (this.#options.granularity === "per-tensor") return this.#sharedNoise(this.#first, this.#energies, -1, 1);
    let sum = 0;
    for (let row = 0; row < outputs.length; row++) {
      sum += this.#options.gains[outputs[row]] * this.#first[row] * this.#first[row] * this.#energies[row];
    }
    return sum * this.#unit;
  }

  /** The noise of the weights that a factor changes, if it had a value. */
  noiseWith(factor: number, value: number): number {
    const [first, firstFactor, second, sums] = [this.#first, this.#firstFactor, this.#second, this.#energies];
    const { granularity, gains } = this.#options;
    const { outputs, largest, energies } = this.#rows;
    const before = this.#values[factor];
    const change = 1 / (value * value) - 1 / (before * before);
    const { members, rows } = this.#members.get(factor) ?? NO_MEMBERS;
    const isShared = granularity === "per-tensor";
    const tops = isShared ? first.slice() : first;
    const all = isShared ? sums.slice() : sums;
    let sum = 0;
    for (let index = 0; index < members.length; index++) {
      const row = rows[index];
      const others = firstFactor[row] === factor ? second[row] : first[row];
      const own = largest[members[index]] * value;
      const top = own > others ? own : others;
      const energy = sums[row] + energies[members[index]] * change;
      if (isShared) {
        tops[row] = top;
        all[row] = energy;
      } else sum += gains[outputs[row]] * top * top * energy;
    }
    return isShared ? this.#sharedNoise(tops, all, factor, value) : sum * this.#unit;
  }

  /** Takes note that a factor has changed. @param before What it was. */
  update(factor: number, before: number): void {
    const [first, firstFactor, second] = [this.#first, this.#firstFactor, this.#second];
    const { largest, energies } = this.#rows;
    const value = this.#values[factor];
    const change = 1 / (value * value) - 1 / (before * before);
    const { members, rows } = this.#members.get(factor) ?? NO_MEMBERS;
    for (let index = 0; index < members.length; index++) {
      const row = rows[index];
      const [old, own] = [largest[members[index]] * before, largest[members[index]] * value];
      if (firstFactor[row] === factor ? own < second[row] : old >= second[row] && own < second[row]) {
        this.#scan(row);
        continue;
      }
      this.#energies[row] += energies[members[index]] * change;
      if (firstFactor[row] === factor) first[row] = own;
      else if (own > first[row]) [second[row], first[row], firstFactor[row]] = [first[row], own, factor];
      else if (own > second[row]) second[row] = own;
    }
  }

  /** The noise of rows that share a step, in units of their outputs' factors. */
  #sharedNoise(tops: Float64Array, energies: Float64Array, factor: number, value: number): number {
    const { gains, outputFactors } = this.#options;
    const { outputs } = this.#rows;
    let [step, sum] = [0, 0];
    for (let row = 0; row < tops.length; row++) {
      const number = outputFactors[outputs[row]];
      const unit = number < 0 ? 1 : number === factor ? value : this.#values[number];
      step = Math.max(step, tops[row] / unit);
      sum += gains[outputs[row]] * unit * unit * energies[row];
    }
    return sum * step * step * this.#unit;
  }

  #scan(row: number): void {
    const { starts, factors, largest, energies } = this.#rows;
    const values = this.#values;
    let [first, firstFactor, second, energy] = [0, -2, 0, 0];
    for (let member = starts[row]; member < starts[row + 1]; member++) {
      const factor = factors[member];
      const scale = factor < 0 ? 1 : values[factor];
      const magnitude = largest[member] * scale;
      energy += energies[member] / (scale * scale);
      if (magnitude > first) [second, first, firstFactor] = [first, magnitude, factor];
      else if (magnitude > second) second = magnitude;
    }
    this.#first[row] = first;
    this.#firstFactor[row] = firstFactor;
    this.#second[row] = second;
    this.#energies[row] = energy;
  }
}

const NO_MEMBERS = { members: new Int32Array(0), rows: new Int32Array(0) };

/** The members of each factor, and their rows. */
function membersOf({ starts, factors }: Rows): Map<number, { members: Int32Array; rows: Int32Array }> {
  const lists = new Map<number, { members: number[]; rows: number[] }>();
  for (let row = 0; row + 1 < starts.length; row++) {
    for (let member = starts[row]; member < starts[row + 1]; member++) {
      if (factors[member] < 0) continue;
      let list = lists.get(factors[member]);
      if (!list) lists.set(factors[member], list = { members: [], rows: [] });
      list.members.push(member);
      list.rows.push(row);
    }
  }
  return new Map(
    lists.entries().map(([factor, { members, rows }]) =>
      [factor, { members: Int32Array.from(members), rows: Int32Array.from(rows) }] as const
    ),
  );
}

function rowsOf(layer: LayerNode, { bits, group, energies, inputFactors }: LayerNoiseOptions): Rows {
  const [outputs, inputs, height, width] = fourDimensions(layer);
  const taps = height * width;
  const depth = inputs * taps;
  const perGroup = outputs / groupsOf(layer);
  const length = bits === 4 && group > 0 ? Math.min(group, depth) : depth;
  const perOutput = Math.ceil(depth / length);
  const rows = { outputs: [] as number[], starts: [0] };
  const members = { factors: [] as number[], largest: [] as number[], energies: [] as number[] };
  const places = new Map<number, number>();
  for (let output = 0; output < outputs; output++) {
    const firstInput = Math.floor(output / perGroup) * inputs;
    for (let part = 0; part < perOutput; part++) {
      places.clear();
      for (let k = part * length; k < Math.min(depth, (part + 1) * length); k++) {
        const [tap, input] = [Math.floor(k / inputs), k % inputs];
        const factor = inputFactors[firstInput + input];
        let place = places.get(factor);
        if (place === undefined) {
          place = members.factors.length;
          places.set(factor, place);
          members.factors.push(factor);
          members.largest.push(0);
          members.energies.push(0);
        }
        const magnitude = Math.abs(layer.weights[(output * inputs + input) * taps + tap]);
        if (magnitude > members.largest[place]) members.largest[place] = magnitude;
        members.energies[place] += energies[firstInput + input];
      }
      rows.outputs.push(output);
      rows.starts.push(members.factors.length);
    }
  }
  return {
    outputs: Int32Array.from(rows.outputs),
    starts: Int32Array.from(rows.starts),
    factors: Int32Array.from(members.factors),
    largest: Float32Array.from(members.largest),
    energies: Float32Array.from(members.energies),
  };
}

/**
 * Elements of 8-bit values that are known without a sample: constants, and what
 * pads fill in.
 *
 * @module
 */

import { InputRangeError } from "../../runtime/errors.ts";
import { elementCount } from "../../runtime/tensor.ts";
import type { Graph, Node } from "../graph/graph.ts";
import { createHistogram, type Histogram, observe } from "../observe/histogram.ts";
import { type Observation, RAW_VALUES } from "../observe/statistics.ts";
import { operatorOf } from "../operators/operators.ts";

/** Elements that are the same in every sample. */
export interface KnownElements {
  /** Name of the constant, or of the padded value. */
  name: string;
  /** The elements, all finite. */
  data: Float32Array;
  /** How often each of them stands in a sample. */
  repeats: number;
}

/** Magnitude from which what a pad fills in is no number but a bound, as before a maximum: the grid's end will do. */
const BOUND = 1e30;

/**
 * The elements of an 8-bit value that are known, where there are any. Zeros
 * that a pad fills in are left out: every grid has them.
 *
 * @param producer The node that makes the value by moving elements; absent for constants and inputs.
 * @throws {RangeError} Where a constant has an element that is not a finite number.
 */
export function knownElements(graph: Graph, name: string, producer: Node | undefined): KnownElements | undefined {
  const { data, shape } = graph.values.get(name)!;
  if (data) {
    const index = data.findIndex((element) => !Number.isFinite(element));
    if (index >= 0) {
      throw new InputRangeError(`Constant "${name}" is ${data[index]} at index ${index}, expected numbers`);
    }
    return { name, data, repeats: 1 };
  }
  const filler = producer && operatorOf(producer).content(producer).filler;
  if (!producer || !filler || Math.abs(filler) >= BOUND) return undefined;
  const repeats = elementCount(shape) - elementCount(graph.values.get(producer.inputs[0])!.shape);
  return repeats > 0 ? { name, data: Float32Array.of(filler), repeats } : undefined;
}

/**
 * What would be seen of known elements if they were observed beside a value.
 *
 * @param beside What was seen of the value, and its number of elements in a sample.
 * @returns As many counts as in all its samples, and as many raw values to a count as the value has.
 */
export function observeKnown(
  { name, data, repeats }: KnownElements,
  beside?: { observation: Observation; elements: number },
): Observation {
  const histogram = createHistogram();
  observe(histogram, data, name);
  const seen = beside?.observation;
  const samples = seen ? seen.histogram.count / beside.elements : 1;
  multiplyCounts(histogram, samples * repeats);
  const share = seen && seen.histogram.count > 0 ? seen.raw.length / seen.histogram.count : 1;
  const length = Math.min(RAW_VALUES, Math.round(histogram.count * share));
  return {
    histogram,
    raw: Float32Array.from({ length }, (_, index) => data[Math.floor(index * data.length / length)]),
  };
}

function multiplyCounts(histogram: Histogram, factor: number): void {
  histogram.count *= factor;
  histogram.zeros *= factor;
  for (const side of [histogram.positive, histogram.negative]) {
    for (let bin = 0; bin < side.length; bin++) side[bin] *= factor;
  }
}

/**
 * Where the samples of a free batch stand in values.
 *
 * @module
 */

import type { Shape } from "../graph/shape.ts";

/**
 * Where samples stand: along one axis, whose positions are (outer, samples,
 * the rest). The batch alone, and whatever of each sample is merged behind it,
 * has an `outer` of 1.
 */
export interface SamplePlace {
  axis: number;
  /** Positions of the axis that lie outside of the samples. */
  outer: number;
}

/** What the place of samples depends on beside a node and the places in its inputs. */
export interface SampleContext {
  /** Shapes of the inputs, with as many samples as `count` says; images are [batch, channels, height, width]. */
  inputs: readonly Shape[];
  /** Shape of the result. */
  output: Shape;
  /** Number of samples. */
  count: number;
}

/** Places of the samples in a node's inputs; undefined where an input is the same for all samples. */
export type SamplePlaces = readonly (SamplePlace | undefined)[];

/** Samples stay where they are in a node's one input, unless they stand along an axis that the node works along. */
export function keepPlace([place]: SamplePlaces, axes: readonly number[], reason: string): SamplePlace | string {
  return axes.includes(place!.axis) ? reason : place!;
}

/** Samples that stand along the first axis stay there. */
export function keepImages([place]: SamplePlaces): SamplePlace | string {
  return place!.axis === 0 ? place! : "it takes samples as channels or pixels";
}

/** Where samples stand that stand so in several values; undefined where they stand in different ways. */
export function commonPlace(places: readonly SamplePlace[]): SamplePlace | undefined {
  const [first] = places;
  return places.every(({ axis, outer }) => axis === first.axis && outer === first.outer) ? first : undefined;
}

/**
 * Where samples stand in a result that inputs are broadcast to; a sentence
 * where they would meet.
 *
 * @param inputs Shapes, aligned with the result at their ends.
 * @param rank Number of dimensions of the result that are broadcast to.
 */
export function broadcastPlace(places: SamplePlaces, inputs: readonly Shape[], rank: number): SamplePlace | string {
  const lifted = places.map((place, i) => place && { ...place, axis: place.axis + rank - inputs[i].length });
  const place = commonPlace(lifted.filter((one) => one !== undefined));
  if (place === undefined) return "it brings samples together that stand along different axes";
  const meets = inputs.some((shape, i) => {
    const own = shape[place.axis - rank + shape.length] ?? 1;
    return lifted[i] === undefined && own !== 1;
  });
  return meets ? "it brings samples together with a value of as many rows" : place;
}

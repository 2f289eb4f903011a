/**
 * Samples on which the float network's values explode.
 *
 * @module
 */

/** A sample that is far from all others. */
export interface Outlier {
  /** Position of the sample in the data. */
  sample: number;
  /** Name of the value that is farthest from its usual size. */
  value: string;
  /** Its greatest magnitude for this sample; Infinity where an element is not finite. */
  magnitude: number;
  /** Its median over the samples. */
  usual: number;
}

/** Least number of samples among which one can be told to be far from the others. */
const LEAST_SAMPLES = 4;
/** Share of the samples that may be outliers; more of them are how values are. */
const MOST_OUTLIERS = 0.05;
/** How many times the median an outlier's magnitude is at least. */
const LEAST_FACTOR = 8;
/** How many times the next smaller magnitude the least of the outliers' is. */
const LEAST_GAP = 4;

/**
 * Finds samples whose values are many times as large as those of all others, with a gap between.
 *
 * @param names Names of the watched values.
 * @param samples Positions of the samples.
 * @param peaks Greatest magnitude of each watched value, for each sample; Infinity counts as an outlier in any case.
 * @returns In the order of the samples.
 */
export function findOutliers(
  names: readonly string[],
  samples: readonly number[],
  peaks: readonly Float32Array[],
): Outlier[] {
  const found = new Map<number, Outlier>();
  for (const [value, name] of names.entries()) {
    const sorted = peaks.map((peak) => peak[value]).filter((peak) => peak > 0).sort((a, b) => a - b);
    const usual = sorted[sorted.length >> 1];
    const limit = limitOf(sorted);
    peaks.forEach((peak, index) => {
      const [sample, magnitude] = [samples[index], peak[value]];
      if (magnitude < limit) return;
      const other = found.get(sample);
      if (!other || magnitude / usual > other.magnitude / other.usual) {
        found.set(sample, { sample, value: name, magnitude, usual });
      }
    });
  }
  return [...found.values()].sort((a, b) => a.sample - b.sample);
}

/** Least magnitude that is an outlier's; Infinity where no finite one is. */
function limitOf(sorted: readonly number[]): number {
  if (sorted.length < LEAST_SAMPLES) return Infinity;
  const median = sorted[sorted.length >> 1];
  const most = Math.max(1, Math.floor(sorted.length * MOST_OUTLIERS));
  for (let index = sorted.length - most; index < sorted.length; index++) {
    if (sorted[index] >= LEAST_FACTOR * median && sorted[index] >= LEAST_GAP * sorted[index - 1]) return sorted[index];
  }
  return Infinity;
}

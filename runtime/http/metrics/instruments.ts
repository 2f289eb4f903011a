/**
 * Instruments that count and measure.
 *
 * @module
 */

import type { Family, Labels } from "./exposition.ts";

/** A number that only grows. */
export interface Counter {
  /** Adds to it, 1 if no amount is given. */
  add(labels: Labels, amount?: number): void;
  /** What was counted. */
  family(): Family;
}

/** A number that goes up and down. */
export interface Gauge {
  /** Sets it. */
  set(labels: Labels, value: number): void;
  /** Its present values. */
  family(): Family;
}

/** A distribution of measured values. */
export interface Histogram {
  /** Notes a value. */
  observe(labels: Labels, value: number): void;
  /** What was measured. */
  family(): Family;
}

/** Values by their labels. */
function createSeries<T>(
  initial: () => T,
): { at(labels: Labels): { value: T }; all(): { labels: Labels; value: T }[] } {
  const series = new Map<string, { labels: Labels; value: T }>();
  return {
    at(labels) {
      const key = Object.values(labels).join("\0");
      let entry = series.get(key);
      if (entry === undefined) {
        entry = { labels: { ...labels }, value: initial() };
        series.set(key, entry);
      }
      return entry;
    },
    all: () => [...series.values()],
  };
}

/**
 * Makes a counter.
 *
 * @param name Name, which ends in `_total`.
 * @param help What it counts, in one line.
 */
export function createCounter(name: string, help: string): Counter {
  const series = createSeries(() => 0);
  return {
    add: (labels, amount = 1) => void (series.at(labels).value += amount),
    family: () => ({ name, help, type: "counter", samples: series.all() }),
  };
}

/**
 * Makes a gauge.
 *
 * @param name Name, with its unit.
 * @param help What it measures, in one line.
 */
export function createGauge(name: string, help: string): Gauge {
  const series = createSeries(() => 0);
  return {
    set: (labels, value) => void (series.at(labels).value = value),
    family: () => ({ name, help, type: "gauge", samples: series.all() }),
  };
}

/**
 * Makes a histogram.
 *
 * @param name Name, with its unit.
 * @param help What it measures, in one line.
 * @param bounds Upper bounds of the buckets, ascending; one without bound is added.
 */
export function createHistogram(name: string, help: string, bounds: readonly number[]): Histogram {
  const series = createSeries(() => ({ counts: new Array<number>(bounds.length + 1).fill(0), sum: 0 }));
  return {
    observe(labels, value) {
      const { counts } = series.at(labels).value;
      const bucket = bounds.findIndex((bound) => value <= bound);
      counts[bucket < 0 ? bounds.length : bucket]++;
      series.at(labels).value.sum += value;
    },
    family: () => ({
      name,
      help,
      type: "histogram",
      samples: series.all().flatMap(({ labels, value: { counts, sum } }) => {
        let total = 0;
        const buckets = counts.map((count, index) => {
          const le = index < bounds.length ? String(bounds[index]) : "+Inf";
          return { suffix: "_bucket", labels: { ...labels, le }, value: total += count };
        });
        return [...buckets, { suffix: "_sum", labels, value: sum }, { suffix: "_count", labels, value: total }];
      }),
    }),
  };
}

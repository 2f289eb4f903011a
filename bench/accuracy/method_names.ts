/**
 * What tables and figures call the words in the names of compared methods.
 *
 * @module
 */

/** Methods that choose scales. */
export const SCALES: Readonly<Record<string, string>> = {
  minmax: "min-max",
  percentile: "percentile",
  entropy: "entropy",
  qmse: "QMSE",
};
/** What is corrected. */
export const CORRECTIONS: Readonly<Record<string, string>> = {
  "no-usp": "no USP",
  mean: "mean",
  moments: "mean and variance",
  lsq: "least squares",
};

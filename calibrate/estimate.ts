/**
 * Figures over samples, with the standard errors that the number of samples
 * leaves.
 *
 * @module
 */

/** A figure over samples. */
export interface Estimate {
  /** The figure. */
  mean: number;
  /** Its standard error; null for one sample. */
  standardError: number | null;
}

/** Mean of values with its standard error. */
export function estimate(values: readonly number[]): Estimate {
  const { length } = values;
  const mean = total(values) / length;
  const squares = total(values.map((value) => (value - mean) ** 2));
  return { mean, standardError: length > 1 ? Math.sqrt(squares / length / (length - 1)) : null };
}

/** Sum of values. */
export function total(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0);
}

/**
 * A figure as text, followed by its error where it is known.
 *
 * @param format What the figure is multiplied by, and the digits after the point.
 */
export function estimateText(
  { mean, standardError }: Estimate,
  { factor = 1, digits }: { factor?: number; digits: number },
): string {
  const text = (mean * factor).toFixed(digits);
  return standardError === null ? text : `${text} ± ${(standardError * factor).toFixed(digits)}`;
}

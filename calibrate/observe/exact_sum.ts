/**
 * Sums of floating-point numbers without any rounding, so that they depend
 * neither on the order of the numbers nor on how they were split.
 *
 * A sum is a list of numbers whose bits do not overlap, in ascending magnitude
 * (Shewchuk, Adaptive Precision Floating-Point Arithmetic, 1997).
 *
 * @module
 */

/** An exact sum. Plain data: it can be sent between workers. */
export type ExactSum = number[];

/** Adds a finite number to a sum. */
export function addExactly(sum: ExactSum, number: number): void {
  let carried = number;
  let kept = 0;
  for (let index = 0; index < sum.length; index++) {
    const part = sum[index];
    const high = carried + part;
    const low = Math.abs(carried) < Math.abs(part) ? carried - (high - part) : part - (high - carried);
    if (low !== 0) sum[kept++] = low;
    carried = high;
  }
  sum.length = kept;
  if (carried !== 0) sum.push(carried);
}

/** The float64 nearest to a sum, ties to even. */
export function roundSum(sum: ExactSum): number {
  let index = sum.length - 1;
  if (index < 0) return 0;
  let high = sum[index];
  let low = 0;
  while (index > 0 && low === 0) {
    const part = sum[--index];
    const total = high + part;
    low = part - (total - high);
    high = total;
  }
  // Where the rest lies halfway between two float64, what is below it breaks the tie.
  if (index > 0 && Math.sign(low) === Math.sign(sum[index - 1])) {
    const next = high + 2 * low;
    if (next - high === 2 * low) return next;
  }
  return high;
}

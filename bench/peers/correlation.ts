/**
 * Correlation of outputs.
 *
 * @module
 */

/**
 * Pearson's correlation of two outputs; NaN where one of them is constant.
 *
 * @throws {RangeError} Where they differ in length.
 */
export function correlation(a: Float32Array, b: Float32Array): number {
  if (a.length !== b.length) throw new RangeError(`Outputs of ${a.length} and ${b.length} numbers cannot be compared`);
  const mean = (values: Float32Array) => values.reduce((sum, value) => sum + value, 0) / values.length;
  const [meanA, meanB] = [mean(a), mean(b)];
  let [products, squaresA, squaresB] = [0, 0, 0];
  for (let index = 0; index < a.length; index++) {
    const [deviationA, deviationB] = [a[index] - meanA, b[index] - meanB];
    products += deviationA * deviationB;
    squaresA += deviationA ** 2;
    squaresB += deviationB ** 2;
  }
  return products / Math.sqrt(squaresA * squaresB);
}

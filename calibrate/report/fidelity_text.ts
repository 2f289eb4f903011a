/**
 * How near a network comes to its float network, in words.
 *
 * @module
 */

import type { Estimate, Fidelity } from "../fidelity.ts";

/** One line of the figures, each with its standard error. */
export function fidelityText({ divergence, sqnr, same }: Fidelity): string {
  return [
    ...(divergence ? [`KL ${withError(divergence, 1, 4)}`] : []),
    sqnr ? `SQNR ${withError(sqnr, 1, 1)} dB` : "no error",
    ...(same ? [`same class ${withError(same, 100, 1)} %`] : []),
  ].join(", ");
}

function withError({ mean, standardError }: Estimate, factor: number, digits: number): string {
  const text = (mean * factor).toFixed(digits);
  return standardError === null ? text : `${text} ± ${(standardError * factor).toFixed(digits)}`;
}

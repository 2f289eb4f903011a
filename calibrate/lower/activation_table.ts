/**
 * Activation functions of 8-bit values as tables.
 *
 * @module
 */

import type { Activation } from "../../runtime/activation.ts";
import { activate } from "../../runtime/numerics/activate.ts";
import { dequantizeValue, quantizeValue } from "../../runtime/numerics/quantization.ts";
import { activationTraits } from "../graph/activations.ts";
import type { ValueQuantization } from "../plan.ts";

/**
 * The table of an activation function between two quantised values.
 *
 * @returns For each of the 256 inputs the output, by the kernels' own arithmetic.
 */
export function activationTable(activation: Activation, from: ValueQuantization, to: ValueQuantization): Uint8Array {
  const [activationA, activationB] = activationTraits(activation).parameters(activation);
  const options = { activation: activation.kind, activationA, activationB };
  const inverseScale = Math.fround(1 / to.scale);
  return Uint8Array.from({ length: 256 }, (_, quantized) => {
    const result = activate(dequantizeValue(quantized, from.scale, from.zeroPoint), options, 0);
    return quantizeValue(result, inverseScale, to.zeroPoint);
  });
}

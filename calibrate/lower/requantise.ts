/**
 * The integers and multipliers that carry a layer from accumulators to its
 * result.
 *
 * @module
 */

import type { Activation } from "../../runtime/activation.ts";
import { InputRangeError } from "../../runtime/errors.ts";
import { roundTiesToEven } from "../../runtime/numerics/float32.ts";
import { activationTraits, onGrids, passesFactors } from "../graph/activations.ts";
import type { LayerCorrection, ValueQuantization, WeightQuantization } from "../plan.ts";

/** What a layer's kernel needs after its accumulators. */
export interface Requantisation {
  /** Bias with the zero point correction, per output channel. */
  bias: Int32Array;
  /** float32 factor of the accumulator, per output channel. */
  multiplier: Float32Array;
  /** Factor after the activation function; 1 where it is part of the multiplier. */
  outputScale: number;
}

/**
 * Works out bias and multipliers of a layer.
 *
 * accumulator = sum q_x q_w + bias and result = activation(accumulator x
 * multiplier) x outputScale: in units of the output's scale where the output is
 * 8 bits, else in real units. A correction's gain is part of the multiplier, so
 * the weights stay as they are.
 *
 * @param layer Its name and activation; quantization of its output, absent where the result is float32.
 * @throws {RangeError} Where a bias is so large that an accumulator could overflow int32.
 */
export function requantise(
  weights: WeightQuantization,
  correction: LayerCorrection,
  input: ValueQuantization,
  layer: { name: string; activation: Activation["kind"]; quantization: ValueQuantization | undefined },
): Requantisation {
  const channels = weights.scales.length;
  const depth = weights.values.length / channels;
  const bias = new Int32Array(channels);
  const multiplier = new Float32Array(channels);
  const folds = passesFactors({ kind: layer.activation });
  const inverse = layer.quantization ? 1 / layer.quantization.scale : 1;
  const factors = layer.quantization?.factors;
  for (let channel = 0; channel < channels; channel++) {
    const { scale, integer, fits } = biasOf(channel, weights, correction, input);
    if (!fits) {
      throw new InputRangeError(
        `Layer "${layer.name}": bias ${correction.bias[channel]} of output channel ${channel} is ` +
          `${integer} units of ${scale}: int32 has no room for it`,
      );
    }
    bias[channel] = integer - input.zeroPoint * sumOf(weights.values, channel * depth, depth);
    multiplier[channel] = folds ? scale * inverse / (factors?.[channel] ?? 1) : scale;
  }
  return { bias, multiplier, outputScale: folds ? 1 : Math.fround(inverse) };
}

/** Whether int32 accumulators have room for every bias of a corrected layer, whatever its input is. */
export function fitsAccumulators(
  weights: WeightQuantization,
  correction: LayerCorrection,
  input: ValueQuantization,
): boolean {
  return weights.scales.every((_, channel) => biasOf(channel, weights, correction, input).fits);
}

/** Real value of a channel's accumulator unit, its bias in these units, and whether an accumulator has room for it. */
function biasOf(
  channel: number,
  weights: WeightQuantization,
  correction: LayerCorrection,
  input: ValueQuantization,
): { scale: number; integer: number; fits: boolean } {
  const depth = weights.values.length / weights.scales.length;
  const scale = input.scale * weights.scales[channel] * correction.gain[channel];
  const integer = roundTiesToEven(correction.bias[channel] / scale);
  return { scale, integer, fits: Math.abs(integer) + depth * 127 * 255 < 2 ** 31 };
}

/**
 * The clamp, in u8, that applies the bounds of an activation function to a
 * quantised result; all of u8 for others. With factors, zero is the only bound
 * that is not the end of all channels' grids.
 */
export function clampOf(activation: Activation, { scale, zeroPoint, factors }: ValueQuantization): [number, number] {
  if (factors) return [onGrids(activation)!.activation.kind === "relu" ? zeroPoint : 0, 255];
  const quantize = (value: number) =>
    Math.min(255, Math.max(0, roundTiesToEven(Math.min(1e6, Math.max(-1e6, value / scale))) + zeroPoint));
  const bounds = activationTraits(activation).bounds?.(activation);
  return bounds ? [quantize(bounds[0]), quantize(bounds[1])] : [0, 255];
}

/** Sum of some weights. */
export function sumOf(values: Int8Array, start: number, length: number): number {
  let sum = 0;
  for (let index = start; index < start + length; index++) sum += values[index];
  return sum;
}

/**
 * Scalar reference of the activation functions.
 *
 * @module
 */

import { activate, type ActivationOptions } from "../../runtime/numerics/activate.ts";

/** Reference of "activation_f32": channel of element i is i modulo `channels`. */
export function activationF32(input: Float32Array, options: ActivationOptions & { channels: number }): Float32Array {
  return input.map((x, i) => activate(x, options, i % options.channels));
}

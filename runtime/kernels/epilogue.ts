/**
 * The attributes that kernels share for what happens between the accumulator
 * and the stored result: activation, output scale, clamp.
 *
 * @module
 */

import { ACTIVATION_CODES, type ActivationKind } from "../activation.ts";
import type { TensorSpec } from "../tensor.ts";
import type { AttributeTable } from "./attributes.ts";
import type { ActivationWords, EpilogueWords } from "./blocks.ts";
import { stepError, type StepOf } from "./step.ts";

/** The attributes of an activation function. */
export interface ActivationAttributes {
  /** The function. */
  activation: ActivationKind;
  /** Its parameters a and b: alpha and beta, or the bounds of a clip. */
  activationParameters: readonly number[];
}

/** The attributes of a result's way to its tensor. */
export interface EpilogueAttributes extends ActivationAttributes {
  /** Factor before rounding to u8, above 0. */
  outputScale: number;
  /** Least and greatest byte of a u8 result. */
  clamp: readonly number[];
}

const ACTIVATIONS = Object.keys(ACTIVATION_CODES) as ActivationKind[];

/** How the attributes of an activation function are read and written. */
export const ACTIVATION: AttributeTable<ActivationAttributes> = {
  activation: { type: "word", words: ACTIVATIONS, absent: "identity" },
  activationParameters: { type: "floats", length: 2, absent: [0, 0] },
};

/** How the attributes of an epilogue are read and written. */
export const EPILOGUE: AttributeTable<EpilogueAttributes> = {
  ...ACTIVATION,
  outputScale: { type: "float", absent: 1 },
  clamp: { type: "integers", length: 2, min: 0, max: 255, absent: [0, 255] },
};

/** Checks that an epilogue's bounds are in order and its factor is above 0. */
export function checkEpilogue(step: StepOf<string, EpilogueAttributes>): void {
  const { clamp, outputScale } = step.attributes;
  if (clamp[0] > clamp[1]) throw stepError(step, "clamp must not be empty");
  if (outputScale <= 0) throw stepError(step, "outputScale must be above 0");
}

/** An activation function in a parameter block. */
export function activationWords({ activation, activationParameters }: ActivationAttributes): ActivationWords {
  return { code: ACTIVATION_CODES[activation], a: activationParameters[0], b: activationParameters[1] };
}

/** An epilogue in a parameter block. */
export function epilogueWords(attributes: EpilogueAttributes, { zeroPoint = 0 }: TensorSpec): EpilogueWords {
  const { clamp, outputScale } = attributes;
  return { zeroPoint, low: clamp[0], high: clamp[1], activation: activationWords(attributes), scale: outputScale };
}

/** Whether the activation function takes a slope for each channel. */
export function needsSlopes({ activation }: ActivationAttributes): boolean {
  return activation === "prelu";
}

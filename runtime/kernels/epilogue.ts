/**
 * The attributes that kernels share for what happens between the accumulator
 * and the stored result: activation, output scale, clamp.
 *
 * @module
 */

import { ACTIVATION_CODES, type ActivationKind } from "../activation.ts";
import type { TensorSpec } from "../tensor.ts";
import type { AttributeTable } from "./attributes.ts";
import { floatWord } from "./definition.ts";
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

/** The words activation, a, b. */
export function activationWords({ activation, activationParameters: [a, b] }: ActivationAttributes): number[] {
  return [ACTIVATION_CODES[activation], floatWord(a), floatWord(b)];
}

/** The words outputZeroPoint, clampLow, clampHigh, activation, a, b, outputScale. */
export function epilogueWords(attributes: EpilogueAttributes, output: TensorSpec): number[] {
  const { clamp, outputScale } = attributes;
  return [output.zeroPoint ?? 0, clamp[0], clamp[1], ...activationWords(attributes), floatWord(outputScale)];
}

/** Whether the activation function takes a slope for each channel. */
export function needsSlopes({ activation }: ActivationAttributes): boolean {
  return activation === "prelu";
}

/**
 * The attributes that kernels share for what happens between the accumulator
 * and the stored result: activation, output scale, clamp.
 *
 * @module
 */

import { ACTIVATION_CODES, type ActivationKind } from "../activation.ts";
import type { StepSpec, TensorSpec } from "../program.ts";
import { float, floatWord, integers, stepError, word } from "./definition.ts";

/** The checked epilogue of a step. */
export interface Epilogue {
  activation: number;
  /** First parameter of the activation: alpha, or the lower bound of a clip. */
  a: number;
  /** Second parameter of the activation: beta, or the upper bound of a clip. */
  b: number;
  outputScale: number;
  clamp: number[];
}

/** Reads and checks the epilogue attributes `activation`, `activationParameters`, `outputScale` and `clamp`. */
export function readEpilogue(step: StepSpec): Epilogue {
  const kind = word(step, "activation", "identity");
  if (!Object.hasOwn(ACTIVATION_CODES, kind)) throw stepError(step, `activation "${kind}" is unknown`);
  const parameters = step.attributes.activationParameters ?? [0, 0];
  if (!Array.isArray(parameters) || parameters.length !== 2) {
    throw stepError(step, "activationParameters must have two entries");
  }
  const clamp = integers(step, "clamp", 2, [0, 255], [0, 255]);
  if (clamp[0] > clamp[1]) throw stepError(step, "clamp must not be empty");
  const outputScale = float(step, "outputScale", 1);
  if (outputScale <= 0) throw stepError(step, "outputScale must be above 0");
  return {
    activation: ACTIVATION_CODES[kind as ActivationKind],
    a: parameters[0],
    b: parameters[1],
    outputScale,
    clamp,
  };
}

/** The words outputZeroPoint, clampLow, clampHigh, activation, a, b, outputScale. */
export function epilogueWords(step: StepSpec, output: TensorSpec): number[] {
  const { activation, a, b, outputScale, clamp } = readEpilogue(step);
  return [output.zeroPoint ?? 0, clamp[0], clamp[1], activation, floatWord(a), floatWord(b), floatWord(outputScale)];
}

/** Whether the step's activation takes a slope for each channel. */
export function needsSlopes(step: StepSpec): boolean {
  return step.attributes.activation === "prelu";
}

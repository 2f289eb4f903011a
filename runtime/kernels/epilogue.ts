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
  clamp: readonly number[];
}

const NO_PARAMETERS = [0, 0];
const BYTES = [0, 255] as const;

/** The epilogue of a checked step, by its attributes `activation`, `activationParameters`, `outputScale` and `clamp`. */
export function epilogueOf({ attributes }: StepSpec): Epilogue {
  const { activation = "identity", activationParameters = NO_PARAMETERS, outputScale = 1, clamp = BYTES } =
    attributes as {
      activation?: ActivationKind;
      activationParameters?: number[];
      outputScale?: number;
      clamp?: readonly number[];
    };
  return {
    activation: ACTIVATION_CODES[activation],
    a: activationParameters[0],
    b: activationParameters[1],
    outputScale,
    clamp,
  };
}

/** Checks the attributes that {@linkcode epilogueOf} reads. */
export function checkEpilogue(step: StepSpec): void {
  const kind = word(step, "activation", "identity");
  if (!Object.hasOwn(ACTIVATION_CODES, kind)) throw stepError(step, `activation "${kind}" is unknown`);
  const parameters = step.attributes.activationParameters ?? NO_PARAMETERS;
  if (!Array.isArray(parameters) || parameters.length !== 2) {
    throw stepError(step, "activationParameters must have two entries");
  }
  const clamp = integers(step, "clamp", 2, BYTES, BYTES);
  if (clamp[0] > clamp[1]) throw stepError(step, "clamp must not be empty");
  if (float(step, "outputScale", 1) <= 0) throw stepError(step, "outputScale must be above 0");
}

/** The words outputZeroPoint, clampLow, clampHigh, activation, a, b, outputScale. */
export function epilogueWords(step: StepSpec, output: TensorSpec): number[] {
  const { activation, a, b, outputScale, clamp } = epilogueOf(step);
  return [output.zeroPoint ?? 0, clamp[0], clamp[1], activation, floatWord(a), floatWord(b), floatWord(outputScale)];
}

/** Whether the step's activation takes a slope for each channel. */
export function needsSlopes(step: StepSpec): boolean {
  return step.attributes.activation === "prelu";
}

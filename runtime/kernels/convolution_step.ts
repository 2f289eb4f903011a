/**
 * The steps that are convolutions, fully connected layers among them.
 *
 * @module
 */

import type { Step } from "./registry.ts";

/** A convolution of any kind. */
export type ConvolutionStep = Step<
  "convolution_u8" | "convolution_sum_u8" | "convolution_f32" | "depthwise_u8" | "depthwise_f32"
>;

/** Whether a step is a convolution. */
export function isConvolution(step: Step): step is ConvolutionStep {
  switch (step.kernel) {
    case "convolution_u8":
    case "convolution_sum_u8":
    case "convolution_f32":
    case "depthwise_u8":
    case "depthwise_f32":
      return true;
    default:
      return false;
  }
}

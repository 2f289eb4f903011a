/**
 * The check of what constants hold.
 *
 * @module
 */

import { checkStepData } from "../kernels/registry.ts";
import type { Program } from "../program.ts";
import { ELEMENT_BYTES } from "../tensor.ts";
import { constantElements, storedBytes } from "./constant_elements.ts";
import { checkMultipliers, isGrouped } from "./grouped_weights.ts";

/**
 * Lets kernels whose constants hold positions check them.
 *
 * @param data The data part.
 * @throws {BundleError} At the first constant that its kernel cannot take.
 */
export function checkConstantData(program: Program, data: Uint8Array): void {
  program.constants.forEach((constant, index) => {
    if (isGrouped(constant)) checkMultipliers(constant, storedBytes(constant, data), `constants[${index}]`);
  });
  for (const step of program.steps) {
    checkStepData(step, {
      elements: (position) => constantElements(program.constants[step.constants[position]], data),
      packed(position) {
        const constant = program.constants[step.constants[position]];
        return {
          bytes: storedBytes(constant, data),
          bits: constant.type === "i4" ? 4 : 8 * ELEMENT_BYTES[constant.type],
        };
      },
    });
  }
}

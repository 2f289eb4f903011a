/**
 * Kernels that convert between float32 and 8 bits, and 256-entry tables.
 *
 * @module
 */

import { elementCount } from "../bundle/format.ts";
import {
  checkConstant,
  checkCounts,
  checkTensor,
  floatWord,
  integer,
  integers,
  type KernelDefinition,
} from "./definition.ts";

/**
 * float32 to u8 by the output's scale and zero point. Attributes: `dimensions`
 * [batch, pixels, channels], `transposed` 1 where the input has channels first.
 */
const quantize: KernelDefinition = {
  check(step, program) {
    checkCounts(step, 1, 0);
    const count = elementCount(integers(step, "dimensions", 3, [1, 2 ** 30]));
    integer(step, "transposed", 0, 1, 0);
    checkTensor(step, program.tensors[step.inputs[0]], "f32", count);
    checkTensor(step, program.tensors[step.output], "u8", count);
  },
  bind(step, program, memory) {
    const { scale, zeroPoint } = program.tensors[step.output];
    return {
      entry: "quantize",
      block: [
        memory.tensor(step.inputs[0]),
        memory.tensor(step.output),
        integers(step, "dimensions", 3, [1, 2 ** 30]),
        integer(step, "transposed", 0, 1, 0),
        floatWord(1 / scale!),
        zeroPoint!,
      ],
    };
  },
};

/** u8 to float32 by the input's scale and zero point. */
const dequantize: KernelDefinition = {
  check(step, program) {
    checkCounts(step, 1, 0);
    const input = program.tensors[step.inputs[0]];
    checkTensor(step, input, "u8", elementCount(input.shape));
    checkTensor(step, program.tensors[step.output], "f32", elementCount(input.shape));
  },
  bind(step, program, memory) {
    const { shape, scale, zeroPoint } = program.tensors[step.inputs[0]];
    const addresses = [memory.tensor(step.inputs[0]), memory.tensor(step.output)];
    return { entry: "dequantize", block: [addresses, elementCount(shape), floatWord(scale!), zeroPoint!] };
  },
};

/** u8 to u8 through a table: constant 0 holds 256 x u8. */
const lookup: KernelDefinition = {
  check(step, program) {
    checkCounts(step, 1, 1);
    const input = program.tensors[step.inputs[0]];
    checkTensor(step, input, "u8", elementCount(input.shape));
    checkTensor(step, program.tensors[step.output], "u8", elementCount(input.shape));
    checkConstant(step, program, 0, { type: "u8", length: 256 });
  },
  bind(step, program, memory) {
    const count = elementCount(program.tensors[step.inputs[0]].shape);
    const addresses = [memory.tensor(step.inputs[0]), memory.tensor(step.output), memory.constant(step.constants[0])];
    return { entry: "lookup", block: [addresses, count] };
  },
};

/** Kernels that this file defines, by name. */
export const conversionKernels: Readonly<Record<string, KernelDefinition>> = { quantize, dequantize, lookup };

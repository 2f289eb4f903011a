/**
 * Collection of a program's tables while a graph is lowered.
 *
 * @module
 */

import { align } from "../../runtime/alignment.ts";
import type { ConstantElements } from "../../runtime/bundle/constant_elements.ts";
import type { Step } from "../../runtime/kernels/registry.ts";
import type { ConstantSpec, ElementType, TensorSpec, TensorType } from "../../runtime/tensor.ts";
import type { ValueQuantization } from "../plan.ts";
import type { PackedLevels } from "./pack_weights.ts";

/** The growing tables of a program. */
export interface ProgramBuilder {
  tensors: TensorSpec[];
  steps: Step[];
  constants: ConstantSpec[];
  /** Adds a tensor, in units of its factors, and returns its index; its place in the arena is planned later. */
  tensor(name: string, type: TensorType, shape: readonly number[], quantization?: ValueQuantization): number;
  /** Adds a constant and returns its index. */
  constant(data: ConstantElements): number;
  /** Adds a constant of 4 bits and returns its index. */
  groupedConstant(weights: PackedLevels): number;
  /** Adds a step and returns its index. */
  step(step: Step): number;
  /** The data part. */
  data(): Uint8Array;
}

/** Makes an empty builder. */
export function createBuilder(): ProgramBuilder {
  const tensors: TensorSpec[] = [];
  const steps: Step[] = [];
  const constants: ConstantSpec[] = [];
  const chunks: ConstantElements[] = [];
  let end = 0;
  const add = (spec: Omit<ConstantSpec, "offset">, data: ConstantElements) => {
    constants.push({ ...spec, offset: align(end) });
    chunks.push(data);
    end = align(end) + data.byteLength;
    return constants.length - 1;
  };
  return {
    tensors,
    steps,
    constants,
    tensor(name, type, shape, quantization) {
      const grid = quantization && { scale: quantization.scale, zeroPoint: quantization.zeroPoint };
      tensors.push({ name, type, shape: shape.length > 0 ? [...shape] : [1], offset: 0, ...grid });
      return tensors.length - 1;
    },
    constant: (data) => add({ type: typeOf(data), length: data.length }, data),
    groupedConstant: ({ bytes, ...spec }) => add({ type: "i4", ...spec }, bytes),
    step(step) {
      steps.push(step);
      return steps.length - 1;
    },
    data() {
      const bytes = new Uint8Array(align(end));
      for (const [index, chunk] of chunks.entries()) {
        bytes.set(new Uint8Array(chunk.buffer, chunk.byteOffset, chunk.byteLength), constants[index].offset);
      }
      return bytes;
    },
  };
}

function typeOf(data: ConstantElements): ElementType {
  if (data instanceof Int8Array) return "i8";
  if (data instanceof Uint8Array) return "u8";
  return data instanceof Int32Array ? "i32" : "f32";
}

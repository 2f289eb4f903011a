/**
 * Collection of a program's tables while a graph is lowered.
 *
 * @module
 */

import { align } from "../../runtime/bundle/format.ts";
import type {
  ConstantSpec,
  ElementType,
  StepAttribute,
  StepSpec,
  TensorSpec,
  TensorType,
} from "../../runtime/program.ts";
import type { ConstantElements } from "../../runtime/bundle/constant_elements.ts";
import type { PackedLevels } from "../pack_weights.ts";
import type { ValueQuantization } from "../plan.ts";

/** Fields of a step that may be left out where they are empty. */
export type StepParts = Omit<StepSpec, "constants" | "attributes" | "inputs"> & {
  inputs?: number[];
  constants?: number[];
  attributes?: Record<string, StepAttribute>;
};

/** The growing tables of a program. */
export interface ProgramBuilder {
  tensors: TensorSpec[];
  steps: StepSpec[];
  constants: ConstantSpec[];
  /** Adds a tensor and returns its index; its place in the arena is planned later. */
  tensor(name: string, type: TensorType, shape: readonly number[], quantization?: ValueQuantization): number;
  /** Adds a constant and returns its index. */
  constant(data: ConstantElements): number;
  /** Adds a constant of 4 bits and returns its index. */
  groupedConstant(weights: PackedLevels): number;
  /** Adds a step and returns its index. */
  step(parts: StepParts): number;
  /** The data part. */
  data(): Uint8Array;
}

/** Makes an empty builder. */
export function createBuilder(): ProgramBuilder {
  const tensors: TensorSpec[] = [];
  const steps: StepSpec[] = [];
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
      tensors.push({ name, type, shape: shape.length > 0 ? [...shape] : [1], offset: 0, ...quantization });
      return tensors.length - 1;
    },
    constant: (data) => add({ type: typeOf(data), length: data.length }, data),
    groupedConstant: ({ bytes, ...spec }) => add({ type: "i4", ...spec }, bytes),
    step({ inputs = [], constants = [], attributes = {}, ...parts }) {
      steps.push({ ...parts, inputs, constants, attributes: withoutDefaults(attributes) });
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

const DEFAULTS: Readonly<Record<string, string>> = {
  stride: "[1,1]",
  dilation: "[1,1]",
  groups: "1",
  activation: '"identity"',
  activationParameters: "[0,0]",
  outputScale: "1",
  clamp: "[0,255]",
  inputOffset: "0",
  outputOffset: "0",
  transposed: "0",
  countIncludePad: "0",
};

/** Leaves out what the loader assumes anyway: headers stay small. */
function withoutDefaults(attributes: Record<string, StepAttribute>): Record<string, StepAttribute> {
  return Object.fromEntries(
    Object.entries(attributes).filter(([key, value]) => {
      if (key === "pads") return (value as number[]).some((pad) => pad !== 0);
      return DEFAULTS[key] !== JSON.stringify(value);
    }),
  );
}

/**
 * What the functions that export the steps work with.
 *
 * @module
 */

import type { ConstantElements } from "../../runtime/bundle/constant_elements.ts";
import type { Step } from "../../runtime/kernels/registry.ts";
import type { Program } from "../../runtime/program.ts";
import type { OnnxBuilder } from "./onnx_builder.ts";
import type { Values } from "./values.ts";

/** A program on its way to a file. */
export interface ExportContext {
  program: Program;
  builder: OnnxBuilder;
  values: Values;
  /** The constant that a step names at `position`. */
  constant(step: Step, position: number): ConstantElements;
}

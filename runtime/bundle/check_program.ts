/**
 * The checks that a bundle's header must pass before any memory is set aside
 * for it.
 *
 * @module
 */

import { ALIGNMENT } from "../alignment.ts";
import { BundleError, isInputError } from "../errors.ts";
import { asArray, asFields, asFloat, asInteger, asIntegers, asShape, asString, type Fields } from "../fields.ts";
import { checkStep, intermediateOf, parseStep, type Step } from "../kernels/registry.ts";
import { type Preprocessing, validatePreprocessing } from "../preprocessing.ts";
import { type CalibrationRecord, OUTPUT_KINDS, type PixelPort, type PortSpec, type Program } from "../program.ts";
import {
  type ConstantSpec,
  type ConstantType,
  elementCount,
  tensorBytes,
  type TensorSpec,
  type TensorType,
} from "../tensor.ts";
import { checkLifetimes } from "./check_lifetimes.ts";
import { checkWritten } from "./check_written.ts";
import { constantBytes, MAX_ENTRIES, MAX_PART_BYTES } from "./format.ts";
import { isGrouped, ROW_ELEMENTS } from "./grouped_weights.ts";

/**
 * Checks every field of a parsed header and returns it as a program.
 *
 * Afterwards every index, offset and length that a kernel uses lies inside its
 * table or memory, no two live tensors overlap, and no step reads what was
 * never written.
 *
 * @param value The parsed header.
 * @param dataBytes Bytes of the data part.
 * @param place Places the tensors, where their places in the header do not count.
 * @throws {BundleError} At the first inconsistency.
 */
export function checkProgram(value: unknown, dataBytes: number, place?: (program: Program) => void): Program {
  const header = asFields(value, "Header");
  const arenaBytes = asInteger(header.arenaBytes, "arenaBytes", 0, MAX_PART_BYTES);
  const room = place ? MAX_PART_BYTES : arenaBytes;
  const tensors = entries(header, "tensors").map((entry, index) =>
    checkTensor(entry, `tensors[${index}]`, room, place !== undefined)
  );
  const constants = entries(header, "constants").map((entry, index) =>
    checkConstant(entry, `constants[${index}]`, dataBytes)
  );
  checkConstantOrder(constants);
  const steps = entries(header, "steps").map((entry, index) =>
    readStep(entry, `steps[${index}]`, tensors.length, constants.length)
  );
  const program: Program = {
    name: asString(header.name, "name"),
    inputs: ports(header, "inputs", tensors),
    outputs: ports(header, "outputs", tensors),
    tensors,
    constants,
    steps,
    arenaBytes,
  };
  if (header.preprocessing !== undefined) {
    program.preprocessing = checkPreprocessing(header.preprocessing, program.inputs);
  }
  if (header.labels !== undefined) {
    program.labels = asArray(header.labels, "labels", MAX_ENTRIES).map((label, i) => asString(label, `labels[${i}]`));
  }
  if (header.outputKind !== undefined) {
    program.outputKind = oneOf(header.outputKind, "outputKind", OUTPUT_KINDS);
  }
  if (header.calibration !== undefined) program.calibration = checkCalibration(header.calibration);
  for (const step of steps) checkStep(step, program);
  if (place) {
    place(program);
    if (program.arenaBytes > MAX_PART_BYTES) {
      throw new BundleError(`Tensors take ${program.arenaBytes} bytes: at most ${MAX_PART_BYTES} are allowed`);
    }
  }
  checkLifetimes(program);
  checkWritten(program);
  if (header.pixels !== undefined) program.pixels = checkPixels(header.pixels, program);
  return program;
}

function entries(header: Fields, name: string): unknown[] {
  return asArray(header[name], name, MAX_ENTRIES);
}

function oneOf<T extends string>(value: unknown, where: string, words: readonly T[]): T {
  if (!words.includes(value as T)) throw new BundleError(`${where} must be one of ${words.join(", ")}`);
  return value as T;
}

function asOffset(value: unknown, where: string): number {
  const offset = asInteger(value, `${where}.offset`, 0, MAX_PART_BYTES);
  if (offset % ALIGNMENT !== 0) throw new BundleError(`${where}.offset must be a multiple of ${ALIGNMENT}`);
  return offset;
}

function checkTensor(value: unknown, where: string, arenaBytes: number, unplaced: boolean): TensorSpec {
  const fields = asFields(value, where);
  const type = oneOf<TensorType>(fields.type, `${where}.type`, ["u8", "f32"]);
  const shape = asShape(fields.shape, `${where}.shape`);
  const offset = unplaced ? 0 : asOffset(fields.offset, where);
  if (tensorBytes({ shape, type }) > arenaBytes - offset) {
    throw new BundleError(`${where} reaches past the end of the arena of ${arenaBytes} bytes`);
  }
  const tensor: TensorSpec = { name: asString(fields.name, `${where}.name`), type, shape, offset };
  if (type === "u8") {
    tensor.scale = asFloat(fields.scale, `${where}.scale`);
    if (tensor.scale <= 0) throw new BundleError(`${where}.scale must be above 0`);
    tensor.zeroPoint = asInteger(fields.zeroPoint, `${where}.zeroPoint`, 0, 255);
  }
  return tensor;
}

function checkConstant(value: unknown, where: string, dataBytes: number): ConstantSpec {
  const fields = asFields(value, where);
  const type = oneOf<ConstantType>(fields.type, `${where}.type`, ["i8", "u8", "i32", "f32", "i4"]);
  const offset = asOffset(fields.offset, where);
  const length = asInteger(fields.length, `${where}.length`, 1, MAX_PART_BYTES);
  const constant: ConstantSpec = { type, offset, length };
  if (type === "i4") {
    constant.rows = asInteger(fields.rows, `${where}.rows`, 1, MAX_PART_BYTES);
    constant.group = asInteger(fields.group, `${where}.group`, 1, constant.rows);
    if (length % (constant.rows * ROW_ELEMENTS) !== 0) {
      throw new BundleError(`${where}.length must be a multiple of ${ROW_ELEMENTS} times its rows`);
    }
  }
  if (constantBytes(constant) > dataBytes - offset) {
    throw new BundleError(`${where} reaches past the end of the data of ${dataBytes} bytes`);
  }
  return constant;
}

function checkConstantOrder(constants: readonly ConstantSpec[]): void {
  let [end, expanded] = [0, 0];
  constants.forEach((constant, index) => {
    if (constant.offset < end) throw new BundleError(`constants[${index}] overlaps the constant before it`);
    end = constant.offset + constantBytes(constant);
    if (isGrouped(constant)) expanded += constant.length;
  });
  if (expanded > MAX_PART_BYTES) throw new BundleError(`constants take ${expanded} bytes when they are expanded`);
}

function readStep(value: unknown, where: string, tensorCount: number, constantCount: number): Step {
  const fields = asFields(value, where);
  return parseStep({
    kernel: asString(fields.kernel, `${where}.kernel`),
    name: asString(fields.name, `${where}.name`),
    inputs: asIntegers(fields.inputs, `${where}.inputs`, 0, tensorCount - 1),
    output: asInteger(fields.output, `${where}.output`, 0, tensorCount - 1),
    constants: asIntegers(fields.constants ?? [], `${where}.constants`, 0, constantCount - 1),
    attributes: asFields(fields.attributes ?? {}, `${where}.attributes`),
  });
}

function ports(header: Fields, name: string, tensors: readonly TensorSpec[]): PortSpec[] {
  const list = entries(header, name).map((value, index): PortSpec => {
    const where = `${name}[${index}]`;
    const fields = asFields(value, where);
    const tensor = asInteger(fields.tensor, `${where}.tensor`, 0, tensors.length - 1);
    const shape = fields.shape instanceof Array && fields.shape.length === 0
      ? []
      : asShape(fields.shape, `${where}.shape`);
    if (tensors[tensor].type !== "f32" || elementCount(shape) !== elementCount(tensors[tensor].shape)) {
      throw new BundleError(`${where} must have a float32 tensor of its own size`);
    }
    if (typeof fields.batched !== "boolean") throw new BundleError(`${where}.batched must be true or false`);
    return { name: asString(fields.name, `${where}.name`), tensor, shape, batched: fields.batched };
  });
  if (list.length === 0) throw new BundleError(`${name} must not be empty`);
  if (new Set(list.map((port) => port.name)).size !== list.length) {
    throw new BundleError(`${name} must have different names`);
  }
  return list;
}

function checkPreprocessing(value: unknown, inputs: readonly PortSpec[]): Preprocessing {
  let recipe: Preprocessing;
  try {
    recipe = validatePreprocessing(value, "preprocessing");
  } catch (error) {
    if (!isInputError(error)) throw error;
    throw new BundleError(error.message);
  }
  const expected = [1, recipe.mean.length, ...recipe.crop].join("x");
  if (inputs.length !== 1 || inputs[0].shape.join("x") !== expected) {
    throw new BundleError(`preprocessing needs a single input of ${expected}`);
  }
  return recipe;
}

/** Checks the port for pixels: what remains to run must read nothing that the steps before it make, but that tensor. */
function checkPixels(value: unknown, program: Program): PixelPort {
  const fields = asFields(value, "pixels");
  const { tensors, steps, inputs, preprocessing } = program;
  const tensor = asInteger(fields.tensor, "pixels.tensor", 0, tensors.length - 1);
  const step = asInteger(fields.step, "pixels.step", 0, steps.length);
  if (!preprocessing) throw new BundleError("pixels needs preprocessing");
  const elements = elementCount([...preprocessing.crop, preprocessing.mean.length]);
  if (tensors[tensor].type !== "u8" || elementCount(tensors[tensor].shape) !== elements) {
    throw new BundleError(`pixels needs a u8 tensor of ${elements} elements`);
  }
  const replaced = new Set(inputs.map((port) => port.tensor));
  for (let index = 0; index < step; index++) {
    replaced.add(steps[index].output);
    const intermediate = intermediateOf(steps[index]);
    if (intermediate !== undefined) replaced.add(intermediate);
  }
  replaced.delete(tensor);
  for (let index = step; index < steps.length; index++) {
    for (const input of steps[index].inputs) {
      if (!replaced.has(input)) continue;
      throw new BundleError(`pixels: step "${steps[index].name}" reads "${tensors[input].name}" before it is written`);
    }
  }
  for (const output of program.outputs) {
    if (replaced.has(output.tensor)) throw new BundleError(`pixels: output "${output.name}" is never written`);
  }
  return { tensor, step };
}

function checkCalibration(value: unknown): CalibrationRecord {
  const fields = asFields(value, "calibration");
  return {
    weights: asString(fields.weights, "calibration.weights"),
    scales: asString(fields.scales, "calibration.scales"),
    usp: asString(fields.usp, "calibration.usp"),
    uspTarget: asString(fields.uspTarget, "calibration.uspTarget"),
    methods: asString(fields.methods ?? "", "calibration.methods"),
    samples: asInteger(fields.samples, "calibration.samples", 0, 2 ** 31),
  };
}

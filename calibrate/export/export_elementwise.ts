/**
 * Element-wise functions, conversions and matrix products in ONNX.
 *
 * @module
 */

import { InputError } from "../../runtime/errors.ts";
import type { BinaryOperation } from "../../runtime/kernels/binary.ts";
import type { Step } from "../../runtime/kernels/registry.ts";
import { elementCount } from "../../runtime/tensor.ts";
import { sameShape, stridesOf } from "../graph/shape.ts";
import { float, floats, typed } from "../onnx/encode.ts";
import type { ExportContext } from "./context.ts";
import { exportActivation } from "./export_activation.ts";

/** An element-wise function of two tensors. */
type BinaryStep = Step<"binary_u8" | "binary_f32">;

/** A function of two tensors whose strides are known. */
type OperandStep = BinaryStep | Step<"select_f32">;

/** How each function is written in ONNX; comparisons give booleans there. */
const OPERATORS: Readonly<
  Record<BinaryOperation, string | ((node: WriteNode, operands: readonly string[]) => string)>
> = {
  add: "Add",
  subtract: "Sub",
  multiply: "Mul",
  divide: "Div",
  maximum: "Max",
  minimum: "Min",
  prelu: "PRelu",
  power: "Pow",
  equal: (node, operands) => node("Cast", [node("Equal", operands)], { to: FLOAT32 }),
  less: (node, operands) => node("Cast", [node("Less", operands)], { to: FLOAT32 }),
  lessOrEqual: (node, operands) => node("Cast", [node("LessOrEqual", operands)], { to: FLOAT32 }),
  notEqual: (node, operands) => node("Cast", [node("Not", [node("Equal", operands)])], { to: FLOAT32 }),
  remainder: (node, operands) => node("Mod", operands, { fmod: 1 }),
  modulo(node, [a, b]) {
    const raised = node("Add", [node("Mod", [a, b], { fmod: 1 }), b]);
    return node("Mod", [raised, b], { fmod: 1 });
  },
};

/** Adds a node and gives its output. */
type WriteNode = (operator: string, inputs: readonly string[], attributes?: Record<string, number>) => string;

/** ONNX's codes of element types. */
const [FLOAT32, BOOL] = [1, 9];

/** Exports a function of two tensors. */
export function exportBinary(context: ExportContext, step: BinaryStep): void {
  const { builder, values, program } = context;
  const { aStrides, bStrides, operation } = step.attributes;
  const { operands, form } = readOperands(context, step, [aStrides, bStrides]);
  const subtracts = step.kernel === "binary_u8" && operation === "add" && step.attributes.scales[1] < 0;
  const operator = subtracts ? "Sub" : OPERATORS[operation];
  const node: WriteNode = (name, inputs, attributes) =>
    builder.node(name, `${step.name} ${name}`, [...inputs], attributes);
  const result = typeof operator === "string" ? builder.node(operator, step.name, operands) : operator(node, operands);
  values.write(step.output, form, exportActivation(builder, result, step, { output: program.tensors[step.output] }));
}

/** Exports a choice between two tensors. */
export function exportSelect(context: ExportContext, step: Step<"select_f32">): void {
  const { builder, values } = context;
  const { conditionStrides, aStrides, bStrides } = step.attributes;
  const { operands: [condition, a, b], form } = readOperands(context, step, [conditionStrides, aStrides, bStrides]);
  const truth = builder.node("Cast", `${step.name} condition`, [condition], { to: BOOL });
  values.write(step.output, form, builder.node("Where", step.name, [truth, a, b]));
}

/** The operands of a step in shapes that broadcast, and the form of its result. */
function readOperands(context: ExportContext, step: OperandStep, strides: readonly (readonly number[])[]) {
  const { values, program } = context;
  const { dimensions } = step.attributes;
  const shapes = strides.map((own, operand) => operandShape(context, step, { operand, dimensions, strides: own }));
  const whole = dimensions[0] === 1 && shapes.every((shape) => sameShape(shape, dimensions)) &&
    step.inputs.every((tensor) => sameShape(program.tensors[tensor].shape, program.tensors[step.output].shape));
  // Operands of one shape can be taken in the order in which they were made.
  const order = whole ? values.orderOf(step.inputs[0]) : "stored";
  const formOf = (shape: readonly number[]) => {
    const form = { order, float: true } as const;
    return whole ? form : { ...form, shape: dimensions[0] === 1 ? shape : [1, ...shape] };
  };
  const operands = step.inputs.map((tensor, operand) => values.read(tensor, formOf(shapes[operand])));
  return { operands, form: formOf(dimensions) };
}

/** The shape in which an operand broadcasts. */
function operandShape(
  { program }: ExportContext,
  step: OperandStep,
  { operand, dimensions, strides }: { operand: number; dimensions: readonly number[]; strides: readonly number[] },
): number[] {
  const tensor = step.inputs[operand];
  const shape = dimensions.map((length, axis) => strides[axis] === 0 ? 1 : length);
  const rowMajor = stridesOf(shape).every((stride, axis) => shape[axis] === 1 || stride === strides[axis]);
  if (!rowMajor || elementCount(shape) !== elementCount(program.tensors[tensor].shape)) {
    throw new InputError(`Step "${step.name}" reads an operand in an order that ONNX does not broadcast`);
  }
  return shape;
}

/** Exports an activation function on its own. */
export function exportActivationStep(context: ExportContext, step: Step<"activation_f32">): void {
  const { builder, values, program, constant } = context;
  const needsSlopes = step.attributes.activation === "prelu";
  const order = needsSlopes ? "stored" : values.orderOf(step.inputs[0]);
  const slopes = needsSlopes
    ? builder.constant(`${step.name} slopes`, floats([constant(step, 0).length], constant(step, 0)))
    : undefined;
  const value = values.read(step.inputs[0], { order, float: true });
  const output = program.tensors[step.output];
  values.write(
    step.output,
    { order, float: true },
    exportActivation(builder, value, step, { output, ...(slopes && { slopes }) }),
  );
}

/** Exports a table of 256 bytes. */
export function exportLookup({ builder, values, constant }: ExportContext, step: Step<"lookup">): void {
  const order = values.orderOf(step.inputs[0]);
  const bytes = values.read(step.inputs[0], { order, float: false });
  const indices = builder.node("Cast", `${step.name} indices`, [bytes], { to: 6 });
  const table = builder.constant(`${step.name} table`, typed(constant(step, 0) as Uint8Array));
  values.write(step.output, { order, float: false }, builder.node("Gather", step.name, [table, indices], { axis: 0 }));
}

/** Exports a conversion from float32 to u8. */
export function exportQuantize({ values, program }: ExportContext, step: Step<"quantize">): void {
  const { shape } = program.tensors[step.output];
  const [batch, pixels, channels] = step.attributes.dimensions;
  if (step.attributes.transposed !== 1) {
    const order = values.orderOf(step.inputs[0]);
    const value = values.read(step.inputs[0], { order, float: true });
    return values.write(step.output, { order, float: true }, value);
  }
  const image = shape.length === 4 && shape[1] * shape[2] === pixels && shape[3] === channels;
  const stored = image ? shape : [batch, pixels, 1, channels];
  const first = [stored[0], stored[3], stored[1], stored[2]];
  const value = values.read(step.inputs[0], { order: "stored", float: true, shape: first });
  values.write(step.output, { order: "channels first", float: true, shape: stored }, value);
}

/** Exports a conversion from u8 to float32. */
export function exportDequantize({ values }: ExportContext, step: Step<"dequantize">): void {
  const order = values.orderOf(step.inputs[0]);
  values.write(step.output, { order, float: true }, values.read(step.inputs[0], { order, float: true }));
}

/** Exports a product of two tensors. */
export function exportMatMul({ builder, values }: ExportContext, step: Step<"matmul_f32">): void {
  const { dimensions: [batch, m, k, n], batchStrides } = step.attributes;
  const formOf = (matrices: number, rows: number, columns: number) =>
    ({ order: "stored", float: true, shape: [1, matrices, rows, columns] }) as const;
  const operands = [[m, k], [k, n]].map(([rows, columns], operand) =>
    values.read(step.inputs[operand], formOf(batchStrides[operand] === 0 ? 1 : batch, rows, columns))
  );
  values.write(step.output, formOf(batch, m, n), builder.node("MatMul", step.name, operands));
}

/** Exports softmax over rows. */
export function exportSoftmax({ builder, values }: ExportContext, step: Step<"softmax_f32">): void {
  const form = { order: "stored", float: true, shape: step.attributes.dimensions } as const;
  values.write(step.output, form, builder.node("Softmax", step.name, [values.read(step.inputs[0], form)], { axis: 1 }));
}

/** Exports layer normalisation over rows. */
export function exportLayerNormalization(context: ExportContext, step: Step<"layer_normalization_f32">): void {
  const { builder, values } = context;
  const { dimensions, epsilon } = step.attributes;
  const form = { order: "stored", float: true, shape: dimensions } as const;
  const parameters = step.constants.map((_, position) => {
    const data = context.constant(step, position) as Float32Array;
    return builder.constant(`${step.name} ${position === 0 ? "scale" : "bias"}`, floats([data.length], data));
  });
  const inputs = [values.read(step.inputs[0], form), ...parameters];
  const attributes = { axis: 1, epsilon: float(epsilon) };
  values.write(step.output, form, builder.node("LayerNormalization", step.name, inputs, attributes));
}

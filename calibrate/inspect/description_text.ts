/**
 * Descriptions of bundles and networks as text for a terminal.
 *
 * @module
 */

import { escapeText } from "../../cli/escape_text.ts";
import { textTable } from "../../cli/text_table.ts";
import type { ModelPort } from "../../runtime/model.ts";
import type { Preprocessing } from "../../runtime/preprocessing.ts";
import type { CalibrationRecord, FreeSize } from "../../runtime/program.ts";
import type { BundleDescription } from "./describe_bundle.ts";
import type { NetworkDescription } from "./describe_network.ts";

/** A label and what stands beside it, one string per line. */
type Fact = [label: string, lines: string[]];

function sizeText({ name, minimum, maximum, step }: FreeSize): string {
  return `${name} ${minimum} to ${maximum} in steps of ${step}; below are the layers and memory of the smallest`;
}

/** A bundle's description in lines, without a newline at the end. */
export function bundleText(description: BundleDescription): string {
  const { bytes, kernels, build, labels, layers, sizes } = description;
  const facts = factList([
    ["Octet bundle", [description.name]],
    ["SHA-256", [description.hash]],
    ["Inputs", description.inputs.map(portText)],
    ["Outputs", description.outputs.map(portText)],
    ...(sizes.length > 0 ? [["Free sizes", sizes.map(sizeText)] satisfies Fact] : []),
    ["Output kind", [description.outputKind]],
    ["Preprocessing", [preprocessingText(description.preprocessing)]],
    ["Labels", [labels > 0 ? grouped(labels) : "none"]],
    ["Calibration", [calibrationText(description.calibration)]],
    ...(description.calibration ? [["Layers in float32", floatLayersText(description)] satisfies Fact] : []),
    ["Kernels", [
      ...kernels.map(({ kernel, steps }) => `${kernel} x ${steps}`),
      `this host would use the ${build} build`,
    ]],
  ]);
  const parts = textTable(["Part", "Bytes"], [
    ["header", grouped(bytes.header)],
    ["weights", grouped(bytes.weights)],
    ["biases and multipliers", grouped(bytes.biasesAndMultipliers)],
    ["other constants", grouped(bytes.otherConstants)],
    ["padding and hash", grouped(bytes.paddingAndHash)],
    ["file in all", grouped(bytes.file)],
    ["arena, at run time", grouped(bytes.arena)],
    ["memory in all, at run time", grouped(bytes.memory)],
  ], { align: ["left", "right"] });
  const table = textTable(
    ["Kernel", "Layer", "Shape", "Type", "Scale", "Zero", "Weight bytes"],
    layers.map((layer) => [
      layer.kernel,
      shortened(layer.name),
      shapesText(layer.inputs, layer.output),
      layer.type,
      layer.scale === null ? "" : layer.scale.toPrecision(4),
      layer.zeroPoint ?? "",
      layer.weightBytes > 0 ? grouped(layer.weightBytes) : "",
    ]),
    { align: ["left", "left", "left", "left", "right", "right", "right"] },
  );
  return `${facts}\n\n${parts}\n\nLayers in the order in which they run; shapes are channels last.\n\n${table}`;
}

/** A float network's description in lines, without a newline at the end. */
export function networkText(description: NetworkDescription): string {
  const facts = factList([
    ["ONNX network", [description.name]],
    ["Operator set", [String(description.opset)]],
    ["Producer", [description.producer || "not given"]],
    ["File", [`${grouped(description.fileBytes)} bytes`]],
    ["Inputs", description.inputs.map(portText)],
    ["Outputs", description.outputs.map(portText)],
    ["Parameters", [grouped(description.parameters)]],
    ["Multiply-adds", [`${grouped(description.multiplyAdds)} for one sample`]],
    ["Operators", description.operators.map(({ operator, nodes }) => `${operator} x ${nodes}`)],
  ]);
  const table = textTable(
    ["Operator", "Layer", "Output", "Parameters", "Multiply-adds"],
    description.layers.map((layer) => [
      layer.operator,
      shortened(layer.name),
      shapeText(layer.output),
      layer.parameters > 0 ? grouped(layer.parameters) : "",
      layer.multiplyAdds > 0 ? grouped(layer.multiplyAdds) : "",
    ]),
    { align: ["left", "left", "left", "right", "right"] },
  );
  return `${facts}\n\nLayers after folding and fusing; shapes are channels last.\n\n${table}`;
}

function factList(facts: Fact[]): string {
  const width = Math.max(...facts.map(([label]) => label.length));
  return facts.flatMap(([label, lines]) =>
    lines.map((line, index) => `${(index === 0 ? label : "").padEnd(width)}  ${escapeText(line)}`)
  ).join("\n");
}

function portText({ name, shape }: ModelPort): string {
  return `${name} float32 [${
    shape.map((length, axis) => length < 0 ? (axis === 0 ? "batch" : "free") : length).join(", ")
  }]`;
}

function preprocessingText(preprocessing: Preprocessing | null): string {
  if (!preprocessing) return "none: the network takes no images";
  const { resize, crop: [height, width], mean, std } = preprocessing;
  const first = resize === undefined
    ? "the least that covers, "
    : typeof resize === "number"
    ? `short side to ${resize}, `
    : `stretched to ${resize.join(" x ")}, `;
  return `${first}crop ${height} x ${width}, mean [${mean.join(", ")}], std [${std.join(", ")}]`;
}

function calibrationText(calibration: CalibrationRecord | null): string {
  if (!calibration) return "none: a float network";
  const { weights, scales, usp, uspTarget, methods, samples } = calibration;
  const correction = usp === "off" ? "USP off" : `USP ${usp} to ${uspTarget}`;
  return [`weights ${weights}`, `scales ${scales}`, methods, correction, `${grouped(samples)} samples`]
    .filter((part) => part !== "").join(", ");
}

function floatLayersText({ layers }: BundleDescription): string[] {
  const names = layers.filter(({ floatWeights }) => floatWeights).map(({ name }) => shortened(name));
  return names.length > 0 ? names : ["none"];
}

/** Shapes of what a layer reads and makes. */
export function shapesText(inputs: readonly (readonly number[])[], output: readonly number[]): string {
  return `${inputs.map(shapeText).join(", ")}${inputs.length > 0 ? " -> " : ""}${shapeText(output)}`;
}

function shapeText(shape: readonly number[]): string {
  return shape.length === 0 ? "scalar" : shape.join("x");
}

const LONGEST_NAME = 40;

/** A name cut at its front: the ends of node names tell them apart. */
export function shortened(name: string): string {
  const characters = [...name];
  return characters.length > LONGEST_NAME ? `…${characters.slice(1 - LONGEST_NAME).join("")}` : name;
}

/** A number with commas between its thousands. */
export function grouped(value: number): string {
  return value.toLocaleString("en-US");
}

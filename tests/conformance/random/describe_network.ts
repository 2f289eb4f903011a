/**
 * A drawn network as text.
 *
 * @module
 */

import type { AttributeValue } from "../../../calibrate/onnx/encode.ts";
import type { DrawnNetwork } from "./draw_network.ts";

/** Most elements of a constant that are shown. */
const SHOWN = 8;

/** One line for each input, constant and node. */
export function describeNetwork({ spec }: DrawnNetwork): string {
  return [
    `opset ${spec.opset}`,
    ...Object.entries(spec.inputs).map(([name, shape]) => `input ${name} [${shape}]`),
    ...Object.entries(spec.constants ?? {}).map(([name, { shape, floats, ints, typed }]) => {
      const elements = Array.from(floats ?? ints ?? typed ?? []);
      const values = elements.length > SHOWN ? "" : ` = ${elements.join(", ")}`;
      return `${ints ? "int64" : "float32"} ${name} [${shape}]${values}`;
    }),
    ...spec.nodes.map(({ op, inputs, outputs, attributes = {} }) => {
      const given = Object.entries(attributes).map(([key, value]) => `${key}=${describeAttribute(value)}`);
      return `${outputs} = ${op}(${inputs.join(", ")})${given.length ? ` ${given.join(" ")}` : ""}`;
    }),
    `outputs ${spec.outputs}`,
  ].join("\n");
}

function describeAttribute(value: AttributeValue): string {
  if (typeof value !== "object") return String(value);
  if (Array.isArray(value)) return `[${value}]`;
  if ("float" in value) return String(value.float);
  return "floats" in value ? `[${value.floats}]` : "tensor";
}

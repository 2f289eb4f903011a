/**
 * Small networks with free sizes.
 *
 * @module
 */

import { importOnnx } from "../../calibrate/onnx/import.ts";
import { chooseForms } from "../../calibrate/program/forms.ts";
import { fitSizes, type Lengths } from "../../calibrate/program/fit_sizes.ts";
import { lower, type Lowered } from "../../calibrate/program/lower.ts";
import type { FreeSize, ProgramData } from "../../runtime/program.ts";
import { floats, type ModelSpec, type NodeSpec, writeOnnx } from "./onnx_writer.ts";
import { quantizeGraph } from "./quantized_graph.ts";
import { randomFloats } from "./tiny_bundle.ts";

/** A node by what tests tell apart. */
export function node(op: string, inputs: string[], output: string, attributes: NodeSpec["attributes"] = {}): NodeSpec {
  return { op, name: `${op} ${output}`, inputs, outputs: [output], attributes };
}

/** Random weights. */
export function weights(shape: number[], seed: number) {
  return floats(shape, randomFloats(shape.reduce((a, b) => a * b), seed));
}

/** A network and its sizes. */
export interface FreeNetworkSpec {
  spec: ModelSpec;
  sizes: FreeSize[];
}

const pads = { pads: [1, 1, 1, 1] };

/** Networks with free sizes. */
export const FREE_NETWORKS: Record<string, FreeNetworkSpec> = {
  "a detector of free height and width": {
    spec: {
      inputs: { x: ["N", 3, "h", "w"] },
      outputs: ["z"],
      constants: {
        a: weights([8, 3, 3, 3], 1),
        b: weights([8, 1, 3, 3], 2),
        c: weights([4, 8, 1, 1], 3),
        d: weights([2, 12, 3, 3], 4),
      },
      nodes: [
        node("Conv", ["x", "a"], "p", { ...pads, strides: [2, 2] }),
        node("Relu", ["p"], "q"),
        node("Conv", ["q", "b"], "r", { ...pads, group: 8 }),
        node("Conv", ["r", "c"], "s"),
        node("MaxPool", ["q"], "m", { kernel_shape: [3, 3], ...pads }),
        node("Concat", ["s", "m"], "t", { axis: 1 }),
        node("Conv", ["t", "d"], "u", pads),
        node("Sigmoid", ["u"], "z"),
      ],
    },
    sizes: [{ name: "h", minimum: 8, maximum: 40, step: 4 }, { name: "w", minimum: 12, maximum: 60, step: 6 }],
  },
  "a sequence of free length with attention": {
    spec: {
      inputs: { x: ["N", "t", 8] },
      outputs: ["z"],
      constants: {
        q: weights([8, 8], 1),
        k: weights([8, 8], 2),
        v: weights([8, 8], 3),
        scale: weights([8], 4),
        bias: weights([8], 5),
        o: weights([8, 5], 6),
      },
      nodes: [
        node("LayerNormalization", ["x", "scale", "bias"], "n", { axis: -1 }),
        node("MatMul", ["n", "q"], "query"),
        node("MatMul", ["n", "k"], "key"),
        node("MatMul", ["n", "v"], "value"),
        node("Transpose", ["key"], "turned", { perm: [0, 2, 1] }),
        node("MatMul", ["query", "turned"], "scores"),
        node("Softmax", ["scores"], "shares", { axis: -1 }),
        node("MatMul", ["shares", "value"], "mixed"),
        node("Add", ["mixed", "x"], "sum"),
        node("MatMul", ["sum", "o"], "z"),
      ],
      opset: 17,
    },
    sizes: [{ name: "t", minimum: 3, maximum: 70, step: 1 }],
  },
};

/** Makes 8-bit programs of a network for given lengths, all with the scales and weights of one. */
export async function programsOf({ spec, sizes }: FreeNetworkSpec): Promise<(lengths: Lengths) => Lowered> {
  const bytes = writeOnnx(spec);
  const at = (dimensions: Lengths) => importOnnx(bytes, { name: "n", dimensions });
  const graph = at(Object.fromEntries(sizes.map(({ name, minimum, step }) => [name, minimum + 2 * step])));
  const { plan } = await quantizeGraph(graph);
  const forms = chooseForms(graph);
  return (lengths) => lower(at(lengths), { plan, forms });
}

/** A detector of free height and width. */
export const DETECTOR: FreeNetworkSpec = FREE_NETWORKS["a detector of free height and width"];

/** An 8-bit program of the detector, small sizes only. */
const parts: ProgramData = fitSizes(
  DETECTOR.sizes.map((size) => ({ ...size, maximum: size.minimum + 4 * size.step })),
  await programsOf(DETECTOR),
);

/** A program with free sizes. */
export function freeParts(): ProgramData {
  return structuredClone({ program: parts.program, data: parts.data });
}

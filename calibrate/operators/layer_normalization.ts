/**
 * Normalisation over the last dimensions.
 *
 * @module
 */

import { elementCount } from "../../runtime/tensor.ts";
import type { LayerNormalizationNode } from "../graph/graph.ts";
import { orderOf, place } from "../graph/relayout.ts";
import { FLOAT_OPERATOR, type Operator } from "./operator.ts";
import { keepPlace } from "./samples.ts";

/** Normalisation over the last dimensions. */
export const layerNormalization: Operator<LayerNormalizationNode> = {
  ...FLOAT_OPERATOR,
  shape({ axes, scale }, [input]) {
    const length = elementCount(axes.map((axis) => input[axis]));
    return scale.length === length ? [...input] : `has ${scale.length} factors for rows of ${length} of [${input}]`;
  },
  samples: ({ axes }, places) => keepPlace(places, axes, "it takes the mean over samples"),
  check({ scale, bias, epsilon }) {
    if (bias && bias.length !== scale.length) return `has ${scale.length} factors and ${bias.length} addends`;
    return epsilon >= 0 ? undefined : `has an epsilon of ${epsilon}`;
  },
  relayout(layout, node) {
    // Parameters are row-major over the normalised dimensions: those keep the network's order.
    const others = orderOf(layout, node).filter((axis) => !node.axes.includes(axis));
    place(layout, { ...node, axes: node.axes.map((_, i) => others.length + i) }, [...others, ...node.axes]);
  },
  parameterAxis: ({ axes }) => axes.length === 1 ? axes[0] : undefined,
  describe: ({ scale, bias }) => ({
    kind: "layer normalization",
    parameters: scale.length + (bias?.length ?? 0),
    multiplyAdds: 0,
  }),
  limits: ({ axes }, { inputs: [{ length: rank }] }) =>
    axes.every((axis, i) => axis === rank - axes.length + i)
      ? undefined
      : `normalises over dimensions ${axes} of ${rank}, which are not the last`,
  lower(context, node) {
    const { builder } = context;
    const { name, scale, bias, epsilon } = node;
    const rows = elementCount(context.shape(node.output)) / scale.length;
    builder.step({
      kernel: "layer_normalization_f32",
      name,
      inputs: [context.place(node.inputs[0], "f32")],
      output: context.create(node.output, "f32"),
      constants: [scale, ...(bias ? [bias] : [])].map((constant) => builder.constant(constant)),
      attributes: { dimensions: [rows, scale.length], epsilon },
    });
  },
};

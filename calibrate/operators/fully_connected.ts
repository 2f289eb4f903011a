/**
 * Product of the last dimension with constant weights.
 *
 * @module
 */

import { elementCount } from "../../runtime/tensor.ts";
import type { FullyConnectedNode } from "../graph/graph.ts";
import { place, primaryForm, sourceOrder } from "../graph/relayout.ts";
import { lowerLayer } from "../lower/lower_layer.ts";
import { LARGEST_WINDOW } from "./images.ts";
import { checkLayer, layerCounts, layerForms, linkLayer } from "./layers.ts";
import { computed, type Operator } from "./operator.ts";
import { keepPlace } from "./samples.ts";

/** Product of the last dimension with constant weights. */
export const fullyConnected: Operator<FullyConnectedNode> = {
  shape({ weightShape: [outputs, inputs] }, [input]) {
    return input.at(-1) === inputs
      ? [...input.slice(0, -1), outputs]
      : `of weights [${outputs},${inputs}] does not fit [${input}]`;
  },
  samples: (_, places, { inputs: [input] }) =>
    keepPlace(places, [input.length - 1], "it multiplies samples with each other"),
  check: checkLayer,
  readsImages: false,
  relayout(layout, node) {
    const [input] = node.inputs;
    const { order } = primaryForm(layout, input);
    const last = order.length - 1;
    const wanted = order[last] === last ? [...order] : sourceOrder(order.length);
    const columns = layout.columns.get(input);
    place(layout, columns ? permuteColumns(node, columns) : node, wanted);
  },
  parameterAxis: (_, rank) => rank - 1,
  content: computed,
  forms: layerForms,
  linkChannels: linkLayer,
  describe: (node, { output }) => ({ kind: "fully connected", ...layerCounts(node, output) }),
  limits: ({ weightShape: [, inputs] }) =>
    inputs > LARGEST_WINDOW ? `sums ${inputs} products: at most ${LARGEST_WINDOW} fit` : undefined,
  lower(context, node) {
    const [outputs, inputs] = node.weightShape;
    const rows = elementCount(context.shape(node.output).slice(0, -1));
    lowerLayer(context, node, {
      input: [1, rows, 1, inputs],
      output: [1, rows, 1, outputs],
      kernel: [1, 1],
      stride: [1, 1],
      dilation: [1, 1],
      pads: [0, 0],
      groups: 1,
    });
  },
};

function permuteColumns(node: FullyConnectedNode, columns: Int32Array): FullyConnectedNode {
  const [outputs, inputs] = node.weightShape;
  const weights = new Float32Array(node.weights.length);
  for (let row = 0; row < outputs; row++) {
    for (let column = 0; column < inputs; column++) {
      weights[row * inputs + column] = node.weights[row * inputs + columns[column]];
    }
  }
  return { ...node, weights };
}

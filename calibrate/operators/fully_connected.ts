/**
 * Product of the last dimension with constant weights.
 *
 * @module
 */

import { place, primaryForm, sourceOrder } from "../graph/relayout.ts";
import type { FullyConnectedNode } from "../graph/graph.ts";
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

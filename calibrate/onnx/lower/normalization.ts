/**
 * BatchNormalization: a factor and a summand per channel.
 *
 * @module
 */

import { elementCount } from "../../../runtime/tensor.ts";
import type { Value } from "../../graph/graph.ts";
import { floatAttribute, intAttribute } from "../attributes.ts";
import { emitChannelScale, emitReshape } from "../emit.ts";
import { OnnxError, quote, UnsupportedReason } from "../errors.ts";
import { type Lowering, operand, vectorParameter } from "../lowering.ts";
import type { OnnxNode } from "../model.ts";

/** Lowers BatchNormalization to a depthwise 1x1 convolution and notes what it said. */
export function lowerBatchNormalization(lowering: Lowering, node: OnnxNode): Value {
  if (
    intAttribute(node, "training_mode", 0) !== 0 || node.outputs.slice(1).some((name) => lowering.readers.has(name))
  ) {
    throw new UnsupportedReason("it is in training mode");
  }
  if (intAttribute(node, "spatial", 1) !== 1) {
    throw new UnsupportedReason("it normalises each pixel on its own");
  }
  const input = operand(lowering, node, 0);
  const rank = input.shape.length;
  if (rank < 2) throw new UnsupportedReason(`its input has ${rank} dimensions`);
  const channels = input.shape[1];
  const [gamma, beta, mean, variance] = [1, 2, 3, 4].map((index) => vectorParameter(lowering, node, index, channels));
  const epsilon = floatAttribute(node, "epsilon", 1e-5);
  const scale = new Float32Array(channels);
  const shift = new Float32Array(channels);
  for (let channel = 0; channel < channels; channel++) {
    const deviation = Math.sqrt(variance[channel] + epsilon);
    if (!(variance[channel] >= 0 && deviation > 0)) {
      throw new OnnxError(
        `Tensor ${quote(node.inputs[4])} holds the variance ${variance[channel]} with epsilon ` +
          `${epsilon}: expected a positive sum`,
        node.name,
      );
    }
    const factor = gamma[channel] / deviation;
    scale[channel] = factor;
    shift[channel] = beta[channel] - mean[channel] * factor;
  }
  const [batch, , ...spatial] = input.shape;
  const size = rank > 4
    ? [elementCount(spatial.slice(0, -1)), spatial.at(-1)!]
    : [...new Array(4 - rank).fill(1), ...spatial];
  const image = emitReshape(lowering, input, [batch, channels, ...size]);
  const output = emitChannelScale(lowering, image, { scale, shift });
  lowering.normalizations.set(output.name, { gamma, beta, variance, epsilon });
  return emitReshape(lowering, output, input.shape);
}

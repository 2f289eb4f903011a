/**
 * BatchNormalization of constants.
 *
 * @module
 */

import { elementCount } from "../../../runtime/tensor.ts";
import { floatAttribute, intAttribute } from "../attributes.ts";
import { OnnxError } from "../errors.ts";
import { type Lowering, reserve } from "../lowering.ts";
import type { OnnxNode } from "../model.ts";
import type { Tensor } from "../tensor.ts";
import { required } from "./arithmetic.ts";

/**
 * Computes BatchNormalization. Standardised weights reach it as constants, in training mode.
 *
 * @throws {OnnxError} Where its parameters do not fit.
 */
export function foldBatchNormalization(
  lowering: Lowering,
  node: OnnxNode,
  inputs: (Tensor | undefined)[],
): Tensor {
  const [source, gamma, beta, mean, variance] = inputs.slice(0, 5).map((input) => required(input, node));
  const training = intAttribute(node, "training_mode", 0) !== 0;
  const epsilon = floatAttribute(node, "epsilon", 1e-5);
  const channels = source.shape[1];
  const vectors = [gamma, beta, ...(training ? [] : [mean, variance])];
  if (channels === undefined || vectors.some(({ data }) => data.length !== channels)) {
    throw new OnnxError(`BatchNormalization has parameters that do not fit [${source.shape}]`, node.name);
  }
  const run = elementCount(source.shape.slice(2));
  const channelOf = (i: number): number => Math.floor(i / run) % channels;
  const [means, variances] = training ? momentsOf(source, { channels, channelOf }) : [mean.data, variance.data];
  const data = reserve(lowering, source.type, source.shape);
  for (let i = 0; i < data.length; i++) {
    const channel = channelOf(i);
    const scale = gamma.data[channel] / Math.sqrt(variances[channel] + epsilon);
    data[i] = (source.data[i] - means[channel]) * scale + beta.data[channel];
  }
  return { ...source, data };
}

function momentsOf(
  source: Tensor,
  { channels, channelOf }: { channels: number; channelOf: (index: number) => number },
): [Float64Array, Float64Array] {
  const count = source.data.length / channels;
  const means = new Float64Array(channels);
  const variances = new Float64Array(channels);
  for (let i = 0; i < source.data.length; i++) means[channelOf(i)] += source.data[i] / count;
  for (let i = 0; i < source.data.length; i++) {
    variances[channelOf(i)] += (source.data[i] - means[channelOf(i)]) ** 2 / count;
  }
  return [means, variances];
}

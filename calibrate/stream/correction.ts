/**
 * The stage that takes samples through 8-bit programs beside the float one,
 * node by node, while the layers of the former are replaced.
 *
 * @module
 */

import type { Gram } from "../observe/gram.ts";
import type { JointMoments } from "../observe/moments.ts";
import type { Lowered } from "../program/lower.ts";
import { type ReconstructionTask, reconstructWeights } from "../quantize/reconstruct_weights.ts";
import type { LaneNetwork } from "./lane_network.ts";
import { QuantizedPass } from "./quantized_pass.ts";
import { Stream } from "./stream.ts";

/** What a lane corrects. */
export interface CorrectionOptions {
  /** The 8-bit programs, lowered with probes. A number of a program is its position here. */
  programs: readonly Lowered[];
  /** Positions of the lane's samples in the data. */
  samples: readonly number[];
}

/** What a lane can be asked while programs are corrected. All samples stand before the same node. */
export interface CorrectionStage {
  /**
   * Sums of products of a layer's inputs in a program, for each of its groups.
   *
   * @param samples Those to look at, of all lanes.
   * @param positions Number of positions of each sample to look at, evenly spread.
   */
  gram(program: number, layer: string, samples: readonly number[], positions: number): Gram[];
  /** Rounds some channels of a layer's weights, from the first to the last but one. */
  round(task: ReconstructionTask, channels: readonly [number, number]): Int8Array;
  /** Sets a layer's weights. @param parts Packed weights, and the sum of each channel's weights times minus the zero point. */
  setWeights(program: number, layer: string, parts: { packed: Int8Array; offsets: Int32Array }): void;
  /** Joint moments of a layer's pre-activation in some programs and the float one, each for each of the lane's samples. */
  measure(programs: readonly number[], layer: string): JointMoments[][];
  /** Sets a layer's bias and multipliers. */
  correct(program: number, layer: string, bias: Int32Array, multiplier: Float32Array): void;
  /** Takes the samples through a node in all programs. */
  advance(node: string): void;
}

/** Opens the stage: the samples stand before the first node. */
export async function openCorrection(
  network: LaneNetwork,
  { programs, samples }: CorrectionOptions,
): Promise<CorrectionStage> {
  const float = new Stream(network.float);
  const passes = programs.map((program) => new QuantizedPass(program, samples));
  for (const sample of samples) {
    const { write } = await network.samples.read(sample);
    float.start(sample, write);
    for (const { stream } of passes) stream.start(sample, write);
  }
  return {
    gram: (program, layer, samples, positions) => passes[program].gram(float, layer, samples, positions),
    round: reconstructWeights,
    setWeights: (program, layer, parts) => passes[program].setWeights(layer, parts),
    measure(programs, layer) {
      const measured: JointMoments[][] = programs.map(() => []);
      for (const sample of samples) {
        const floats = float.preactivation(sample, layer);
        programs.forEach((program, index) => measured[index].push(passes[program].measure(sample, layer, floats)));
      }
      return measured;
    },
    correct: (program, layer, bias, multiplier) => passes[program].correct(layer, bias, multiplier),
    advance(node) {
      for (const sample of samples) {
        float.advance(sample, node);
        for (const { stream } of passes) stream.advance(sample, node);
      }
    },
  };
}

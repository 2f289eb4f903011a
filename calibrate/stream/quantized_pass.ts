/**
 * The way of a lane's samples through an 8-bit program whose layers are
 * replaced one after the other.
 *
 * @module
 */

import { isConvolution } from "../../runtime/kernels/convolution_step.ts";
import { type Gram, sumInputs } from "../observe/gram.ts";
import { type JointMoments, measureMoments } from "../observe/moments.ts";
import type { Lowered } from "../program/lower.ts";
import { Stream } from "./stream.ts";

/** Samples on their way through an 8-bit program. */
export class QuantizedPass {
  /** The samples' tensors. */
  readonly stream: Stream;

  /**
   * @param lowered The 8-bit program, lowered with probes.
   * @param samples Positions of the samples in the data.
   */
  constructor(lowered: Lowered, readonly samples: readonly number[]) {
    this.stream = new Stream(lowered);
  }

  /**
   * Sums of products of a layer's inputs, for each of its groups.
   *
   * @param float The stream of the float program, where the samples stand before the same node.
   * @param samples Those to look at, of all lanes; others than this lane's are left out.
   * @param positions Number of positions of each sample to look at, evenly spread.
   */
  gram(float: Stream, layer: string, samples: readonly number[], positions: number): Gram[] {
    const { program, layers } = this.stream.lowered;
    const step = program.steps[layers.get(layer)!.step];
    if (!isConvolution(step)) throw new TypeError(`Layer "${layer}" is computed by ${step.kernel}`);
    const sums = sumInputs(step.attributes, positions);
    const { name, scale, zeroPoint } = program.tensors[step.inputs[0]];
    const factors = this.stream.lowered.factors.get(name);
    const stepsPerUnit = Float64Array.from(
      { length: step.attributes.input[3] },
      (_, channel) => 1 / (scale! * (factors?.[channel] ?? 1)),
    );
    const wanted = new Set(samples);
    for (const sample of this.samples) {
      if (!wanted.has(sample)) continue;
      const values = this.stream.inputOf(sample, layer) as Uint8Array;
      const floats = float.inputOf(sample, layer);
      const known = floats instanceof Float32Array ? { floats: { values: floats, stepsPerUnit } } : {};
      sums.add({ values, zeroPoint: zeroPoint!, ...known });
    }
    return sums.finish();
  }

  /** Sets a layer's weights. @param parts Packed weights, and the sum of each channel's weights times minus the zero point. */
  setWeights(layer: string, { packed, offsets }: { packed: Int8Array; offsets: Int32Array }): void {
    const { executor, lowered } = this.stream;
    const parts = lowered.layers.get(layer)!;
    executor.setConstant(parts.weights, packed);
    executor.setConstant(parts.offsets!, offsets);
  }

  /** Joint moments of a sample's pre-activation and that of the float program. */
  measure(sample: number, layer: string, floats: Float32Array): JointMoments {
    const values = this.stream.preactivation(sample, layer);
    const { executor, lowered } = this.stream;
    return measureMoments(floats, values, executor.program.constants[lowered.layers.get(layer)!.bias].length);
  }

  /** Sets a layer's bias and multipliers. */
  correct(layer: string, bias: Int32Array, multiplier: Float32Array): void {
    const { executor, lowered } = this.stream;
    const parts = lowered.layers.get(layer)!;
    executor.setConstant(parts.bias, bias);
    executor.setConstant(parts.multiplier!, multiplier);
  }
}

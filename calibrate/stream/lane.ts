/**
 * A lane: the part of a calibration that looks at samples. Several lanes, in
 * workers, share the samples; what they return is merged in the samples' order,
 * so that the result does not depend on their number.
 *
 * @module
 */

import type { Preprocessing } from "../../runtime/preprocessing.ts";
import { normalizePixels } from "../../runtime/preprocessing.ts";
import type { Executor } from "../../runtime/executor.ts";
import type { Dataset } from "../dataset/dataset.ts";
import { type DatasetOptions, openDataset } from "../dataset/open_dataset.ts";
import type { Lowered } from "../lower/lower.ts";
import { createHistogram, type Histogram, observe } from "../observe/histogram.ts";
import { type JointMoments, measureMoments } from "../observe/moments.ts";
import { compareSample, type SampleComparison } from "./compare.ts";
import { stepRanges } from "./step_ranges.ts";
import { createExecutor, Stream } from "./stream.ts";

/** What a lane opens. */
export interface LaneOptions {
  /** Path of the samples. */
  data: string;
  dataset: DatasetOptions;
  /** The float program, lowered with probes. */
  float: Lowered;
}

/** A value to observe. */
export interface ObservedValue {
  name: string;
  /** Values to be counted apart. */
  atoms: number[];
  /** Number of raw values to keep of each sample. */
  raw: number;
}

/** What observing one sample gave, beyond the lane's histograms. */
export interface SampleObservation {
  sample: number;
  /** A fixed choice of raw values of each observed value. */
  raw: Float32Array[];
}

/** The part of a calibration that looks at samples. */
export interface Lane {
  /** Opens the samples and the float program. */
  open(options: LaneOptions): Promise<void>;
  /** Runs the float program on a sample and counts the values in the lane's histograms. */
  observe(sample: number, values: ObservedValue[]): Promise<SampleObservation>;
  /** The lane's histograms so far, one for each observed value. */
  histograms(): Promise<Histogram[]>;
  /** Starts the layer-by-layer pass over some samples. @param quantized The 8-bit program, lowered with probes. */
  begin(quantized: Lowered, samples: number[]): Promise<void>;
  /** Joint moments of a layer's pre-activation for each of the lane's samples. */
  measure(layer: string): Promise<JointMoments[]>;
  /** Sets a layer's bias and multipliers. */
  correct(layer: string, bias: Int32Array, multiplier: Float32Array): Promise<void>;
  /** Takes the lane's samples through a node. */
  advance(node: string): Promise<void>;
  /** Sets the 8-bit program that `compare` runs. */
  prepare(quantized: Lowered): Promise<void>;
  /** Compares both programs on a sample. */
  compare(sample: number): Promise<SampleComparison>;
}

/** Makes a lane in this isolate. */
export function createLane(): Lane {
  let dataset: Dataset;
  let preprocessing: Preprocessing | undefined;
  let float: Lowered;
  let executor: Executor;
  let histograms: Histogram[] = [];
  let streams: { float: Stream; quantized: Stream; samples: number[] } | undefined;
  let compared: { lowered: Lowered; executor: Executor } | undefined;

  async function inputWriter(sample: number): Promise<(executor: Executor) => void> {
    const content = await dataset.sample(sample);
    return (executor) => {
      const target = executor.tensor(executor.program.inputs[0].tensor) as Float32Array;
      if ("tensor" in content) target.set(content.tensor);
      else normalizePixels(content.pixels, preprocessing!, target);
    };
  }

  return {
    async open(options) {
      preprocessing = options.dataset.preprocessing;
      dataset = await openDataset(options.data, options.dataset);
      float = options.float;
      executor = createExecutor(float);
    },

    async observe(sample, values) {
      if (histograms.length === 0) histograms = values.map(({ atoms }) => createHistogram(atoms));
      const raw: Float32Array[] = values.map(() => new Float32Array(0));
      const pending = new Map(values.map(({ name }, index) => [name, index]));
      const record = (name: string) => {
        const index = pending.get(name);
        if (index === undefined) return;
        const data = executor.tensor(float.places.get(name)!.f32!) as Float32Array;
        observe(histograms[index], data, name);
        raw[index] = everyNth(data, values[index].raw);
      };
      (await inputWriter(sample))(executor);
      for (const port of float.program.inputs) record(valueOf(float, port.tensor));
      for (const [owner, { first, end }] of stepRanges(float)) {
        executor.run(first, end);
        record(owner);
      }
      return { sample, raw };
    },

    histograms: () => Promise.resolve(histograms),

    async begin(quantized, samples) {
      streams = { float: new Stream(float), quantized: new Stream(quantized), samples };
      for (const sample of samples) {
        const write = await inputWriter(sample);
        streams.float.start(sample, write);
        streams.quantized.start(sample, write);
      }
    },

    measure(layer) {
      const { float, quantized, samples } = streams!;
      return Promise.resolve(samples.map((sample) => {
        const floats = float.preactivation(sample, layer);
        const values = quantized.preactivation(sample, layer);
        const channels = quantized.executor.program.constants[quantized.lowered.layers.get(layer)!.bias].length;
        return measureMoments(floats, values, channels);
      }));
    },

    correct(layer, bias, multiplier) {
      const { executor, lowered } = streams!.quantized;
      const parts = lowered.layers.get(layer)!;
      executor.setConstant(parts.bias, bias);
      executor.setConstant(parts.multiplier!, multiplier);
      return Promise.resolve();
    },

    advance(node) {
      const { float, quantized, samples } = streams!;
      for (const sample of samples) {
        float.advance(sample, node);
        quantized.advance(sample, node);
      }
      return Promise.resolve();
    },

    prepare(quantized) {
      streams = undefined;
      compared = { lowered: quantized, executor: createExecutor(quantized) };
      return Promise.resolve();
    },

    async compare(sample) {
      const write = await inputWriter(sample);
      return compareSample(
        { lowered: float, executor },
        compared!,
        { write, label: dataset.labels?.[sample], sample },
      );
    },
  };
}

function valueOf(lowered: Lowered, tensor: number): string {
  return lowered.program.tensors[tensor].name;
}

/** About `count` elements at a fixed stride. */
function everyNth(data: Float32Array, count: number): Float32Array {
  const stride = Math.max(1, Math.ceil(data.length / count));
  return Float32Array.from({ length: Math.ceil(data.length / stride) }, (_, index) => data[index * stride]);
}

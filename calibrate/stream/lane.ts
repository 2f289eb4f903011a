/**
 * A lane: the part of a calibration that looks at samples or can be split into
 * independent tasks. Several lanes, in workers, share the work; what they
 * return does not depend on their number.
 *
 * @module
 */

import type { Executor } from "../../runtime/executor.ts";
import type { DatasetOptions } from "../dataset/open_dataset.ts";
import type { Lowered } from "../lower/lower.ts";
import type { LayerNode } from "../lower/lower_layer.ts";
import { addSample, type ChannelMoments, createChannelMoments } from "../observe/channel_moments.ts";
import { createHistogram, type Histogram, observe } from "../observe/histogram.ts";
import { type JointMoments, measureMoments } from "../observe/moments.ts";
import { rawSample } from "../observe/raw_sample.ts";
import type { Observation } from "../observe/statistics.ts";
import { chooseGrid, type GridChoice, type ScaleMethod } from "../quantize/choose_grid.ts";
import type { ValueQuantization, WeightQuantization } from "../quantize/plan.ts";
import { quantizeWeights, type WeightOptions } from "../quantize/quantize_weights.ts";
import { compareSample, type SampleComparison } from "./compare_sample.ts";
import { openSampleWriter, type SampleWriter } from "./sample_writer.ts";
import { stepRanges } from "./step_ranges.ts";
import { createExecutor, Stream } from "./stream.ts";

/** What a lane opens. */
export interface LaneOptions {
  /** Path of the samples. */
  data: string;
  /** What they are for. */
  dataset: DatasetOptions;
  /** The float program, lowered with probes. */
  float: Lowered;
}

/** The values to observe. */
export interface Watched {
  /** Values whose elements are counted, and the elements to be counted apart. */
  values: { name: string; atoms: number[] }[];
  /** Values whose channels are summed up, and the number of their channels. */
  channels: { name: string; channels: number }[];
}

/** What a lane has seen of the watched values, in their order. */
export interface Counted {
  /** One for each of `values`. */
  histograms: Histogram[];
  /** One for each of `channels`. */
  channels: ChannelMoments[];
}

/** The part of a calibration that looks at samples, and its independent tasks. */
export interface Lane {
  /** Opens the samples and the float program. */
  open(options: LaneOptions): Promise<void>;
  /** Begins to observe: from here on nothing has been seen. */
  watch(watched: Watched): Promise<void>;
  /**
   * Runs the float program on a sample and counts the watched values.
   *
   * @returns For each watched value a fixed choice of at most `raw` of its elements.
   */
  observe(sample: number, raw: number): Promise<Float32Array[]>;
  /** What has been seen. */
  observed(): Promise<Counted>;
  /** Chooses the grid of a value. */
  chooseGrid(observation: Observation, method: ScaleMethod): Promise<GridChoice>;
  /** Quantises a layer's weights. */
  quantizeWeights(layer: LayerNode, input: ValueQuantization, options: WeightOptions): Promise<WeightQuantization>;
  /** Starts the layer-by-layer pass over some samples. @param quantized The 8-bit program, lowered with probes. */
  begin(quantized: Lowered, samples: readonly number[]): Promise<void>;
  /** Joint moments of a layer's pre-activation for each of the lane's samples. */
  measure(layer: string): Promise<JointMoments[]>;
  /** Sets a layer's bias and multipliers. */
  correct(layer: string, bias: Int32Array, multiplier: Float32Array): Promise<void>;
  /** Takes the lane's samples through a node. */
  advance(node: string): Promise<void>;
  /** Ends the layer-by-layer pass and gives its memory back. */
  finish(): Promise<void>;
  /** Sets the 8-bit programs that `compare` runs. */
  prepare(programs: readonly Lowered[]): Promise<void>;
  /** Runs the float program and the prepared ones on a sample and compares them. */
  compare(sample: number): Promise<SampleComparison>;
}

/** The methods of a lane, each of which a worker can be asked for. */
export const LANE_METHODS: readonly (keyof Lane)[] = [
  "open",
  "watch",
  "observe",
  "observed",
  "chooseGrid",
  "quantizeWeights",
  "begin",
  "measure",
  "correct",
  "advance",
  "finish",
  "prepare",
  "compare",
];

/** Makes a lane in this isolate. */
export function createLane(): Lane {
  let samples: SampleWriter;
  let float: Lowered;
  let executor: Executor;
  let watched: Watched;
  let counted: Counted;
  let streams: { float: Stream; quantized: Stream; samples: readonly number[] } | undefined;
  let compared: { lowered: Lowered; executor: Executor }[] = [];

  return {
    async open(options) {
      samples = await openSampleWriter(options.data, options.dataset);
      float = options.float;
      executor = createExecutor(float);
    },

    watch(values) {
      watched = values;
      counted = {
        histograms: values.values.map(({ atoms }) => createHistogram(atoms)),
        channels: values.channels.map(({ channels }) => createChannelMoments(channels)),
      };
      return Promise.resolve();
    },

    async observe(sample, raw) {
      const kept: Float32Array[] = watched.values.map(() => new Float32Array(0));
      const positions = new Map(watched.values.map(({ name }, index) => [name, index]));
      const inputs = new Map(watched.channels.map(({ name }, index) => [name, index]));
      const record = (name: string) => {
        const [value, input] = [positions.get(name), inputs.get(name)];
        if (value === undefined && input === undefined) return;
        const place = float.places.get(name)!.f32!;
        const data = executor.tensor(place) as Float32Array;
        if (value !== undefined) {
          observe(counted.histograms[value], data, name);
          kept[value] = rawSample(data, float.program.tensors[place].shape.at(-1)!, raw);
        }
        if (input !== undefined) addSample(counted.channels[input], data);
      };
      (await samples.read(sample))(executor);
      for (const port of float.program.inputs) record(float.program.tensors[port.tensor].name);
      for (const [owner, { first, end }] of stepRanges(float)) {
        executor.run(first, end);
        record(owner);
      }
      return kept;
    },

    observed: () => Promise.resolve(counted),

    chooseGrid: (observation, method) => Promise.resolve(chooseGrid(observation, method)),

    quantizeWeights: (layer, input, options) => Promise.resolve(quantizeWeights(layer, input, options)),

    async begin(quantized, list) {
      streams = { float: new Stream(float), quantized: new Stream(quantized), samples: list };
      for (const sample of list) {
        const write = await samples.read(sample);
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

    finish() {
      streams = undefined;
      return Promise.resolve();
    },

    prepare(programs) {
      compared = programs.map((lowered) => ({ lowered, executor: createExecutor(lowered) }));
      return Promise.resolve();
    },

    async compare(sample) {
      const write = await samples.read(sample);
      return compareSample({ lowered: float, executor }, compared, { write, label: samples.dataset.labels?.[sample] });
    },
  };
}

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
import type { LayerNode } from "../graph/layers.ts";
import { addSample, type ChannelMoments, createChannelMoments } from "../observe/channel_moments.ts";
import type { Gram } from "../observe/gram.ts";
import { createHistogram, type Histogram, observe } from "../observe/histogram.ts";
import type { JointMoments } from "../observe/moments.ts";
import { rawSample } from "../observe/raw_sample.ts";
import type { Observation } from "../observe/statistics.ts";
import { chooseGrid, type GridChoice } from "../quantize/choose_grid.ts";
import type { ScaleMethod } from "../settings.ts";
import type { ValueQuantization, WeightQuantization } from "../plan.ts";
import { quantizeWeights, type WeightOptions } from "../quantize/quantize_weights.ts";
import { type ComparedChannels, compareSample, type SampleComparison } from "./compare_sample.ts";
import { QuantizedPass } from "./quantized_pass.ts";
import { type Scores, scoreSample } from "./score_sample.ts";
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

/** What one sample contributed. */
export interface Seen {
  /** Of each watched value a fixed choice of its elements. */
  raw: Float32Array[];
  /** What the sample is recognised by. */
  fingerprint: Uint8Array;
}

/** The part of a calibration that looks at samples, and its independent tasks. */
export interface Lane {
  /** Opens the samples and the float program. */
  open(options: LaneOptions): Promise<void>;
  /** From here on, samples must be known ones. @param fingerprints Those of all samples, one after the other. */
  expect(fingerprints: Uint8Array): Promise<void>;
  /** Reads a sample without using it. @throws {RangeError} Where it is not the one that is expected. */
  check(sample: number): Promise<void>;
  /** Begins to observe: from here on nothing has been seen. */
  watch(watched: Watched): Promise<void>;
  /**
   * Runs the float program on a sample and counts the watched values.
   *
   * @param raw Most elements of each watched value to return.
   */
  observe(sample: number, raw: number): Promise<Seen>;
  /** What has been seen. */
  observed(): Promise<Counted>;
  /** Chooses the grid of a value. */
  chooseGrid(observation: Observation, method: ScaleMethod): Promise<GridChoice>;
  /** Quantises a layer's weights. */
  quantizeWeights(layer: LayerNode, input: ValueQuantization, options: WeightOptions): Promise<WeightQuantization>;
  /** Starts the layer-by-layer pass over some samples. @param quantized The 8-bit program, lowered with probes. */
  begin(quantized: Lowered, samples: readonly number[]): Promise<void>;
  /**
   * Sums of products of a layer's inputs in the 8-bit program, for each of its groups.
   *
   * @param positions Number of positions of each sample to look at, evenly spread.
   */
  gram(layer: string, positions: number): Promise<Gram[]>;
  /** Sets a layer's weights. @param parts Packed weights, and the sum of each channel's weights times minus the zero point. */
  setWeights(layer: string, parts: { packed: Int8Array; offsets: Int32Array }): Promise<void>;
  /** Joint moments of a layer's pre-activation for each of the lane's samples. */
  measure(layer: string): Promise<JointMoments[]>;
  /** Sets a layer's bias and multipliers. */
  correct(layer: string, bias: Int32Array, multiplier: Float32Array): Promise<void>;
  /** Takes the lane's samples through a node. */
  advance(node: string): Promise<void>;
  /** Ends the layer-by-layer pass and gives its memory back. */
  finish(): Promise<void>;
  /**
   * Sets the 8-bit programs that `compare` runs.
   *
   * @param channels Values whose channels are summed up, and the number of their channels.
   */
  prepare(programs: readonly Lowered[], channels?: Watched["channels"]): Promise<void>;
  /** Runs the float program and the prepared ones on a sample and compares them. */
  compare(sample: number): Promise<SampleComparison>;
  /** The moments of the channels in the samples compared so far. */
  comparedChannels(): Promise<ComparedChannels>;
  /** Sets the 8-bit programs that `score` runs. */
  prepareScoring(programs: readonly Lowered[]): Promise<void>;
  /**
   * Runs the programs prepared for it on a sample and looks at their first output.
   *
   * @param float The float program's first output; where absent, the float program runs too.
   */
  score(sample: number, float?: Float32Array): Promise<Scores>;
}

/** The methods of a lane, each of which a worker can be asked for. */
export const LANE_METHODS: readonly (keyof Lane)[] = [
  "open",
  "expect",
  "check",
  "watch",
  "observe",
  "observed",
  "chooseGrid",
  "quantizeWeights",
  "begin",
  "gram",
  "setWeights",
  "measure",
  "correct",
  "advance",
  "finish",
  "prepare",
  "compare",
  "comparedChannels",
  "prepareScoring",
  "score",
];

/** Makes a lane in this isolate. */
export function createLane(): Lane {
  let samples: SampleWriter;
  let float: Lowered;
  let executor: Executor;
  let watched: Watched;
  let watchers: { values: Map<number, number[]>; channels: Map<number, number[]> };
  let counted: Counted;
  let streams: { float: Stream; quantized: QuantizedPass } | undefined;
  let compared: { lowered: Lowered; executor: Executor }[] = [];
  let comparedChannels: ComparedChannels = { float: new Map(), programs: [] };
  let scored: Executor[] = [];

  return {
    async open(options) {
      samples = await openSampleWriter(options.data, options.dataset);
      float = options.float;
      executor = createExecutor(float);
      [compared, scored] = [[], []];
    },

    expect(fingerprints) {
      samples.expect(fingerprints);
      return Promise.resolve();
    },

    async check(sample) {
      await samples.read(sample);
    },

    watch(values) {
      watched = values;
      counted = {
        histograms: values.values.map(({ atoms }) => createHistogram(atoms)),
        channels: values.channels.map(({ channels }) => createChannelMoments(channels)),
      };
      watchers = { values: byTensor(values.values, float), channels: byTensor(values.channels, float) };
      return Promise.resolve();
    },

    async observe(sample, raw) {
      const kept: Float32Array[] = watched.values.map(() => new Float32Array(0));
      const { tensors, inputs, steps } = float.program;
      const record = (tensor: number) => {
        const data = executor.tensor(tensor) as Float32Array;
        for (const value of watchers.values.get(tensor) ?? []) {
          observe(counted.histograms[value], data, watched.values[value].name);
          kept[value] = rawSample(data, tensors[tensor].shape.at(-1)!, raw);
        }
        for (const value of watchers.channels.get(tensor) ?? []) addSample(counted.channels[value], data);
      };
      const { write, fingerprint } = await samples.read(sample);
      write(executor);
      for (const { tensor } of inputs) record(tensor);
      for (const { first, end } of stepRanges(float).values()) {
        executor.run(first, end);
        new Set(steps.slice(first, end).map(({ output }) => output)).forEach(record);
      }
      return { raw: kept, fingerprint: await fingerprint() };
    },

    observed: () => Promise.resolve(counted),

    chooseGrid: (observation, method) => Promise.resolve(chooseGrid(observation, method)),

    quantizeWeights: (layer, input, options) => Promise.resolve(quantizeWeights(layer, input, options)),

    async begin(quantized, list) {
      streams = { float: new Stream(float), quantized: new QuantizedPass(quantized, list) };
      for (const sample of list) {
        const { write } = await samples.read(sample);
        streams.float.start(sample, write);
        streams.quantized.stream.start(sample, write);
      }
    },

    gram: (layer, positions) => Promise.resolve(streams!.quantized.gram(layer, positions)),

    setWeights: (layer, parts) => Promise.resolve(streams!.quantized.setWeights(layer, parts)),

    measure(layer) {
      const { float, quantized } = streams!;
      return Promise.resolve(
        quantized.samples.map((sample) => quantized.measure(sample, layer, float.preactivation(sample, layer))),
      );
    },

    correct: (layer, bias, multiplier) => Promise.resolve(streams!.quantized.correct(layer, bias, multiplier)),

    advance(node) {
      const { float, quantized } = streams!;
      for (const sample of quantized.samples) {
        float.advance(sample, node);
        quantized.stream.advance(sample, node);
      }
      return Promise.resolve();
    },

    finish() {
      streams = undefined;
      return Promise.resolve();
    },

    prepare(programs, channels = []) {
      compared = programs.map((lowered) => ({ lowered, executor: createExecutor(lowered) }));
      const none = () => new Map(channels.map(({ name, channels }) => [name, createChannelMoments(channels)]));
      comparedChannels = { float: none(), programs: programs.map(none) };
      return Promise.resolve();
    },

    async compare(sample) {
      const { write } = await samples.read(sample);
      const label = samples.dataset.labels?.[sample];
      return compareSample({ lowered: float, executor }, compared, { write, label }, comparedChannels);
    },

    comparedChannels: () => Promise.resolve(comparedChannels),

    prepareScoring(programs) {
      scored = programs.map(createExecutor);
      return Promise.resolve();
    },

    async score(sample, known) {
      const { write } = await samples.read(sample);
      return scoreSample(scored, known ?? executor, { write, label: samples.dataset.labels?.[sample] });
    },
  };
}

/** Positions in a list of the values that each tensor holds: a value that is only another shape of one shares its tensor. */
function byTensor(values: readonly { name: string }[], { places }: Lowered): Map<number, number[]> {
  return Map.groupBy(values.keys(), (index) => places.get(values[index].name)!.f32!);
}

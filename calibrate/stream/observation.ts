/**
 * The stage that runs the float network on samples and counts its values.
 *
 * @module
 */

import { type ChannelHistograms, createChannelHistograms, observeChannels } from "../observe/channel_histograms.ts";
import { addSample, type ChannelMoments, createChannelMoments } from "../observe/channel_moments.ts";
import { createHistogram, type Histogram, notFinite, observe } from "../observe/histogram.ts";
import { addNormalized, type TrainedUnits } from "../observe/normalized_moments.ts";
import { rawSample } from "../observe/raw_sample.ts";
import { channelsOfInput, peakOf, type SampleSummary, summarizeInput } from "../observe/sample_summary.ts";
import type { Lowered } from "../program/lower.ts";
import type { LaneNetwork } from "./lane_network.ts";
import { stepRanges } from "./step_ranges.ts";

/** A value whose channels are summed up. */
export interface WatchedChannels {
  /** Name of the value. */
  name: string;
  /** Number of its channels. */
  channels: number;
}

/** A layer whose pre-activations are compared with what its BatchNormalization says. */
export interface WatchedLayer {
  /** Name of its output. */
  name: string;
  /** What the BatchNormalization says. */
  trained: TrainedUnits;
}

/** The values to observe. */
export interface Watched {
  /** Values whose elements are counted, and the elements to be counted apart. */
  values: { name: string; atoms: number[] }[];
  /** Values whose channels are summed up. */
  channels: WatchedChannels[];
  /** Layers that a BatchNormalization was folded into. */
  layers: WatchedLayer[];
  /** Values whose channels are counted one by one. */
  grids: WatchedChannels[];
}

/** What a lane has seen of the watched values, in their order. */
export interface Counted {
  /** One for each of `values`. */
  histograms: Histogram[];
  /** One for each of `channels`. */
  channels: ChannelMoments[];
  /** One for each of `layers`: the samples' means in units of its BatchNormalization. */
  normalized: ChannelMoments[];
  /** One for each of `grids`. */
  grids: ChannelHistograms[];
}

/** What one sample contributed. */
export interface Seen {
  /** Of each watched value a fixed choice of its elements. */
  raw: Float32Array[];
  /** What the sample is recognised by. */
  fingerprint: Uint8Array;
  /** The sample in a few numbers; peaks are those of the watched values, then of the outputs. */
  summary: SampleSummary;
}

/** What a lane can be asked while it observes. */
export interface ObservationStage {
  /**
   * Runs the float program on a sample and counts the watched values.
   *
   * @param raw Most elements of each watched value to return.
   */
  observe(sample: number, raw: number): Promise<Seen>;
  /** What has been seen. */
  counted(): Counted;
}

/** Opens the stage: nothing has been seen. */
export function openObservation({ samples, float, executor }: LaneNetwork, watched: Watched): ObservationStage {
  const counted: Counted = {
    histograms: watched.values.map(({ atoms }) => createHistogram(atoms)),
    channels: watched.channels.map(({ channels }) => createChannelMoments(channels)),
    normalized: watched.layers.map(({ trained }) => createChannelMoments(trained.beta.length)),
    grids: watched.grids.map(({ channels }) => createChannelHistograms(channels)),
  };
  const [values, channels, grids] = [watched.values, watched.channels, watched.grids].map((list: { name: string }[]) =>
    byTensor(list, float)
  );
  const layers = Map.groupBy(
    watched.layers.keys(),
    (index) => float.layers.get(watched.layers[index].name)!.preactivation!,
  );
  const { tensors, inputs, outputs, steps } = float.program;

  return {
    async observe(sample, raw) {
      const kept: Float32Array[] = watched.values.map(() => new Float32Array(0));
      const peaks = new Float32Array(watched.values.length + outputs.length);
      const name = samples.dataset.nameOf(sample);
      const record = (tensor: number) => {
        const data = executor.tensor(tensor) as Float32Array;
        for (const value of values.get(tensor) ?? []) {
          peaks[value] = observe(counted.histograms[value], data, watched.values[value].name, name);
          kept[value] = rawSample(data, tensors[tensor].shape.at(-1)!, raw);
        }
        for (const value of channels.get(tensor) ?? []) addSample(counted.channels[value], data);
        for (const layer of layers.get(tensor) ?? []) {
          addNormalized(counted.normalized[layer], data, watched.layers[layer].trained);
        }
        for (const value of grids.get(tensor) ?? []) observeChannels(counted.grids[value], data);
      };
      const { write, fingerprint } = await samples.read(sample);
      write(executor);
      const pixels = executor.tensor(inputs[0].tensor) as Float32Array;
      const input = summarizeInput(pixels, channelsOfInput(inputs[0].shape), false);
      for (const { tensor } of inputs) record(tensor);
      for (const { first, end } of stepRanges(float).values()) {
        executor.run(first, end);
        new Set(steps.slice(first, end).map(({ output }) => output)).forEach(record);
      }
      for (const [index, { tensor, name: output }] of outputs.entries()) {
        const data = executor.tensor(tensor) as Float32Array;
        const peak = peakOf(data);
        if (peak === Infinity) throw notFinite(output, data.find((value) => !Number.isFinite(value))!, name);
        peaks[watched.values.length + index] = peak;
      }
      return { raw: kept, fingerprint: await fingerprint(), summary: { peaks, input } };
    },

    counted: () => counted,
  };
}

/** Positions in a list of the values that each tensor holds: a value that is only another shape of one shares its tensor. */
export function byTensor(values: readonly { name: string }[], { places }: Lowered): Map<number, number[]> {
  return Map.groupBy(values.keys(), (index) => places.get(values[index].name)!.f32!);
}

/**
 * The stage that compares 8-bit programs with the float one on samples, all run
 * by the kernels, node by node.
 *
 * @module
 */

import { Executor } from "../../runtime/executor.ts";
import type { OutputKind } from "../../runtime/program.ts";
import { indexOfLargest, rankOf } from "../accuracy.ts";
import { compareOutputs, type SampleFidelity } from "../fidelity.ts";
import { addSample, type ChannelMoments, createChannelMoments } from "../observe/channel_moments.ts";
import type { Lowered } from "../program/lower.ts";
import type { LaneNetwork } from "./lane_network.ts";
import type { WatchedChannels } from "./observation.ts";
import { stepRanges } from "./step_ranges.ts";

/** What a lane compares. */
export interface ComparisonOptions {
  /** The 8-bit programs. */
  programs: readonly Lowered[];
  /** Values whose channels are summed up. */
  channels: readonly WatchedChannels[];
  /** What the first output is; undefined where it is no classes. */
  kind: OutputKind | undefined;
}

/** What a lane can be asked while it compares. */
export interface ComparisonStage {
  /** Runs the float program and the others on a sample and compares them. */
  compare(sample: number): Promise<SampleComparison>;
  /** The moments of the channels in the samples compared so far. */
  channels(): ComparedChannels;
}

/** A lowered program with the executor that runs it. */
interface Running {
  lowered: Lowered;
  executor: Executor;
}

/** What comparing one sample gave. */
export interface SampleComparison {
  /** Energy of the float result of each node, by the name of its output. */
  signal: Map<string, number>;
  /** Rank of the label in the float program's first output, 0 for the best; absent without labels. */
  rank?: number;
  /** The class that the float program says: the position of its first output's largest element. */
  best: number;
  /** The 8-bit programs, in order. */
  programs: ProgramComparison[];
}

/** What comparing an 8-bit program with the float one gave. */
export interface ProgramComparison {
  /** Energy of the difference of each node that both programs compute, by the name of its output. */
  noise: Map<string, number>;
  /** Rank of the label in the first output, 0 for the best; absent without labels. */
  rank?: number;
  /** The class that the program says. */
  best: number;
  /** Its first output beside the float program's. */
  fidelity: SampleFidelity;
}

/** Moments of the channels of some nodes' results, by the name of their output, in the float program and in others. */
export interface ComparedChannels {
  float: Map<string, ChannelMoments>;
  programs: Map<string, ChannelMoments>[];
}

/** Opens the stage. */
export function openComparison(
  { samples, float, executor }: LaneNetwork,
  { programs, channels, kind }: ComparisonOptions,
): ComparisonStage {
  const running = programs.map((lowered): Running => ({ lowered, executor: new Executor(lowered) }));
  const empty = () => new Map(channels.map(({ name, channels }) => [name, createChannelMoments(channels)]));
  const compared: ComparedChannels = { float: empty(), programs: programs.map(empty) };
  return {
    async compare(sample) {
      const { write } = await samples.read(sample);
      const label = samples.dataset.labels?.[sample];
      return compareSample({ lowered: float, executor }, running, { write, label, kind }, compared);
    },
    channels: () => compared,
  };
}

/**
 * Runs all programs on a sample and compares the result of every node.
 *
 * @param channels To these, the moments of the sample are added.
 */
function compareSample(
  float: Running,
  programs: readonly Running[],
  { write, label, kind }: {
    write: (executor: Executor) => void;
    label: number | undefined;
    kind: OutputKind | undefined;
  },
  channels: ComparedChannels,
): SampleComparison {
  const outputOf = ({ executor }: Running) => executor.tensor(executor.program.outputs[0].tensor) as Float32Array;
  const judge = (running: Running) => {
    const output = outputOf(running);
    return { best: indexOfLargest(output), ...(label !== undefined && { rank: rankOf(output, label) }) };
  };
  for (const { executor } of [float, ...programs]) write(executor);
  const signal = new Map<string, number>();
  const noise = programs.map(() => new Map<string, number>());
  const ranges = programs.map(({ lowered }) => stepRanges(lowered));
  const runAll = (node: string) =>
    programs.forEach(({ executor }, index) => {
      const range = ranges[index].get(node);
      if (range) executor.run(range.first, range.end);
    });
  runAll("");
  for (const [node, { first, end }] of stepRanges(float.lowered)) {
    float.executor.run(first, end);
    if (node === "") continue;
    runAll(node);
    const reference = float.lowered.places.get(node)?.f32;
    if (reference === undefined) continue;
    const floats = float.executor.tensor(reference) as Float32Array;
    signal.set(node, energyOf(floats));
    const moments = channels.float.get(node);
    if (moments) addSample(moments, floats);
    programs.forEach(({ lowered, executor }, index) => {
      const place = lowered.places.get(node);
      if (!place) return;
      const tensor = (place.f32 ?? place.u8)!;
      const values = realValues(executor, tensor, lowered.factors.get(node));
      noise[index].set(node, differenceOf(floats, values));
      if (moments) addSample(channels.programs[index].get(node)!, values);
    });
  }
  return {
    signal,
    ...judge(float),
    programs: programs.map((program, index) => ({
      noise: noise[index],
      fidelity: compareOutputs(outputOf(float), outputOf(program), kind),
      ...judge(program),
    })),
  };
}

function realValues(executor: Executor, tensor: number, factors: Float64Array | undefined): Float32Array {
  const { scale = 1, zeroPoint = 0 } = executor.program.tensors[tensor];
  const values = executor.values(tensor);
  const real = new Float32Array(values.length);
  const channels = factors?.length ?? 1;
  for (let start = 0; start < values.length; start += channels) {
    for (let channel = 0; channel < channels; channel++) {
      const unit = scale * (factors?.[channel] ?? 1);
      real[start + channel] = (values[start + channel] - zeroPoint) * unit;
    }
  }
  return real;
}

function energyOf(values: Float32Array): number {
  let sum = 0;
  for (let index = 0; index < values.length; index++) sum += values[index] * values[index];
  return sum;
}

function differenceOf(floats: Float32Array, values: Float32Array): number {
  let sum = 0;
  for (let index = 0; index < floats.length; index++) {
    const difference = values[index] - floats[index];
    sum += difference * difference;
  }
  return sum;
}

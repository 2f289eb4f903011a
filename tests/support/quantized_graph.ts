/**
 * Small graphs with their 8-bit programs.
 *
 * @module
 */

import { layersOf } from "../../calibrate/graph/layers.ts";
import { closeEnds, createChannelHistograms, observeChannels } from "../../calibrate/observe/channel_histograms.ts";
import { addSample, createChannelMoments } from "../../calibrate/observe/channel_moments.ts";
import type { BinaryNode, ConvolutionNode, Graph } from "../../calibrate/graph/graph.ts";
import { verifyGraph } from "../../calibrate/operators/check_graph.ts";
import { chooseForms } from "../../calibrate/program/forms.ts";
import { lower, type Lowered } from "../../calibrate/program/lower.ts";
import { createHistogram, observe } from "../../calibrate/observe/histogram.ts";
import { makePlan } from "../../calibrate/stages/make_plan.ts";
import { atomsOf, parameterGroups } from "../../calibrate/quantize/observed_values.ts";
import type { QuantizationPlan } from "../../calibrate/plan.ts";
import { openPlanning } from "../../calibrate/stages/planning.ts";
import { openCalibrationLanes } from "../../calibrate/stream/table.ts";
import { stepRanges } from "../../calibrate/stream/step_ranges.ts";
import { Executor } from "../../runtime/executor.ts";
import type { KernelBuild } from "../../runtime/kernels/build.ts";
import { interpret } from "./interpret.ts";
import { random } from "./random.ts";
import { type GraphParts, makeGraph } from "./tiny_bundle.ts";

/** A small graph with its 8-bit program, and every value of the float graph on one random input. */
export interface Quantized {
  graph: Graph;
  plan: QuantizationPlan;
  lowered: Lowered;
  input: Float32Array;
  floats: Map<string, Float32Array>;
}

/** Makes and quantises a graph. @param equalize Whether channels get grids of their own. */
export async function quantize(parts: GraphParts, equalize = false): Promise<Quantized> {
  const graph = makeGraph(parts);
  verifyGraph(graph);
  return await quantizeGraph(graph, equalize);
}

/** Quantises a graph. @param equalize Whether channels get grids of their own. */
export async function quantizeGraph(graph: Graph, equalize = false): Promise<Quantized> {
  const [port] = graph.inputs;
  const input = random(21).f32(port.shape.reduce((product, length) => product * length, 1), -1.5, 2);
  const computed = graph.nodes.map(({ output }) => output);
  const whole = {
    ...graph,
    outputs: computed.map((value) => ({ name: value, value, shape: graph.values.get(value)!.shape, batched: false })),
  };
  const results = interpret(whole, new Map([[port.name, input]]));
  const floats = new Map([[port.value, input], ...[...results].map(([name, { data }]) => [name, data] as const)]);
  const forms = chooseForms(graph);
  const groups = parameterGroups(graph, forms);
  const producers = new Map(graph.nodes.map((node) => [node.output, node]));
  const observations = new Map(
    groups.flatMap(({ sources }) => sources).map((name) => {
      const histogram = createHistogram(atomsOf(producers.get(name)));
      observe(histogram, floats.get(name)!, name);
      return [name, { histogram, raw: floats.get(name)! }];
    }),
  );
  const channelsOf = (name: string) => graph.values.get(name)!.shape.at(-1)!;
  const channelHistograms = new Map(
    groups.flatMap(({ sources }) => sources).map((name) => {
      const histograms = createChannelHistograms(channelsOf(name));
      observeChannels(histograms, floats.get(name)!);
      // As if all samples that there are had been seen.
      closeEnds(histograms);
      return [name, histograms];
    }),
  );
  const channels = new Map(
    layersOf(graph).map(({ inputs: [name] }) => {
      const moments = createChannelMoments(channelsOf(name));
      addSample(moments, floats.get(name)!);
      return [name, moments];
    }),
  );
  const options = { scales: "qmse", weights: "per-channel", equalize } as const;
  const planning = await openPlanning(openCalibrationLanes(1));
  const seen = { forms, groups, observations, channels, channelHistograms };
  const { plan } = await makePlan(graph, seen, options, planning);
  return { graph, plan, lowered: lower(graph, { plan, forms }), input, floats };
}

/** Runs the program node by node and returns each value as its node left it, in u8 where it has that form. */
export function runQuantized(
  { lowered, input }: Quantized,
  kernels?: KernelBuild,
): Map<string, Uint8Array | Float32Array> {
  const { program, places } = lowered;
  const executor = new Executor(lowered, kernels ? { kernels } : {});
  executor.tensor(program.inputs[0].tensor).set(input);
  const values = new Map<string, Uint8Array | Float32Array>();
  for (const [owner, { first, end }] of stepRanges(lowered)) {
    executor.run(first, end);
    const value = owner === "" ? program.inputs[0].name : owner;
    const { u8, f32 } = places.get(value)!;
    values.set(value, executor.values((u8 ?? f32)!));
  }
  return values;
}

/** Signal to noise ratio in dB of an output against the float graph. */
export function fidelity(quantized: Quantized): number {
  const { name } = quantized.graph.outputs[0];
  const result = runQuantized(quantized).get(name)!;
  let [signal, noise] = [0, 0];
  quantized.floats.get(name)!.forEach((value, index) => {
    signal += value ** 2;
    noise += (value - result[index]) ** 2;
  });
  return 10 * Math.log10(signal / noise);
}

export function kernelsOf({ lowered }: Quantized, owner: string): string[] {
  return lowered.program.steps.filter((_, index) => lowered.owners[index] === owner).map(({ kernel }) => kernel);
}

export type ConvolutionParts = Partial<ConvolutionNode> & Pick<ConvolutionNode, "weightShape" | "output" | "inputs">;

export function convolution(parts: ConvolutionParts, seed = 4): ConvolutionNode {
  const draw = random(seed);
  const count = parts.weightShape.reduce((product, length) => product * length, 1);
  const pad = (parts.weightShape[2] - 1) / 2;
  return {
    op: "convolution",
    name: parts.output,
    weights: draw.f32(count, -0.5, 0.5),
    bias: draw.f32(parts.weightShape[0], -0.5, 0.5),
    stride: [1, 1],
    dilation: [1, 1],
    pads: [pad, pad, pad, pad],
    groups: 1,
    activation: { kind: "identity" },
    ...parts,
  };
}

export function add(inputs: [string, string], output: string, parts: Partial<BinaryNode> = {}): BinaryNode {
  return { op: "binary", name: output, inputs, output, operation: "add", activation: { kind: "identity" }, ...parts };
}

/** Nearest integer, ties to even, plus the zero point, within 0..255. */
export function clampedRound(value: number, zeroPoint: number): number {
  const rounder = 6755399441055744;
  return Math.min(255, Math.max(0, value + rounder - rounder + zeroPoint));
}

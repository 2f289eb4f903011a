/**
 * What a bundle holds, as plain data.
 *
 * @module
 */

import { constantBytes } from "../../runtime/bundle/format.ts";
import type { Bundle } from "../../runtime/bundle/read.ts";
import { Executor } from "../../runtime/executor.ts";
import type { Step } from "../../runtime/kernels/registry.ts";
import { describePorts, type ModelPort } from "../../runtime/model.ts";
import type { Preprocessing } from "../../runtime/preprocessing.ts";
import type { CalibrationRecord, FreeSize, OutputKind, Program } from "../../runtime/program.ts";
import type { TensorSpec, TensorType } from "../../runtime/tensor.ts";

/** Bytes of a bundle; the first five parts add up to the file. */
export interface BundleBytes {
  /** Everything before the constants. */
  header: number;
  /** Packed weights of convolutions and fully connected layers. */
  weights: number;
  /** Biases and requantisation multipliers of those layers. */
  biasesAndMultipliers: number;
  /** Tables, slopes and tensors that never change. */
  otherConstants: number;
  /** Gaps between constants, and the SHA-256. */
  paddingAndHash: number;
  /** The whole file. */
  file: number;
  /** Memory that all tensors share while the network runs. */
  arena: number;
  /** Linear memory of a loaded network: constants, arena, parameters, scratch and the kernels' own. */
  memory: number;
}

/** One step of a bundle. */
export interface BundleLayer {
  /** Kernel that it calls. */
  kernel: string;
  /** Name of the node in the source network. */
  name: string;
  /** Shapes of the tensors read, channels last. */
  inputs: number[][];
  /** Shape of the tensor written, channels last. */
  output: number[];
  /** Element type of the tensor written. */
  type: TensorType;
  /** Scale of an 8-bit output, otherwise null. */
  scale: number | null;
  /** Zero point of an 8-bit output, otherwise null. */
  zeroPoint: number | null;
  /** Bytes of packed weights. */
  weightBytes: number;
  /** Whether its weights are float32; those of others are 8 or 4 bits. */
  floatWeights: boolean;
}

/** A bundle's content. */
export interface BundleDescription {
  /** What the file is. */
  format: "octet";
  /** Name of the network. */
  name: string;
  /** SHA-256 in hexadecimal. */
  hash: string;
  /** Where its bytes go. */
  bytes: BundleBytes;
  /** Inputs; -1 stands for a free batch. */
  inputs: ModelPort[];
  /** Outputs, likewise. */
  outputs: ModelPort[];
  /** Sizes besides the batch that are free, -1 in shapes too; memory and layers are those of the smallest. */
  sizes: readonly FreeSize[];
  /** Null where the network takes no images. */
  preprocessing: Preprocessing | null;
  /** What the first output is. */
  outputKind: OutputKind;
  /** Number of class names. */
  labels: number;
  /** Null in a float program. */
  calibration: CalibrationRecord | null;
  /** The build of the kernels that this host would use. */
  build: string;
  /** How many steps each kernel runs, the most used first. */
  kernels: { kernel: string; steps: number }[];
  /** The steps, in the order in which they run. */
  layers: BundleLayer[];
}

/**
 * Describes a bundle.
 *
 * Lays it out in memory once, to tell how much it takes.
 *
 * @param bundle A bundle that was read and checked.
 * @throws {RangeError} Where its memory cannot be had.
 */
export function describeBundle(bundle: Bundle): BundleDescription {
  const { program, hash } = bundle;
  const executor = new Executor(bundle);
  return {
    format: "octet",
    name: program.name,
    hash,
    bytes: countBytes(bundle, executor),
    ...describePorts(program),
    sizes: program.free?.sizes ?? [],
    preprocessing: program.preprocessing ?? null,
    outputKind: program.outputKind ?? "logits",
    labels: program.labels?.length ?? 0,
    calibration: program.calibration ?? null,
    build: executor.build,
    kernels: countKernels(program.steps),
    layers: program.steps.map((step) => describeStep(step, program)),
  };
}

function countBytes({ program, sizes }: Bundle, executor: Executor): BundleBytes {
  const layers = program.steps.filter(hasWeights);
  const weights = bytesOf(program, new Set(layers.map(({ constants }) => constants[0])));
  const corrections = new Set(
    layers.flatMap(({ kernel, constants }) => constants.slice(1, kernel.endsWith("_u8") ? 3 : 2)),
  );
  const biasesAndMultipliers = bytesOf(program, corrections);
  const constants = bytesOf(program, program.constants.keys());
  return {
    header: sizes.header,
    weights,
    biasesAndMultipliers,
    otherConstants: constants - weights - biasesAndMultipliers,
    paddingAndHash: sizes.total - sizes.header - constants,
    file: sizes.total,
    arena: program.arenaBytes,
    memory: executor.tensor(program.inputs[0].tensor).buffer.byteLength,
  };
}

function hasWeights({ kernel }: Step): boolean {
  return kernel.startsWith("convolution_") || kernel.startsWith("depthwise_");
}

function bytesOf({ constants }: Program, indices: Iterable<number>): number {
  let bytes = 0;
  for (const index of indices) bytes += constantBytes(constants[index]);
  return bytes;
}

function countKernels(steps: readonly Step[]): { kernel: string; steps: number }[] {
  const counts = new Map<string, number>();
  for (const { kernel } of steps) counts.set(kernel, (counts.get(kernel) ?? 0) + 1);
  return [...counts].map(([kernel, steps]) => ({ kernel, steps })).sort((a, b) => b.steps - a.steps);
}

function describeStep(step: Step, program: Program): BundleLayer {
  const output: TensorSpec = program.tensors[step.output];
  return {
    kernel: step.kernel,
    name: step.name,
    inputs: step.inputs.map((index) => program.tensors[index].shape),
    output: output.shape,
    type: output.type,
    scale: output.scale ?? null,
    zeroPoint: output.zeroPoint ?? null,
    weightBytes: hasWeights(step) ? bytesOf(program, [step.constants[0]]) : 0,
    floatWeights: hasWeights(step) && program.constants[step.constants[0]].type === "f32",
  };
}

/**
 * Calls of single kernels: lays out a parameter block, warms up and measures.
 *
 * @module
 */

import { scratchBytes } from "../runtime/kernels/convolution.ts";
import type { KernelBuild } from "../runtime/kernels/build.ts";
import { chooseBuild, instantiateKernels } from "../runtime/kernels/instance.ts";
import { loadKernels } from "../runtime/kernels/modules.ts";
import { median } from "../calibrate/median.ts";

await loadKernels("simd128");

/**
 * Word of a parameter block: an integer, an f32, or a buffer of that many bytes,
 * which may hold one f32 again and again.
 */
export type Word = number | { float: number } | { bytes: number; fill?: number };

/** Builds that this machine can use. */
export const builds: KernelBuild[] = chooseBuild() === "relaxed" ? ["relaxed", "simd128"] : ["simd128"];

/** A call of a kernel in a build, ready to be repeated. */
export function prepare(build: KernelBuild, name: string, words: Word[]): () => void {
  const { memory, heapBase, functions } = instantiateKernels(build);
  let next = Math.ceil((heapBase + words.length * 4) / 64) * 64;
  const addresses = words.map((word) => {
    if (typeof word === "number" || "float" in word) return 0;
    const address = next;
    next = Math.ceil((next + word.bytes + 64) / 64) * 64;
    return address;
  });
  memory.grow(Math.ceil(next / 65536));
  // Ordinary floats: subnormal operands would be timed instead.
  new Float32Array(memory.buffer, heapBase, (next - heapBase) >> 2).forEach((
    _,
    i,
    values,
  ) => values[i] = 1 + (i * 7 & 63) / 64);
  words.forEach((word, index) => {
    if (typeof word !== "object" || !("bytes" in word) || word.fill === undefined) return;
    new Float32Array(memory.buffer, addresses[index], word.bytes >> 2).fill(word.fill);
  });
  const view = new DataView(memory.buffer);
  words.forEach((word, index) => {
    const at = heapBase + index * 4;
    if (typeof word === "number") view.setInt32(at, word, true);
    else if ("float" in word) view.setFloat32(at, word.float, true);
    else view.setUint32(at, addresses[index], true);
  });
  const call = functions[name];
  return () => call(heapBase);
}

/** Repeats a call for 300 ms; between tasks, the engine puts optimised code in place. */
export async function warmUp(call: () => void): Promise<void> {
  const warmUntil = performance.now() + 300;
  while (performance.now() < warmUntil) {
    const taskEnd = performance.now() + 5;
    do call(); while (performance.now() < taskEnd);
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
}

/** Best and median time in milliseconds of a call, after a warm-up. */
export async function measure(call: () => void): Promise<{ best: number; median: number }> {
  await warmUp(call);
  const times: number[] = [];
  const until = performance.now() + 500;
  while (performance.now() < until) {
    const start = performance.now();
    let count = 0;
    while (performance.now() - start < 2) {
      call();
      count++;
    }
    times.push((performance.now() - start) / count);
  }
  return { best: Math.min(...times), median: median(times) };
}

const peaks = new Map<string, Promise<number>>();

/**
 * The rate in GMAC/s that kernels of an element type can reach in a build: the
 * best of a fully connected layer of 128 rows, 1024 inputs and 1024 channels,
 * measured once in a process.
 */
export function peakRate(build: KernelBuild, type: "u8" | "f32"): Promise<number> {
  const key = `${build} ${type}`;
  const known = peaks.get(key);
  if (known) return known;
  const elementBytes = type === "u8" ? 1 : 4;
  const { words, operations } = convolutionWords([1, 128, 1, 1024], {
    channels: 1024,
    kernel: 1,
    pad: 0,
    elementBytes,
  });
  const peak = measure(prepare(build, `convolution_${type}`, words)).then(({ best }) => operations / best / 1e6);
  peaks.set(key, peak);
  return peak;
}

/** A call's parameter block and its multiply-adds or elements. */
export interface KernelWork {
  words: Word[];
  operations: number;
}

/** Words of a convolution's block, with random geometry given as [batch, height, width, channels]. */
export function convolutionWords(
  input: readonly [number, number, number, number],
  { channels, kernel, pad, stride = 1, depthwise = false, elementBytes }: {
    channels: number;
    kernel: number;
    pad: number;
    stride?: number;
    depthwise?: boolean;
    elementBytes: 1 | 4;
  },
): KernelWork {
  const [batch, height, width, inputs] = input;
  const size = (length: number) => Math.floor((length + 2 * pad - kernel) / stride) + 1;
  const [outputHeight, outputWidth] = [size(height), size(width)];
  const positions = batch * outputHeight * outputWidth;
  const taps = kernel * kernel;
  const depth = depthwise ? taps : taps * inputs;
  const scratch = scratchBytes(
    {
      input: [...input],
      output: [batch, outputHeight, outputWidth, channels],
      kernel: [kernel, kernel],
      stride: [stride, stride],
      dilation: [1, 1],
      pads: [pad, pad],
      groups: depthwise ? inputs : 1,
    },
    depthwise,
    elementBytes === 1 ? "u8" : "f32",
  );
  const words: Word[] = [
    { bytes: batch * height * width * inputs * elementBytes },
    { bytes: (channels + 16) * (depth + 16) * elementBytes },
    { bytes: (channels + 16) * 4, fill: 0 },
    // As in a network: sums in the range of the output after requantisation.
    { bytes: (channels + 16) * 4, fill: 1 / (64 * 64 * depth) },
    0,
    { bytes: positions * channels * elementBytes },
    { bytes: scratch },
    ...[...input, outputHeight, outputWidth, channels],
    ...[kernel, kernel, stride, stride, 1, 1, pad, pad, depthwise ? inputs : 1],
    ...[128, 0, 128, 0, 255, 1, 0, 0, { float: 1 }],
  ];
  return { words, operations: positions * channels * depth };
}

/**
 * Where the time of a program goes, layer by layer.
 *
 * @module
 */

import { Executor, type ExecutorOptions } from "../../runtime/executor.ts";
import type { KernelBuild } from "../../runtime/kernels/build.ts";
import type { ProgramData } from "../../runtime/program.ts";
import { median } from "../median.ts";
import { multiplyAddsOf } from "../program/step_work.ts";

/** Time and work of one step. */
export interface LayerProfile {
  /** Kernel that the step calls. */
  kernel: string;
  /** Name of the node in the source network. */
  name: string;
  /** Shapes of the tensors read, channels last. */
  inputs: number[][];
  /** Shape of the tensor written. */
  output: number[];
  /** Median time of the step. */
  milliseconds: number;
  /** Multiply-adds of a convolution, fully connected layer or product; 0 of other steps. */
  multiplyAdds: number;
  /** Rate, where the step has multiply-adds; 0 elsewhere. */
  gigaMacsPerSecond: number;
  /** Part of the sum of all steps' times, 0 to 1. */
  share: number;
}

/** Time and work of a program, one sample at a time. */
export interface Profile {
  /** Name of the network. */
  name: string;
  /** The build of the kernels that ran. */
  kernels: KernelBuild;
  /** Number of runs that were timed. */
  runs: number;
  /** Median time of a whole run, measured without a look at single steps. */
  milliseconds: number;
  /** Multiply-adds of a whole run. */
  multiplyAdds: number;
  /** Rate of a whole run. */
  gigaMacsPerSecond: number;
  /** The steps, in the order in which they run. */
  layers: LayerProfile[];
}

/** How a program is profiled. */
export interface ProfileOptions extends ExecutorOptions {
  /** Number of runs to time, 50 by default. */
  runs?: number;
}

/** Time and number of runs that engines need at most to settle on their fastest code. */
const WARM_UP_MS = 200;
const WARM_UP_RUNS = 5;

/**
 * Runs a program many times and times its steps.
 *
 * @param parts A checked program with its constants.
 * @throws {TypeError} Where the host cannot run the build that is asked for.
 * @throws {RangeError} Where the memory cannot be had.
 */
export async function profileProgram(parts: ProgramData, options: ProfileOptions = {}): Promise<Profile> {
  const { runs = 50, ...place } = options;
  const executor = new Executor(parts, place);
  const { program, build } = executor;
  await warmUp(executor);
  const whole: number[] = [];
  const single: number[][] = program.steps.map(() => []);
  for (let run = 0; run < runs; run++) {
    fillInputs(executor);
    whole.push(timeOf(() => executor.run()));
    fillInputs(executor);
    for (const [step, times] of single.entries()) times.push(timeOf(() => executor.run(step, step + 1)));
    await nextTask();
  }
  const times = single.map(median);
  const sum = times.reduce((total, time) => total + time, 0);
  const layers = program.steps.map((step, index): LayerProfile => {
    const multiplyAdds = multiplyAddsOf(step);
    return {
      kernel: step.kernel,
      name: step.name,
      inputs: step.inputs.map((tensor) => program.tensors[tensor].shape),
      output: program.tensors[step.output].shape,
      milliseconds: times[index],
      multiplyAdds,
      gigaMacsPerSecond: rateOf(multiplyAdds, times[index]),
      share: sum > 0 ? times[index] / sum : 0,
    };
  });
  const milliseconds = median(whole);
  const multiplyAdds = layers.reduce((total, layer) => total + layer.multiplyAdds, 0);
  const gigaMacsPerSecond = rateOf(multiplyAdds, milliseconds);
  return { name: program.name, kernels: build, runs, milliseconds, multiplyAdds, gigaMacsPerSecond, layers };
}

/** Runs until the engine's optimised code is in place, which it puts there between tasks. */
async function warmUp(executor: Executor): Promise<void> {
  const until = performance.now() + WARM_UP_MS;
  for (let run = 0; run < WARM_UP_RUNS || performance.now() < until; run++) {
    fillInputs(executor);
    executor.run();
    await nextTask();
  }
}

/** Writes ordinary numbers from -1 to 1; the arena's other tensors may lie where inputs lay. */
function fillInputs(executor: Executor): void {
  for (const { tensor } of executor.program.inputs) {
    const elements = executor.tensor(tensor);
    for (let index = 0; index < elements.length; index++) elements[index] = (index * 7 & 63) / 32 - 1;
  }
}

function nextTask(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 0));
}

function timeOf(call: () => void): number {
  const start = performance.now();
  call();
  return performance.now() - start;
}

function rateOf(multiplyAdds: number, milliseconds: number): number {
  return milliseconds > 0 ? multiplyAdds / milliseconds / 1e6 : 0;
}

/**
 * A stream of samples that goes through a program node by node: all samples
 * stand before the same node.
 *
 * @module
 */

import { type Lifetime, lifetimesOf } from "../../runtime/bundle/check_lifetimes.ts";
import { Executor } from "../../runtime/executor.ts";
import type { Lowered } from "../program/lower.ts";
import { type StepRange, stepRanges } from "./step_ranges.ts";

/** The samples' tensors between nodes, and the executor that takes them on. */
export class Stream {
  /** Executor whose memory holds the sample at hand. */
  readonly executor: Executor;
  readonly #lifetimes: (Lifetime | undefined)[];
  readonly #ranges: Map<string, StepRange>;
  readonly #kept = new Map<number, Map<number, Float32Array | Uint8Array>>();

  /** @param lowered The program that samples go through. */
  constructor(readonly lowered: Lowered) {
    this.executor = new Executor(lowered);
    this.#lifetimes = lifetimesOf(lowered.program);
    this.#ranges = stepRanges(lowered);
  }

  /** Puts a sample before the first node. @param write Writes the input tensors. */
  start(sample: number, write: (executor: Executor) => void): void {
    write(this.executor);
    const kept = new Map<number, Float32Array | Uint8Array>();
    this.#kept.set(sample, kept);
    const range = this.#ranges.get("") ?? { first: 0, end: 0 };
    for (const { tensor } of this.lowered.program.inputs) {
      if (this.#lifetimes[tensor]!.death >= range.end) kept.set(tensor, this.executor.tensor(tensor).slice());
    }
    this.executor.run(range.first, range.end);
    this.#keep(kept, range);
  }

  /** Shows a layer's pre-activation of a sample; valid until the executor runs again. */
  preactivation(sample: number, layer: string): Float32Array {
    const { probe, preactivation } = this.lowered.layers.get(layer)!;
    this.#restore(sample, { first: probe!, end: probe! + 1 });
    this.executor.run(probe, probe! + 1);
    return this.executor.tensor(preactivation!) as Float32Array;
  }

  /** The input of a layer of a sample; a copy. */
  inputOf(sample: number, layer: string): Float32Array | Uint8Array {
    const parts = this.lowered.layers.get(layer)!;
    const step = parts.probe ?? parts.step;
    this.#restore(sample, { first: step, end: step + 1 });
    return this.executor.values(this.lowered.program.steps[step].inputs[0]);
  }

  /** Takes a sample through a node. */
  advance(sample: number, node: string): void {
    const range = this.#ranges.get(node);
    if (!range) return;
    this.#restore(sample, range);
    this.executor.run(range.first, range.end);
    this.#keep(this.#kept.get(sample)!, range);
  }

  /** Keeps what later nodes need of a sample, where it can in the memory of what they don't. */
  #keep(kept: Map<number, Float32Array | Uint8Array>, { first, end }: StepRange): void {
    const free: (Float32Array | Uint8Array)[] = [];
    for (const [tensor, data] of kept) {
      if (this.#lifetimes[tensor]!.death >= end) continue;
      kept.delete(tensor);
      free.push(data);
    }
    for (const { output } of this.lowered.program.steps.slice(first, end)) {
      if (this.#lifetimes[output]!.death < end) continue;
      const data = this.executor.tensor(output);
      const index = free.findIndex((old) => old.length === data.length && old.constructor === data.constructor);
      const copy = kept.get(output) ?? (index >= 0 ? free.splice(index, 1)[0] : data.slice());
      copy.set(data);
      kept.set(output, copy);
    }
  }

  #restore(sample: number, range: StepRange): void {
    const kept = this.#kept.get(sample)!;
    const { steps } = this.lowered.program;
    for (let step = range.first; step < range.end; step++) {
      for (const input of steps[step].inputs) {
        const data = kept.get(input);
        if (data) this.executor.tensor(input).set(data);
      }
    }
  }
}

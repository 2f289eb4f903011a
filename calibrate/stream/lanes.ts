/**
 * Lanes side by side: one in this isolate, or several in workers.
 *
 * @module
 */

import { createLane, type Lane } from "./lane.ts";

/** Lanes that share the samples. */
export interface Lanes {
  /** The lanes; sample i belongs to lane i modulo their number. */
  all: Lane[];
  /** Calls `work` for each sample, in every lane at once, and returns the results in the samples' order. */
  forSamples<Result>(count: number, work: (lane: Lane, sample: number) => Promise<Result>): Promise<Result[]>;
  /** Ends the workers. */
  close(): void;
}

/** Opens lanes. @param threads Number of workers; 1 works in this isolate. */
export function openLanes(threads: number): Lanes {
  const workers = threads > 1
    ? Array.from({ length: threads }, () => new Worker(new URL("./worker.ts", import.meta.url), { type: "module" }))
    : [];
  const all = workers.length > 0 ? workers.map(remoteLane) : [createLane()];
  return {
    all,
    async forSamples(count, work) {
      const results = new Array(count);
      await Promise.all(all.map(async (lane, index) => {
        for (let sample = index; sample < count; sample += all.length) results[sample] = await work(lane, sample);
      }));
      return results;
    },
    close: () => workers.forEach((worker) => worker.terminate()),
  };
}

function remoteLane(worker: Worker): Lane {
  const waiting = new Map<number, { resolve: (value: never) => void; reject: (reason: unknown) => void }>();
  let next = 0;
  worker.onmessage = ({ data: { id, result, error } }: MessageEvent) => {
    const call = waiting.get(id)!;
    waiting.delete(id);
    if (error === undefined) call.resolve(result as never);
    else call.reject(error);
  };
  worker.onerror = (event) => {
    event.preventDefault();
    for (const call of waiting.values()) call.reject(new Error(event.message));
  };
  const call = (method: keyof Lane) => (...args: unknown[]): Promise<never> =>
    new Promise((resolve, reject) => {
      waiting.set(next, { resolve, reject });
      worker.postMessage({ id: next++, method, args });
    });
  return {
    open: call("open"),
    observe: call("observe"),
    histograms: call("histograms"),
    begin: call("begin"),
    measure: call("measure"),
    correct: call("correct"),
    advance: call("advance"),
    prepare: call("prepare"),
    compare: call("compare"),
  };
}

/**
 * Lanes side by side: one in this isolate, or several in workers.
 *
 * @module
 */

import { createLane, type Lane, LANE_METHODS } from "./lane.ts";

/** Lanes that share the work. */
export interface Lanes {
  /** The lanes. */
  all: readonly Lane[];
  /**
   * Gives items to the lanes as they become free.
   *
   * @param work Has one lane do one item.
   * @param take Is given the results in the items' order, as soon as it can be: results wait no longer than it takes.
   */
  share<Item, Result>(
    items: readonly Item[],
    work: (lane: Lane, item: Item) => Promise<Result>,
    take: (result: Result, item: Item) => void,
  ): Promise<void>;
  /** Ends the workers. */
  close(): void;
}

/** Most lanes; more would cost memory and gain nothing on the machines that calibrate. */
const MOST_LANES = 64;

/** Opens lanes. @param threads Number of workers; 1 works in this isolate. */
export function openLanes(threads: number): Lanes {
  const workers = threads > 1
    ? Array.from(
      { length: Math.min(threads, MOST_LANES) },
      () => new Worker(new URL("./worker.ts", import.meta.url), { type: "module" }),
    )
    : [];
  const all = workers.length > 0 ? workers.map(remoteLane) : [createLane()];
  return {
    all,
    async share(items, work, take) {
      const waiting = new Map<number, Awaited<ReturnType<typeof work>>>();
      let [next, taken] = [0, 0];
      await Promise.all(all.map(async (lane) => {
        while (next < items.length) {
          const position = next++;
          waiting.set(position, await work(lane, items[position]));
          for (; waiting.has(taken); taken++) {
            take(waiting.get(taken)!, items[taken]);
            waiting.delete(taken);
          }
        }
      }));
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
  return Object.fromEntries(LANE_METHODS.map((method) => [method, call(method)])) as unknown as Lane;
}

/**
 * Lanes side by side: one in this isolate, or several in workers.
 *
 * @module
 */

import { reviveFailure } from "../../runtime/failure.ts";
import { createLane, type Lane, LANE_METHODS } from "./lane.ts";

/** Lanes that share the work. */
export interface Lanes<Kind = Lane> {
  /** The lanes. */
  all: readonly Kind[];
  /**
   * Gives items to the lanes as they become free.
   *
   * @param work Has one lane do one item.
   * @param take Is given the results in the items' order, as soon as it can be: results wait no longer than it takes.
   */
  share<Item, Result>(
    items: readonly Item[],
    work: (lane: Kind, item: Item) => Promise<Result>,
    take: (result: Result, item: Item) => void,
  ): Promise<void>;
  /** Ends the workers. */
  close(): void;
}

/** Most lanes; more would cost memory and gain nothing on the machines that calibrate. */
const MOST_LANES = 64;

/** What lanes can do, and where. */
export interface LaneKind<Kind> {
  /** The module of a worker that answers for such a lane. */
  worker: URL;
  /** The methods of such a lane. */
  methods: readonly (keyof Kind)[];
  /** Makes such a lane in this isolate. */
  create(): Kind;
}

const CALIBRATION: LaneKind<Lane> = {
  worker: new URL("./worker.ts", import.meta.url),
  methods: LANE_METHODS,
  create: createLane,
};

/** Opens lanes. @param threads Number of workers; 1 works in this isolate. */
export function openLanes(threads: number): Lanes {
  return openLanesOf(CALIBRATION, threads);
}

/** Opens lanes of a kind. @param threads Number of workers; 1 works in this isolate. */
export function openLanesOf<Kind>(kind: LaneKind<Kind>, threads: number): Lanes<Kind> {
  const workers = threads > 1
    ? Array.from({ length: Math.min(threads, MOST_LANES) }, () => new Worker(kind.worker, { type: "module" }))
    : [];
  const all = workers.length > 0 ? workers.map((worker) => remoteLane(worker, kind.methods)) : [kind.create()];
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

function remoteLane<Kind>(worker: Worker, methods: readonly (keyof Kind)[]): Kind {
  const waiting = new Map<number, { resolve: (value: never) => void; reject: (reason: unknown) => void }>();
  let next = 0;
  worker.onmessage = ({ data: { id, result, failure } }: MessageEvent) => {
    const call = waiting.get(id)!;
    waiting.delete(id);
    if (failure === undefined) call.resolve(result as never);
    else call.reject(reviveFailure(failure));
  };
  worker.onerror = (event) => {
    event.preventDefault();
    for (const call of waiting.values()) call.reject(new Error(event.message));
  };
  const call = (method: keyof Kind) => (...args: unknown[]): Promise<never> =>
    new Promise((resolve, reject) => {
      waiting.set(next, { resolve, reject });
      worker.postMessage({ id: next++, method, args });
    });
  return Object.fromEntries(methods.map((method) => [method, call(method)])) as Kind;
}

/**
 * Lanes side by side: one in this isolate, or several in workers. They carry
 * calls to the functions of stages and know none of them.
 *
 * @module
 */

import { reviveFailure } from "../../runtime/failure.ts";
import type { LaneCall } from "./answer_calls.ts";
import { createLaneHost, type LaneHost, type StageTable } from "./lane_host.ts";

/** A stage that is open on one lane. */
export interface Lane<Tasks> {
  /** Runs one of its functions there. */
  run<Name extends keyof Tasks>(task: Name, ...args: ArgumentsOf<Tasks[Name]>): Promise<ResultOf<Tasks[Name]>>;
}

type ArgumentsOf<Task> = Task extends (...args: infer Arguments) => unknown ? Arguments : never;
type ResultOf<Task> = Task extends (...args: never[]) => infer Result ? Awaited<Result> : never;

/** A stage that is open on all lanes. */
export interface Team<Tasks> {
  /** The stage on each lane. */
  all: readonly Lane<Tasks>[];
  /** Runs a function on every lane. @returns One result for each. */
  everywhere<Name extends keyof Tasks>(
    task: Name,
    ...args: ArgumentsOf<Tasks[Name]>
  ): Promise<ResultOf<Tasks[Name]>[]>;
  /**
   * Gives items to the lanes as they become free.
   *
   * @param work Has one lane do one item.
   * @param take Is given the results in the items' order, as soon as it can be: results wait no longer than it takes.
   * @param tell Is told how many items are done, after each.
   */
  share<Item, Result>(
    items: readonly Item[],
    work: (lane: Lane<Tasks>, item: Item) => Promise<Result>,
    take: (result: Result, item: Item) => void,
    tell?: (done: number) => void,
  ): Promise<void>;
  /** Ends the stage on all lanes and gives its memory back. */
  close(): Promise<void>;
}

type SetupOf<Table> = Table extends { share(setup: infer Setup): unknown } ? Setup : never;
type StagesOf<Table> = Table extends { stages: infer Stages } ? Stages : never;
type OptionsOf<Stage> = Stage extends (shared: never, options: infer Options) => unknown ? Options : never;

/** Lanes that share the work of the stages of a table. */
export interface Lanes<Table> {
  /** Number of lanes. */
  count: number;
  /** Replaces what the stages that are opened from here on work on. */
  use(setup: SetupOf<Table>): Promise<void>;
  /** Opens a stage on every lane. @param options Are asked for with the number of the lane, from 0. */
  open<Name extends keyof StagesOf<Table>>(
    stage: Name,
    options: (lane: number) => OptionsOf<StagesOf<Table>[Name]>,
  ): Promise<Team<ResultOf<StagesOf<Table>[Name]>>>;
  /** Ends the workers. */
  close(): void;
}

/** Most lanes; more would cost memory and gain nothing on the machines that calibrate. */
const MOST_LANES = 64;

/** Opens lanes. @param threads Number of workers; 1 works in this isolate. */
export function openLanes<Table extends StageTable>(table: Table, threads: number): Lanes<Table> {
  const workers = threads > 1
    ? Array.from({ length: Math.min(threads, MOST_LANES) }, () => new Worker(table.worker, { type: "module" }))
    : [];
  const hosts = workers.length > 0 ? workers.map(remoteHost) : [createLaneHost(table)];
  let handles = 0;
  return {
    count: hosts.length,
    async use(setup) {
      await Promise.all(hosts.map((host) => host.use(setup)));
    },
    async open(stage, options) {
      const handle = handles++;
      await Promise.all(hosts.map((host, lane) => host.open(handle, stage as string, options(lane))));
      return teamOf(hosts, handle);
    },
    close: () => workers.forEach((worker) => worker.terminate()),
  };
}

function teamOf<Tasks>(hosts: readonly LaneHost[], handle: number): Team<Tasks> {
  const all = hosts.map((host): Lane<Tasks> => ({
    run: (task, ...args) => host.run(handle, task as string, args) as Promise<never>,
  }));
  return {
    all,
    everywhere: (task, ...args) => Promise.all(all.map((lane) => lane.run(task, ...args))),
    share: (...args) => share(all, ...args),
    async close() {
      await Promise.all(hosts.map((host) => host.close(handle)));
    },
  };
}

async function share<Tasks, Item, Result>(
  all: readonly Lane<Tasks>[],
  items: readonly Item[],
  work: (lane: Lane<Tasks>, item: Item) => Promise<Result>,
  take: (result: Result, item: Item) => void,
  tell?: (done: number) => void,
): Promise<void> {
  const waiting = new Map<number, Result>();
  let [next, done, taken] = [0, 0, 0];
  await Promise.all(all.map(async (lane) => {
    while (next < items.length) {
      const position = next++;
      waiting.set(position, await work(lane, items[position]));
      tell?.(++done);
      for (; waiting.has(taken); taken++) {
        take(waiting.get(taken)!, items[taken]);
        waiting.delete(taken);
      }
    }
  }));
}

/** A lane in a worker. */
function remoteHost(worker: Worker): LaneHost {
  const waiting = new Map<number, { resolve: (value: never) => void; reject: (reason: unknown) => void }>();
  let calls = 0;
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
  const ask = (call: LaneCall extends infer Call ? Call extends LaneCall ? Omit<Call, "id"> : never : never) =>
    new Promise<never>((resolve, reject) => {
      waiting.set(calls, { resolve, reject });
      worker.postMessage({ id: calls++, ...call });
    });
  return {
    use: (...args) => ask({ name: "use", args }),
    open: (...args) => ask({ name: "open", args }),
    run: (...args) => ask({ name: "run", args }),
    close: (...args) => ask({ name: "close", args }),
  };
}

/**
 * One worker as the server sees it.
 *
 * @module
 */

import type { Bundle } from "../../../bundle/read.ts";
import type { Ticket } from "../queue.ts";
import { reviveWorkerFailure } from "./failure.ts";
import { type ModelDescription, type Order, type Reply, type Result, type Task, viewsOf } from "./messages.ts";

/** A thread with an instance of each model. */
export interface WorkerThread {
  /** Makes an instance of a bundle under a number. */
  load(model: number, bundle: Bundle): Promise<ModelDescription>;
  /** Runs a batch, resolves its tickets one by one, and resolves itself after the last. */
  run(model: number, batch: readonly Ticket<Task, Result>[]): Promise<void>;
  /** Ends the thread. */
  close(): void;
}

/** A batch that is being run. */
interface Running {
  tickets: readonly Ticket<Task, Result>[];
  /** Number of tickets that have their result. */
  settled: number;
  finish: () => void;
}

/**
 * Starts a thread.
 *
 * @param module Its module.
 * @param maxBatch Most tickets of a batch.
 * @param onEnd Called where the thread ends by a defect; what it was doing is rejected.
 */
export function startWorker(module: URL, maxBatch: number, onEnd: (error: Error) => void): WorkerThread {
  const worker = new Worker(module, { type: "module" });
  const loading = new Map<number, PromiseWithResolvers<ModelDescription>>();
  const cancelled = new Int32Array(new SharedArrayBuffer(4 * maxBatch));
  let running: Running | undefined;
  let ended: Error | undefined;

  worker.onmessage = ({ data }: MessageEvent<Reply>) => {
    if (data.kind === "loaded") loading.get(data.model)?.resolve(data.description);
    else if (data.kind === "unloaded") loading.get(data.model)?.reject(reviveWorkerFailure(data.failure));
    else {settle((ticket) =>
        data.kind === "done" ? ticket.resolve(data.result) : ticket.reject(reviveWorkerFailure(data.failure))
      );}
  };
  worker.onerror = (event) => {
    event.preventDefault();
    worker.terminate();
    const error = ended = new Error(`A worker ended: ${event.message}`);
    for (const { reject } of loading.values()) reject(error);
    onEnd(error);
    while (running !== undefined) settle((ticket) => ticket.reject(error));
  };

  function settle(end: (ticket: Ticket<Task, Result>) => void): void {
    if (running === undefined) return;
    end(running.tickets[running.settled++]);
    if (running.settled < running.tickets.length) return;
    const { finish } = running;
    running = undefined;
    finish();
  }

  function post(order: Order, transfer: Transferable[] = []): void {
    worker.postMessage(order, transfer);
  }

  return {
    load(model, bundle) {
      const description = Promise.withResolvers<ModelDescription>();
      loading.set(model, description);
      post({ kind: "load", model, bundle });
      return description.promise;
    },
    async run(model, tickets) {
      if (ended !== undefined) throw ended;
      cancelled.fill(0);
      for (const [index, ticket] of tickets.entries()) ticket.onCancel = () => Atomics.store(cancelled, index, 1);
      const tasks = tickets.map(({ task }) => task);
      post({ kind: "run", model, tasks, cancelled }, [
        ...new Set(tasks.flatMap(viewsOf).map(({ buffer }) => buffer as ArrayBuffer)),
      ]);
      await new Promise<void>((finish) => running = { tickets, settled: 0, finish });
    },
    close: () => worker.terminate(),
  };
}

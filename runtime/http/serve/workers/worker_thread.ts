/**
 * One worker as the server sees it.
 *
 * @module
 */

import type { Bundle } from "../../../bundle/read.ts";
import { reviveWorkerFailure } from "./failure.ts";
import { type ModelDescription, type Order, type Reply, type Result, type Task, viewsOf } from "./messages.ts";

/** A thread with an instance of each model. */
export interface WorkerThread {
  /** Makes an instance of a bundle under a number. */
  load(model: number, bundle: Bundle): Promise<ModelDescription>;
  /** Does a task; one at a time. */
  run(model: number, task: Task): Promise<Result>;
  /** Ends the thread. */
  close(): void;
}

/**
 * Starts a thread.
 *
 * @param module Its module.
 * @param onEnd Called where the thread ends by a defect; what it was doing is rejected.
 */
export function startWorker(module: URL, onEnd: (error: Error) => void): WorkerThread {
  const worker = new Worker(module, { type: "module" });
  const loading = new Map<number, PromiseWithResolvers<ModelDescription>>();
  let running: PromiseWithResolvers<Result> | undefined;
  let ended: Error | undefined;

  worker.onmessage = ({ data }: MessageEvent<Reply>) => {
    if (data.kind === "loaded") loading.get(data.model)?.resolve(data.description);
    else if (data.kind === "unloaded") loading.get(data.model)?.reject(reviveWorkerFailure(data.failure));
    else if (data.kind === "done") running?.resolve(data.result);
    else running?.reject(reviveWorkerFailure(data.failure));
  };
  worker.onerror = (event) => {
    event.preventDefault();
    worker.terminate();
    const error = ended = new Error(`A worker ended: ${event.message}`);
    for (const { reject } of loading.values()) reject(error);
    onEnd(error);
    running?.reject(error);
  };

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
    async run(model, task) {
      if (ended !== undefined) throw ended;
      running = Promise.withResolvers();
      post({ kind: "run", model, task }, [...new Set(viewsOf(task).map(({ buffer }) => buffer as ArrayBuffer))]);
      return await running.promise;
    },
    close: () => worker.terminate(),
  };
}

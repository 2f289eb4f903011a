/**
 * The queue before the workers: bounded for each model, first come, first served.
 *
 * @module
 */

import type { Metrics } from "../metrics/metrics.ts";
import { RefusedError } from "../models/served_model.ts";

/** How requests wait. */
export interface QueueSettings {
  /** Most requests that wait for one model. */
  maxQueue: number;
}

/** The model that a request waits for. */
export interface QueuedModel {
  /** Name under which it is served. */
  name: string;
  /** Version under which it is served. */
  version: string;
}

/** Does a task by a worker that is free, and resolves when it is free again. */
export type TaskRunner<Task, Result> = (worker: number, model: QueuedModel, task: Task) => Promise<Result>;

/** What waits for the workers. */
export interface Queue<Task, Result> {
  /** Whether another request for a model would be refused. */
  full(model: QueuedModel): boolean;
  /**
   * Waits for a worker and for its result.
   *
   * @param model The model; the same object on every call.
   * @param task What is to be done.
   * @param signal Gives the request up where its client goes away.
   * @throws {RefusedError} If the queue is full, or the request is given up.
   */
  submit(model: QueuedModel, task: Task, signal?: AbortSignal): Promise<Result>;
}

/** A request that waits. */
interface Entry {
  model: QueuedModel;
  since: number;
  start(worker: number): void;
}

/**
 * Makes an empty queue.
 *
 * @param workers Number of workers.
 * @param run Does a task.
 * @param settings How requests wait.
 * @param metrics Receives lengths and waits.
 */
export function createQueue<Task, Result>(
  workers: number,
  run: TaskRunner<Task, Result>,
  { maxQueue }: QueueSettings,
  metrics: Metrics,
): Queue<Task, Result> {
  const waiting: Entry[] = [];
  const lengths = new Map<QueuedModel, number>();
  const free = Array.from({ length: workers }, (_, worker) => worker);

  const labelsOf = ({ name, version }: QueuedModel) => ({ model: name, version });
  const lengthOf = (model: QueuedModel) => lengths.get(model) ?? 0;

  function changeLength(model: QueuedModel, change: number): void {
    lengths.set(model, lengthOf(model) + change);
    metrics.queueLength.set(labelsOf(model), lengthOf(model));
  }

  function dispatch(): void {
    while (free.length > 0 && waiting.length > 0) {
      const { model, since, start } = waiting.shift()!;
      changeLength(model, -1);
      metrics.queueSeconds.observe(labelsOf(model), (performance.now() - since) / 1000);
      start(free.shift()!);
    }
  }

  return {
    full: (model) => lengthOf(model) >= maxQueue,
    submit(model, task, signal) {
      if (signal?.aborted) return Promise.reject(new RefusedError("cancelled"));
      if (lengthOf(model) >= maxQueue) return Promise.reject(new RefusedError("queue_full"));
      const { promise, resolve, reject } = Promise.withResolvers<Result>();
      const entry: Entry = {
        model,
        since: performance.now(),
        start: (worker) =>
          run(worker, model, task).then(resolve, reject).finally(() => {
            free.push(worker);
            dispatch();
          }),
      };
      // A task that runs already is run to its end; its result is for nobody.
      const cancel = () => {
        const at = waiting.indexOf(entry);
        if (at >= 0) {
          waiting.splice(at, 1);
          changeLength(model, -1);
        }
        reject(new RefusedError("cancelled"));
      };
      signal?.addEventListener("abort", cancel);
      waiting.push(entry);
      changeLength(model, 1);
      dispatch();
      return promise.finally(() => signal?.removeEventListener("abort", cancel));
    },
  };
}

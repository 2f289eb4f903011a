/**
 * The queue before the workers: bounded, by model, in batches.
 *
 * @module
 */

import { HttpError } from "../http_error.ts";
import type { Metrics } from "../metrics/metrics.ts";
import { queueFull } from "../models/queue_full.ts";

/** How requests wait. */
export interface QueueSettings {
  /** Most samples that a worker is given at once; a request of more goes alone. */
  maxBatch: number;
  /** Milliseconds for which a request waits for others to fill its batch. */
  maxDelay: number;
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

/** A request in the queue or in a batch. */
export interface Ticket<Task, Result> {
  /** What is to be done. */
  readonly task: Task;
  /** Whether nobody waits for the result any more. */
  readonly cancelled: boolean;
  /** Called when that happens while the request is in a batch. */
  onCancel?: () => void;
  /** Ends the wait. */
  resolve(result: Result): void;
  /** Ends the wait. */
  reject(error: unknown): void;
}

/** Runs a batch by a worker, and resolves when that worker is free again. */
export type BatchRunner<Task, Result> = (
  worker: number,
  model: QueuedModel,
  batch: readonly Ticket<Task, Result>[],
) => Promise<void>;

/** What waits for the workers. */
export interface Queue<Task, Result> {
  /** Whether another request for a model would be refused. */
  full(model: QueuedModel): boolean;
  /**
   * Waits for a worker and for its result.
   *
   * @param model The model; the same object on every call.
   * @param task What is to be done.
   * @param samples Number of samples in it.
   * @param signal Gives the request up where its client goes away.
   * @throws {HttpError} 429 if the queue is full, 499 if the request is given up.
   */
  submit(model: QueuedModel, task: Task, samples: number, signal?: AbortSignal): Promise<Result>;
}

/** A request with what the queue knows of it. */
interface Entry<Task, Result> extends Ticket<Task, Result> {
  cancelled: boolean;
  samples: number;
  since: number;
}

/**
 * Makes an empty queue.
 *
 * A free worker takes from the model whose first request has waited longest, and
 * no more than its share of what waits, so that no other worker runs out of work.
 *
 * @param workers Number of workers.
 * @param run Runs a batch.
 * @param settings How requests wait.
 * @param metrics Receives lengths, waits and sizes of batches.
 */
export function createQueue<Task, Result>(
  workers: number,
  run: BatchRunner<Task, Result>,
  settings: QueueSettings,
  metrics: Metrics,
): Queue<Task, Result> {
  const { maxBatch, maxDelay, maxQueue } = settings;
  const waiting = new Map<QueuedModel, Entry<Task, Result>[]>();
  const free = Array.from({ length: workers }, (_, worker) => worker);
  let timer: ReturnType<typeof setTimeout> | undefined;

  const entriesOf = (model: QueuedModel) => {
    const entries = waiting.get(model) ?? [];
    if (!waiting.has(model)) waiting.set(model, entries);
    return entries;
  };
  const noteLength = (model: QueuedModel, { length }: unknown[]) =>
    metrics.queueLength.set({ model: model.name, version: model.version }, length);

  function dispatch(): void {
    clearTimeout(timer);
    timer = undefined;
    while (free.length > 0) {
      const [next] = [...waiting].filter(([, entries]) => entries.length > 0)
        .sort(([, [a]], [, [b]]) => dueAt(a) - dueAt(b));
      if (next === undefined) return;
      const [model, entries] = next;
      const wait = samplesOf(entries) >= maxBatch ? 0 : dueAt(entries[0]) - performance.now();
      if (wait > 0) {
        timer = setTimeout(dispatch, wait);
        return;
      }
      start(free.shift()!, model, take(entries));
      noteLength(model, entries);
    }
  }

  function dueAt({ since }: Entry<Task, Result>): number {
    return since + maxDelay;
  }

  function take(entries: Entry<Task, Result>[]): Entry<Task, Result>[] {
    const share = Math.ceil(entries.length / workers);
    let [count, samples] = [1, entries[0].samples];
    while (count < share && samples + entries[count].samples <= maxBatch) samples += entries[count++].samples;
    return entries.splice(0, count);
  }

  function start(worker: number, model: QueuedModel, batch: Entry<Task, Result>[]): void {
    const labels = { model: model.name, version: model.version };
    const now = performance.now();
    for (const { since } of batch) metrics.queueSeconds.observe(labels, (now - since) / 1000);
    metrics.batchSize.observe(labels, samplesOf(batch));
    run(worker, model, batch).catch((error) => batch.forEach((entry) => entry.reject(error))).finally(() => {
      free.push(worker);
      dispatch();
    });
  }

  return {
    full: (model) => entriesOf(model).length >= maxQueue,
    submit(model, task, samples, signal) {
      const entries = entriesOf(model);
      if (signal?.aborted) return Promise.reject(givenUp());
      if (entries.length >= maxQueue) return Promise.reject(queueFull(model.name));
      return new Promise<Result>((resolve, reject) => {
        const entry: Entry<Task, Result> = {
          task,
          samples,
          since: performance.now(),
          cancelled: false,
          resolve: (result) => settle(() => resolve(result)),
          reject: (error) => settle(() => reject(error)),
        };
        const settle = (end: () => void) => {
          signal?.removeEventListener("abort", cancel);
          end();
        };
        const cancel = () => {
          entry.cancelled = true;
          const at = entries.indexOf(entry);
          if (at < 0) entry.onCancel?.();
          else entries.splice(at, 1);
          noteLength(model, entries);
          entry.reject(givenUp());
          dispatch();
        };
        signal?.addEventListener("abort", cancel);
        entries.push(entry);
        noteLength(model, entries);
        dispatch();
      });
    },
  };
}

function samplesOf(entries: readonly { samples: number }[]): number {
  return entries.reduce((sum, { samples }) => sum + samples, 0);
}

function givenUp(): HttpError {
  return new HttpError(499, "The client has gone", { reason: "cancelled" });
}

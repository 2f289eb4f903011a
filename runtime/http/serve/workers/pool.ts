/**
 * Workers that run models: threads with an instance of each.
 *
 * @module
 */

import type { Bundle } from "../../../bundle/read.ts";
import type { Metrics } from "../../metrics/metrics.ts";
import type { ServedModel } from "../../models/served_model.ts";
import { createQueue, type QueuedModel, type QueueSettings } from "../queue.ts";
import type { ModelDescription, Result, Task } from "./messages.ts";
import { startWorker, type WorkerThread } from "./worker_thread.ts";

/** How a pool works. */
export interface PoolSettings extends QueueSettings {
  /** Number of threads. */
  workers: number;
  /** Module that each thread runs; the server's own if absent. */
  module?: URL;
}

/** Workers with their queue. */
export interface Pool {
  /** Makes an instance of a bundle in each worker, once for a name and version. */
  load(model: QueuedModel, bundle: Bundle): Promise<ServedModel>;
  /** Ends the threads. */
  close(): void;
}

/** Milliseconds until another thread takes the place of one that ended; until then its requests fail. */
const RESTART_MILLISECONDS = 100;

/**
 * Starts workers.
 *
 * @param settings Their number, and how requests wait for them.
 * @param metrics Receives what the queue does.
 * @param onError Receives why a worker ended.
 */
export function createPool(settings: PoolSettings, metrics: Metrics, onError: (error: unknown) => void): Pool {
  const { workers, module = new URL("./worker.ts", import.meta.url) } = settings;
  const bundles: Bundle[] = [];
  const served = new Map<string, ServedModel>();
  const numbers = new Map<QueuedModel, number>();
  const threads = Array.from({ length: workers }, (_, index) => start(index));

  let closed = false;

  function start(index: number): WorkerThread {
    const thread = startWorker(module, (error) => {
      onError(error);
      setTimeout(() => {
        if (!closed) threads[index] = start(index);
      }, RESTART_MILLISECONDS);
    });
    bundles.forEach((bundle, model) => thread.load(model, bundle).catch(onError));
    return thread;
  }

  const queue = createQueue<Task, Result>(
    workers,
    (worker, model, task) => threads[worker].run(numbers.get(model)!, task),
    settings,
    metrics,
  );

  return {
    async load(model, bundle) {
      const key = JSON.stringify([model.name, model.version]);
      const known = served.get(key);
      if (known !== undefined) return known;
      const number = bundles.push(shared(bundle)) - 1;
      const [description] = await Promise.all(threads.map((thread) => thread.load(number, bundles[number])));
      const queued = { name: model.name, version: model.version };
      numbers.set(queued, number);
      const made = serveThrough(queued, description);
      served.set(key, made);
      return made;
    },
    close() {
      closed = true;
      threads.forEach((thread) => thread.close());
    },
  };

  function serveThrough(model: QueuedModel, description: ModelDescription): ServedModel {
    return {
      ...description,
      full: () => queue.full(model),
      async run(inputs, { signal } = {}) {
        const result = await queue.submit(model, { inputs }, signal);
        return (result as Extract<Result, { outputs: unknown }>).outputs;
      },
      async classify(file, { top, maxPixels, signal }) {
        const result = await queue.submit(model, { file, top, maxPixels }, signal);
        return result as Extract<Result, { predictions: unknown }>;
      },
    };
  }
}

/** The bundle with its data where all threads see them. */
function shared(bundle: Bundle): Bundle {
  const data = new Uint8Array(new SharedArrayBuffer(bundle.data.length));
  data.set(bundle.data);
  return { ...bundle, data };
}

/**
 * What a worker does: it keeps an instance of each model and runs tasks on it.
 *
 * @module
 */

import type { Bundle } from "../../../bundle/read.ts";
import { release } from "../../models/release.ts";
import type { ServedModel } from "../../models/served_model.ts";
import { describeWorkerFailure } from "./failure.ts";
import { type Order, type Reply, type Result, type Task, viewsOf } from "./messages.ts";

/** Answers orders. */
export type Host = (order: Order) => Promise<void>;

/** A model; its instance is absent after a trap, until the next task. */
interface Hosted {
  bundle: Bundle;
  instance: ServedModel | undefined;
}

/**
 * Makes a host without models.
 *
 * @param makeModel Makes an instance of a bundle.
 * @param post Sends a reply and hands over buffers.
 */
export function createHost(
  makeModel: (bundle: Bundle) => ServedModel,
  post: (reply: Reply, transfer: Transferable[]) => void,
): Host {
  const models = new Map<number, Hosted>();

  function load(model: number, bundle: Bundle): void {
    try {
      const instance = makeModel(bundle);
      models.set(model, { bundle, instance });
      const { inputs, outputs, labels, preprocessing } = instance;
      post({ kind: "loaded", model, description: { inputs, outputs, labels, preprocessing } }, []);
    } catch (error) {
      post({ kind: "unloaded", model, failure: describeWorkerFailure(error) }, []);
    }
  }

  async function run(hosted: Hosted, task: Task): Promise<void> {
    try {
      const model = hosted.instance ??= makeModel(hosted.bundle);
      const result = await perform(model, task);
      post({ kind: "done", result }, buffersOf(result));
    } catch (error) {
      if (error instanceof WebAssembly.RuntimeError) hosted.instance = undefined;
      post({ kind: "failed", failure: describeWorkerFailure(error) }, []);
    } finally {
      release(viewsOf(task));
    }
  }

  return async (order) => {
    if (order.kind === "load") return load(order.model, order.bundle);
    await run(models.get(order.model)!, order.task);
  };
}

async function perform(model: ServedModel, task: Task): Promise<Result> {
  return "inputs" in task ? { outputs: await model.run(task.inputs) } : await model.classify(task.file, task);
}

function buffersOf(result: Result): Transferable[] {
  return "outputs" in result ? Object.values(result.outputs).map(({ data }) => data.buffer as ArrayBuffer) : [];
}

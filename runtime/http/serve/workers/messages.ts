/**
 * What the server and its workers tell each other.
 *
 * @module
 */

import type { Bundle } from "../../../bundle/read.ts";
import type { ModelPort, Prediction, Tensor } from "../../../model.ts";
import type { Preprocessing } from "../../../preprocessing.ts";
import type { WorkerFailure } from "./failure.ts";

/** What a model is to do. */
export type Task =
  | { inputs: Record<string, Tensor> }
  | { file: Uint8Array; top: number; maxPixels: number };

/** The arrays of a task. */
export function viewsOf(task: Task): ArrayBufferView[] {
  return "file" in task ? [task.file] : Object.values(task.inputs).map(({ data }) => data);
}

/** What a model gave. */
export type Result =
  | { outputs: Record<string, Tensor> }
  | { predictions: Prediction[]; decodeMilliseconds: number };

/** To a worker; models have the numbers that the server gives them. */
export type Order =
  | { kind: "load"; model: number; bundle: Bundle }
  | { kind: "run"; model: number; task: Task };

/** From a worker: one answer to each order to load, and to each task. */
export type Reply =
  | { kind: "loaded"; model: number; description: ModelDescription }
  | { kind: "unloaded"; model: number; failure: WorkerFailure }
  | { kind: "done"; result: Result }
  | { kind: "failed"; failure: WorkerFailure };

/** What the server says of a model. */
export interface ModelDescription {
  /** Inputs in the source network's own layout. */
  inputs: readonly ModelPort[];
  /** Outputs in the source network's own layout. */
  outputs: readonly ModelPort[];
  /** Names of the classes. */
  labels: readonly string[] | undefined;
  /** How images are prepared. */
  preprocessing: Preprocessing | undefined;
}

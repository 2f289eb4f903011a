/**
 * Classifying on the server and in the browser.
 *
 * @module
 */

/// <reference lib="dom" />
/// <reference lib="dom.iterable" />

import type { Prediction } from "../../runtime/mod.ts";
import type { LocalAnswer, Question, Reply } from "./messages.ts";

/** A network that the server offers. */
export interface OfferedModel {
  name: string;
  version: string;
  /** Whether its bundle may be had. */
  download: boolean;
}

/** What the server found. */
export interface ServerAnswer {
  /** The classes, the likeliest first. */
  predictions: Prediction[];
  /** Milliseconds to decode the picture and classify it. */
  milliseconds: number;
  /** Milliseconds until the answer was here. */
  roundTrip: number;
}

/** Number of classes that are shown. */
const TOP = 5;

/** Asks the server which networks it offers. */
export async function listModels(): Promise<OfferedModel[]> {
  return (await readJson(await fetch("octet/models.json"))).models;
}

/** Classifies a picture on the server. @throws {Error} With what the server says is wrong. */
export async function classifyOnServer(file: Blob, model: OfferedModel): Promise<ServerAnswer> {
  const query = new URLSearchParams({ model: model.name, version: model.version, top: String(TOP) });
  const start = performance.now();
  const { predictions, milliseconds } = await readJson(
    await fetch(`classify?${query}`, { method: "POST", body: file }),
  );
  return { predictions, milliseconds, roundTrip: performance.now() - start };
}

let worker: Worker | undefined;
let lastId = 0;
const waiting = new Map<number, { resolve: (answer: LocalAnswer) => void; reject: (error: Error) => void }>();

/** Classifies a picture in this browser. @throws {Error} Where that fails. */
export async function classifyHere(file: Blob, model: OfferedModel): Promise<LocalAnswer> {
  worker ??= startWorker();
  const path = `v2/models/${encodeURIComponent(model.name)}/versions/${encodeURIComponent(model.version)}/bundle`;
  const question: Question = {
    id: ++lastId,
    bundle: new URL(path, document.baseURI).href,
    file: await file.arrayBuffer(),
    top: TOP,
  };
  return await new Promise((resolve, reject) => {
    waiting.set(question.id, { resolve, reject });
    worker!.postMessage(question, [question.file]);
  });
}

function startWorker(): Worker {
  const started = new Worker("octet/worker.js", { type: "module" });
  started.onmessage = ({ data }: MessageEvent<Reply>) => {
    const waiter = waiting.get(data.id);
    waiting.delete(data.id);
    if ("answer" in data) waiter?.resolve(data.answer);
    else waiter?.reject(new Error(data.error));
  };
  started.onerror = () => {
    worker = undefined;
    for (const { reject } of waiting.values()) reject(new Error("This browser cannot run the network"));
    waiting.clear();
  };
  return started;
}

// deno-lint-ignore no-explicit-any
async function readJson(response: Response): Promise<any> {
  const answer = await response.json().catch(() => ({ error: `The server answered with status ${response.status}` }));
  if (!response.ok) throw new Error(answer.error);
  return answer;
}

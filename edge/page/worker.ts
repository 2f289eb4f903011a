/**
 * The worker that runs networks in the browser, so that the page stays quick.
 *
 * @module
 */

import type { Model } from "./octet.ts";
import type { LocalAnswer, Question, Reply } from "./messages.ts";

/** The part of a worker's global scope that is used. */
interface WorkerScope {
  onmessage: ((event: { data: Question }) => void) | null;
  postMessage(reply: Reply): void;
}

const scope = globalThis as unknown as WorkerScope;
// Not imported first: it may await kernels, and questions that come before the worker listens would be lost.
const octet = import("./octet.ts");
const models = new Map<string, Promise<{ model: Model; bytes: number }>>();

scope.onmessage = async ({ data: question }) => {
  const { id } = question;
  try {
    scope.postMessage({ id, answer: await classify(question) });
  } catch (error) {
    models.delete(question.bundle);
    scope.postMessage({ id, error: error instanceof Error ? error.message : String(error) });
  }
};

async function classify({ bundle, file, top }: Question): Promise<LocalAnswer> {
  const known = models.has(bundle);
  const start = performance.now();
  const loading = models.get(bundle) ?? load(bundle);
  models.set(bundle, loading);
  const { model, bytes } = await loading;
  const milliseconds = performance.now() - start;
  // The first picture makes the engine compile; the server has done so long ago.
  if (!known) await time(model, file, top);
  return { ...await time(model, file, top), ...(!known && { loaded: { milliseconds, bytes } }) };
}

async function load(url: string): Promise<{ model: Model; bytes: number }> {
  const response = await fetch(url);
  if (!response.ok) throw new Error((await response.json()).error);
  const bytes = new Uint8Array(await response.arrayBuffer());
  const { Model } = await octet;
  return { model: await Model.load(bytes), bytes: bytes.length };
}

async function time(model: Model, file: ArrayBuffer, top: number): Promise<LocalAnswer> {
  const { decodeImage } = await octet;
  const start = performance.now();
  const predictions = model.classify(await decodeImage(new Uint8Array(file)), { top });
  return { predictions, milliseconds: performance.now() - start };
}

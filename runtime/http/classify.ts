/**
 * Answers to requests with an image.
 *
 * @module
 */

import type { Pixels } from "../resize_image.ts";
import { decodeImage, type DecodeOptions } from "./decode_image.ts";
import { HttpError, jsonResponse, quote } from "./http_error.ts";
import type { ServedModel, ServedModels } from "./served_model.ts";

const DEFAULT_TOP = 5;

/** What the query of a request asks for. */
export interface ClassifyQuery {
  /** Name of the model, which may be absent where only one takes images. */
  model: string | undefined;
  /** Number of classes. */
  top: number;
}

/**
 * Reads the query of a request.
 *
 * @param parameters Parameters `model` and `top`, both optional.
 * @returns What it asks for.
 * @throws {HttpError} 400 if `top` is not a positive integer.
 */
export function parseClassifyQuery(parameters: URLSearchParams): ClassifyQuery {
  const top = parameters.get("top") ?? String(DEFAULT_TOP);
  if (!/^[1-9]\d{0,5}$/.test(top)) {
    throw new HttpError(400, `top must be a positive integer, not ${quote(top)}`);
  }
  return { model: parameters.get("model") ?? undefined, top: Number(top) };
}

/**
 * Finds the model that a request is for.
 *
 * @param models All models.
 * @param wanted Name in the request, if any.
 * @returns The model and its name.
 * @throws {HttpError} 404 if there is no such model, 400 if it takes no images or none is named and several do.
 */
export function findClassifier(models: ServedModels, wanted: string | undefined): [string, ServedModel] {
  if (wanted !== undefined) {
    const model = models.get(wanted);
    if (model === undefined) throw new HttpError(404, `Unknown model ${quote(wanted)}`);
    if (!model.preprocessing) throw new HttpError(400, `Model ${quote(wanted)} takes no images`);
    return [wanted, model];
  }
  const candidates = [...models].filter(([, model]) => model.preprocessing);
  if (candidates.length === 0) throw new HttpError(404, "No model takes images");
  if (candidates.length > 1) {
    throw new HttpError(
      400,
      `More than one model takes images: add ?model= with ${candidates.map(([name]) => quote(name)).join(" or ")}`,
    );
  }
  return candidates[0];
}

/**
 * Classifies the image of a request.
 *
 * @param body A JPEG or PNG file.
 * @param query What is asked for.
 * @param models All models.
 * @param options Limits on the image.
 * @returns The response with the classes, the likeliest first.
 * @throws {HttpError} 415, 413 or 400 if the image can't be decoded, 404 or 400 if no model suits.
 */
export async function classify(
  body: Uint8Array,
  query: ClassifyQuery,
  models: ServedModels,
  options: DecodeOptions,
): Promise<Response> {
  const [name, model] = findClassifier(models, query.model);
  const start = performance.now();
  const image = await decode(body, options);
  const predictions = predict(model, image, query.top);
  if (!predictions.every(({ score }) => Number.isFinite(score))) {
    throw new HttpError(500, `Model ${quote(name)} gives a score that is not finite`);
  }
  const milliseconds = Math.round((performance.now() - start) * 1000) / 1000;
  return jsonResponse({ model: name, predictions, milliseconds });
}

async function decode(body: Uint8Array, options: DecodeOptions): Promise<Pixels> {
  try {
    return await decodeImage(body, options);
  } catch (error) {
    if (error instanceof TypeError) throw new HttpError(415, error.message);
    if (error instanceof RangeError) throw new HttpError(413, error.message);
    if (error instanceof SyntaxError) throw new HttpError(400, error.message);
    throw error;
  }
}

function predict(model: ServedModel, image: Pixels, top: number): ReturnType<ServedModel["classify"]> {
  try {
    return model.classify(image, { top });
  } catch (error) {
    if (error instanceof TypeError || error instanceof RangeError) throw new HttpError(400, error.message);
    throw error;
  }
}

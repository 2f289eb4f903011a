/**
 * The model that a request is for.
 *
 * @module
 */

import { HttpError, quote, quoteAll } from "../http_error.ts";
import { type LoadedModel, ModelLoadError, type ModelRegistry } from "./model_registry.ts";

/**
 * Finds a model and loads it if it isn't yet.
 *
 * @param models All models.
 * @param name Name in the request.
 * @param version Version in the request, if any.
 * @throws {HttpError} 404 if there is none, 503 if it cannot be loaded.
 */
export async function findModel(models: ModelRegistry, name: string, version?: string): Promise<LoadedModel> {
  return await orUnavailable(models.get(name, version)) ?? unknown(models, name, version);
}

/**
 * Finds the file of a model's bundle.
 *
 * @param models All models.
 * @param name Name in the request.
 * @param version Version in the request, if any.
 * @param given Whether files are given away.
 * @throws {HttpError} 404 if there is none, 403 if it is not given away, 503 if it cannot be read.
 */
export async function findFile(
  models: ModelRegistry,
  name: string,
  version: string | undefined,
  given: boolean,
): Promise<Uint8Array<ArrayBuffer>> {
  const file = given ? await orUnavailable(models.file(name, version)) : undefined;
  if (file !== undefined) return file;
  const versions = versionsOf(models, name);
  if (versions.length === 0 || !versions.includes(version ?? versions[0])) unknown(models, name, version);
  throw new HttpError(403, `The bundle of model ${quote(name)} is not given away`);
}

async function orUnavailable<T>(promise: Promise<T>): Promise<T> {
  try {
    return await promise;
  } catch (error) {
    if (!(error instanceof ModelLoadError)) throw error;
    throw new HttpError(503, error.message, { headers: { "retry-after": String(error.retrySeconds) } });
  }
}

function unknown(models: ModelRegistry, name: string, version: string | undefined): never {
  const known = versionsOf(models, name);
  throw new HttpError(
    404,
    known.length === 0
      ? `Unknown model ${quote(name)}`
      : `Model ${quote(name)} has no version ${quote(version ?? "")}, only ${quoteAll(known)}`,
  );
}

/**
 * Finds the model for a request that need not name it.
 *
 * @param models All models.
 * @param name Name in the request, if any.
 * @param version Version in the request, if any.
 * @throws {HttpError} As `findModel`; 404 also if no model is served, 400 if none is named and several are.
 */
export async function findModelByQuery(
  models: ModelRegistry,
  name: string | undefined,
  version: string | undefined,
): Promise<LoadedModel> {
  if (name !== undefined) return await findModel(models, name, version);
  const names = modelNames(models);
  if (names.length === 0) throw new HttpError(404, "No model is served");
  if (names.length > 1) {
    throw new HttpError(400, `More than one model is served: add ?model= with ${quoteAll(names)}`);
  }
  return await findModel(models, names[0], version);
}

/** Names of all models, in their order. */
export function modelNames(models: ModelRegistry): string[] {
  return [...new Set(models.list().map(({ name }) => name))];
}

/** Versions of a model, from the oldest. */
export function versionsOf(models: ModelRegistry, wanted: string): string[] {
  return models.list().filter(({ name }) => name === wanted).map(({ version }) => version);
}

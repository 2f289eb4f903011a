/**
 * The models of a server: by name and version, loaded when they are first asked
 * for, and loaded anew after a trap.
 *
 * @module
 */

import { InputError } from "../../errors.ts";
import type { Awaitable, ServedModel } from "./served_model.ts";

/** Where a model is from. */
export interface ModelLoader {
  /** Makes it ready to answer; called again after a failure or a trap. */
  load(): Promise<ServedModel>;
  /** Gives the bundle's file, for clients that run it themselves; absent where there is none to give. */
  file?(): Promise<Uint8Array<ArrayBuffer>>;
}

/** A model that a server may load. */
export interface ModelEntry extends ModelLoader {
  /** Name under which it is served. */
  name: string;
  /** Version under which it is served; "1" if absent. */
  version?: string;
}

/** How a model is doing. */
export interface ModelStatus {
  /** Name under which it is served. */
  name: string;
  /** Version under which it is served. */
  version: string;
  /** A failed model is loaded again upon the next request, after two failures in a row upon one that comes later. */
  state: "unloaded" | "loading" | "ready" | "failed";
  /** Number of times that it was loaded. */
  loads: number;
  /** Number of times that loading failed. */
  failures: number;
  /** Number of times that it trapped and was discarded. */
  traps: number;
  /** Seconds that the last loading took, where one has succeeded. */
  loadSeconds: number | undefined;
  /** Whether its bundle's file can be had. */
  hasFile: boolean;
}

/** A model that was found. */
export interface LoadedModel {
  /** Name under which it is served. */
  name: string;
  /** Version under which it is served. */
  version: string;
  /** The model. */
  model: ServedModel;
}

/** What a handler asks of the models that it serves. */
export interface ModelRegistry {
  /** Tells how all models are doing, in their order, versions from the oldest; loads none. */
  list(): ModelStatus[];
  /**
   * Gets a model and loads it if it isn't yet.
   *
   * @param name Its name.
   * @param version Its version; the last in the order if absent.
   * @returns The model, or nothing if there is none of that name and version.
   * @throws {ModelLoadError} If it cannot be loaded.
   */
  get(name: string, version?: string): Promise<LoadedModel | undefined>;
  /**
   * Reads the file of a model's bundle, for a client that runs it itself.
   *
   * @param name Its name.
   * @param version Its version; the last in the order if absent.
   * @returns The file, or nothing if there is no such model or its file cannot be had.
   * @throws {ModelLoadError} If it cannot be read.
   */
  file(name: string, version?: string): Promise<Uint8Array<ArrayBuffer> | undefined>;
}

/** A model that cannot be loaded. */
export class ModelLoadError extends Error {
  /** Seconds until it is tried again. */
  readonly retrySeconds: number;

  /**
   * Makes the error.
   *
   * @param message What failed.
   * @param retrySeconds Seconds until it is tried again.
   * @param cause What was thrown.
   */
  constructor(message: string, retrySeconds: number, cause: unknown) {
    super(message, { cause });
    this.name = "ModelLoadError";
    this.retrySeconds = retrySeconds;
  }
}

/** What a registry may be told. */
export interface RegistryOptions {
  /** Milliseconds after two failures in a row in which a model is not loaded again; 5,000 if absent. */
  retryMilliseconds?: number;
  /** Receives why a model could not be loaded, and each trap; written to the console if absent. */
  onError?: (error: unknown) => void;
}

/** A model in the registry. */
interface Slot extends ModelStatus {
  entry: ModelEntry;
  /** The model, present or on its way. */
  loaded?: Promise<LoadedModel> | undefined;
  failure?: { cause: unknown; time: number } | undefined;
  /** Number of times that loading failed since it last succeeded. */
  failuresInRow: number;
}

/**
 * Makes a registry of models that are loaded when they are first asked for.
 *
 * @param entries The models; of several versions of one name the last is the default.
 * @param options When to try again, and where to report.
 * @throws {InputError} If a name with the same version occurs twice.
 */
export function createRegistry(entries: Iterable<ModelEntry>, options: RegistryOptions = {}): ModelRegistry {
  const { retryMilliseconds = 5_000, onError = console.error } = options;
  const models = new Map<string, Map<string, Slot>>();
  for (const entry of entries) {
    const { name, version = "1" } = entry;
    const versions = models.get(name) ?? new Map<string, Slot>();
    if (versions.has(version)) {
      throw new InputError(
        `Two models have the name ${JSON.stringify(name)} and the version ${JSON.stringify(version)}`,
      );
    }
    const counts = { loads: 0, failures: 0, failuresInRow: 0, traps: 0, loadSeconds: undefined };
    models.set(
      name,
      versions.set(version, { name, version, state: "unloaded", ...counts, hasFile: entry.file !== undefined, entry }),
    );
  }
  const slots = () => Array.from(models.values(), (versions) => [...versions.values()]).flat();

  return {
    list: () =>
      slots().map(({ name, version, state, loads, failures, traps, loadSeconds, failure, hasFile }) => {
        const retried = state === "failed" && waitAfter(failure) <= 0;
        return { name, version, state: retried ? "unloaded" : state, loads, failures, traps, loadSeconds, hasFile };
      }),
    async get(name, version) {
      const slot = find(name, version);
      if (slot === undefined) return undefined;
      const { failure } = slot;
      // What fails once may be a matter of the moment, so the next request tries again.
      const wait = slot.failuresInRow < 2 ? 0 : waitAfter(failure);
      if (failure !== undefined && wait > 0) throw loadError(slot, wait, failure.cause);
      slot.loaded ??= load(slot);
      return await slot.loaded;
    },
    async file(name, version) {
      const slot = find(name, version);
      try {
        return await slot?.entry.file?.();
      } catch (cause) {
        onError(cause);
        throw loadError(slot!, 0, cause);
      }
    },
  };

  function find(name: string, version: string | undefined): Slot | undefined {
    const versions = models.get(name);
    return version === undefined ? Array.from(versions?.values() ?? []).at(-1) : versions?.get(version);
  }

  /** Milliseconds until a failure is long ago. */
  function waitAfter(failure: Slot["failure"]): number {
    return failure === undefined ? 0 : failure.time + retryMilliseconds - performance.now();
  }

  async function load(slot: Slot): Promise<LoadedModel> {
    slot.state = "loading";
    slot.failure = undefined;
    const start = performance.now();
    try {
      const model = await Promise.resolve().then(() => slot.entry.load());
      slot.loadSeconds = (performance.now() - start) / 1000;
      slot.loads++;
      slot.failuresInRow = 0;
      slot.state = "ready";
      return { name: slot.name, version: slot.version, model: guard(slot, model) };
    } catch (cause) {
      slot.failures++;
      slot.failuresInRow++;
      slot.state = "failed";
      slot.loaded = undefined;
      slot.failure = { cause, time: performance.now() };
      onError(cause);
      throw loadError(slot, slot.failuresInRow < 2 ? 0 : retryMilliseconds, cause);
    }
  }

  /** The model until its first trap, which leaves its memory in any state; then the one that is made anew. */
  function guard(slot: Slot, model: ServedModel): ServedModel {
    let trapped = false;
    const attempt = async <T>(use: (model: ServedModel) => Awaitable<T>): Promise<T> => {
      if (trapped) return await use((await (slot.loaded ??= load(slot))).model);
      try {
        return await use(model);
      } catch (error) {
        if (error instanceof WebAssembly.RuntimeError && !trapped) {
          trapped = true;
          slot.traps++;
          slot.state = "unloaded";
          slot.loaded = undefined;
          onError(error);
        }
        throw error;
      }
    };
    const { inputs, outputs, labels, preprocessing } = model;
    return {
      inputs,
      outputs,
      labels,
      preprocessing,
      run: (given, options) => attempt((model) => model.run(given, options)),
      classify: (file, options) => attempt((model) => model.classify(file, options)),
      ...(model.full && { full: () => model.full!() }),
    };
  }
}

function loadError({ name, version }: Slot, wait: number, cause: unknown): ModelLoadError {
  const message = `Model ${JSON.stringify(name)} version ${JSON.stringify(version)} cannot be loaded`;
  return new ModelLoadError(message, Math.max(1, Math.ceil(wait / 1000)), cause);
}

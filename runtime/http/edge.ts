/**
 * The handler as an edge function.
 *
 * @module
 */

import { createHandler, type Handler } from "./handler.ts";
import { createRegistry, type ModelEntry } from "./models/model_registry.ts";
import type { HandlerOptions } from "./options.ts";
import type { MemoryUsage } from "./protocol/metrics_response.ts";

/** What a host of edge functions takes as a module's default export. */
export interface EdgeFunction {
  /** Answers a request. */
  fetch: Handler;
}

/** What tells the memory of a process, on hosts that have one. */
interface Host {
  Deno?: { memoryUsage?(): MemoryUsage };
  process?: { memoryUsage?(): MemoryUsage };
}

/**
 * Makes an edge function of models that are loaded when they are first asked for.
 *
 * @example Serving a bundle that lies beside the script
 * ```ts ignore
 * import { bundleLoader, createEdgeFunction } from "@octet/octet/http";
 *
 * const loader = bundleLoader(new URL("./network.octet", import.meta.url));
 * export default createEdgeFunction([{ name: "network", ...loader }]);
 * ```
 *
 * @param models The models; of several versions of one name the last is the default.
 * @param options Limits, and where to report; memory is measured where the host tells it.
 * @throws {InputError} If a name with the same version occurs twice.
 * @throws {InputRangeError} If a limit is not a positive number.
 */
export function createEdgeFunction(models: Iterable<ModelEntry>, options: HandlerOptions = {}): EdgeFunction {
  const { Deno, process } = globalThis as Host;
  const host = Deno ?? process;
  const memory = host?.memoryUsage && (() => host.memoryUsage!());
  const handle = createHandler(createRegistry(models), { ...(memory && { memory }), ...options });
  return { fetch: (request) => handle(request) };
}

/**
 * The command `serve`: answers HTTP requests with one or more bundles.
 *
 * @module
 */

import { runCommand } from "../../cli/command.ts";
import { escapeText } from "../../cli/escape_text.ts";
import { bundleBytes } from "../bundle/file_bytes.ts";
import { InputError } from "../errors.ts";
import { chooseBuild } from "../kernels/instance.ts";
import { createHandler, type Handler } from "./handler.ts";
import { createMetrics } from "./metrics/metrics.ts";
import { modelNames } from "./models/find_model.ts";
import { createRegistry, ModelLoadError, type ModelRegistry } from "./models/model_registry.ts";
import { HELP, parseServeArguments, type ServeArguments } from "./serve/arguments.ts";
import { createDrain } from "./serve/drain.ts";
import { type HttpServer, listen } from "./serve/listen.ts";
import { createLogger } from "./serve/logger.ts";
import { openModels } from "./serve/open_models.ts";
import { createPool } from "./serve/workers/pool.ts";

async function serve(args: string[]): Promise<void> {
  const settings = parseServeArguments(args);
  if (settings.help) {
    console.log(HELP.trimEnd());
    return;
  }
  const { log, onError } = createLogger(settings.log, settings.logFormat, console.error);
  const opened = await openModels(settings.paths, { cache: settings.cache });
  const metrics = createMetrics();
  let serving = false;
  const report = (error: unknown) => serving && onError(error);
  const pool = createPool(settings.pool, metrics, report);
  try {
    const entries = opened.map(({ name, version, read }) => ({
      name,
      version,
      load: async () => await pool.load({ name, version }, await read()),
      file: async () => bundleBytes(await read()),
    }));
    const models = createRegistry(entries, { onError: report });
    if (!settings.lazy) await loadAll(models);
    serving = true;
    const memory = () => Deno.memoryUsage();
    let ready = true;
    const drain = createDrain(createHandler(models, {
      ...settings.limits,
      page: settings.page,
      downloads: settings.downloads,
      metrics,
      memory,
      cancel: true,
      ready: () => ready,
      onError,
      ...(log && { log }),
    }));
    const server = await listenOn(drain.handle, models, settings);
    await stopSignal();
    ready = false;
    if (settings.shutdownDelay > 0) await new Promise((resolve) => setTimeout(resolve, settings.shutdownDelay));
    const end = performance.now() + settings.shutdownTimeout;
    await drain.finish(settings.shutdownTimeout);
    await server.close(Math.max(0, end - performance.now()));
  } finally {
    pool.close();
  }
}

/** Waits for the first signal to stop; the next one ends the process. */
function stopSignal(): Promise<void> {
  const signals: Deno.Signal[] = Deno.build.os === "windows" ? ["SIGINT", "SIGBREAK"] : ["SIGINT", "SIGTERM"];
  return new Promise((resolve) => {
    const listener = () => {
      for (const signal of signals) Deno.removeSignalListener(signal, listener);
      resolve();
    };
    for (const signal of signals) Deno.addSignalListener(signal, listener);
  });
}

async function loadAll(models: ModelRegistry): Promise<void> {
  for (const { name, version } of models.list()) {
    try {
      await models.get(name, version);
    } catch (error) {
      throw error instanceof ModelLoadError ? error.cause : error;
    }
  }
}

async function listenOn(
  handler: Handler,
  models: ModelRegistry,
  { port, host, pool: { workers } }: ServeArguments,
): Promise<HttpServer> {
  const names = modelNames(models).map(escapeText).join(", ");
  const means = workers === 1 ? chooseBuild() : `${chooseBuild()}, ${workers} workers`;
  try {
    const server = await listen(handler, port, host);
    console.log(`Serving ${names} on ${urlOf(host, server.port)} (kernels: ${means})`);
    return server;
  } catch (cause) {
    const message = cause instanceof Error ? cause.message : String(cause);
    throw new InputError(`Cannot listen on ${escapeText(host)} port ${port}: ${message}`, { cause });
  }
}

function urlOf(host: string, port: number): string {
  return `http://${host.includes(":") ? `[${host}]` : host}:${port}`;
}

if (import.meta.main) {
  await runCommand(serve);
  // A thread that is within a long run does not end before it, and the process would wait for it.
  Deno.exit();
}

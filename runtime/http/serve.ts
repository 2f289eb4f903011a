/**
 * The command `serve`: answers HTTP requests with one or more bundles.
 *
 * @module
 */

import { runCommand } from "../command.ts";
import { escapeText } from "../escape_text.ts";
import { chooseBuild } from "../kernels/instance.ts";
import { createHandler, type Handler } from "./handler.ts";
import { modelNames } from "./models/find_model.ts";
import { bundleLoader } from "./models/load_bundle.ts";
import { createRegistry, ModelLoadError, type ModelRegistry } from "./models/model_registry.ts";
import { HELP, parseServeArguments, type ServeArguments } from "./serve/arguments.ts";
import { createDrain } from "./serve/drain.ts";
import { createLogger } from "./serve/logger.ts";
import { openModels } from "./serve/open_models.ts";

async function serve(args: string[]): Promise<void> {
  const settings = parseServeArguments(args);
  if (settings.help) {
    console.log(HELP.trimEnd());
    return;
  }
  const { log, onError } = createLogger(settings.log, console.error);
  let serving = false;
  const opened = await openModels(settings.paths);
  const entries = opened.map(({ name, version, read }) => ({ name, version, load: bundleLoader(read) }));
  const models = createRegistry(entries, { onError: (error) => serving && onError(error) });
  if (!settings.lazy) await loadAll(models);
  serving = true;
  const memory = () => Deno.memoryUsage();
  const drain = createDrain(createHandler(models, { ...settings.limits, memory, onError, ...(log && { log }) }));
  const server = listen(drain.handle, models, settings);
  const signals: Deno.Signal[] = Deno.build.os === "windows" ? ["SIGINT", "SIGBREAK"] : ["SIGINT", "SIGTERM"];
  const stop = () => {
    for (const signal of signals) Deno.removeSignalListener(signal, stop);
    drain.finish().then(() => server.shutdown());
  };
  for (const signal of signals) Deno.addSignalListener(signal, stop);
  await server.finished;
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

function listen(
  handler: Handler,
  models: ModelRegistry,
  { port, host }: ServeArguments,
): Deno.HttpServer<Deno.NetAddr> {
  const names = modelNames(models).map(escapeText).join(", ");
  try {
    return Deno.serve({
      port,
      hostname: host,
      onListen: (address) =>
        console.log(`Serving ${names} on ${urlOf(host, address.port)} (kernels: ${chooseBuild()})`),
    }, handler);
  } catch (cause) {
    const message = cause instanceof Error ? cause.message : String(cause);
    throw new TypeError(`Cannot listen on ${escapeText(host)} port ${port}: ${message}`, { cause });
  }
}

function urlOf(host: string, port: number): string {
  return `http://${host.includes(":") ? `[${host}]` : host}:${port}`;
}

if (import.meta.main) await runCommand(serve);

/**
 * The command `serve`: answers HTTP requests with one or more bundles.
 *
 * @module
 */

import { runCommand } from "../command.ts";
import { escapeText } from "../escape_text.ts";
import { fileError } from "../file_error.ts";
import { Model } from "../model.ts";
import { parseArguments } from "../parse_arguments.ts";
import { createDrain } from "./drain.ts";
import { createHandler, type Handler } from "./handler.ts";

const HELP = `Usage: deno task serve FILE.octet... [options]

Answers POST /v2/models/NAME/infer (Open Inference Protocol, JSON),
GET /v2/health/ready, and POST /classify with a JPEG or PNG body.

  --port N   port to listen on, 0 for any free one (default 8000)
  --host H   address to listen on (default 127.0.0.1)
  --help     show this text
`;

/** What the command was asked to do. */
export interface ServeArguments {
  /** Paths of the bundles, at least one unless `help`. */
  files: string[];
  /** 0 for any free port. */
  port: number;
  host: string;
  help: boolean;
}

/**
 * Reads the arguments of the command.
 *
 * @throws {TypeError} Where an option is unknown or no file is named.
 * @throws {RangeError} Where the port is not a whole number from 0 to 65535.
 */
export function parseServeArguments(args: string[]): ServeArguments {
  const { values, positionals } = parseArguments({
    args,
    allowPositionals: true,
    options: {
      port: { type: "string", default: "8000" },
      host: { type: "string", default: "127.0.0.1" },
      help: { type: "boolean", default: false },
    },
  });
  const port = /^\d{1,5}$/.test(values.port) ? Number(values.port) : NaN;
  if (!(port <= 65535)) {
    throw new RangeError(`--port must be a whole number from 0 to 65535, not "${escapeText(values.port)}"`);
  }
  if (positionals.length === 0 && !values.help) throw new TypeError("No bundle is named: serve FILE.octet expected");
  return { files: positionals, port, host: values.host, help: values.help };
}

/**
 * Loads bundles for serving.
 *
 * @param files Their paths.
 * @returns The models by name, in the order of the files.
 * @throws {TypeError} Where a file cannot be loaded or two hold networks of one name.
 */
export async function loadModels(files: readonly string[]): Promise<Map<string, Model>> {
  const models = new Map<string, Model>();
  for (const file of files) {
    const model = await loadModel(file);
    if (models.has(model.name)) {
      throw new TypeError(`${escapeText(file)}: a network named "${escapeText(model.name)}" is loaded already`);
    }
    models.set(model.name, model);
  }
  return models;
}

async function loadModel(file: string): Promise<Model> {
  try {
    return await Model.load(file);
  } catch (cause) {
    throw fileError(file, cause);
  }
}

async function serve(args: string[]): Promise<void> {
  const { files, port, host, help } = parseServeArguments(args);
  if (help) {
    console.log(HELP.trimEnd());
    return;
  }
  const models = await loadModels(files);
  const drain = createDrain(createHandler(models));
  const server = listen(drain.handle, { models, port, host });
  const signals: Deno.Signal[] = Deno.build.os === "windows" ? ["SIGINT", "SIGBREAK"] : ["SIGINT", "SIGTERM"];
  const stop = () => {
    for (const signal of signals) Deno.removeSignalListener(signal, stop);
    drain.finish().then(() => server.shutdown());
  };
  for (const signal of signals) Deno.addSignalListener(signal, stop);
  await server.finished;
}

function listen(
  handler: Handler,
  { models, port, host }: { models: ReadonlyMap<string, Model>; port: number; host: string },
): Deno.HttpServer<Deno.NetAddr> {
  const names = [...models.keys()].map(escapeText).join(", ");
  const [{ kernels }] = models.values();
  try {
    return Deno.serve({
      port,
      hostname: host,
      onListen: (address) => console.log(`Serving ${names} on ${urlOf(host, address.port)} (kernels: ${kernels})`),
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

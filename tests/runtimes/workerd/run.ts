/**
 * Edge functions in workerd, the runtime of Cloudflare Workers.
 *
 * @module
 */

import { COMPATIBILITY_DATE } from "../../../edge/worker_configuration.ts";
import { askServer, freePort } from "../server.ts";

/** What each file of a worker is to workerd, by the end of its name. */
const MODULE_TYPES: Readonly<Record<string, string>> = { js: "esModule", wasm: "wasm", bin: "data" };

/**
 * Serves a worker by workerd and asks it.
 *
 * @param program Path of workerd.
 * @param folder Folder with the worker's files, worker.js among them.
 * @param images Image files in base64, by name.
 */
export async function askWorkerd(
  program: string,
  folder: string,
  images: Record<string, string>,
): Promise<Record<string, string>> {
  const port = freePort();
  const names = Array.from(Deno.readDirSync(folder), ({ name }) => name).filter((name) => typeOf(name) !== undefined);
  names.sort((a, b) => Number(b === "worker.js") - Number(a === "worker.js"));
  const modules = names.map((name) => `(name = "${name}", ${typeOf(name)} = embed "${name}")`);
  const configuration = `${folder}/workerd.capnp`;
  await Deno.writeTextFile(
    configuration,
    `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [(name = "main", worker = .worker)],
  sockets = [(name = "http", address = "127.0.0.1:${port}", http = (), service = "main")]
);
const worker :Workerd.Worker = (modules = [${modules.join(", ")}], compatibilityDate = "${COMPATIBILITY_DATE}");
`,
  );
  return await askServer(program, ["serve", configuration], port, images);
}

function typeOf(name: string): string | undefined {
  return MODULE_TYPES[name.split(".").at(-1)!];
}

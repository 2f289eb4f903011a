/**
 * The command `build:edge`: makes a deployable edge function of bundles.
 *
 * @module
 */

import { join } from "node:path";
import { runCommand } from "../cli/command.ts";
import { escapeText } from "../cli/escape_text.ts";
import { HELP, parseBuildArguments } from "./arguments.ts";
import { makeFunction } from "./make_function.ts";
import { readModels } from "./read_models.ts";
import { writeFiles } from "./write_files.ts";

async function buildEdge(args: string[]): Promise<void> {
  const { help, sources, output, ...options } = parseBuildArguments(args);
  if (help) {
    console.log(HELP.trimEnd());
    return;
  }
  const models = await readModels(sources);
  const files = await makeFunction(models, options);
  await writeFiles(output, files);
  for (const { name, bytes } of files) {
    console.log(
      `${escapeText(join(output, name)).padEnd(32)} ${sizeText(bytes.length).padStart(9)}  ${await gzipText(bytes)}`,
    );
  }
  const script = escapeText(join(output, files[0].name));
  const read = options.target === "module" && files.length > 1 ? ` --allow-read=${escapeText(output)}` : "";
  const net = !options.embed && models.some(({ url }) => url !== undefined) ? " --allow-net" : "";
  const names = [...new Set(models.map(({ name }) => escapeText(name)))].join(", ");
  const next = options.target === "module"
    ? `deno serve${read}${net} ${script}`
    : `npx wrangler deploy --config ${escapeText(join(output, "wrangler.jsonc"))}`;
  console.log(`\nServes ${names}. Next: ${next}`);
}

async function gzipText(bytes: Uint8Array): Promise<string> {
  const stream = new Response(bytes as Uint8Array<ArrayBuffer>).body!.pipeThrough(new CompressionStream("gzip"));
  return `${sizeText((await new Response(stream).arrayBuffer()).byteLength)} gzipped`;
}

function sizeText(bytes: number): string {
  return `${Math.ceil(bytes / 1000).toLocaleString("en")} kB`;
}

if (import.meta.main) await runCommand(buildEdge);

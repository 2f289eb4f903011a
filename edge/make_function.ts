/**
 * Making of an edge function.
 *
 * @module
 */

import { Buffer } from "node:buffer";
import manifest from "../deno.json" with { type: "json" };
import { readCodec } from "../image/codec_files.ts";
import { CODECS } from "../image/formats.ts";
import { bundleScript } from "./bundle_script.ts";
import { type EntryOptions, type OutputFile, writeEntry } from "./entry.ts";
import type { EdgeModel } from "./read_models.ts";
import { writeWorkerConfiguration } from "./worker_configuration.ts";

const BANNER =
  `/* Octet ${manifest.version} (MIT), with Hono (MIT), jSquash (Apache-2.0), MozJPEG (BSD-3-Clause, IJG) and ` +
  `libwebp (BSD-3-Clause) */`;

const KERNELS = ["relaxed", "simd128"] as const;

const lines = (...lines: string[]) => lines.join("\n");

/** Decoders of images from texts inside the module. */
const CODEC_FILES = lines(
  'import { decodeBase64 } from "../runtime/base64.ts";',
  ...CODECS.map(({ name }) => `import ${name} from "octet:codec/${name}";`),
  `const texts = { ${CODECS.map(({ name }) => name).join(", ")} };`,
  "export async function readCodec({ name }) { return decodeBase64(texts[name]); }",
);

/** WebAssembly that the host has compiled. */
const WORKER_KERNELS = lines(
  'import relaxed from "./relaxed.wasm";',
  'import simd128 from "./simd128.wasm";',
  "const modules = { relaxed, simd128 };",
  "export async function loadKernels() {}",
  "export function kernelModule(build) { return modules[build]; }",
);
const WORKER_CODECS = lines(
  ...CODECS.map(({ name }) => `import ${name} from "./${name}.wasm";`),
  `const modules = { ${CODECS.map(({ name }) => name).join(", ")} };`,
  "export async function codecModule({ name }) { return modules[name]; }",
);

/**
 * Makes an edge function.
 *
 * @param models The models that it serves.
 * @param options Where bundles are, and the host.
 * @returns The files, the script first.
 */
export async function makeFunction(models: readonly EdgeModel[], options: EntryOptions): Promise<OutputFile[]> {
  const { source, files } = writeEntry(models, options);
  const codecs = await Promise.all(CODECS.map(async (codec) => ({ name: codec.name, bytes: await readCodec(codec) })));
  const worker = options.target === "workerd";
  const texts = [
    ...codecs.map(({ name, bytes }) => [`codec/${name}`, base64(bytes)]),
    ...models.map(({ bytes }, index) => [`bundle/${index}`, base64(bytes)]),
  ];
  const script = await bundleScript({
    entry: "edge/function.ts",
    source,
    banner: BANNER,
    texts: Object.fromEntries(texts),
    replaced: {
      "image/codec_files.ts": CODEC_FILES,
      ...(worker && {
        "runtime/kernels/modules.ts": WORKER_KERNELS,
        "image/codec_modules.ts": WORKER_CODECS,
      }),
    },
    external: { "^(\\./.*\\.(?:wasm|bin))$": "$1" },
  });
  if (!worker) return [{ name: "edge.js", bytes: script }, ...files];
  const kernels = await Promise.all(KERNELS.map(async (name) => ({
    name,
    bytes: await Deno.readFile(new URL(`../kernels/pkg/${name}.wasm`, import.meta.url)),
  })));
  return [
    { name: "worker.js", bytes: script },
    { name: "wrangler.jsonc", bytes: writeWorkerConfiguration(models) },
    ...[...kernels, ...codecs].map(({ name, bytes }) => ({ name: `${name}.wasm`, bytes })),
    ...files,
  ];
}

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("base64");
}

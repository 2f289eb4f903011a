/**
 * The script that an edge function begins with.
 *
 * @module
 */

import type { CacheChoice } from "../runtime/http/models/source/open_bundle_cache.ts";
import type { EdgeModel } from "./read_models.ts";
import type { Target } from "./target.ts";

/** A file of an edge function. */
export interface OutputFile {
  /** Its name, without a folder. */
  name: string;
  /** Its content. */
  bytes: Uint8Array;
}

/** How the entry finds the models. */
export interface EntryOptions {
  /** Whether bundles are part of the script. */
  embed: boolean;
  /** Host that runs the script. */
  target: Target;
  /** Where the function keeps bundles of URLs. */
  cache: CacheChoice;
}

/**
 * Writes the entry of an edge function.
 *
 * @param models The models.
 * @param options How it finds them.
 * @returns The source of the entry, and the files of the bundles that are to lie beside it.
 */
export function writeEntry(
  models: readonly EdgeModel[],
  { embed, target, cache }: EntryOptions,
): { source: string; files: OutputFile[] } {
  const files: OutputFile[] = [];
  const lines = [
    `import { createEdgeFunction } from "../runtime/http/edge.ts";`,
    `import { bundleLoader } from "../runtime/http/models/load_bundle.ts";`,
    `import { decodeBase64 } from "../runtime/base64.ts";`,
  ];
  const entries = models.map(({ name, version, bytes, url }, index) => {
    const entry = (loader: string) =>
      `{ name: ${JSON.stringify(name)}, version: ${JSON.stringify(version)}, ...${loader} }`;
    if (embed) {
      lines.push(`import bundle${index} from "octet:bundle/${index}";`);
      return entry(`bundleLoader(() => decodeBase64(bundle${index}))`);
    }
    if (url !== undefined) return entry(`bundleLoader(${JSON.stringify(url)}, ${JSON.stringify({ cache })})`);
    const file = fileName(name, version, files);
    if (target === "workerd") {
      files.push({ name: `${file}.bin`, bytes });
      lines.push(`import bundle${index} from ${JSON.stringify(`./${file}.bin`)};`);
      return entry(`bundleLoader(bundle${index})`);
    }
    files.push({ name: file, bytes });
    return entry(`bundleLoader(new URL(${JSON.stringify(`./${encodeURIComponent(file)}`)}, import.meta.url))`);
  });
  lines.push(`export default createEdgeFunction([\n${entries.join(",\n")}\n]);`, "");
  return { source: lines.join("\n"), files };
}

/** A name that every file system takes and no other file has. */
function fileName(name: string, version: string, files: readonly OutputFile[]): string {
  const plain = name.replace(/[^\w.-]/g, "_").replace(/^\.+/, "_").slice(0, 100) || "network";
  const stem = version === "1" ? plain : `${plain}-${version}`;
  const taken = (candidate: string) =>
    files.some((file) => file.name.toLowerCase().startsWith(candidate.toLowerCase()));
  let file = `${stem}.octet`;
  for (let count = 2; taken(file); count++) file = `${stem}_${count}.octet`;
  return file;
}

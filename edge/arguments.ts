/**
 * The arguments of the command `build:edge`.
 *
 * @module
 */

import { InputError, InputRangeError } from "../runtime/errors.ts";
import { escapeText } from "../cli/escape_text.ts";
import { parseArguments } from "../cli/parse_arguments.ts";
import { CACHE_CHOICES, type CacheChoice } from "../runtime/http/models/source/open_bundle_cache.ts";
import type { ModelSource } from "./read_models.ts";
import { type Target, TARGETS } from "./target.ts";

/** What the command was asked to do. */
export interface BuildArguments {
  /** Where the bundles are, at least one unless `help`. */
  sources: ModelSource[];
  /** Folder that receives the files. */
  output: string;
  /** Whether bundles are part of the script. */
  embed: boolean;
  /** Host that runs the script. */
  target: Target;
  /** Where the function keeps bundles that it downloads. */
  cache: CacheChoice;
  /** Whether to show the help text and nothing else. */
  help: boolean;
}

/** Text of the option `--help`. */
export const HELP = `Usage: deno task build:edge [NAME=]SOURCE... [options]

Makes an edge function of one JavaScript module, which needs no package and,
with --embed, no file. Each SOURCE is a bundle, served by the name of its
network or as NAME; a folder of bundles NAME/VERSION/model.octet; or a URL, from
which the function itself loads the bundle, checked by the hash that it has now.

  --output D   folder for the files, made if absent (default dist)
  --embed      put the bundles into the module; otherwise they lie beside it
  --name N     name of the only bundle, as NAME=
  --cache C    where the function keeps bundles of URLs: auto, cache-api, kv (Deno
               KV) or off (default auto)
  --target T   module: edge.js for Deno, Deno Deploy, Node, Bun and browsers;
               workerd: worker.js with modules beside it for Cloudflare Workers
               (default module)
  --help       show this text
`;

/**
 * Reads the arguments of the command.
 *
 * @throws {InputError} Where an option is unknown, no bundle is named, or --name stands with several.
 * @throws {InputRangeError} Where an option has a value that it does not take.
 */
export function parseBuildArguments(args: string[]): BuildArguments {
  const { values, positionals } = parseArguments({
    args,
    allowPositionals: true,
    options: {
      output: { type: "string", default: "dist" },
      embed: { type: "boolean", default: false },
      name: { type: "string" },
      cache: { type: "string", default: "auto" },
      target: { type: "string", default: "module" },
      help: { type: "boolean", default: false },
    },
  });
  const { name, output, embed, help } = values;
  const target = TARGETS.find((known) => known === values.target);
  if (target === undefined) {
    throw new InputRangeError(`--target must be ${TARGETS.join(" or ")}, not "${escapeText(values.target)}"`);
  }
  const cache = CACHE_CHOICES.find((known) => known === values.cache);
  if (cache === undefined) {
    throw new InputRangeError(`--cache must be one of ${CACHE_CHOICES.join(", ")}, not "${escapeText(values.cache)}"`);
  }
  if (output === "") throw new InputRangeError("--output must not be empty");
  if (name === "") throw new InputRangeError("--name must not be empty");
  if (positionals.length === 0 && !help) throw new InputError("No bundle is named: build:edge FILE.octet expected");
  if (name !== undefined && positionals.length > 1) {
    throw new InputError("--name is for one bundle: write NAME=FILE where there are several");
  }
  const sources = positionals.map((source) => ({ name, source }));
  return { sources, output, embed, target, cache, help };
}

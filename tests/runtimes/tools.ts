/**
 * The hosts that tests run edge functions on: packages of npm, which
 * `deno task test:runtimes` installs into a folder outside the project.
 *
 * @module
 */

import { cacheFolder } from "../support/cache_folder.ts";

const { os, arch } = Deno.build;
const machine = arch === "x86_64" ? "x64" : "arm64";

/** All hosts by name. */
export const TOOLS = {
  "deno-2.5": {
    package: { linux: `@deno/linux-${machine}-glibc`, darwin: `@deno/darwin-${machine}` }[os as string],
    version: "2.5.7",
    program: "deno",
  },
  "node-22": {
    package: { linux: `node-linux-${machine}`, darwin: `node-darwin-${machine}` }[os as string],
    version: "22.23.3",
    program: "bin/node",
  },
  "bun": {
    package: {
      linux: `@oven/bun-linux-${machine === "x64" ? "x64" : "aarch64"}`,
      darwin: `@oven/bun-darwin-${machine === "x64" ? "x64" : "aarch64"}`,
    }[os as string],
    version: "1.4.5",
    program: "bin/bun",
  },
  "workerd": {
    package: {
      linux: `@cloudflare/workerd-linux-${machine === "x64" ? "64" : "arm64"}`,
      darwin: `@cloudflare/workerd-darwin-${machine === "x64" ? "64" : "arm64"}`,
    }[os as string],
    version: "1.20261117.1",
    program: "bin/workerd",
  },
} as const;

/** Name of a host. */
export type ToolName = keyof typeof TOOLS;

/** The folder that a host is installed in. */
export function toolFolder(name: ToolName): string {
  return cacheFolder(`octet-test-hosts/${name}-${TOOLS[name].version}`);
}

/** Path of the program of a host, or nothing where it isn't installed. */
export function findTool(name: ToolName): string | undefined {
  const { package: holder, program } = TOOLS[name];
  const path = `${toolFolder(name)}/node_modules/${holder}/${program}`;
  try {
    return Deno.statSync(path).isFile ? path : undefined;
  } catch {
    return undefined;
  }
}

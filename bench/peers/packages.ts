/**
 * The peers' packages: installed from npm into the cache, with scripts off.
 *
 * @module
 */

import { InputError } from "../../runtime/errors.ts";
import { cachePath } from "../networks/cache.ts";

/** Packages at the versions that are measured. */
export const VERSIONS = {
  "@litertjs/core": "2.5.3",
  "@tensorflow/tfjs-backend-wasm": "4.22.0",
  "@tensorflow/tfjs-core": "4.22.0",
  "onnxruntime-web": "1.30.0",
} as const;

/** Where the packages are. */
export interface Packages {
  /** The folder of the installed packages, a URL that ends with a slash. */
  folder: URL;
  /** Configuration for Deno under which the packages find each other. */
  config: URL;
}

/**
 * Installs the packages where they are not there yet.
 *
 * @param root The folder for them, a URL that ends with a slash.
 * @throws {Error} Where npm is missing or fails.
 */
export async function installPackages(root = cachePath("peers/")): Promise<Packages> {
  const packages = { folder: new URL("node_modules/", root), config: new URL("deno.json", root) };
  if (await areInstalled(packages.folder)) return packages;
  await Deno.mkdir(root, { recursive: true });
  const manifest = { private: true, type: "module", dependencies: VERSIONS };
  await Deno.writeTextFile(new URL("package.json", root), JSON.stringify(manifest, null, 2));
  await Deno.writeTextFile(packages.config, JSON.stringify({ nodeModulesDir: "manual" }));
  console.error("Installing the peers' packages from npm");
  const { success, stderr } = await runNpm(root);
  if (!success) {
    throw new InputError(`npm could not install the peers' packages: ${firstError(new TextDecoder().decode(stderr))}`);
  }
  return packages;
}

async function areInstalled(folder: URL): Promise<boolean> {
  const checks = Object.entries(VERSIONS).map(async ([name, version]) => {
    const manifest = await Deno.readTextFile(new URL(`${name}/package.json`, folder)).catch(() => "{}");
    return JSON.parse(manifest).version === version;
  });
  return (await Promise.all(checks)).every(Boolean);
}

async function runNpm(root: URL): Promise<Deno.CommandOutput> {
  try {
    return await new Deno.Command("npm", {
      args: ["install", "--ignore-scripts", "--no-audit", "--no-fund", "--no-package-lock"],
      cwd: root,
      stdout: "null",
      stderr: "piped",
    }).output();
  } catch (cause) {
    if (!(cause instanceof Deno.errors.NotFound)) throw cause;
    throw new InputError("npm is not installed: the peers' packages come from it", { cause });
  }
}

function firstError(text: string): string {
  const line = text.split("\n").find((line) => /^npm (error|ERR!) (?!code|errno|syscall)/.test(line));
  return (line ?? text.split("\n")[0]).replace(/^npm (error|ERR!) /, "");
}

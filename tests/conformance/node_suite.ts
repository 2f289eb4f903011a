/**
 * Where the node tests of the ONNX project are.
 *
 * @module
 */

import { cacheFolder } from "../support/cache_folder.ts";
import { environmentFolder, isMade, ONNX } from "../python/environment.ts";
import { makeEnvironment } from "../python/make_environment.ts";

/** A folder with one folder for each test. */
export interface NodeSuite {
  folder: string;
  /** Whether it holds all tests of the release; an archive may lack the newest operators. */
  complete: boolean;
}

const ARCHIVE = new URL("../../../shared/data/onnx-node-tests-1.18.tar.gz", import.meta.url);

/** The suite, where it is on this machine already; an archive beside the project is unpacked to the cache folder. */
export async function findSuite(): Promise<NodeSuite | undefined> {
  if (isMade(ONNX)) return { folder: inEnvironment(), complete: true };
  const unpacked = cacheFolder("octet-test-onnx-1.18");
  if (!exists(unpacked) && exists(ARCHIVE.pathname)) await unpack(unpacked);
  return exists(unpacked) ? { folder: `${unpacked}/node`, complete: false } : undefined;
}

/**
 * The suite, which comes from PyPI to the cache folder.
 *
 * @throws {Error} Where it cannot be had.
 */
export async function fetchSuite(): Promise<NodeSuite> {
  try {
    await makeEnvironment(ONNX);
  } catch (error) {
    const found = await findSuite();
    if (!found) throw error;
    console.error(`The whole suite cannot be had: ${error instanceof Error ? error.message : error}`);
  }
  return (await findSuite())!;
}

async function unpack(folder: string): Promise<void> {
  const unfinished = `${folder}.${crypto.randomUUID()}`;
  await Deno.mkdir(unfinished, { recursive: true });
  const tar = new Deno.Command("tar", { args: ["xzf", ARCHIVE.pathname, "-C", unfinished] });
  const { success, stderr } = await tar.output();
  if (!success) throw new Error(new TextDecoder().decode(stderr));
  await Deno.rename(unfinished, folder);
}

function inEnvironment(): string {
  const folder = environmentFolder(ONNX);
  const data = "onnx/backend/test/data/node";
  if (Deno.build.os === "windows") return `${folder}/Lib/site-packages/${data}`;
  const version = Array.from(Deno.readDirSync(`${folder}/lib`)).find(({ name }) => name.startsWith("python"))!.name;
  return `${folder}/lib/${version}/site-packages/${data}`;
}

function exists(path: string): boolean {
  try {
    Deno.statSync(path);
    return true;
  } catch {
    return false;
  }
}

/**
 * Names of classes that a file lists.
 *
 * @module
 */

import { InputRangeError } from "../../runtime/errors.ts";
import { elementCount } from "../../runtime/tensor.ts";
import type { Graph } from "../graph/graph.ts";
import { readInput } from "./files.ts";

/**
 * Reads the names that `--classes` gives, one per line.
 *
 * @param path The file; undefined gives undefined.
 * @param network Its first output has as many elements as there must be names.
 * @throws {RangeError} Where there are more or fewer.
 */
export async function readClasses(path: string | undefined, network: Graph): Promise<string[] | undefined> {
  if (path === undefined) return undefined;
  const count = elementCount(network.outputs[0].shape);
  const text = new TextDecoder().decode(await readInput(path));
  const names = text.split(/\r?\n/).filter((line) => line !== "");
  if (names.length !== count) {
    throw new InputRangeError(`${path} has ${names.length} names: the network has ${count} classes`);
  }
  return names;
}

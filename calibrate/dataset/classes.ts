/**
 * The classes of a network, and those that the folders of images stand for.
 *
 * @module
 */

import { InputRangeError } from "../../runtime/errors.ts";
/** The classes that labels are held against. */
export interface Classes {
  /** Number of classes; absent where the network's first output is not one score for each class. */
  count?: number | undefined;
  /** Their names in the order of the first output, where they are known. */
  names?: readonly string[] | undefined;
}

/** Which class each image of a folder belongs to. */
export interface LabelledFiles {
  /** Class index of each file. */
  labels: Int32Array;
  /** Names of the classes, where the folders are all of them. */
  classes?: string[];
}

/**
 * Number of classes that a network scores.
 *
 * @param shape Shape of its first output for one sample.
 * @returns At least 2; undefined where more than one dimension, or none, is longer than 1.
 */
export function classCount(shape: readonly number[]): number | undefined {
  const lengths = shape.filter((length) => length !== 1);
  return lengths.length === 1 ? lengths[0] : undefined;
}

/**
 * Tells classes from the sub-folders of a folder of images.
 *
 * Where all folders have names of the network's classes, these say which is which; else a class is the position of its
 * folder among all of them, sorted, and there must be as many as the network has.
 *
 * @param path Path of the folder, for messages.
 * @param files Paths of the images below it.
 * @param folders Names of its own sub-folders, sorted.
 * @returns Undefined where some image lies in no sub-folder, or the network has no classes.
 * @throws {RangeError} Where the folders don't match the network's classes, or hold folders themselves.
 */
export function classesOfFolders(
  path: string,
  { files, folders }: { files: readonly string[]; folders: readonly string[] },
  network?: Classes,
): LabelledFiles | undefined {
  const isLabelled = files.length > 0 && files.every((file) => file.includes("/"));
  if (!isLabelled || (network && network.count === undefined)) return undefined;
  const nested = files.find((file) => file.split("/").length > 2);
  if (nested !== undefined) {
    const holders = new Set(files.map((file) => file.slice(0, file.lastIndexOf("/"))));
    throw new InputRangeError(
      `${path} has ${countOf(folders.length, "sub-folder")}, but its images lie in ${
        countOf(holders.size, "folder")
      }, some deeper, such as ${nested}: which are the classes? Name the folder whose sub-folders they are, or ${OTHERWISE}`,
    );
  }
  const { count, names = [] } = network ?? {};
  const unknown = folders.filter((folder) => !names.includes(folder));
  const isNamed = unknown.length < folders.length;
  if (isNamed && unknown.length > 0) {
    throw new InputRangeError(
      `${path} has ${
        countOf(folders.length, "class folder")
      }, of which ${unknown.length} have no class's name, such as ` +
        `"${unknown[0]}": name them like the classes, or ${OTHERWISE}`,
    );
  }
  if (!isNamed && count !== undefined && folders.length !== count) {
    throw new InputRangeError(
      `${path} has ${countOf(folders.length, "class folder")}: the network has ${count} classes; make one folder for ` +
        `each (it may be empty), or name folders like classes of --classes FILE, or ${OTHERWISE}`,
    );
  }
  const order = isNamed ? names : folders;
  const positions = new Map(folders.map((folder) => [folder, order.indexOf(folder)]));
  const labels = Int32Array.from(files, (file) => positions.get(file.slice(0, file.indexOf("/")))!);
  return { labels, ...(!isNamed && { classes: [...folders] }) };
}

const OTHERWISE = "give --labels FILE, or --labels none for no accuracies";

function countOf(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? "" : "s"}`;
}

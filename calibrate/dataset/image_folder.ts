/**
 * Samples from a folder of JPEG, PNG and WebP files.
 *
 * @module
 */

import { fileError } from "../../cli/file_error.ts";
import { decodeImage } from "../../image/decode_image.ts";
import { hasImageExtension, listFormats } from "../../image/formats.ts";
import { ImageError } from "../../image/image_error.ts";
import { InputError, InputRangeError, isInputError } from "../../runtime/errors.ts";
import { prepareImage, type Preprocessing } from "../../runtime/preprocessing.ts";
import { readFile } from "../read_file.ts";
import { type Classes, classesOfFolders } from "./classes.ts";
import type { SampleSource } from "./dataset.ts";
import { imageInput, sizeError } from "./image_input.ts";
import { listed } from "./unusable_samples.ts";

/** Image files below a folder. */
export interface ImageFolder {
  /** Paths relative to the folder, "/" between names, sorted by UTF-16 code units. */
  files: string[];
  /** Names of the folder's own sub-folders, sorted by UTF-16 code units. */
  folders: string[];
  /** Paths of images in formats that are not read, sorted alike. */
  unreadable: string[];
}

const DEEPEST_FOLDER = 16;
/** Names of images in formats that are not read; files of any other name are no images. */
const UNREADABLE = /\.(avif|bmp|dng|gif|hei[cf]|ico|j2k|jp2|jfif|jxl|p[bgnp]m|tga|tiff?)$/i;

/**
 * Lists the image files below a folder.
 *
 * Hidden files and folders and files that are no images are left out; symbolic links are followed, except back to a folder that holds them.
 *
 * @param path Path of the folder.
 * @returns Files and sub-folders.
 * @throws {RangeError} If folders are nested more than 16 deep.
 */
async function listImages(path: string): Promise<ImageFolder> {
  const found: ImageFolder = { files: [], folders: [], unreadable: [] };
  try {
    await walk(path, "", new Set([await Deno.realPath(path)]), found);
  } catch (error) {
    throw isInputError(error) ? error : fileError(path, error);
  }
  found.files.sort(byCodeUnits);
  found.folders.sort(byCodeUnits);
  found.unreadable.sort(byCodeUnits);
  return found;
}

/**
 * Opens a folder of images, each decoded only when it is read.
 *
 * Where every image lies in a sub-folder, the sub-folders are the classes.
 *
 * @param path Path of the folder.
 * @param inputShape Shape of the network's input with its batch.
 * @param preprocessing Recipe; without a resize the images must have the network's size, unless any is asked for.
 * @param options The network's classes, where labels are from, if not from sub-folders, and whether images may have any size.
 * @returns The samples.
 * @throws {TypeError} If the network takes no images, the recipe is for others, or images are in other formats.
 * @throws {RangeError} If class sub-folders don't match the network.
 */
export async function imageFolderSource(
  path: string,
  inputShape: readonly number[],
  preprocessing?: Preprocessing,
  options: { labels?: string; classes?: Classes; anySize?: boolean } = {},
): Promise<SampleSource> {
  const input = imageInput(inputShape, preprocessing);
  const recipe: Preprocessing = preprocessing ?? {
    crop: [input.height, input.width],
    mean: new Array(input.channels).fill(0),
    std: new Array(input.channels).fill(1),
  };
  const folder = await listImages(path);
  const { files, unreadable } = folder;
  if (unreadable.length > 0) {
    throw new InputError(
      `${path} has ${unreadable.length} ${
        unreadable.length === 1 ? "image" : "images"
      } in formats that are not read: ` +
        `${listed(unreadable)}; convert them to ${listFormats("or")}, or move them away`,
    );
  }
  const source: SampleSource = {
    length: files.length,
    files,
    kind: "pixels",
    async read(index) {
      const file = `${path}/${files[index]}`;
      const image = await decodeFile(file);
      if (
        recipe.resize === undefined && !options.anySize &&
        (image.height !== input.height || image.width !== input.width)
      ) {
        throw sizeError(image, input, file);
      }
      return { pixels: prepareImage(image, recipe) };
    },
  };
  return options.labels === undefined ? { ...source, ...classesOfFolders(path, folder, options.classes) } : source;
}

async function decodeFile(path: string): ReturnType<typeof decodeImage> {
  const bytes = await readFile(path);
  try {
    return await decodeImage(bytes);
  } catch (error) {
    throw error instanceof ImageError
      ? new ImageError(error.fault, `${error.message} (${path})`, { cause: error })
      : error;
  }
}

/** Adds what lies below `root`/`below`; `holders` are the real paths of the folders around it. */
async function walk(
  root: string,
  below: string,
  holders: Set<string>,
  found: ImageFolder,
): Promise<void> {
  if (holders.size > DEEPEST_FOLDER) {
    throw new InputRangeError(
      `${root} nests folders more than ${DEEPEST_FOLDER} deep`,
    );
  }
  for await (const entry of Deno.readDir(`${root}/${below}`)) {
    if (entry.name.startsWith(".")) continue;
    const relative = below === "" ? entry.name : `${below}/${entry.name}`;
    const path = `${root}/${relative}`;
    const { isDirectory, isFile } = entry.isSymlink ? await statOf(path) : entry;
    if (isFile && hasImageExtension(entry.name)) found.files.push(relative);
    if (isFile && UNREADABLE.test(entry.name)) found.unreadable.push(relative);
    if (!isDirectory) continue;
    const real = await Deno.realPath(path);
    if (holders.has(real)) continue;
    if (below === "") found.folders.push(entry.name);
    await walk(root, relative, new Set([...holders, real]), found);
  }
}

/** What a link leads to. */
async function statOf(path: string): Promise<Deno.FileInfo> {
  try {
    return await Deno.stat(path);
  } catch (cause) {
    throw new InputError(`${path} is a link that leads to no readable file`, { cause });
  }
}

function byCodeUnits(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/**
 * Samples from a folder of JPEG and PNG files.
 *
 * @module
 */

import { InputRangeError } from "../../runtime/errors.ts";
import { decodeImage } from "../../image/decode_image.ts";
import { ImageError } from "../../image/image_error.ts";
import { prepareImage, type Preprocessing } from "../../runtime/preprocessing.ts";
import type { SampleSource } from "./dataset.ts";
import { imageInput, sizeError } from "./image_input.ts";

/** Image files below a folder. */
export interface ImageFolder {
  /** Paths relative to the folder, "/" between names, sorted by UTF-16 code units. */
  files: string[];
  /** Names of the folder's own sub-folders, sorted by UTF-16 code units. */
  folders: string[];
}

const DEEPEST_FOLDER = 16;

/**
 * Lists the image files below a folder.
 *
 * Files other than .jpg, .jpeg and .png and hidden files and folders are left
 * out; symbolic links are followed, except back to a folder that holds them.
 *
 * @param path Path of the folder.
 * @returns Files and sub-folders.
 * @throws {RangeError} If folders are nested more than 16 deep.
 */
export async function listImages(path: string): Promise<ImageFolder> {
  const found: ImageFolder = { files: [], folders: [] };
  await walk(path, "", new Set([await Deno.realPath(path)]), found);
  found.files.sort(byCodeUnits);
  found.folders.sort(byCodeUnits);
  return found;
}

/**
 * Opens a folder of images, each decoded only when it is read.
 *
 * Where every image lies in a sub-folder, the sub-folders are the classes and a
 * class is its position among them.
 *
 * @param path Path of the folder.
 * @param inputShape Shape of the network's input with its batch.
 * @param preprocessing Recipe; without a resize the images must have the network's size.
 * @returns The samples.
 * @throws {TypeError} If the network takes no images, or the recipe is for others.
 */
export async function imageFolderSource(
  path: string,
  inputShape: readonly number[],
  preprocessing?: Preprocessing,
): Promise<SampleSource> {
  const input = imageInput(inputShape, preprocessing);
  const recipe: Preprocessing = preprocessing ?? {
    crop: [input.height, input.width],
    mean: new Array(input.channels).fill(0),
    std: new Array(input.channels).fill(1),
  };
  const { files, folders } = await listImages(path);
  const source: SampleSource = {
    length: files.length,
    kind: "pixels",
    async read(index) {
      const file = `${path}/${files[index]}`;
      const image = await decodeFile(file);
      if (
        recipe.resize === undefined &&
        (image.height !== input.height || image.width !== input.width)
      ) {
        throw sizeError(image, input, file);
      }
      return { pixels: prepareImage(image, recipe) };
    },
  };
  if (files.length > 0 && files.every((file) => file.includes("/"))) {
    const positions = new Map(
      folders.map((folder, position) => [folder, position]),
    );
    source.classes = folders;
    source.labels = Int32Array.from(
      files,
      (file) => positions.get(file.slice(0, file.indexOf("/")))!,
    );
  }
  return source;
}

async function decodeFile(path: string): ReturnType<typeof decodeImage> {
  const bytes = await Deno.readFile(path);
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
    const { isDirectory, isFile } = entry.isSymlink ? await Deno.stat(path) : entry;
    if (isFile && /\.(jpe?g|png)$/i.test(entry.name)) {
      found.files.push(relative);
    }
    if (!isDirectory) continue;
    const real = await Deno.realPath(path);
    if (holders.has(real)) continue;
    if (below === "") found.folders.push(entry.name);
    await walk(root, relative, new Set([...holders, real]), found);
  }
}

function byCodeUnits(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

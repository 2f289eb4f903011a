/**
 * Slices of a `.npy` file on disk, so that a large set need not fit in memory.
 *
 * @module
 */

import { fileError } from "../../cli/file_error.ts";
import { FormatError } from "../../runtime/errors.ts";
import { checkFileBytes, elements, LARGEST_HEADER, type NpyData, type NpyHeader, readNpyHeader } from "./npy.ts";

/** A file whose head has been read and whose length has been checked. */
export interface NpyFile extends NpyHeader {
  /** Path of the file. */
  path: string;
}

/**
 * Reads the head of a file on disk and checks its length.
 *
 * @param path Path of the file.
 * @returns What the head says.
 * @throws {SyntaxError} If it is no such file, truncated, or has bytes left over.
 * @throws {TypeError} If its elements are of another type, big-endian or in Fortran order.
 */
export async function openNpy(path: string): Promise<NpyFile> {
  using file = await open(path);
  const { size } = await file.stat();
  const head = await readExactly(file, 0, Math.min(size, LARGEST_HEADER), path);
  const header = readNpyHeader(head, path);
  checkFileBytes(header, size, path);
  return { ...header, path };
}

/**
 * Reads the elements at one index of the outermost dimension.
 *
 * @param file A file with at least one dimension.
 * @param index Index, from 0.
 * @returns Elements, row-major; a copy.
 * @throws {RangeError} If there is no such index.
 * @throws {SyntaxError} If the file has become shorter.
 */
export async function readNpyRow(
  file: NpyFile,
  index: number,
): Promise<NpyData> {
  const [length, ...rest] = file.shape;
  if (!Number.isInteger(index) || index < 0 || index >= length) {
    throw new RangeError(
      `${file.path} has no index ${index}, expected 0 to ${length - 1}`,
    );
  }
  const bytes = rest.reduce(
    (product, size) => product * size,
    file.elementBytes,
  );
  using handle = await open(file.path);
  const row = await readExactly(
    handle,
    file.dataOffset + index * bytes,
    bytes,
    file.path,
  );
  return elements(file.type, row);
}

async function readExactly(
  file: Deno.FsFile,
  offset: number,
  length: number,
  where: string,
): Promise<Uint8Array<ArrayBuffer>> {
  const bytes = new Uint8Array(length);
  await file.seek(offset, Deno.SeekMode.Start);
  for (let at = 0; at < length;) {
    const count = await file.read(bytes.subarray(at));
    if (count === null) {
      throw new FormatError(
        `${where} ends at byte ${offset + at}, expected ${offset + length}`,
      );
    }
    at += count;
  }
  return bytes;
}

async function open(path: string): Promise<Deno.FsFile> {
  try {
    return await Deno.open(path);
  } catch (cause) {
    throw fileError(path, cause);
  }
}

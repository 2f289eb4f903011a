/**
 * The files of the decoders of image formats, read from the packages that hold
 * them. A build into one file replaces this one.
 *
 * @module
 */

/** The WebAssembly of a decoder. */
export interface CodecFile {
  /** Name of the format. */
  readonly name: string;
  /** The file in its package. */
  readonly file: string;
}

/** Reads the WebAssembly of a decoder; needs the permission to read the package's file. */
export async function readCodec({ file }: CodecFile): Promise<Uint8Array<ArrayBuffer>> {
  return new Uint8Array(await (await fetch(import.meta.resolve(file))).arrayBuffer());
}

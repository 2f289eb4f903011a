/**
 * The files of the decoders of image formats, read from the packages that hold
 * them. A build into one file replaces this one.
 *
 * @module
 */

/** Formats that have a decoder here. */
export type CodecFormat = "jpeg" | "webp";

/** Reads the WebAssembly of a format's decoder. */
export type CodecFiles = Record<CodecFormat, () => Promise<Uint8Array<ArrayBuffer>>>;

/** Reading needs the permission to read the package's file. */
export const codecFiles: CodecFiles = {
  jpeg: () => read(import.meta.resolve("npm:@jsquash/jpeg@1.6.0/codec/dec/mozjpeg_dec.wasm")),
  webp: () => read(import.meta.resolve("npm:@jsquash/webp@1.5.0/codec/dec/webp_dec.wasm")),
};

async function read(url: string): Promise<Uint8Array<ArrayBuffer>> {
  return new Uint8Array(await (await fetch(url)).arrayBuffer());
}

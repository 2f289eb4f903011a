/**
 * The JPEG decoder of `@jsquash/jpeg`: mozjpeg in WebAssembly.
 *
 * @module
 */

import load from "npm:@jsquash/jpeg@1.6.0/codec/dec/mozjpeg_dec.js";

/** A decoder with a memory of its own. */
export interface JpegDecoder {
  /** Its memory as it is now. */
  readonly HEAPU8: Uint8Array;
  /**
   * Decodes a file to red, green, blue and alpha.
   *
   * @param bytes The file.
   * @param preserveOrientation Whether to rotate by EXIF.
   * @returns The image, or nothing on failure; throws what the C library's exit gives.
   */
  decode(
    bytes: Uint8Array,
    preserveOrientation: boolean,
  ): { data: Uint8ClampedArray; width: number; height: number } | null;
}

/** Settings of Emscripten's loader. */
interface LoaderOptions {
  noInitialRun: boolean;
  print(line: string): void;
  printErr(line: string): void;
  instantiateWasm(
    imports: WebAssembly.Imports,
    receive: (instance: WebAssembly.Instance) => void,
  ): WebAssembly.Exports;
}

const instantiate = load as unknown as (options: LoaderOptions) => Promise<JpegDecoder>;
const MODULE = import.meta.resolve("npm:@jsquash/jpeg@1.6.0/codec/dec/mozjpeg_dec.wasm");

let compiled: Promise<WebAssembly.Module> | undefined;

async function compile(): Promise<WebAssembly.Module> {
  const response = await fetch(MODULE);
  return await WebAssembly.compile(await response.arrayBuffer());
}

/**
 * Makes a decoder. The first one reads the package's WebAssembly file, which
 * needs the permission to read it.
 *
 * @param record Receives each line that the C library prints.
 */
export async function makeJpegDecoder(record: (line: string) => void): Promise<JpegDecoder> {
  const module = await (compiled ??= compile());
  return await instantiate({
    noInitialRun: true,
    print: record,
    printErr: record,
    instantiateWasm(imports, receive) {
      const instance = new WebAssembly.Instance(module, imports);
      receive(instance);
      return instance.exports;
    },
  });
}

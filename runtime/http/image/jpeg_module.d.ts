/**
 * The JPEG decoder of `@jsquash/jpeg` (mozjpeg in WebAssembly), compiled when
 * this module is loaded, which needs no permission. It is JavaScript because
 * type checking does not know source phase imports.
 *
 * @module
 */

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
export interface LoaderOptions {
  noInitialRun: boolean;
  /** Receives each line that the library prints on its standard output. */
  print(line: string): void;
  /** Receives each line that the library prints on its standard error. */
  printErr(line: string): void;
  /** Makes the instance. */
  instantiateWasm(
    imports: WebAssembly.Imports,
    receive: (instance: WebAssembly.Instance) => void,
  ): WebAssembly.Exports;
}

/** The compiled decoder. */
export const module: WebAssembly.Module;

/**
 * Makes a decoder.
 *
 * @param options Settings of the loader.
 * @returns The decoder.
 */
export function instantiate(options: LoaderOptions): Promise<JpegDecoder>;

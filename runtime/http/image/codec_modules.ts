/**
 * The compiled decoders of image formats, read from the packages that hold
 * them. A build for hosts that don't compile WebAssembly at run time replaces
 * this file alone.
 *
 * @module
 */

/** The modules by format. */
export type CodecModules = Record<"jpeg" | "webp", () => Promise<WebAssembly.Module>>;

/** Each compiles its module anew; reading it needs the permission to read the package's file. */
export const codecModules: CodecModules = {
  jpeg: () => compile(import.meta.resolve("npm:@jsquash/jpeg@1.6.0/codec/dec/mozjpeg_dec.wasm")),
  webp: () => compile(import.meta.resolve("npm:@jsquash/webp@1.5.0/codec/dec/webp_dec.wasm")),
};

async function compile(url: string): Promise<WebAssembly.Module> {
  const response = await fetch(url);
  return await WebAssembly.compile(await response.arrayBuffer());
}

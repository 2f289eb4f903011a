/**
 * Decoders of `@jsquash`: C libraries in WebAssembly, each in a memory of its
 * own that is not used again after a failure.
 *
 * @module
 */

import type { Pixels } from "../runtime/resize_image.ts";
import type { CodecFile } from "./codec_files.ts";
import { codecModule } from "./codec_modules.ts";

/** A library that decodes a format. */
export interface Codec extends CodecFile {
  /** Emscripten's loader of its file. */
  readonly load: CodecLoader;
  /** What its decoder takes besides the file. */
  readonly flags: readonly boolean[];
}

/** A loader of Emscripten; the packages export them untyped. */
export type CodecLoader = (options: LoaderOptions) => Promise<Instance>;

/** What Emscripten's loader gives. */
interface Instance {
  /** Its memory as it is now. */
  readonly HEAPU8: Uint8Array;
  /** Decodes a file to red, green, blue and alpha; nothing on failure. */
  decode(
    bytes: Uint8Array,
    ...flags: readonly boolean[]
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

/** An instance of a decoder and the lines that it has printed. */
interface Loaded {
  instance: Instance;
  lines: string[];
}

/** A decoder whose memory has grown beyond this many bytes is not used again. */
const LARGEST_IDLE_MEMORY = 64 * 2 ** 20;

const modules = new Map<string, Promise<WebAssembly.Module>>();
const idle = new Map<string, Loaded>();

/** A decoded image, or nothing where the library gives none, and what the library printed. */
export interface Decoded {
  /** The image without its alpha. */
  image: Pixels | undefined;
  /** Warnings and errors of the library. */
  lines: readonly string[];
}

/**
 * Decodes a file by the library of its format.
 *
 * @param codec The library.
 * @param bytes The file; its size in pixels must be known to be acceptable.
 * @returns The image and what was printed.
 */
export async function decodeByCodec(codec: Codec, bytes: Uint8Array): Promise<Decoded> {
  const loaded = idle.get(codec.name) ?? await loadCodec(codec);
  idle.delete(codec.name);
  loaded.lines.length = 0;
  let decoded;
  try {
    decoded = loaded.instance.decode(bytes, ...codec.flags);
  } catch (error) {
    return {
      image: undefined,
      lines: [...loaded.lines, error instanceof Error ? error.message : "the decoder failed"],
    };
  }
  const lines = [...loaded.lines];
  if (decoded === null) return { image: undefined, lines };
  if (loaded.instance.HEAPU8.length <= LARGEST_IDLE_MEMORY) idle.set(codec.name, loaded);
  const { data, width, height } = decoded;
  return { image: { data: withoutAlpha(data), width, height, channels: 3 }, lines };
}

async function loadCodec(codec: Codec): Promise<Loaded> {
  const module = await compiledModule(codec);
  const lines: string[] = [];
  const record = (line: string) => void lines.push(line);
  const instance = await codec.load({
    noInitialRun: true,
    print: record,
    printErr: record,
    instantiateWasm(imports, receive) {
      const instance = new WebAssembly.Instance(module, imports);
      receive(instance);
      return instance.exports;
    },
  });
  return { instance, lines };
}

/** The module of a library, compiled once; a failure is forgotten. */
function compiledModule(codec: Codec): Promise<WebAssembly.Module> {
  const known = modules.get(codec.name);
  if (known !== undefined) return known;
  const module = codecModule(codec).catch((cause) => {
    modules.delete(codec.name);
    throw new Error(`The decoder of ${codec.name} files cannot be loaded`, { cause });
  });
  modules.set(codec.name, module);
  return module;
}

/** Moves the colours together, in the same memory. */
function withoutAlpha({ buffer, byteOffset, length }: Uint8ClampedArray): Uint8Array {
  const bytes = new Uint8Array(buffer, byteOffset, length);
  let to = 0;
  for (let from = 0; from < length; from += 4) {
    bytes[to++] = bytes[from];
    bytes[to++] = bytes[from + 1];
    bytes[to++] = bytes[from + 2];
  }
  return bytes.subarray(0, to);
}

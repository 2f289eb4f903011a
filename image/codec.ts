/**
 * Decoders of `@jsquash`: C libraries in WebAssembly, each in a memory of its
 * own that is not used again after a failure.
 *
 * @module
 */

import loadJpeg from "npm:@jsquash/jpeg@1.6.0/codec/dec/mozjpeg_dec.js";
import loadWebp from "npm:@jsquash/webp@1.5.0/codec/dec/webp_dec.js";
import type { Pixels } from "../runtime/resize_image.ts";
import type { CodecFormat } from "./codec_files.ts";
import { codecModule } from "./codec_modules.ts";

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

/** A decoder and the lines that it has printed. */
interface Codec {
  instance: Instance;
  lines: string[];
}

const LOADERS = { jpeg: loadJpeg, webp: loadWebp } as unknown as Record<
  CodecFormat,
  (options: LoaderOptions) => Promise<Instance>
>;

/** What each decoder takes besides the file: JPEG's, whether to rotate by EXIF. */
const FLAGS: Readonly<Record<CodecFormat, readonly boolean[]>> = { jpeg: [false], webp: [] };

/** A decoder whose memory has grown beyond this many bytes is not used again. */
const LARGEST_IDLE_MEMORY = 64 * 2 ** 20;

const modules: Partial<Record<CodecFormat, Promise<WebAssembly.Module>>> = {};
const idle: Partial<Record<CodecFormat, Codec>> = {};

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
 * @param format Format of the file.
 * @param bytes The file; its size in pixels must be known to be acceptable.
 * @returns The image and what was printed.
 */
export async function decodeByCodec(format: CodecFormat, bytes: Uint8Array): Promise<Decoded> {
  const codec = idle[format] ?? await makeCodec(format);
  delete idle[format];
  codec.lines.length = 0;
  let decoded;
  try {
    decoded = codec.instance.decode(bytes, ...FLAGS[format]);
  } catch (error) {
    return { image: undefined, lines: [...codec.lines, error instanceof Error ? error.message : "the decoder failed"] };
  }
  const lines = [...codec.lines];
  if (decoded === null) return { image: undefined, lines };
  if (codec.instance.HEAPU8.length <= LARGEST_IDLE_MEMORY) idle[format] = codec;
  const { data, width, height } = decoded;
  return { image: { data: withoutAlpha(data), width, height, channels: 3 }, lines };
}

async function makeCodec(format: CodecFormat): Promise<Codec> {
  const module = await compiledModule(format);
  const lines: string[] = [];
  const record = (line: string) => void lines.push(line);
  const instance = await LOADERS[format]({
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

/** The module of a format, compiled once; a failure is forgotten. */
function compiledModule(format: CodecFormat): Promise<WebAssembly.Module> {
  return modules[format] ??= codecModule(format).catch((cause) => {
    delete modules[format];
    throw new Error(`The decoder of ${format} files cannot be loaded`, { cause });
  });
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

/**
 * The page that lets people try a server, and the runtime for browsers.
 *
 * @module
 */

import { readCodec } from "../../../image/codec_files.ts";
import { CODECS } from "../../../image/formats.ts";
import { wasm as relaxed } from "../../../kernels/pkg/relaxed.ts";
import { wasm as simd128 } from "../../../kernels/pkg/simd128.ts";
import { toHex } from "../../hexadecimal.ts";
import { HttpError, quote } from "../http_error.ts";
import { bytesResponse, pageResponse } from "../response.ts";
import { files } from "./files.ts";

/** What the page may do: load its own parts, show pictures that it holds, and use the camera. */
const PAGE_HEADERS: Readonly<Record<string, string>> = {
  "content-security-policy":
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src blob: data:; connect-src 'self'; worker-src 'self'; " +
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  "permissions-policy": "camera=(self), geolocation=(), microphone=()",
  "vary": "accept",
};

/** What a worker may do: load its own parts, compile WebAssembly, and fetch bundles. */
const FILE_HEADERS: Readonly<Record<string, string>> = {
  "content-security-policy": "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; connect-src 'self'",
  "cross-origin-resource-policy": "same-origin",
  "cache-control": "no-cache",
};

const TYPES: Readonly<Record<string, string>> = {
  css: "text/css; charset=utf-8",
  js: "text/javascript; charset=utf-8",
  wasm: "application/wasm",
};

const text = (content: string) => () => Promise.resolve(new TextEncoder().encode(content));

/** Files under `/octet/` by name. */
const FILES = new Map<string, () => Promise<Uint8Array<ArrayBuffer>>>([
  ...Object.entries(files).filter(([name]) => name !== "index.html").map(([name, content]) =>
    [name, text(content)] as const
  ),
  ...Object.entries({ relaxed, simd128 }).map(([name, wasm]) =>
    [`${name}.js`, text(`export const wasm = ${JSON.stringify(wasm)};\n`)] as const
  ),
  ...CODECS.map((codec) => [`${codec.name}.wasm`, () => readCodec(codec)] as const),
]);

const tags = new Map<string, Promise<string>>();

/** Whether a client would rather see a page than plain text. */
export function wantsPage(accept: string | undefined): boolean {
  return accept?.includes("text/html") ?? false;
}

/** Makes the response with the page, under headers that forbid it all that it does not need. */
export function showPage(): Response {
  return pageResponse(files["index.html"], "text/html; charset=utf-8", PAGE_HEADERS);
}

/**
 * Makes the response with a file of the page.
 *
 * @param name Name under `/octet/`.
 * @param known Tag of the file that the client holds, if any.
 * @throws {HttpError} 404 if there is no such file.
 */
export async function pageFile(name: string, known: string | undefined): Promise<Response> {
  const read = FILES.get(name);
  if (read === undefined) throw new HttpError(404, `There is no file ${quote(name)} here`);
  const bytes = await read();
  const tag = tags.get(name) ?? makeTag(bytes);
  tags.set(name, tag);
  return taggedResponse(bytes, TYPES[name.split(".").at(-1)!], await tag, known, FILE_HEADERS);
}

/**
 * Makes a response that a client may keep as long as its tag is right.
 *
 * @param bytes What is sent.
 * @param type Media type.
 * @param tag Tells these bytes from others.
 * @param known Tags that the client holds, in the form of the header `If-None-Match`.
 * @param headers More headers.
 * @returns The bytes, or status 304 where the client holds them.
 */
export function taggedResponse(
  bytes: Uint8Array<ArrayBuffer>,
  type: string,
  tag: string,
  known: string | undefined,
  headers: Readonly<Record<string, string>>,
): Response {
  const etag = `"${tag}"`;
  const held = known?.split(",").some((held) => held.trim().replace(/^W\//, "") === etag);
  if (held) return new Response(null, { status: 304, headers: { ...headers, etag } });
  return bytesResponse(bytes, type, { headers: { ...headers, etag } });
}

async function makeTag(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  return toHex(new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)).subarray(0, 16));
}

/**
 * Addresses of bundles on the web.
 *
 * @module
 */

import { InputError } from "../../../errors.ts";

/** Where a bundle lies and what its bytes must be. */
export interface BundleAddress {
  /** The URL without its fragment. */
  url: URL;
  /** SHA-256 of the file, or the hash that the bundle itself ends with, in hexadecimal; absent where any will do. */
  sha256: string | undefined;
}

/**
 * Reads the address of a bundle, such as `https://host/network.octet#sha256=…`.
 *
 * @param source A source of a bundle.
 * @returns The address, or nothing where the source is not on the web.
 * @throws {InputError} If the URL or the hash in its fragment cannot be read.
 */
export function parseBundleAddress(source: unknown): BundleAddress | undefined {
  if (!(source instanceof URL) && typeof source !== "string") return undefined;
  if (!/^https?:/i.test(String(source))) return undefined;
  if (!URL.canParse(source)) throw new InputError("The URL of a bundle cannot be read: it is malformed");
  const url = new URL(source);
  const fragment = url.hash.slice(1);
  url.hash = "";
  if (fragment === "") return { url, sha256: undefined };
  const hash = fragment.match(/^sha256=(.*)$/)?.[1];
  if (hash === undefined) {
    throw new InputError(`After # in the URL of a bundle only sha256=HASH may stand`);
  }
  return { url, sha256: checkSha256(hash) };
}

/**
 * Checks the form of an expected hash.
 *
 * @returns The hash in lower case.
 * @throws {InputError} If it is not 64 hexadecimal digits.
 */
export function checkSha256(text: string): string {
  if (!/^[0-9a-f]{64}$/i.test(text)) throw new InputError(`A SHA-256 must be 64 hexadecimal digits, not ${text}`);
  return text.toLowerCase();
}

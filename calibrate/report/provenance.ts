/**
 * What a calibration was made by and of, so that it can be made again.
 *
 * @module
 */

import manifest from "../../deno.json" with { type: "json" };
import { DIGEST_BYTES } from "../../runtime/bundle/format.ts";
import { toHex } from "../../runtime/hexadecimal.ts";
import type { Statistics } from "../observe/statistics.ts";
import type { CalibrationSettings } from "../settings.ts";

/** What a calibration was made by and of. Hashes are SHA-256 in hexadecimal. */
export interface Provenance {
  /** Version of Octet. */
  octet: string;
  /** The command line; absent where no command was run. */
  command?: string;
  /** Hash of the network's file; absent where there was none. */
  networkFile?: string;
  /** Hash of what settles the float network's values, as Octet runs it. */
  network: string;
  /** Number of samples, and the hash of what they are recognised by. */
  samples: { count: number; hash: string };
  /** All settings, the defaults too. */
  settings: CalibrationSettings;
  /** Hash of the bundle, by which it is known. */
  bundle: string;
}

/** Says what a bundle was made by and of. */
export async function describeProvenance(
  bundle: Uint8Array,
  { network, part, fingerprints }: Statistics,
  settings: CalibrationSettings,
): Promise<Provenance> {
  return {
    octet: manifest.version,
    network,
    samples: { count: part.total, hash: await hashOf(fingerprints) },
    settings,
    bundle: toHex(bundle.subarray(-DIGEST_BYTES)),
  };
}

/** SHA-256 in hexadecimal. */
export async function hashOf(bytes: Uint8Array): Promise<string> {
  return toHex(new Uint8Array(await crypto.subtle.digest("SHA-256", bytes as Uint8Array<ArrayBuffer>)));
}

/** A command line as a shell takes it. @param words Its words. */
export function commandLine(words: readonly string[]): string {
  return words.map((word) => /^[\w./:=,+%@-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`).join(" ");
}

/**
 * The bundle of a quantised network.
 *
 * @module
 */

import { MAX_ENTRIES, MAX_HEADER_BYTES, MAX_PART_BYTES } from "../runtime/bundle/format.ts";
import { findPixelPort } from "../runtime/bundle/upgrade.ts";
import { writeBundle } from "../runtime/bundle/write.ts";
import { InputError, InputRangeError } from "../runtime/errors.ts";
import { MAX_STRING_LENGTH } from "../runtime/fields.ts";
import type { Preprocessing } from "../runtime/preprocessing.ts";
import type { OutputKind } from "../runtime/program.ts";
import type { Graph } from "./graph/graph.ts";
import { shareConstants } from "./lower/share_constants.ts";
import type { Lowered } from "./program/lower.ts";
import { type CalibrationSettings, describeMethods } from "./settings.ts";
import type { RefinedLayer } from "./stages/refine_layers.ts";

/** What a bundle tells beside its program. */
export interface BundleNotes {
  /** How it was calibrated. */
  settings: CalibrationSettings;
  /** The layers that got more precision. */
  kept: readonly RefinedLayer[];
  /** Number of samples that it was calibrated on. */
  samples: number;
  /** How images become its input. */
  preprocessing?: Preprocessing | undefined;
  /** Names of the classes. */
  classes?: string[] | undefined;
  /** What the first output is. */
  outputKind: OutputKind;
}

/** Writes an 8-bit program as a bundle that tells how it came about; constants that are the same are stored once. */
export async function writeNetwork(
  lowered: Lowered,
  { settings, kept, samples, preprocessing, classes, outputKind }: BundleNotes,
): Promise<Uint8Array<ArrayBuffer>> {
  const { program, data } = shareConstants(lowered.program, lowered.data);
  const { weights, scales, usp, uspTarget } = settings;
  const calibration = { weights, scales, usp, uspTarget, methods: describeMethods(settings, kept), samples };
  const notes = {
    calibration,
    ...(preprocessing && { preprocessing }),
    ...(classes && { labels: classes }),
    // Bundles without the field hold logits, and loaders that do not know it take them.
    ...(outputKind !== "logits" && { outputKind }),
  };
  const named = {
    tensors: program.tensors.map((tensor) => ({ ...tensor, name: shortened(tensor.name) })),
    steps: program.steps.map((step) => ({ ...step, name: shortened(step.name) })),
  };
  requireAtMost(program.steps.length, MAX_ENTRIES, "steps");
  requireAtMost(program.tensors.length, MAX_ENTRIES, "tensors");
  requireAtMost(program.constants.length, MAX_ENTRIES, "constants");
  requireAtMost(data.length, MAX_PART_BYTES, "bytes of constants");
  requireAtMost(program.arenaBytes, MAX_PART_BYTES, "bytes of memory for tensors");
  const pixels = findPixelPort({ ...program, ...notes });
  const bundle = await writeBundle({ ...program, ...named, ...notes, ...(pixels && { pixels }) }, data);
  requireAtMost(headerBytes(bundle), MAX_HEADER_BYTES, "bytes of descriptions");
  return bundle;
}

/**
 * Checks that a network is not too long for a bundle, before its samples are observed.
 *
 * @param lowered The float program with probes, which no bundle has.
 * @throws {RangeError} Where it is.
 */
export function checkLength(lowered: Lowered): void {
  const { program, layers } = lowered;
  const probes = layers.values().filter(({ probe }) => probe !== undefined).toArray().length;
  requireAtMost(program.steps.length - probes, MAX_ENTRIES, "steps");
}

function requireAtMost(count: number, most: number, what: string): void {
  if (count > most) {
    throw new InputRangeError(`The network needs ${count} ${what}: a bundle holds up to ${most}; split the network`);
  }
}

function headerBytes(bundle: Uint8Array<ArrayBuffer>): number {
  return new DataView(bundle.buffer, bundle.byteOffset).getUint32(12, true);
}

/**
 * Checks the names that a bundle has to keep as they are.
 *
 * @throws {TypeError} Where one is too long.
 * @throws {RangeError} Where there are too many.
 */
export function checkNames({ name, inputs, outputs }: Graph, classes: readonly string[] = []): void {
  const ports = [...inputs.map(({ name }) => ["input", name]), ...outputs.map(({ name }) => ["output", name])];
  for (const [kind, text] of [["network", name], ...ports, ...classes.map((text) => ["class", text])]) {
    if (text.length > MAX_STRING_LENGTH) {
      throw new InputError(
        `The name of the ${kind} "${
          text.slice(0, 40)
        }…" has ${text.length} characters: a bundle holds names of up to ` +
          `${MAX_STRING_LENGTH}; shorten it`,
      );
    }
  }
  if (classes.length > MAX_ENTRIES) {
    throw new InputRangeError(`${classes.length} names of classes are given: a bundle holds up to ${MAX_ENTRIES}`);
  }
}

/** A name inside the network, which only people read, by its ends where it is too long. */
function shortened(name: string): string {
  const half = MAX_STRING_LENGTH / 2;
  return name.length <= MAX_STRING_LENGTH ? name : `${name.slice(0, half - 1)}…${name.slice(-half)}`;
}

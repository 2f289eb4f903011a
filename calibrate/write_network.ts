/**
 * The bundle of a quantised network.
 *
 * @module
 */

import { writeBundle } from "../runtime/bundle/write.ts";
import type { Preprocessing } from "../runtime/preprocessing.ts";
import type { OutputKind } from "../runtime/program.ts";
import type { Lowered } from "./lower/lower.ts";
import { type CalibrationSettings, describeMethods } from "./settings.ts";

/** What a bundle tells beside its program. */
export interface BundleNotes {
  /** How it was calibrated. */
  settings: CalibrationSettings;
  /** Number of samples that it was calibrated on. */
  samples: number;
  /** How images become its input. */
  preprocessing?: Preprocessing | undefined;
  /** Names of the classes. */
  classes?: string[] | undefined;
  /** What the first output is. */
  outputKind: OutputKind;
}

/** Writes an 8-bit program as a bundle that tells how it came about. */
export async function writeNetwork(
  { program, data }: Lowered,
  { settings, samples, preprocessing, classes, outputKind }: BundleNotes,
): Promise<Uint8Array<ArrayBuffer>> {
  const { weights, scales, usp, uspTarget } = settings;
  const calibration = { weights, scales, usp, uspTarget, methods: describeMethods(settings), samples };
  const notes = {
    calibration,
    ...(preprocessing && { preprocessing }),
    ...(classes && { labels: classes }),
    // Bundles without the field hold logits, and loaders that do not know it take them.
    ...(outputKind !== "logits" && { outputKind }),
  };
  return await writeBundle({ ...program, ...notes }, data);
}

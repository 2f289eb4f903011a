/**
 * The stage that holds samples against those that were observed elsewhere.
 *
 * @module
 */

import type { LaneNetwork } from "./lane_network.ts";

/** What a lane can be asked of its samples. */
export interface KnownSamples {
  /** From here on, all stages take known samples alone. @param fingerprints Those of all samples, one after the other. */
  expect(fingerprints: Uint8Array): void;
  /** Reads a sample without using it. @throws {RangeError} Where it is not the one that is expected. */
  check(sample: number): Promise<void>;
}

/** Opens the stage. */
export function openKnownSamples({ samples }: LaneNetwork): KnownSamples {
  return {
    expect: (fingerprints) => samples.expect(fingerprints),
    check: async (sample) => void await samples.read(sample),
  };
}

/**
 * What the page and its worker say to each other.
 *
 * @module
 */

import type { Prediction } from "../../runtime/mod.ts";

/** A picture to be classified. */
export interface Question {
  /** Distinguishes questions. */
  id: number;
  /** URL of the bundle. */
  bundle: string;
  /** The picture's file. */
  file: ArrayBuffer;
  /** Number of classes. */
  top: number;
}

/** What the worker found. */
export interface LocalAnswer {
  /** The classes, the likeliest first. */
  predictions: Prediction[];
  /** Milliseconds to decode the picture and classify it. */
  milliseconds: number;
  /** What loading took and gave; absent where the network was there already. */
  loaded?: { milliseconds: number; bytes: number };
}

/** What the worker answers. */
export type Reply = { id: number } & ({ answer: LocalAnswer } | { error: string });

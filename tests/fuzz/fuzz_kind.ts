/**
 * What is fuzzed: how a file is altered and what must hold of it.
 *
 * @module
 */

/** Bytes of a file. */
export type Bytes = Uint8Array<ArrayBuffer>;

/** A file that was altered, made anew from any of its alterations. */
export interface AlteredFile {
  /** Number of alterations. */
  alterations: number;
  /** The file with those of its alterations whose numbers are given, in order. */
  build(chosen: readonly number[]): Promise<Bytes>;
}

/** What became of a file; a finding is something that must not be. */
export type Outcome =
  | { kind: "refused" | "accepted" | "too long" }
  | { kind: "finding"; reason: string };

/** One kind of file. */
export interface FuzzKind {
  /** Ending of its files. */
  suffix: string;
  /** Seconds that a file may take, and megabytes that it may add to the process. */
  limits: { seconds: number; megabytes: number };
  /** Alters a file that is in order; the same way for the same seed. */
  alter(seed: number): Promise<AlteredFile>;
  /** Tries a file. */
  check(bytes: Bytes, seed: number): Promise<Outcome>;
}

/** A finding. */
export function finding(reason: string): Outcome {
  return { kind: "finding", reason };
}

/** An error with its place, for findings. */
export function describeError(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const place = error.stack?.split("\n").find((line) => line.trimStart().startsWith("at "))?.trim();
  return `${error.name}: ${error.message}${place ? ` ${place.replace(/file:\/\/\S*\/(?=\w+\/\w+)/, "")}` : ""}`;
}

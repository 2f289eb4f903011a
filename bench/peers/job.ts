/**
 * What a measured process is asked, and what it answers.
 *
 * @module
 */

/** Work for one process, its first argument as JSON. Paths are absolute. */
export interface Job {
  /** Path of the network's file; absent for a runtime that builds the network by its API. */
  model?: string;
  /** Name of the network. */
  network: string;
  /** Path of the sample: raw float32 numbers in the runtime's own layout. */
  sample: string;
  /** Shape of the sample in that layout, with its batch. */
  shape: number[];
  /** Folder of the peers' packages, a file URL that ends with a slash. */
  packages: string;
  /** How long to measure after the first result, in milliseconds of CPU time; 0: stop there. */
  milliseconds: number;
  /** Path to write the first result to, as raw float32 numbers. */
  output?: string;
}

/** Time of one run in milliseconds, median over blocks of runs. */
export interface RunTime {
  /** CPU time of the process. */
  cpu: number;
  /** Time on the clock. */
  wall: number;
}

/** What a process measured. */
export interface Answer {
  /** When the first result was there, in milliseconds since the epoch. */
  firstResult: number;
  /** Peak resident memory at the first result, in bytes. */
  peakMemory: number;
  /** Steady state; absent where it was not asked for. */
  run?: RunTime;
}

/** What the line of a process's standard output begins with that holds its {@linkcode Answer} as JSON. */
export const ANSWER_MARK = "octet-bench-answer ";

/**
 * The budget: what benches must reach. Its numbers stand in `budget.json`,
 * each list there holding limits of the type that is documented here.
 *
 * @module
 */

import type { KernelBuild } from "../runtime/kernels/build.ts";
import budget from "./budget.json" with { type: "json" };

/** Octet's time over that of the fastest of the peers named; "bare" is a Deno process that does nothing. */
export interface TimeRatioLimit {
  /** Name of the benchmark: network and arithmetic, as in the table of `deno task bench:peers`. */
  benchmark: string;
  /** Names of runtimes. */
  peers: string[];
  /** Greatest ratio. */
  atMost: number;
}

/** Octet's rate, requantisation included. */
export interface RateLimit {
  /** Name of the benchmark. */
  benchmark: string;
  /** Least rate in 10^9 multiply-adds per second. */
  atLeast: number;
}

/** Octet's peak resident memory less that of another process. */
export interface ExtraMemoryLimit {
  /** Name of the benchmark. */
  benchmark: string;
  /** Name of the other process. */
  over: string;
  /** Greatest difference in bytes. */
  atMost: number;
}

/** Octet's work from the first run until runs take as long as they ever will. */
export interface WarmUpLimit {
  /** Name of the benchmark. */
  benchmark: string;
  /** Longest work in milliseconds. */
  atMost: number;
}

/** Size of what is shipped. */
export interface SizeLimit {
  /** What is measured. */
  file: string;
  /** Greatest size in bytes, not compressed. */
  atMost: number;
}

/** How much faster a network runs in int8 than in float32, in the same build of the kernels. */
export interface SpeedUpLimit {
  /** Path of the float network from the project's root. */
  network: string;
  /** The build of the kernels. */
  build: KernelBuild;
  /** Least time of float32 over that of int8. */
  atLeast: number;
}

/** A kernel's rate as a share of what its element type reaches in a fully connected layer of 128x1024x1024. */
export interface ShareLimit {
  /** Name of the kernel and its shapes. */
  kernel: string;
  /** The build of the kernels. */
  build: KernelBuild;
  /** Least share, 0 to 1. */
  atLeast: number;
}

/** All limits. */
export interface Budget {
  /** Limits of time against peers. */
  timeRatios: TimeRatioLimit[];
  /** Limits of rate. */
  rates: RateLimit[];
  /** Limits of memory. */
  extraMemory: ExtraMemoryLimit[];
  /** Limits of the work before full speed. */
  warmUp: WarmUpLimit[];
  /** Limits of size. */
  bytes: SizeLimit[];
  /** Limits of the gain by 8 bits. */
  speedUps: SpeedUpLimit[];
  /** Limits of the rate of kernels. */
  shares: ShareLimit[];
}

/** The budget that the project keeps. */
export const BUDGET: Budget = budget as Budget;

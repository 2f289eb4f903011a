/**
 * A server under load.
 *
 * @module
 */

import { withServer } from "../../tests/support/server.ts";
import { cpuTimes } from "../cpu_times.ts";
import { growth, watchMemory } from "./memory.ts";
import type { LoadRequest } from "./requests.ts";
import { load, type LoadResult } from "./wrk.ts";

/** How a server is loaded. */
export interface LoadSetting {
  /** Path of the bundle that is served. */
  bundle: string;
  workers: number;
  connections: number;
  /** How long it is measured, after as long a warm-up. */
  seconds: number;
}

/** What a server did under load. */
export interface LoadMeasurement extends LoadResult {
  /** CPU time of the server in milliseconds for each request. */
  cpu: number;
  /** Resident memory at the end, in bytes. */
  memory: number;
  /** Bytes by which resident memory grew for each 10,000 requests. */
  growth: number;
}

/** Starts a server, loads it with one request, and stops it. */
export async function measureLoad(setting: LoadSetting, request: LoadRequest): Promise<LoadMeasurement> {
  const { bundle, workers, connections, seconds } = setting;
  return await withServer([bundle, "--port", "0", "--workers", String(workers)], async ({ url, pid }) => {
    await load(url, request, connections, seconds);
    const before = cpuTimes(pid).own;
    const { memory, result } = await watchMemory(pid, load(url, request, connections, seconds));
    return {
      ...result,
      cpu: (cpuTimes(pid).own - before) / result.requests,
      memory: memory.at(-1)!,
      growth: growth(memory) * 10_000 / result.requests,
    };
  });
}

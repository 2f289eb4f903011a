/**
 * The answer to `GET /metrics`.
 *
 * @module
 */

import { expose, EXPOSITION_TYPE, type Family } from "../metrics/exposition.ts";
import type { Metrics } from "../metrics/metrics.ts";
import type { ModelRegistry, ModelStatus } from "../models/model_registry.ts";
import { textResponse } from "../response.ts";

/** Memory of the process in bytes, as `Deno.memoryUsage()` and `process.memoryUsage()` tell it. */
export interface MemoryUsage {
  /** All of the process. */
  rss: number;
  /** Used on the JavaScript heap. */
  heapUsed: number;
  /** Outside the heap, such as array buffers. */
  external: number;
}

/**
 * Writes down all metrics of a server.
 *
 * @param metrics Its instruments.
 * @param models Its models.
 * @param memory Memory of the process, where the host tells it.
 */
export function metricsResponse(metrics: Metrics, models: ModelRegistry, memory: MemoryUsage | undefined): Response {
  const families = [
    ...Object.values(metrics).map((instrument: Metrics[keyof Metrics]) => instrument.family()),
    ...modelFamilies(models.list()),
    ...(memory === undefined ? [] : memoryFamilies(memory)),
  ];
  return textResponse(expose(families), EXPOSITION_TYPE, { headers: { "cache-control": "no-store" } });
}

function modelFamilies(models: readonly ModelStatus[]): Family[] {
  const family = (
    name: string,
    help: string,
    type: Family["type"],
    read: (status: ModelStatus) => number | undefined,
  ): Family => ({
    name,
    help,
    type,
    samples: models.flatMap((status) => {
      const value = read(status);
      return value === undefined ? [] : [{ labels: { model: status.name, version: status.version }, value }];
    }),
  });
  return [
    family("octet_model_ready", "Whether a model is loaded", "gauge", ({ state }) => Number(state === "ready")),
    family("octet_model_load_seconds", "Time that the last loading took", "gauge", ({ loadSeconds }) => loadSeconds),
    family("octet_model_loads_total", "Times that a model was loaded", "counter", ({ loads }) => loads),
    family("octet_model_load_failures_total", "Times that loading failed", "counter", ({ failures }) => failures),
    family("octet_model_traps_total", "Times that a model was discarded", "counter", ({ traps }) => traps),
  ];
}

function memoryFamilies({ rss, heapUsed, external }: MemoryUsage): Family[] {
  const gauge = (name: string, help: string, value: number): Family => ({
    name,
    help,
    type: "gauge",
    samples: [{ labels: {}, value }],
  });
  return [
    gauge("process_resident_memory_bytes", "Resident memory of the process", rss),
    gauge("octet_heap_used_bytes", "Memory used on the JavaScript heap", heapUsed),
    gauge("octet_external_memory_bytes", "Memory outside the JavaScript heap", external),
  ];
}

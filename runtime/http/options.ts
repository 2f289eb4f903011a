/**
 * What a server may be told, and what it does where it is told nothing.
 *
 * @module
 */

import { DEFAULT_MAX_PIXELS } from "../../image/decode_image.ts";
import { InputRangeError } from "../errors.ts";
import { createMetrics, type Metrics } from "./metrics/metrics.ts";
import type { LogEntry } from "./observe.ts";
import type { MemoryUsage } from "./protocol/metrics_response.ts";

/** Limits of a server, and where it reports. */
export interface HandlerOptions {
  /** Most bytes of a request's body, both as sent and decompressed; 16 MiB if absent. */
  maxBodyBytes?: number;
  /** Milliseconds in which a body must arrive; 30,000 if absent. */
  bodyMilliseconds?: number;
  /** Fewest bytes per second of a body that is arriving, over 2.5 seconds; 1,000 if absent. */
  minBytesPerSecond?: number;
  /** Most bytes of all bodies that are at hand together; 256 MiB if absent. */
  maxBufferedBytes?: number;
  /** Most pixels of an image; 25 million if absent. */
  maxPixels?: number;
  /** Most samples in a request with tensors; 256 if absent. */
  maxSamples?: number;
  /** Whether browsers are shown a page at `/` that lets people try the models; true if absent. */
  page?: boolean;
  /** Whether clients may have the bundles, which the page needs to run them in the browser; true if absent. */
  downloads?: boolean;
  /** Instruments that count and time; new ones if absent. */
  metrics?: Metrics;
  /** Tells the memory of the process, such as `Deno.memoryUsage`; not measured if absent. */
  memory?: () => MemoryUsage;
  /**
   * Whether a request that waits for a model is given up where its client goes away, by `Request.signal`; false if
   * absent. `Deno.serve` needs `--unstable-no-legacy-abort` for it and, from 2.8.3 to 2.9.6, does not tell it of
   * requests with a body of more than a kilobyte.
   */
  cancel?: boolean;
  /** Whether more requests are wanted, as `/v2/health/ready` tells; always if absent. */
  ready?: () => boolean;
  /** Receives an entry for each request; none is made if absent. */
  log?: (entry: LogEntry) => void;
  /** Receives errors that no client has caused, with the id of the request; written to the console if absent. */
  onError?: (error: unknown, id: string | undefined) => void;
}

/** All that a server is told but where it reports. */
export type HandlerSettings =
  & Required<Omit<HandlerOptions, "memory" | "log" | "onError">>
  & Pick<HandlerOptions, "memory">;

const LIMITS = {
  maxBodyBytes: 16 * 2 ** 20,
  bodyMilliseconds: 30_000,
  minBytesPerSecond: 1000,
  maxBufferedBytes: 2 ** 28,
  maxPixels: DEFAULT_MAX_PIXELS,
  maxSamples: 256,
} as const satisfies Partial<HandlerOptions>;

/**
 * Completes options.
 *
 * @param options What the server was told.
 * @throws {InputRangeError} If a limit is not a positive number.
 */
export function completeOptions(options: HandlerOptions): HandlerSettings {
  const limits = Object.entries(LIMITS).map(([name, otherwise]) => {
    const value = options[name as keyof typeof LIMITS] ?? otherwise;
    if (!(value > 0)) throw new InputRangeError(`${name} must be a positive number, not ${value}`);
    return [name, value];
  });
  return {
    ...Object.fromEntries(limits) as Record<keyof typeof LIMITS, number>,
    page: options.page ?? true,
    downloads: options.downloads ?? true,
    metrics: options.metrics ?? createMetrics(),
    ...(options.memory && { memory: options.memory }),
    cancel: options.cancel ?? false,
    ready: options.ready ?? (() => true),
  };
}

/**
 * The handler of a server.
 *
 * @module
 */

import { compress } from "npm:hono@4.13.19/compress";
import { requestId } from "npm:hono@4.13.19/request-id";
import { Hono } from "npm:hono@4.13.19/tiny";
import { DEFAULT_MAX_PIXELS } from "../../image/decode_image.ts";
import { InputRangeError } from "../errors.ts";
import type { Exchange } from "./exchange.ts";
import { errorResponse, HttpError, quote } from "./http_error.ts";
import { createMetrics, type Metrics } from "./metrics/metrics.ts";
import type { MemoryUsage } from "./protocol/metrics_response.ts";
import type { ModelRegistry } from "./models/model_registry.ts";
import { asEncoded } from "./response.ts";
import { type LogEntry, observe } from "./observe.ts";
import { type Answer, createRoutes } from "./routes.ts";

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

/** Answers a request. */
export type Handler = (request: Request) => Promise<Response>;

/** Types of the responses that are worth compressing. */
const COMPRESSED_TYPES = /^(?:application\/(?:json|octet-stream|wasm)|text\/)/;

/**
 * Makes the handler of a server, to be given to `Deno.serve` or its like.
 *
 * It answers the Open Inference Protocol under `/v2`, `POST /classify` with an
 * image, a page to try it at `/`, `GET /metrics`, and `GET /openapi.json`, which describes them all. It
 * uses nothing but what is standard on the web. It never throws: failures are
 * responses `{"error": message}`.
 *
 * @param models The models.
 * @param options Limits, and where to report.
 * @returns The handler.
 * @throws {RangeError} If a limit is not a positive number.
 */
export function createHandler(models: ModelRegistry, options: HandlerOptions = {}): Handler {
  const { metrics = createMetrics(), memory, log, onError = console.error } = options;
  const limit = (
    name: "maxBodyBytes" | "bodyMilliseconds" | "minBytesPerSecond" | "maxBufferedBytes" | "maxPixels" | "maxSamples",
    otherwise: number,
  ) => {
    const value = options[name] ?? otherwise;
    if (!(value > 0)) throw new InputRangeError(`${name} must be a positive number, not ${value}`);
    return value;
  };
  const routes = createRoutes(models, {
    body: {
      maxBytes: limit("maxBodyBytes", 16 * 2 ** 20),
      milliseconds: limit("bodyMilliseconds", 30_000),
      bytesPerSecond: limit("minBytesPerSecond", 1000),
    },
    maxBufferedBytes: limit("maxBufferedBytes", 2 ** 28),
    maxPixels: limit("maxPixels", DEFAULT_MAX_PIXELS),
    maxSamples: limit("maxSamples", 256),
    page: options.page ?? true,
    downloads: options.downloads ?? true,
    metrics,
    memory,
    cancel: options.cancel ?? false,
    ready: options.ready ?? (() => true),
  });

  const app = new Hono<{ Variables: Exchange }>();
  app.use(observe(metrics, log), requestId(), compress({ contentTypeFilter: COMPRESSED_TYPES }));
  for (const [path, methods] of Object.entries(routes)) route(app, path, methods);
  app.notFound(() => {
    throw new HttpError(404, "No such path");
  });
  app.onError((error, context) => {
    const expected = error instanceof HttpError;
    if (!expected) onError(error, context.var.requestId);
    context.set("reason", expected ? error.reason : "internal");
    return errorResponse(error);
  });
  return async (request) => {
    try {
      return asEncoded(await app.fetch(request));
    } catch (error) {
      onError(error, undefined);
      return errorResponse(error);
    }
  };
}

/** Answers a path by method, and any other method with 405. */
function route(app: Hono<{ Variables: Exchange }>, path: string, methods: Readonly<Record<string, Answer>>): void {
  const pattern = path.replace(/\{(\w+)\}/g, ":$1");
  app.use(pattern, async (context, next) => {
    context.set("route", path);
    await next();
  });
  for (const [method, answer] of Object.entries(methods)) app.on(method, pattern, answer);
  const allow = Object.keys(methods).flatMap((method) => method === "GET" ? ["GET", "HEAD"] : [method]).join(", ");
  app.all(pattern, (context) => {
    throw new HttpError(405, `Method ${quote(context.req.method)} is not allowed here`, { headers: { allow } });
  });
}

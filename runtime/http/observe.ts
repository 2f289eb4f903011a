/**
 * Counting, timing and logging of requests.
 *
 * @module
 */

import type { MiddlewareHandler } from "npm:hono@4.13.19";
import type { Exchange } from "./exchange.ts";
import type { FailureReason } from "./http_error.ts";
import type { Metrics } from "./metrics/metrics.ts";

/** A line of the log. It holds nothing of a body, a query, or a path beyond its route. */
export interface LogEntry {
  /** When the request came, in ISO 8601. */
  time: string;
  /** Id of the request, as in the response's header `x-request-id`. */
  id: string;
  /** Method. */
  method: string;
  /** Path with names of parameters in their place, "other" where there is no such path. */
  route: string;
  /** Name of the model, where there is one. */
  model?: string;
  /** Status of the response. */
  status: number;
  /** Milliseconds from the request to the response. */
  milliseconds: number;
  /** Bytes of the request's body that were read. */
  received: number;
  /** Bytes of the response's body; absent where it is compressed on its way. */
  sent?: number;
  /** Why the request failed, if it did. */
  reason?: FailureReason;
}

const METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];

/**
 * Makes the outermost step of a handler.
 *
 * @param metrics Counts and times each request.
 * @param log Receives an entry for each request, if given.
 */
export function observe(
  metrics: Metrics,
  log: ((entry: LogEntry) => void) | undefined,
): MiddlewareHandler<{ Variables: Exchange }> {
  let inFlight = 0;
  return async (context, next) => {
    const start = performance.now();
    const time = new Date().toISOString();
    metrics.inFlight.set({}, ++inFlight);
    try {
      await next();
    } finally {
      metrics.inFlight.set({}, --inFlight);
    }
    const elapsed = performance.now() - start;
    const { requestId: id, route = "other", model, received = 0, reason } = context.var;
    context.res.headers.set("x-request-id", id);
    const { status, headers } = context.res;
    const { method } = context.req;
    const labels = { route, method: METHODS.includes(method) ? method : "other", status: String(status) };
    metrics.requests.add(labels);
    metrics.requestSeconds.observe({ route }, elapsed / 1000);
    if (reason !== undefined) metrics.failures.add({ reason });
    if (log === undefined) return;
    const length = method === "HEAD" ? "0" : headers.get("content-length");
    log({
      time,
      id,
      method,
      route,
      ...(model !== undefined && { model }),
      status,
      milliseconds: Math.round(elapsed * 1000) / 1000,
      received,
      ...(length !== null && { sent: Number(length) }),
      ...(reason !== undefined && { reason }),
    });
  };
}

/**
 * Errors that become responses.
 *
 * @module
 */

import { jsonResponse } from "./response.ts";

/** What made a request fail, as metrics and logs name it. */
export type FailureReason = typeof FAILURE_REASONS[number];

/** All reasons: what the client did, then what the server did. */
export const FAILURE_REASONS = [
  "bad_request",
  "not_found",
  "method_not_allowed",
  "timeout",
  "broken_off",
  "too_large",
  "unsupported",
  "cancelled",
  "queue_full",
  "trap",
  "not_finite",
  "internal",
  "unavailable",
] as const;

const REASONS: Readonly<Record<number, FailureReason>> = {
  404: "not_found",
  405: "method_not_allowed",
  408: "timeout",
  413: "too_large",
  415: "unsupported",
  429: "queue_full",
  499: "cancelled",
  500: "internal",
  503: "unavailable",
};

/** More about a request that failed. */
export interface HttpErrorOptions {
  /** Headers of the response besides the content type. */
  headers?: Readonly<Record<string, string>>;
  /** Reason; what the status says if absent. */
  reason?: FailureReason;
}

/** A request that gets an error response. */
export class HttpError extends Error {
  /** Status code, 400 to 599. */
  readonly status: number;
  /** Headers of the response besides the content type. */
  readonly headers: Readonly<Record<string, string>>;
  /** Why, for metrics and logs. */
  readonly reason: FailureReason;

  /**
   * Makes the error.
   *
   * @param status Status code.
   * @param message What the client is told.
   * @param options Headers and reason.
   */
  constructor(status: number, message: string, options: HttpErrorOptions = {}) {
    super(message);
    this.name = "HttpError";
    this.status = status;
    this.headers = options.headers ?? {};
    this.reason = options.reason ?? REASONS[status] ?? "bad_request";
  }
}

/**
 * Makes the response to a request that failed.
 *
 * @param error What was thrown. Only the message of an `HttpError` is told to the client.
 * @returns A response `{"error": message}` that nothing on its way keeps or changes.
 */
export function errorResponse(error: unknown): Response {
  const { status, message, headers } = error instanceof HttpError ? error : new HttpError(500, "Internal error");
  // Not compressed either: clients of the protocol read errors as they come.
  return jsonResponse({ error: message }, {
    status,
    headers: { ...headers, "cache-control": "no-store, no-transform" },
  });
}

/**
 * Quotes text of a client for a message, shortened if it is long.
 *
 * @param text Any text.
 * @returns A JSON string of at most 100 characters of it.
 */
export function quote(text: string): string {
  return JSON.stringify(text.length > 100 ? `${text.slice(0, 100)}…` : text);
}

/**
 * Lists names for a message.
 *
 * @param names Any names.
 * @returns The first ten, quoted.
 */
export function quoteAll(names: readonly string[]): string {
  const shown = names.slice(0, 10).map(quote).join(" or ");
  return names.length > 10 ? `${shown} or ${names.length - 10} more` : shown;
}

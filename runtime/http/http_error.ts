/**
 * Errors that become responses.
 *
 * @module
 */

/** A request that gets an error response. */
export class HttpError extends Error {
  /** Status code, 400 to 599. */
  readonly status: number;
  /** Headers of the response besides the content type. */
  readonly headers: Readonly<Record<string, string>>;

  /** @param status Status code. @param message What the client is told. @param headers More headers. */
  constructor(status: number, message: string, headers: Record<string, string> = {}) {
    super(message);
    this.name = "HttpError";
    this.status = status;
    this.headers = headers;
  }
}

/**
 * Makes a JSON response.
 *
 * @param body What is sent.
 * @param init Status, 200 if absent, and more headers.
 * @returns The response.
 */
export function jsonResponse(
  body: unknown,
  init: { status?: number; headers?: Readonly<Record<string, string>> } = {},
): Response {
  return new Response(JSON.stringify(body), {
    status: init.status ?? 200,
    headers: { ...init.headers, "content-type": "application/json", "x-content-type-options": "nosniff" },
  });
}

/**
 * Makes the response to a request that failed.
 *
 * @param error What was thrown. Only the message of an `HttpError` is told to the client.
 * @param report Receives any other error.
 * @returns A response `{"error": message}`.
 */
export function errorResponse(error: unknown, report: (error: unknown) => void): Response {
  if (error instanceof HttpError) {
    return jsonResponse({ error: error.message }, { status: error.status, headers: error.headers });
  }
  report(error);
  return jsonResponse({ error: "Internal error" }, { status: 500 });
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

/**
 * Responses whose length is known.
 *
 * @module
 */

/** Status and headers of a response. */
export interface ResponseOptions {
  /** Status code; 200 if absent. */
  status?: number;
  /** Headers besides the type and the length. */
  headers?: Readonly<Record<string, string>>;
}

/** What a page may do: nothing but show itself. */
const PAGE_HEADERS: Readonly<Record<string, string>> = {
  "content-security-policy": "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-resource-policy": "same-origin",
  "permissions-policy": "camera=(), geolocation=(), microphone=()",
  "referrer-policy": "no-referrer",
  "x-frame-options": "DENY",
};

/**
 * Makes a response of bytes.
 *
 * @param body What is sent.
 * @param type Media type.
 * @param options Status and more headers.
 * @returns The response, whose type no browser may guess.
 */
export function bytesResponse(body: Uint8Array<ArrayBuffer>, type: string, options: ResponseOptions = {}): Response {
  return new Response(body, {
    status: options.status ?? 200,
    headers: {
      "content-type": type,
      "content-length": String(body.length),
      "x-content-type-options": "nosniff",
      ...options.headers,
    },
  });
}

/**
 * Makes a response of text.
 *
 * @param body What is sent.
 * @param type Media type.
 * @param options Status and more headers.
 */
export function textResponse(body: string, type: string, options: ResponseOptions = {}): Response {
  return bytesResponse(new TextEncoder().encode(body), type, options);
}

/**
 * Makes a JSON response.
 *
 * @param body What is sent.
 * @param options Status and more headers.
 */
export function jsonResponse(body: unknown, options: ResponseOptions = {}): Response {
  return textResponse(JSON.stringify(body), "application/json", options);
}

/**
 * Makes a response that a browser shows as a page, with headers that forbid it
 * scripts, frames, cameras and other origins.
 *
 * @param body What is sent.
 * @param type Media type.
 * @param headers Headers that replace the forbidding ones where a page needs more.
 */
export function pageResponse(body: string, type: string, headers: Readonly<Record<string, string>> = {}): Response {
  return textResponse(body, type, { headers: { ...PAGE_HEADERS, ...headers } });
}

/**
 * Tells the host that a body with a content encoding is encoded already.
 *
 * Cloudflare's runtime would encode it once more; others know no such setting.
 *
 * @param response Any response.
 * @returns The same response.
 */
export function asEncoded(response: Response): Response {
  if (!response.headers.has("content-encoding")) return response;
  const { body, status, statusText, headers } = response;
  const encoded: ResponseInit & { encodeBody: "manual" } = { status, statusText, headers, encodeBody: "manual" };
  return new Response(body, encoded);
}

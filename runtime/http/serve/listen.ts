/**
 * The HTTP server of the command `serve`.
 *
 * It is `node:http`, not `Deno.serve`: that of Deno 2.8.3 to 2.9.6 does not tell
 * where a client goes away whose request had a body of more than a kilobyte.
 *
 * @module
 */

import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { getRequestListener, RequestError } from "npm:@hono/node-server@2.1.9";
import type { Handler } from "../handler.ts";
import { errorResponse, HttpError } from "../http_error.ts";
import { trackConnections } from "./connections.ts";
import { requestBody } from "./request_body.ts";

/** A running server. */
export interface HttpServer {
  /** Port that it listens on. */
  port: number;
  /**
   * Ends it: takes no connection, closes those without a request at once, and each other one when its request has its
   * response, or when the time is over.
   *
   * @param milliseconds Time for requests under way.
   */
  close(milliseconds: number): Promise<void>;
}

/** Longer than the proxies in front of a server keep connections that they may use at any time. */
const KEEP_ALIVE_MILLISECONDS = 75_000;

/**
 * Starts a server.
 *
 * @param handler Answers requests; the signal of a request is aborted where its client goes away.
 * @param port Port to listen on, 0 for any free one.
 * @param hostname Address to listen on.
 * @throws {Error} Where it cannot listen.
 */
export async function listen(handler: Handler, port: number, hostname: string): Promise<HttpServer> {
  const answer = getRequestListener((request, { incoming }) => {
    if (request.method !== "GET" && request.method !== "HEAD") withBody(request, incoming as IncomingMessage);
    return handler(request);
  }, {
    hostname: "localhost", // of requests that name none, which HTTP/1.0 allows
    overrideGlobalObjects: false,
    errorHandler: (error) => errorResponse(error instanceof RequestError ? new HttpError(400, error.message) : error),
  });
  const connections = trackConnections();
  const server = createServer({ keepAliveTimeout: KEEP_ALIVE_MILLISECONDS }, (incoming, outgoing) => {
    connections.note(incoming.socket, outgoing);
    answer(incoming, outgoing);
  });
  server.on("connection", connections.add);
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, hostname, resolve);
  });
  return {
    port: (server.address() as AddressInfo).port,
    async close(milliseconds) {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      connections.closeIdle();
      const timer = setTimeout(connections.closeAll, milliseconds);
      await closed;
      clearTimeout(timer);
    },
  };
}

/** Gives a request another stream of its body, made when it is asked for. */
function withBody(request: Request, incoming: IncomingMessage): void {
  let body: ReadableStream<Uint8Array> | undefined;
  Object.defineProperty(request, "body", { get: () => body ??= requestBody(incoming) });
}

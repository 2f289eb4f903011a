/**
 * The handler of a server.
 *
 * @module
 */

import { compress } from "npm:hono@4.13.19/compress";
import { requestId } from "npm:hono@4.13.19/request-id";
import { Hono } from "npm:hono@4.13.19/tiny";
import type { Exchange } from "./exchange.ts";
import { errorResponse, HttpError, quote } from "./http_error.ts";
import type { ModelRegistry } from "./models/model_registry.ts";
import { observe } from "./observe.ts";
import { completeOptions, type HandlerOptions } from "./options.ts";
import { asEncoded } from "./response.ts";
import { type Answer, createRoutes } from "./routes.ts";

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
 * @throws {InputRangeError} If a limit is not a positive number.
 */
export function createHandler(models: ModelRegistry, options: HandlerOptions = {}): Handler {
  const { log, onError = console.error } = options;
  const settings = completeOptions(options);
  const routes = createRoutes(models, settings);

  const app = new Hono<{ Variables: Exchange }>();
  app.use(observe(settings.metrics, log), requestId(), compress({ contentTypeFilter: COMPRESSED_TYPES }));
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

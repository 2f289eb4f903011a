/**
 * The server's routes.
 *
 * @module
 */

import type { Context } from "npm:hono@4.13.19";
import { Hono } from "npm:hono@4.13.19/tiny";
import { classify, parseClassifyQuery } from "./classify.ts";
import { describeModel, describeServer, help } from "./describe.ts";
import { errorResponse, HttpError, jsonResponse, quote } from "./http_error.ts";
import { infer } from "./infer.ts";
import { readBody } from "./read_body.ts";
import type { ServedModel, ServedModels } from "./served_model.ts";

/** Limits of a server. */
export interface HandlerOptions {
  /** Most bytes of a request's body; 16 MiB if absent. */
  maxBodyBytes?: number;
  /** Milliseconds in which a body must arrive; 10,000 if absent. */
  bodyMilliseconds?: number;
  /** Most pixels of an image; 50 million if absent. */
  maxPixels?: number;
  /** Receives errors that no client has caused; written to the console if absent. */
  onError?: (error: unknown) => void;
}

/** Answers a request. */
export type Handler = (request: Request) => Promise<Response>;

/**
 * Makes the handler of a server, to be given to `Deno.serve` or its like.
 *
 * It answers `POST /v2/models/{name}/infer`, `POST /classify` with a JPEG or
 * PNG body, the protocol's health and metadata endpoints, and `GET /` with a
 * help text. It never throws: failures are responses `{"error": message}`.
 *
 * @param models Models by name; may change while the server runs.
 * @param options Limits.
 * @returns The handler.
 * @throws {RangeError} If a limit is not a positive number.
 */
export function createHandler(models: ServedModels, options: HandlerOptions = {}): Handler {
  const maxBytes = positive(options.maxBodyBytes ?? 16 * 2 ** 20, "maxBodyBytes");
  const milliseconds = positive(options.bodyMilliseconds ?? 10_000, "bodyMilliseconds");
  const maxPixels = positive(options.maxPixels ?? 50_000_000, "maxPixels");
  const report = options.onError ?? console.error;
  const body = (context: Context) => readBody(context.req.raw, { maxBytes, milliseconds });

  const app = new Hono();
  route(app, "/", { GET: () => help(models) });
  route(app, "/v2", { GET: () => jsonResponse(describeServer()) });
  route(app, "/v2/health/live", { GET: () => jsonResponse({ live: true }) });
  route(app, "/v2/health/ready", {
    GET: () => jsonResponse({ ready: models.size > 0 }, { status: models.size > 0 ? 200 : 503 }),
  });
  route(app, "/v2/models/:name", {
    GET: (context) => jsonResponse(describeModel(...findModel(models, context))),
  });
  route(app, "/v2/models/:name/ready", {
    GET: (context) => jsonResponse({ name: findModel(models, context)[0], ready: true }),
  });
  route(app, "/v2/models/:name/infer", {
    POST: async (context) => {
      const [name, model] = findModel(models, context);
      if (context.req.header("inference-header-content-length") !== undefined) {
        throw new HttpError(415, "Binary tensor data are not accepted, only JSON");
      }
      return infer(await body(context), name, model);
    },
  });
  route(app, "/classify", {
    POST: async (context) => {
      const query = parseClassifyQuery(new URL(context.req.url).searchParams);
      return await classify(await body(context), query, models, { maxPixels });
    },
  });
  app.notFound(() => {
    throw new HttpError(404, "No such path");
  });
  app.onError((error) => errorResponse(error, report));
  return async (request) => {
    try {
      return await app.fetch(request);
    } catch (error) {
      return errorResponse(error, report);
    }
  };
}

/** Answers a path by method, and any other method with 405. */
function route(
  app: Hono,
  path: string,
  methods: Record<string, (context: Context) => Response | Promise<Response>>,
): void {
  for (const [method, answer] of Object.entries(methods)) app.on(method, path, answer);
  const allowed = Object.keys(methods).flatMap((method) => method === "GET" ? ["GET", "HEAD"] : [method]).join(", ");
  app.all(path, (context) => {
    throw new HttpError(405, `Method ${quote(context.req.method)} is not allowed here`, { allow: allowed });
  });
}

function findModel(models: ServedModels, context: Context): [string, ServedModel] {
  const name = context.req.param("name") ?? "";
  const model = models.get(name);
  if (model === undefined) throw new HttpError(404, `Unknown model ${quote(name)}`);
  return [name, model];
}

function positive(value: number, name: string): number {
  if (!(value > 0)) throw new RangeError(`${name} must be a positive number, not ${value}`);
  return value;
}

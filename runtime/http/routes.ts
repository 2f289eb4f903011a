/**
 * The server's paths and what answers them.
 *
 * @module
 */

import { createByteBudget } from "./body/byte_budget.ts";
import { imageUpload } from "./body/image_upload.ts";
import { type BodyLimits, readBody } from "./body/read_body.ts";
import { classify, parseClassifyQuery } from "./classify.ts";
import { describeModel, describeServer, help } from "./describe.ts";
import type { ExchangeContext } from "./exchange.ts";
import { findFile, findModel, findModelByQuery, modelNames, versionsOf } from "./models/find_model.ts";
import type { LoadedModel, ModelRegistry } from "./models/model_registry.ts";
import { queueFull } from "./models/queue_full.ts";
import { describeApi } from "./openapi.ts";
import type { HandlerSettings } from "./options.ts";
import { bundleResponse, offeredModels } from "./page/offered_models.ts";
import { pageFile, showPage, wantsPage } from "./page/page_response.ts";
import { infer } from "./protocol/infer.ts";
import { metricsResponse } from "./protocol/metrics_response.ts";
import { JSON_LENGTH_HEADER } from "./protocol/tensor_bytes.ts";
import { jsonResponse } from "./response.ts";

/** Answers a request. */
export type Answer = (context: ExchangeContext) => Response | Promise<Response>;

/** Answers by method, by path; parameters of a path are in braces. */
export type Routes = Readonly<Record<string, Readonly<Record<string, Answer>>>>;

/**
 * Makes the answers to all paths.
 *
 * @param models The models.
 * @param settings Limits and metrics.
 */
export function createRoutes(models: ModelRegistry, settings: HandlerSettings): Routes {
  const { maxPixels, maxSamples, metrics } = settings;
  const api = describeApi();
  const openShare = createByteBudget(settings.maxBufferedBytes);
  const limits: BodyLimits = {
    maxBytes: settings.maxBodyBytes,
    milliseconds: settings.bodyMilliseconds,
    bytesPerSecond: settings.minBytesPerSecond,
  };

  async function find(context: ExchangeContext): Promise<LoadedModel> {
    return note(context, await findModel(models, context.req.param("name") ?? "", context.req.param("version")));
  }

  /** Answers with a model by the request's body, which is not read where too many wait already. */
  async function answer(
    context: ExchangeContext,
    found: LoadedModel,
    use: (body: Uint8Array<ArrayBuffer>, signal: AbortSignal | undefined) => Promise<Response>,
  ): Promise<Response> {
    const request = context.req.raw;
    if (found.model.full?.()) {
      await request.body?.cancel();
      throw queueFull(found.name);
    }
    const share = openShare();
    try {
      const { bytes, received } = await readBody(request, limits, share, tensorsStart(request));
      context.set("received", received);
      return await use(bytes, settings.cancel ? request.signal : undefined);
    } finally {
      share.close();
    }
  }

  const model = {
    "": {
      GET: async (context: ExchangeContext) => {
        const found = await find(context);
        return jsonResponse(describeModel(found, versionsOf(models, found.name)));
      },
    },
    "/ready": {
      GET: async (context: ExchangeContext) => jsonResponse({ name: (await find(context)).name, ready: true }),
    },
    "/bundle": {
      GET: async (context: ExchangeContext) => {
        const [name, version] = [context.req.param("name") ?? "", context.req.param("version")];
        const file = await findFile(models, name, version, settings.downloads);
        context.set("model", name);
        return bundleResponse(file, context.req.header("if-none-match"));
      },
    },
    "/infer": {
      POST: async (context: ExchangeContext) => {
        const found = await find(context);
        const jsonLength = context.req.header(JSON_LENGTH_HEADER);
        return await answer(
          context,
          found,
          (body, signal) => infer(body, jsonLength, found, { maxSamples, metrics, signal }),
        );
      },
    },
  };
  const under = (prefix: string) =>
    Object.fromEntries(Object.entries(model).map(([path, methods]) => [prefix + path, methods]));

  return {
    "/": {
      GET: (context) =>
        settings.page && wantsPage(context.req.header("accept")) ? showPage() : help(modelNames(models)),
    },
    ...(settings.page && {
      "/octet/models.json": { GET: () => jsonResponse({ models: offeredModels(models, settings.downloads) }) },
      "/octet/{file}": {
        GET: (context: ExchangeContext) =>
          pageFile(context.req.param("file") ?? "", context.req.header("if-none-match")),
      },
    }),
    "/classify": {
      POST: async (context) => {
        const query = parseClassifyQuery(new URL(context.req.url).searchParams);
        const found = note(context, await findModelByQuery(models, query.model, query.version));
        return await answer(context, found, async (body, signal) => {
          const file = await imageUpload(body, context.req.header("content-type"));
          return await classify(file, found, { top: query.top, maxPixels, metrics, signal });
        });
      },
    },
    "/v2": { GET: () => jsonResponse(describeServer()) },
    "/v2/health/live": { GET: () => jsonResponse({ live: true }) },
    "/v2/health/ready": {
      GET: () => {
        const ready = settings.ready() && models.list().some(({ state }) => state !== "failed");
        return jsonResponse({ ready }, { status: ready ? 200 : 503 });
      },
    },
    "/v2/models": { GET: () => jsonResponse({ models: modelNames(models) }) },
    ...under("/v2/models/{name}"),
    ...under("/v2/models/{name}/versions/{version}"),
    "/metrics": { GET: () => metricsResponse(metrics, models, settings.memory?.()) },
    "/openapi.json": { GET: () => jsonResponse(api) },
  };
}

function note(context: ExchangeContext, found: LoadedModel): LoadedModel {
  context.set("model", found.name);
  return found;
}

/** Position of the first binary tensor in a body; 0 if there is none. */
function tensorsStart({ headers }: Request): number {
  const length = Number(headers.get(JSON_LENGTH_HEADER) ?? 0);
  return Number.isSafeInteger(length) && length > 0 ? length : 0;
}

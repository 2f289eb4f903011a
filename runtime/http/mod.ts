/**
 * The HTTP server: a handler for requests with tensors and images.
 *
 * @module
 */

export { decodeImage, type DecodeOptions } from "../../image/decode_image.ts";
export { ImageError, type ImageFault } from "../../image/image_error.ts";
export { createEdgeFunction, type EdgeFunction } from "./edge.ts";
export { createHandler, type Handler } from "./handler.ts";
export type { HandlerOptions } from "./options.ts";
export { FAILURE_REASONS, type FailureReason, HttpError, type HttpErrorOptions } from "./http_error.ts";
export { bundleLoader, type BundleLoaderOptions, type LoadedSource } from "./models/load_bundle.ts";
export type { BundleCache, CachedFile } from "./models/source/bundle_cache.ts";
export type { CacheChoice } from "./models/source/open_bundle_cache.ts";
export type { SourceOptions } from "./models/source/read_bundle_source.ts";
export type { Family, Labels } from "./metrics/exposition.ts";
export type { Counter, Gauge, Histogram } from "./metrics/instruments.ts";
export { createMetrics, type Metrics } from "./metrics/metrics.ts";
export type { MemoryUsage } from "./protocol/metrics_response.ts";
export * from "./models/model_registry.ts";
export type { LogEntry } from "./observe.ts";
export { RefusedError, serveModel } from "./models/served_model.ts";
export type { Awaitable, ClassifiedFile, ClassifyFileOptions, RunOptions, ServedModel } from "./models/served_model.ts";
export type { Bundle } from "../bundle/read.ts";
export { InputError } from "../errors.ts";
export type { ExecutorOptions } from "../executor.ts";
export type { KernelBuild } from "../kernels/build.ts";
export type { ModelPort, Prediction, Tensor } from "../model.ts";
export type { Preprocessing } from "../preprocessing.ts";
export type { Pixels } from "../resize_image.ts";
export type { BundleSource } from "../source.ts";

/**
 * The HTTP server: a handler for requests with tensors and images.
 *
 * @module
 */

export { decodeImage, type DecodeOptions } from "./decode_image.ts";
export { createHandler, type Handler, type HandlerOptions } from "./handler.ts";
export type { ServedModel, ServedModels } from "./served_model.ts";
export type { ModelPort, Prediction, Tensor } from "../model.ts";
export type { Preprocessing } from "../preprocessing.ts";
export type { Pixels } from "../resize_image.ts";

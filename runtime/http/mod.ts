/**
 * The HTTP server: a handler for requests with tensors and images.
 *
 * @module
 */

export { decodeImage, type DecodeOptions } from "./decode_image.ts";
export { createHandler, type Handler, type HandlerOptions } from "./handler.ts";
export type { ServedModel, ServedModels } from "./served_model.ts";

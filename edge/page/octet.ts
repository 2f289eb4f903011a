/**
 * The runtime as a module for browsers, `/octet/octet.js` of a server: networks
 * as `octet` exports them, and the decoder of images.
 *
 * @module
 */

export * from "../../runtime/mod.ts";
export { decodeImage, type DecodeOptions } from "../../image/decode_image.ts";

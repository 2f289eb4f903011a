/**
 * Writes small ONNX files for tests.
 *
 * @module
 */

export * from "../../calibrate/onnx/encode.ts";

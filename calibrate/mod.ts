/**
 * Calibration of float ONNX networks into 8-bit bundles.
 *
 * @module
 */

export * from "./calibrate.ts";
export * from "./onnx/import.ts";

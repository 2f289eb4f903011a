/**
 * Calibration of float ONNX networks into 8-bit bundles.
 *
 * @example From a float network to a bundle
 * ```ts ignore
 * import { calibrate, importOnnx } from "@octet/octet/calibrate";
 *
 * const graph = importOnnx(await Deno.readFile("network.onnx"), { name: "network" });
 * const { bundle, report } = await calibrate(graph, { data: "samples.npy" });
 * await Deno.writeFile("network.octet", bundle);
 * console.log(report.layers);
 * ```
 *
 * @module
 */

export * from "./calibrate.ts";
export { compareMethods, type ComparisonOptions, type MethodBundle } from "./compare/compare.ts";
export type { ComparedRow, Comparison, Spread } from "./compare/comparison.ts";
export { COMPARED_METHODS, type ComparedMethod, selectMethods } from "./compare/methods.ts";
export type { Activation } from "../runtime/activation.ts";
export type {
  CalibrationDetails,
  ChannelShifts,
  CurvePoint,
  LayerCost,
  LayerShift,
  Range,
  TensorDetails,
  WorstSample,
} from "./report/details.ts";
export type { Dataset, Sample } from "./dataset/dataset.ts";
export * from "./dataset/open_dataset.ts";
export * from "./evaluate.ts";
export * from "./float_model.ts";
export * from "./graph/graph.ts";
export * from "./onnx/errors.ts";
export * from "./onnx/import.ts";
export type { Shard } from "./observe/shard.ts";
export * from "./observe_shard.ts";
export type { Accuracy } from "./accuracy.ts";
export type { ProgressListener } from "../cli/progress.ts";
export type { CalibrationReport, LayerReport } from "./report/report.ts";
export type { DropReport, KeptLayer, PrecisionReport, RankedLayer } from "./report/describe_precision.ts";
export type { SessionOptions } from "./stages/session.ts";
export type {
  CalibrationSettings,
  CorrectionMode,
  CorrectionTarget,
  ScaleMethod,
  WeightBits,
  WeightError,
  WeightGranularity,
  WeightRounding,
} from "./settings.ts";

/**
 * Calibration of float ONNX networks into 8-bit bundles, and what can be told of both.
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

export type { ProgressListener } from "../cli/progress.ts";
export type { Accuracy } from "./accuracy.ts";
export { calibrate, type CalibrationOptions, type CalibrationResult, type FreeNetwork } from "./calibrate.ts";
export type { Lengths } from "./program/fit_sizes.ts";
export { compareMethods, type ComparisonOptions, type MethodBundle } from "./compare/compare.ts";
export type { ComparedRow, Comparison, Measured, RowAccuracy } from "./compare/comparison.ts";
export { COMPARED_METHODS, type ComparedMethod, selectMethods } from "./compare/methods.ts";
export type { Classes } from "./dataset/classes.ts";
export type { Dataset, Sample } from "./dataset/dataset.ts";
export { type DatasetOptions, openDataset } from "./dataset/open_dataset.ts";
export { evaluate, type Evaluation } from "./evaluate.ts";
export type { Estimate } from "./estimate.ts";
export type { Fidelity } from "./fidelity.ts";
export { exportOnnx } from "./export/export_onnx.ts";
export { floatModel } from "./float_model.ts";
export type { Graph } from "./graph/graph.ts";
export {
  type BundleBytes,
  type BundleDescription,
  type BundleLayer,
  describeBundle,
} from "./inspect/describe_bundle.ts";
export { describeNetwork, type NetworkDescription, type NetworkLayer } from "./inspect/describe_network.ts";
export type { Shard } from "./observe/shard.ts";
export { observeShard, type ShardOptions } from "./observe_shard.ts";
export {
  OnnxError,
  type Refusal,
  UnsupportedNetworkError,
  type UnsupportedOperator,
  type UnsupportedPart,
} from "./onnx/errors.ts";
export { externalDataBeside } from "./external_data.ts";
export type { ReadExternalData } from "./onnx/external_data.ts";
export { importOnnx, type ImportOptions } from "./onnx/import.ts";
export type { Dimensions } from "./onnx/read_inputs.ts";
export { type LayerProfile, type Profile, type ProfileOptions, profileProgram } from "./profile/profile.ts";
export type { DropReport, PrecisionReport, RankedLayer } from "./report/describe_precision.ts";
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
export type { OutlierReport, OutliersReport } from "./report/outliers.ts";
export type { Provenance } from "./report/provenance.ts";
export type { CalibrationReport, LayerReport } from "./report/report.ts";
export type {
  CalibrationSettings,
  CorrectionMode,
  CorrectionTarget,
  PrecisionLevel,
  ScaleMethod,
  WeightBits,
  WeightError,
  WeightGranularity,
  WeightRounding,
} from "./settings.ts";
export type { Precision } from "./stages/refine_layers.ts";
export type { SessionOptions } from "./stages/session.ts";

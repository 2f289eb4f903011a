/**
 * Calibration: from a float graph and samples to a bundle and a report.
 *
 * @module
 */

import { InputError } from "../runtime/errors.ts";
import type { FreeSize, OutputKind } from "../runtime/program.ts";
import { evenlySpread } from "./evenly_spread.ts";
import { kindOfClasses } from "./fidelity.ts";
import type { Graph } from "./graph/graph.ts";
import { findOutliers } from "./observe/outliers.ts";
import { checkOutputKind, findOutputKind } from "./output_kind.ts";
import { fitSizes, type Lengths } from "./program/fit_sizes.ts";
import { lower } from "./program/lower.ts";
import { collectDetails } from "./report/collect_details.ts";
import { describePrecision } from "./report/describe_precision.ts";
import type { CalibrationDetails } from "./report/details.ts";
import { describeOutliers, OutputErrors } from "./report/outliers.ts";
import { describeProvenance } from "./report/provenance.ts";
import { type CalibrationReport, makeReport } from "./report/report.ts";
import { type CalibrationSettings, completeSettings } from "./settings.ts";
import { comparePrograms } from "./stages/compare_programs.ts";
import { joinStatistics } from "./stages/join_statistics.ts";
import { checkKeepFloat } from "./stages/refine_layers.ts";
import { leaveOutOutliers } from "./stages/leave_out_outliers.ts";
import { observeSamples, surveyedNames } from "./stages/observe_samples.ts";
import { quantizeMixed } from "./stages/quantize_mixed.ts";
import { readBack } from "./stages/read_back.ts";
import { sampleWarnings } from "./stages/sample_warnings.ts";
import { type SessionOptions, withSession } from "./stages/session.ts";
import { checkLength, checkNames, writeNetwork } from "./write_network.ts";

/** How a network is calibrated. */
export interface CalibrationOptions extends SessionOptions, Partial<CalibrationSettings> {
  /** What the first output is, stored in the bundle; found from the graph where absent. */
  outputKind?: OutputKind;
  /** Whether samples are left out whose values are not finite, or far larger than all others'; false by default. */
  dropOutliers?: boolean;
  /** Sizes that stay free in the bundle; none where absent. */
  free?: FreeNetwork;
  /** Paths of the statistics of all shards, which are taken instead of observing the samples. */
  merge?: readonly string[];
  /** Whether to collect what a page about the calibration shows; false by default. */
  details?: boolean;
}

/** A network whose bundle takes inputs of several sizes. */
export interface FreeNetwork {
  /** The sizes that stay free. */
  sizes: readonly FreeSize[];
  /** Imports the network at given lengths. */
  importAt(lengths: Lengths): Graph;
}

/** A calibrated network. */
export interface CalibrationResult {
  /** The bundle. */
  bundle: Uint8Array<ArrayBuffer>;
  /** Accuracy, size, and where the error arises. */
  report: CalibrationReport;
  /** What a page shows in addition, where it was asked for. */
  details?: CalibrationDetails;
}

/** Most samples without labels on which layers are compared. */
const MOST_COMPARED_SAMPLES = 128;

/**
 * Calibrates a network: observes it, chooses scales, quantises weights,
 * corrects statistics layer by layer, and measures the result.
 *
 * The same network, samples and options give the same bundle, on every host
 * and with any number of workers.
 *
 * @throws {RangeError} Where samples are missing or hold values that are not numbers, or a setting is out of range.
 * @throws {TypeError} Where the network cannot be calibrated on such samples.
 */
export async function calibrate(network: Graph, options: CalibrationOptions): Promise<CalibrationResult> {
  const settings = completeSettings(options);
  checkKeepFloat(network, settings.keepFloat);
  if (options.dropOutliers && options.merge) {
    throw new InputError("Outliers cannot be dropped from statistics of shards: leave their samples out of the data");
  }
  checkNames(network, options.classes);
  const { free } = options;
  if (free) {
    if (options.preprocessing) throw new InputError("A network that images are prepared for cannot have free sizes");
    fitSizes(free.sizes, (lengths) => lower(free.importAt(lengths)));
  }
  return await withSession(network, options, async (whole) => {
    checkLength(whole.network.float);
    const { session, dropped } = options.dropOutliers ? await leaveOutOutliers(whole) : { session: whole, dropped: [] };
    const { samples, labels } = session;
    const statistics = options.merge ? await joinStatistics(session, options.merge) : await observeSamples(session);
    const mixed = await quantizeMixed(session, statistics, settings);
    const { quantized } = mixed;
    const { program } = quantized;
    const programs = settings.usp === "off" ? [program] : [quantized.uncorrected(), program];
    const { summaries } = statistics;
    const peaks = summaries.map(({ peaks }) => peaks);
    const outliers = findOutliers(surveyedNames(session.network), samples, peaks);
    const spread = labels ? samples : evenlySpread(samples, MOST_COMPARED_SAMPLES);
    const compared = [...new Set([...spread, ...outliers.map(({ sample }) => sample)])].sort((a, b) => a - b);
    const errors = new OutputErrors(network.outputs[0].value);
    const collector = options.details ? collectDetails(session) : undefined;
    const listeners = [errors, ...(collector ? [collector.listener] : [])];
    const outputKind = options.outputKind ?? findOutputKind(network);
    const kind = kindOfClasses(network.outputs[0].shape, outputKind);
    const comparisons = await comparePrograms(session, { programs, kind }, compared, listeners);

    const notes = {
      settings,
      kept: mixed.kept,
      samples: statistics.part.total,
      preprocessing: session.preprocessing,
      classes: options.classes ?? session.classes,
      outputKind,
    };
    const written = free ? fitSizes(free.sizes, (lengths) => quantized.at(free.importAt(lengths))) : program;
    const bundle = await writeNetwork(written, notes);
    const scores = await readBack(bundle, program, await session.dataset.sample(samples[0]));
    const precision = describePrecision(mixed, settings, labels !== undefined);
    const [before, after] = [comparisons[0], comparisons[comparisons.length - 1]];
    const layers = makeReport({ graph: network, quantized, before, after, bundleBytes: bundle.length });
    const far = describeOutliers(outliers, dropped, errors, session.dataset.nameOf);
    const warnings = [
      ...sampleWarnings(session, statistics, outliers),
      ...checkOutputKind(scores, notes.outputKind, options.outputKind !== undefined),
    ];
    const report = {
      ...layers,
      provenance: await describeProvenance(bundle, statistics, settings),
      ...(far && { outliers: far }),
      ...(warnings.length > 0 && { warnings }),
      ...precision,
    };
    const details = await collector?.finish(statistics, mixed, report, settings);
    return { bundle, report, ...(details && { details }) };
  });
}

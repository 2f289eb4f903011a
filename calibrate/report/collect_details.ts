/**
 * Collects what a page about a calibration shows, while it is calibrated.
 *
 * @module
 */

import { constantBytes } from "../../runtime/bundle/format.ts";
import { decibels } from "../decibels.ts";
import { layersOf } from "../graph/layers.ts";
import type { Statistics } from "../observe/statistics.ts";
import { type Profile, profileProgram } from "../profile/profile.ts";
import type { Lowered } from "../program/lower.ts";
import { type CalibrationSettings, describeMethods } from "../settings.ts";
import type { ComparisonListener } from "../stages/compare_programs.ts";
import type { MixedNetwork } from "../stages/quantize_mixed.ts";
import type { Session } from "../stages/session.ts";
import { describeShifts } from "./channel_shifts.ts";
import type { CalibrationDetails, LayerCost, LayerShift, WorstSample } from "./details.ts";
import type { CalibrationReport } from "./report.ts";
import { describeTensors } from "./tensor_details.ts";
import { addPictures, worstSamples } from "./worst_samples.ts";

/** Collects the details of one calibration. */
export interface DetailsCollector {
  /** Watches the comparison of the float program with those before and after USP. */
  listener: ComparisonListener;
  /** Makes the details once the samples are compared. */
  finish(
    statistics: Statistics,
    mixed: MixedNetwork,
    report: CalibrationReport,
    settings: CalibrationSettings,
  ): Promise<CalibrationDetails>;
}

/** Runs that are timed. */
const RUNS = 20;

/** Begins to collect. */
export function collectDetails(session: Session): DetailsCollector {
  const { network, planning, labels, classes, dataset } = session;
  const { graph, float } = network;
  const layers = layersOf(graph);
  const output = graph.outputs[0].value;
  const seen: WorstSample[] = [];
  let shifts: LayerShift[] = [];

  return {
    listener: {
      channels: layers.map(({ output }) => ({ name: output, channels: graph.values.get(output)!.shape.at(-1)! })),
      take({ signal, best, programs }, sample) {
        const last = programs.at(-1)!;
        const sqnr = decibels(signal.get(output) ?? 0, last.noise.get(output) ?? 0);
        seen.push({ sample, sqnr, float: best, quantized: last.best, ...(labels && { label: labels[sample] }) });
      },
      finish(channels) {
        shifts = describeShifts(channels, new Map(layers.map(({ output, name }) => [output, name])));
      },
    },

    async finish(statistics, { quantized, kept }, report, settings) {
      const worst = worstSamples(seen);
      const { shape } = graph.inputs[0];
      const pictured = dataset.kind === "pixels" ? await addPictures(worst, dataset, [shape[2], shape[3]]) : worst;
      const [floatProfile, profile] = [await timeRuns(float), await timeRuns(quantized.program)];
      return {
        methods: methodsOf(settings, kept, statistics.part.total),
        ...(classes && { classes }),
        milliseconds: {
          float: floatProfile.milliseconds,
          quantized: profile.milliseconds,
          kernels: profile.kernels,
        },
        costs: costsOf(report, quantized.program, profile),
        tensors: await describeTensors(network, statistics, quantized, planning),
        shifts,
        worst: pictured,
      };
    },
  };
}

async function timeRuns(program: Lowered): Promise<Profile> {
  return await profileProgram(program, { runs: RUNS });
}

function methodsOf(settings: CalibrationSettings, kept: MixedNetwork["kept"], samples: number): string {
  const { weights, scales, usp, uspTarget } = settings;
  const statistics = usp === "off" ? "no USP" : `USP ${usp}${uspTarget === "bn" ? " to BatchNormalization's own" : ""}`;
  const others = describeMethods(settings, kept);
  return [`${weights} weights`, `scales by ${scales}`, statistics, ...(others ? [others] : []), `${samples} samples`]
    .join(
      "; ",
    );
}

/** The cost of each of the report's layers: of all steps with its name. */
function costsOf(report: CalibrationReport, { program }: Lowered, { layers }: Profile): LayerCost[] {
  const costs = new Map<string, LayerCost>();
  const known = new Set<number>();
  for (const [index, step] of program.steps.entries()) {
    const cost = costs.get(step.name) ?? { bytes: 0, milliseconds: 0 };
    costs.set(step.name, cost);
    cost.milliseconds += layers[index].milliseconds;
    for (const constant of step.constants) {
      if (!known.has(constant)) cost.bytes += constantBytes(program.constants[constant]);
      known.add(constant);
    }
  }
  return report.layers.map(({ name }) => costs.get(name) ?? { bytes: 0, milliseconds: 0 });
}

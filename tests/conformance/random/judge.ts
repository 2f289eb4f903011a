/**
 * Holds Octet's answers to a network against onnxruntime's.
 *
 * @module
 */

import type { Graph } from "../../../calibrate/graph/graph.ts";
import type { Tensor } from "../../../runtime/model.ts";
import { normal, random } from "../../support/random.ts";
import { askFloat, askImport, type Failure } from "../ask_octet.ts";
import { difference } from "../tolerance.ts";
import { askCalibrated, LEAST_SQNR } from "./ask_calibrated.ts";
import type { DrawnNetwork } from "./draw_network.ts";
import type { Onnxruntime, Question, Reference } from "./onnxruntime.ts";

/**
 * What comes of a network: "same"; a failure; "wrong" where Octet's answer is
 * another one, or onnxruntime runs into an error that Octet does not see; "poor"
 * where a calibrated network is not like the float one, which may be its own; "no
 * reference" where onnxruntime refuses the network and Octet does not.
 */
export type Verdict = { kind: "same" } | { kind: "wrong" | "poor" | "no reference"; reason: string } | Failure;

/** Few roundings of float32, of the value and of the largest one that may have taken part in it. */
const TOLERANCE = { relative: 1e-5, ofLargest: 4e-6 };

/** How far inputs are moved to see how far answers move, as a share of each. */
const PERTURBATION = 2 ** -20;

/** A network with what is asked and onnxruntime's answers. */
export interface Judged {
  network: DrawnNetwork;
  question: Question;
  references: readonly Reference[];
  onnxruntime: Onnxruntime;
}

/** Judges a network. */
export async function judge(
  { network, question, references, onnxruntime }: Judged,
): Promise<Verdict> {
  const graph = askImport(question.bytes, "network");
  if ("kind" in graph) return graph;
  const isFree = graph.inputs.some((port) => port.batched);
  const asked = isFree
    ? question.sets
    : question.sets.filter((inputs) =>
      graph.inputs.every(({ name, shape }) => inputs[name]?.shape.join() === shape.join())
    );
  const answer = await askFloat(graph, asked);
  if (answer.kind !== "answered") return answer;
  for (const [index, outputs] of answer.outputs.entries()) {
    const reference = references[question.sets.indexOf(asked[index])];
    if ("error" in reference) {
      if (references.every((other) => "error" in other)) return { kind: "no reference", reason: reference.error };
      return { kind: "wrong", reason: `Set ${index} is an error in onnxruntime: ${reference.error}` };
    }
    const reason = firstDifference(outputs, reference.outputs, TOLERANCE);
    if (reason && !await isUnsettled({ ...question, sets: [asked[index]] }, outputs, reference.outputs, onnxruntime)) {
      return { kind: "wrong", reason: `Set ${index}: ${reason}` };
    }
  }
  const isCalibrated = network.seed % CALIBRATED_SHARE === 0 && graph.inputs.length === 1;
  return isCalibrated ? await judgeCalibrated(network, graph, answer.outputs, asked) : { kind: "same" };
}

/** One network in so many is calibrated. */
const CALIBRATED_SHARE = 8;

async function judgeCalibrated(
  network: DrawnNetwork,
  graph: Graph,
  float: Record<string, Tensor>[],
  asked: Record<string, Tensor>[],
): Promise<Verdict> {
  const quality = await askCalibrated(network, graph, float, asked);
  if (quality.kind === "refused") return { kind: "same" };
  if (quality.kind !== "calibrated") return { ...quality, reason: `Calibrated: ${quality.reason}` };
  const { decibels, settings } = quality;
  return decibels < LEAST_SQNR
    ? { kind: "poor", reason: `${decibels.toFixed(1)} dB with ${settings}` }
    : { kind: "same" };
}

function firstDifference(
  got: Record<string, Tensor>,
  expected: Record<string, Tensor>,
  tolerance: { relative: number; ofLargest: number },
): string | undefined {
  for (const [name, tensor] of Object.entries(expected)) {
    const reason = difference(got[name], tensor, tolerance);
    if (reason) return `Output "${name}" ${reason}`;
  }
  return undefined;
}

/**
 * Whether inputs that differ in their last bits move onnxruntime's own answer as
 * far as Octet's is away: then the network itself does not settle more digits.
 */
async function isUnsettled(
  question: Question,
  got: Record<string, Tensor>,
  expected: Record<string, Tensor>,
  onnxruntime: Onnxruntime,
): Promise<boolean> {
  const draw = random(1);
  const moved = Array.from({ length: 4 }, () =>
    Object.fromEntries(
      Object.entries(question.sets[0]).map(([name, { shape, data }]) => [
        name,
        { shape, data: data.map((value) => value * (1 + normal(draw) * PERTURBATION)) },
      ]),
    ));
  const [answers] = await onnxruntime.ask([{ bytes: question.bytes, sets: moved }]);
  return Object.entries(expected).every(([name, tensor]) => {
    const { shape, data } = got[name] ?? { shape: [], data: [] };
    if (shape.join() !== tensor.shape.join()) return false;
    let [reach, largest] = [0, 0];
    for (const answer of answers) {
      if ("error" in answer) return false;
      answer.outputs[name].data.forEach((value, i) => reach = Math.max(reach, Math.abs(value - tensor.data[i]) || 0));
    }
    for (const value of tensor.data) if (Number.isFinite(value)) largest = Math.max(largest, Math.abs(value));
    const allowed = TOLERANCE.ofLargest * largest + 4 * reach;
    return tensor.data.every((value, i) =>
      Object.is(value, data[i]) || value === data[i] ||
      Math.abs(value - data[i]) <= allowed + TOLERANCE.relative * Math.abs(value)
    );
  });
}

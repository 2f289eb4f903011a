/**
 * Holds Octet's answers to a network against onnxruntime's.
 *
 * @module
 */

import type { Graph } from "../../../calibrate/graph/graph.ts";
import type { Tensor } from "../../../runtime/model.ts";
import { normal, random } from "../../support/random.ts";
import { askFloat, askImport, type Failure } from "../ask_octet.ts";
import { difference, type Tolerance } from "../tolerance.ts";
import { askCalibrated, LEAST_SQNR } from "./ask_calibrated.ts";
import { KNOWN_DIFFERENCES } from "./differences.ts";
import { bytesOf, type DrawnNetwork } from "./draw_network.ts";
import type { Onnxruntime, Question, Reference } from "./onnxruntime.ts";

/**
 * What comes of a network: "same"; a failure; "wrong" where Octet's answer is
 * another one, or onnxruntime runs into an error that Octet does not see; "known"
 * where the difference is one of the known ones; "poor"
 * where a calibrated network is not like the float one, which may be its own; "no
 * reference" where onnxruntime refuses the network and Octet does not.
 */
export type Verdict =
  | { kind: "same" }
  | { kind: "wrong" | "known" | "poor" | "no reference"; reason: string }
  | Failure;

/**
 * Few roundings of float32: of the value, of the largest one that may have taken
 * part in it, and of 1, as onnxruntime's Sigmoid, Tanh and Erf are no nearer:
 * times 20, where they gate a value, before they are all 0 or 1.
 */
const TOLERANCE: Tolerance = { relative: 1e-5, ofLargest: 1e-5, absolute: 2e-6 };

/** How far inputs and constants are moved to see how far answers move, as a share of each. */
const PERTURBATION = 2 ** -21;

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
    if (reason && !await isUnsettled(network, asked[index], outputs, reference.outputs, onnxruntime)) {
      const known = KNOWN_DIFFERENCES.find(({ isOf }) => network.spec.nodes.some(isOf));
      return known ? { kind: "known", reason: known.reason } : { kind: "wrong", reason: `Set ${index}: ${reason}` };
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
  tolerance: Tolerance,
): string | undefined {
  for (const [name, tensor] of Object.entries(expected)) {
    const reason = difference(got[name], tensor, tolerance);
    if (reason) return `Output "${name}" ${reason}`;
  }
  return undefined;
}

/**
 * Whether inputs and constants that differ in their last bits move onnxruntime's
 * own answer as far as Octet's is away: then the network itself does not settle
 * more digits.
 */
async function isUnsettled(
  network: DrawnNetwork,
  inputs: Record<string, Tensor>,
  got: Record<string, Tensor>,
  expected: Record<string, Tensor>,
  onnxruntime: Onnxruntime,
): Promise<boolean> {
  const draw = random(1);
  const move = (values: ArrayLike<number>) =>
    Float32Array.from(values, (value) => value * (1 + normal(draw) * PERTURBATION));
  const moved = Object.fromEntries(
    Object.entries(inputs).map(([name, { shape, data }]) => [name, { shape, data: move(data) }]),
  );
  const questions = Array.from({ length: 6 }, () => ({
    bytes: bytesOf({ ...network, spec: withConstants(network.spec, move) }),
    sets: [moved],
  }));
  const answers = (await onnxruntime.ask(questions)).flat();
  return Object.entries(expected).every(([name, tensor]) => {
    const { shape, data } = got[name] ?? { shape: [], data: [] };
    if (shape.join() !== tensor.shape.join()) return false;
    let [reach, largest] = [0, 0];
    for (const answer of answers) {
      if ("error" in answer || answer.outputs[name].shape.join() !== shape.join()) continue;
      answer.outputs[name].data.forEach((value, i) => reach = Math.max(reach, Math.abs(value - tensor.data[i]) || 0));
    }
    for (const value of tensor.data) if (Number.isFinite(value)) largest = Math.max(largest, Math.abs(value));
    const allowed = TOLERANCE.ofLargest * largest + TOLERANCE.absolute + 4 * reach;
    return tensor.data.every((value, i) =>
      Object.is(value, data[i]) || value === data[i] ||
      Number.isFinite(value) && Math.abs(value - data[i]) <= allowed + TOLERANCE.relative * Math.abs(value)
    );
  });
}

/** A network with other float32 constants, also those that nodes hold. */
function withConstants(
  spec: DrawnNetwork["spec"],
  change: (values: ArrayLike<number>) => Float32Array,
): DrawnNetwork["spec"] {
  const constants = Object.entries(spec.constants ?? {}).map(([name, constant]) =>
    [name, constant.floats ? { ...constant, floats: change(constant.floats) } : constant] as const
  );
  const nodes = spec.nodes.map((node) => {
    const value = node.attributes?.value;
    if (typeof value !== "object" || !("tensor" in value) || value.tensor.dataType !== FLOAT32) return node;
    const rawData = new Uint8Array(change(new Float32Array(value.tensor.rawData!.slice().buffer)).buffer);
    return { ...node, attributes: { ...node.attributes, value: { tensor: { ...value.tensor, rawData } } } };
  });
  return { ...spec, constants: Object.fromEntries(constants), nodes };
}

const FLOAT32 = 1;

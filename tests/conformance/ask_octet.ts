/**
 * What Octet says to an ONNX file and inputs.
 *
 * @module
 */

import { importOnnx } from "../../calibrate/mod.ts";
import type { Graph } from "../../calibrate/graph/graph.ts";
import { lower } from "../../calibrate/program/lower.ts";
import { writeBundle } from "../../runtime/bundle/write.ts";
import { isInputError } from "../../runtime/errors.ts";
import type { KernelBuild } from "../../runtime/kernels/build.ts";
import { chooseBuild } from "../../runtime/kernels/instance.ts";
import { Model, type Tensor } from "../../runtime/model.ts";

/**
 * How a network ended without an answer. "refused" is at import, with a reason;
 * "refused late" is a reason that came after the import; "internal error" is a
 * defect: an error that no reader was meant to see, or builds that disagree.
 */
export type Failure = { kind: "refused" | "refused late" | "internal error"; reason: string };

/** What Octet says: outputs for each set of inputs, or a failure. */
export type Answer = { kind: "answered"; outputs: Record<string, Tensor>[] } | Failure;

/** The builds of the kernels that run here. */
const BUILDS: readonly KernelBuild[] = chooseBuild() === "relaxed" ? ["relaxed", "simd128"] : ["simd128"];

/** Sorts an error that came after the import: words of Octet's own or a defect. */
export function sortLate(error: unknown): Failure {
  return { kind: isInputError(error) ? "refused late" : "internal error", reason: describe(error) };
}

function describe(error: unknown): string {
  return error instanceof Error ? `${error.name}: ${error.message}` : String(error);
}

/** Imports a file. */
export function askImport(onnx: Uint8Array, name: string): Graph | Failure {
  try {
    return importOnnx(onnx, { name });
  } catch (error) {
    return { kind: isInputError(error) ? "refused" : "internal error", reason: describe(error) };
  }
}

/** Runs the float program of a graph on each set of inputs, on all builds that run here. */
export async function askFloat(graph: Graph, inputs: readonly Record<string, Tensor>[]): Promise<Answer> {
  try {
    const { program, data } = lower(graph);
    return await askBundle(await writeBundle(program, data), inputs);
  } catch (error) {
    return sortLate(error);
  }
}

/** Runs a bundle on each set of inputs, on all builds that run here. */
export async function askBundle(
  bundle: Uint8Array<ArrayBuffer>,
  inputs: readonly Record<string, Tensor>[],
): Promise<Answer> {
  try {
    const answers: Record<string, Tensor>[][] = [];
    for (const kernels of BUILDS) {
      const model = await Model.load(bundle, { kernels });
      answers.push(inputs.map((sample) => model.run(sample)));
    }
    const [outputs, ...others] = answers;
    for (const other of others) {
      if (hash(other) !== hash(outputs)) {
        return { kind: "internal error", reason: "The builds of the kernels disagree" };
      }
    }
    return { kind: "answered", outputs };
  } catch (error) {
    return sortLate(error);
  }
}

/** The bits of all outputs; one kind of NaN is as good as another. */
function hash(answers: readonly Record<string, Tensor>[]): string {
  return answers.map((outputs) =>
    Object.entries(outputs).map(([name, { shape, data }]) => `${name}[${shape}]${Array.from(data, bits)}`)
  ).join();
}

function bits(value: number): string {
  return Object.is(value, -0) ? "-0" : String(value);
}

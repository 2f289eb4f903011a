/**
 * What became of each node test, held against the list of those that pass.
 *
 * @module
 */

import { decodeTensor } from "../../calibrate/onnx/decode_tensor.ts";
import type { Tensor } from "../../runtime/model.ts";
import { askFloat, askImport, type Failure } from "./ask_octet.ts";
import { type CaseNetwork, type Form, FORMS, networksOf, type NodeCase, readCases } from "./node_cases.ts";
import { NODE_DIFFERENCES } from "./node_differences.ts";
import type { NodeSuite } from "./node_suite.ts";
import { difference } from "./tolerance.ts";

/** What became of a test in a form. */
export type Result = { kind: "passed" } | { kind: "wrong"; reason: string } | Failure;

/** A result with the test and form that it is of: the name as in the list. */
export interface NamedResult {
  name: string;
  form: Form;
  result: Result;
}

/** ONNX's own runner compares with 1e-3 of the value. */
const TOLERANCE = { relative: 1e-4, ofLargest: 1e-6, absolute: 0 };

/** Runs all tests of a suite in all forms. A test that passes as written is not asked for with inputs bound. */
export async function runSuite({ folder }: NodeSuite): Promise<NamedResult[]> {
  const results: NamedResult[] = [];
  for (const test of readCases(folder)) {
    let refused = true;
    for (const form of FORMS) {
      if (form === "bound" && !refused) continue;
      const result = await runForm(test, form);
      if (!result) continue;
      if (form === "as written") refused = result.kind === "refused";
      results.push({ name: form === "as written" ? test.name : `${test.name} (${form})`, form, result });
    }
  }
  return results;
}

async function runForm(test: NodeCase, form: Form): Promise<Result | undefined> {
  let result: Result | undefined;
  for (const network of networksOf(test, form)) {
    result = await runNetwork(network, test.name);
    if (result.kind !== "refused") break;
  }
  return result;
}

async function runNetwork({ bytes, inputs, outputs }: CaseNetwork, name: string): Promise<Result> {
  const graph = askImport(bytes, name);
  if ("kind" in graph) return graph;
  const answer = await askFloat(graph, [toTensors(inputs)]);
  if (answer.kind !== "answered") return answer;
  for (const [port, proto] of Object.entries(outputs)) {
    const reason = difference(answer.outputs[0][port], decodeTensor(proto, port), TOLERANCE);
    if (reason) return { kind: "wrong", reason: `Output "${port}" ${reason}` };
  }
  return { kind: "passed" };
}

function toTensors(protos: CaseNetwork["inputs"]): Record<string, Tensor> {
  return Object.fromEntries(
    Object.entries(protos).map(([name, proto]) => {
      const { shape, data } = decodeTensor(proto, name);
      return [name, { shape, data: Float32Array.from(data) }];
    }),
  );
}

/** Whether a result is one of the known differences. */
export function isKnown({ name, result }: NamedResult): boolean {
  return result.kind === "wrong" && name.replace(/ \(.*/, "") in NODE_DIFFERENCES;
}

function isFine(entry: NamedResult): boolean {
  return entry.result.kind === "passed" || entry.result.kind === "refused" || isKnown(entry);
}

/** Where results are not what the list of passing tests says. */
export function complaints(results: readonly NamedResult[], list: ReadonlySet<string>, suite: NodeSuite): string[] {
  const found: string[] = [];
  const seen = new Set<string>();
  for (const entry of results) {
    const { name, result } = entry;
    seen.add(name);
    const reason = result.kind === "passed" ? "" : `: ${result.reason}`;
    if (result.kind === "passed" && !list.has(name)) found.push(`${name} passes and is not listed`);
    else if (!isFine(entry)) found.push(`${name} is ${describeKind(result)}${reason}`);
    else if (result.kind !== "passed" && list.has(name)) found.push(`${name} is listed and ${result.kind}${reason}`);
  }
  if (suite.complete) {
    for (const name of list) if (!seen.has(name)) found.push(`${name} is listed and was not run`);
  }
  return found;
}

function describeKind({ kind }: Result): string {
  return kind === "internal error" ? "an internal error" : kind;
}

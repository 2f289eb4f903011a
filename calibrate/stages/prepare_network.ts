/**
 * What a calibration knows of a network before it sees a sample.
 *
 * @module
 */

import { InputError } from "../../runtime/errors.ts";
import { toHex } from "../../runtime/hexadecimal.ts";
import type { FormChoice } from "../graph/form.ts";
import type { Graph } from "../graph/graph.ts";
import { chooseForms } from "../program/forms.ts";
import { lower, type Lowered } from "../program/lower.ts";
import { type ParameterGroup, parameterGroups } from "../quantize/observed_values.ts";

/** A network made ready for calibration. */
export interface PreparedNetwork {
  /** The float graph. */
  graph: Graph;
  /** Where its values are 8 bits and where float. */
  forms: FormChoice;
  /** Values that share their parameters. */
  groups: ParameterGroup[];
  /** Layers whose weights keep 8 bits where others have 4, by the names of their outputs. */
  wide: ReadonlySet<string>;
  /** The float program, lowered with probes. */
  float: Lowered;
}

/**
 * Chooses forms and lowers the float program.
 *
 * @throws {TypeError} Where the network has more than one input.
 */
export function prepareNetwork(graph: Graph): PreparedNetwork {
  if (graph.inputs.length !== 1) {
    throw new InputError(
      `Network "${graph.name}" has ${graph.inputs.length} inputs: calibration takes networks with one`,
    );
  }
  const forms = chooseForms(graph);
  return {
    graph,
    forms,
    groups: parameterGroups(graph, forms),
    wide: new Set(),
    float: lower(graph, { probes: true }),
  };
}

/** SHA-256 in hexadecimal of everything that settles a network's float values; its name does not count. */
export async function hashNetwork({ float: { program, data } }: PreparedNetwork): Promise<string> {
  return await sha256(JSON.stringify({ ...program, name: "", data: await sha256(data) }));
}

async function sha256(content: string | Uint8Array): Promise<string> {
  const bytes = typeof content === "string" ? new TextEncoder().encode(content) : content as Uint8Array<ArrayBuffer>;
  return toHex(new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)));
}

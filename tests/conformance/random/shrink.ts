/**
 * Makes a network that fails smaller while it fails in the same way.
 *
 * @module
 */

import type { NodeSpec } from "../../../calibrate/onnx/encode.ts";
import type { DrawnNetwork } from "./draw_network.ts";

/** Most candidates that are tried. */
const MOST_TRIES = 400;

/** The smallest network found that still `fails`. */
export async function shrink(
  network: DrawnNetwork,
  fails: (candidate: DrawnNetwork) => Promise<boolean>,
): Promise<DrawnNetwork> {
  let best = tidy(network);
  if (!await fails(best)) return network;
  let tries = 0;
  for (let smaller = true; smaller;) {
    smaller = false;
    for (const candidate of candidates(best)) {
      if (++tries > MOST_TRIES) return best;
      const tidied = tidy(candidate);
      if (size(tidied) < size(best) && await fails(tidied)) {
        best = tidied;
        smaller = true;
        break;
      }
    }
  }
  return best;
}

/** Nodes count most, then outputs, inputs and elements of the inputs. */
function size({ spec, shapes }: DrawnNetwork): number {
  const names = Object.keys(spec.inputs);
  const elements = names.reduce((sum, name) => sum + Math.abs((shapes.get(name) ?? [1]).reduce((a, b) => a * b, 1)), 0);
  return spec.nodes.length * 1e6 + spec.outputs.length * 1e5 + names.length * 1e4 + elements;
}

function* candidates(network: DrawnNetwork): Generator<DrawnNetwork> {
  const { spec, shapes } = network;
  const made = spec.nodes.flatMap((node) => node.outputs).filter((name) => shapes.has(name));
  for (const output of spec.outputs) if (spec.outputs.length > 1) yield withSpec(network, { outputs: [output] });
  for (const name of made) yield withSpec(network, { outputs: [name] });
  for (const name of made) yield cutAbove(network, name);
  for (const node of spec.nodes) {
    for (const input of node.inputs) if (shapes.has(input)) yield bypass(network, node, input);
  }
}

function withSpec(network: DrawnNetwork, change: Partial<DrawnNetwork["spec"]>): DrawnNetwork {
  return { ...network, spec: { ...network.spec, ...change } };
}

/** A value becomes an input. */
function cutAbove(network: DrawnNetwork, name: string): DrawnNetwork {
  const { spec, shapes } = network;
  const shape = shapes.get(name)!.map((length, axis) => length > 0 ? length : axis === 0 && length === -1 ? "N" : 1);
  const nodes = spec.nodes.map((node) => ({
    ...node,
    outputs: node.outputs.map((output) => output === name ? `${name}_cut` : output),
  }));
  return withSpec(network, { nodes, inputs: { ...spec.inputs, [name]: shape } });
}

/** Readers of a node read one of its inputs instead. */
function bypass(network: DrawnNetwork, removed: NodeSpec, input: string): DrawnNetwork {
  const { spec } = network;
  const replace = (name: string) => removed.outputs.includes(name) ? input : name;
  const nodes = spec.nodes.filter((node) => node !== removed)
    .map((node) => ({ ...node, inputs: node.inputs.map(replace) }));
  const outputs = Array.from(new Set(spec.outputs.map(replace))).filter((name) => !(name in spec.inputs));
  return withSpec(network, { nodes, outputs: outputs.length > 0 ? outputs : spec.outputs });
}

/** Without what no output needs. */
function tidy(network: DrawnNetwork): DrawnNetwork {
  const { spec } = network;
  const needed = new Set(spec.outputs);
  const nodes = spec.nodes.toReversed().filter(({ inputs, outputs }) => {
    if (!outputs.some((name) => needed.has(name))) return false;
    for (const name of inputs) needed.add(name);
    return true;
  }).toReversed();
  const only = <T>(record: Record<string, T>) =>
    Object.fromEntries(Object.entries(record).filter(([name]) => needed.has(name)));
  return withSpec(network, { nodes, inputs: only(spec.inputs), constants: only(spec.constants ?? {}) });
}

/**
 * Draws a whole network and inputs for it.
 *
 * @module
 */

import type { Tensor } from "../../../runtime/model.ts";
import { type Random, random as createRandom } from "../../support/random.ts";
import { type ModelSpec, writeOnnx } from "../../support/onnx_writer.ts";
import { chance, createDraft, type Draft, type Drawer, numbers, type Shape } from "./draft.ts";
import { ELEMENTWISE } from "./operators/elementwise.ts";
import { FOLDING } from "./operators/folding.ts";
import { MATRIX } from "./operators/matrix.ts";
import { MOVEMENT } from "./operators/movement.ts";
import { NORMALIZATION } from "./operators/normalization.ts";
import { PATTERNS } from "./operators/patterns.ts";
import { SPATIAL } from "./operators/spatial.ts";

/** A network with inputs to try. */
export interface DrawnNetwork {
  spec: ModelSpec;
  /** Shape of every value, with the free batch as -k. */
  shapes: Map<string, Shape>;
  /** Seed of the inputs. */
  seed: number;
}

const DRAWERS: readonly [Drawer, number][] = [
  ...ELEMENTWISE,
  ...MOVEMENT,
  ...SPATIAL,
  ...MATRIX,
  ...FOLDING,
  ...NORMALIZATION,
  ...PATTERNS,
];
const TOTAL = DRAWERS.reduce((sum, [, weight]) => sum + weight, 0);

/** Sizes of a free batch that are tried. */
const BATCHES = [1, 3, 2];

/** Draws a network; the same one for the same seed. */
export function drawNetwork(seed: number): DrawnNetwork {
  const random = createRandom(seed);
  const draft = createDraft(random, random.integer(9, 21));
  drawInputs(draft);
  const wanted = random.pick([1, 2, 3, 4, 5, 6, 8, 10, 14]);
  for (let tries = 0; draft.nodes.length < wanted && tries < 20 * wanted; tries++) drawerOf(random)(draft);
  const { nodes, inputs, constants, opset } = draft;
  const outputs = drawOutputs(draft);
  const free = (shape: Shape) => shape.map((length) => (length < 0 ? "N" : length));
  const spec = {
    opset,
    nodes,
    constants,
    outputs,
    inputs: Object.fromEntries(Object.entries(inputs).map(([name, shape]) => [name, free(shape)])),
  };
  return { spec, shapes: new Map(draft.values.map(({ name, shape }) => [name, shape])), seed };
}

function drawerOf({ unit }: Random): Drawer {
  let left = unit() * TOTAL;
  for (const [drawer, weight] of DRAWERS) {
    left -= weight;
    if (left < 0) return drawer;
  }
  return DRAWERS[0][0];
}

function drawInputs(draft: Draft): void {
  const { random } = draft;
  const rank = random.pick([1, 2, 2, 3, 3, 4, 4, 4, 4, 4, 4, 5, 6]);
  const most = rank > 4 ? 3 : rank > 2 ? 8 : 12;
  const batch = chance(draft, 0.4) ? -1 : random.pick([1, 1, 1, 2, 4]);
  const shape = [batch, ...Array.from({ length: rank - 1 }, () => random.integer(1, most))];
  const inputs = chance(draft, 0.2) ? 2 : 1;
  for (let index = 0; index < inputs; index++) {
    const own = index === 0
      ? shape
      : shape.map((length) => length > 0 && chance(draft, 0.3) ? random.integer(1, most) : length);
    draft.inputs[`x${index}`] = own;
    draft.values.push({ name: `x${index}`, shape: own });
  }
}

/** What nothing reads, and sometimes what is read as well. */
function drawOutputs(draft: Draft): string[] {
  const read = new Set(draft.nodes.flatMap(({ inputs }) => inputs));
  const made = draft.values.filter(({ name }) => !(name in draft.inputs));
  const outputs = made.filter(({ name }) => !read.has(name) || chance(draft, 0.05)).map(({ name }) => name);
  return outputs.length > 0 ? outputs : [draft.values[draft.values.length - 1].name];
}

/** The bytes of a network's file. */
export function bytesOf({ spec }: DrawnNetwork): Uint8Array {
  return writeOnnx(spec);
}

/** Whether a network takes any number of samples. */
export function isFree({ spec }: DrawnNetwork): boolean {
  return Object.values(spec.inputs).some((shape) => shape.some((length) => typeof length === "string"));
}

/** Sets of inputs: for each batch size where the batch is free, else three of one shape. */
export function drawSamples(network: DrawnNetwork): Record<string, Tensor>[] {
  const draft = createDraft(createRandom(network.seed + 7), 17);
  return BATCHES.map((batch, index) => {
    const spread = [1, 3, 0.3][index];
    return Object.fromEntries(
      Object.entries(network.spec.inputs).map(([name, dims]) => {
        const shape = dims.map((length) => typeof length === "string" ? batch : length);
        const data = Float32Array.from(numbers(draft, shape.reduce((a, b) => a * b, 1), spread));
        return [name, { shape, data }];
      }),
    );
  });
}

/**
 * What the operators' rooms lower their nodes with.
 *
 * @module
 */

import type { Form, FormChoice } from "../graph/form.ts";
import { consumersOf, type Graph, type Node } from "../graph/graph.ts";
import type { QuantizationPlan } from "../plan.ts";
import { createBuilder, type ProgramBuilder } from "./builder.ts";

/** Where a layer's parts lie in a program. */
export interface LayerParts {
  /** Index of the step that computes the layer. */
  step: number;
  /** Index of the constant with the weights. */
  weights: number;
  /** Index of the constant with the bias. */
  bias: number;
  /** Index of the constant with the multipliers, of an 8-bit layer. */
  multiplier?: number;
  /** Tensor of the pre-activation in f32, where the program was lowered with probes. */
  preactivation?: number;
  /** Index of the step that makes the pre-activation, where the program was lowered with probes. */
  probe?: number;
  /** Index of the constant with the bias of that step, of an 8-bit layer. */
  offsets?: number;
}

/** A program as far as it is lowered. */
export interface LowerContext {
  graph: Graph;
  builder: ProgramBuilder;
  /** Decisions of quantisation; absent while a float program is lowered. */
  plan: QuantizationPlan | undefined;
  forms: FormChoice;
  /** Whether layers show their pre-activations. */
  probes: boolean;
  /** Tensor of each value in each form. */
  places: Map<string, Partial<Record<Form, number>>>;
  /** Parts of each layer with weights, by the name of its output. */
  layers: Map<string, LayerParts>;
  /** Transposes to channels last that quantise an input on its way, by the input's name. */
  firstTransposes: ReadonlyMap<string, Node>;
  /** Tensor of a value in a form that was made before. */
  place(value: string, form: Form): number;
  /** Makes the tensor for a value in a form. */
  create(value: string, form: Form): number;
  /** The form in which a node computes its result. */
  form(node: Node): Form;
  /** Shape of a value. */
  shape(value: string): number[];
}

/** Begins to lower a graph. */
export function createContext(
  graph: Graph,
  { plan, forms, probes }: Pick<LowerContext, "plan" | "forms" | "probes">,
): LowerContext {
  const builder = createBuilder();
  const places: LowerContext["places"] = new Map();
  const shape = (value: string) => graph.values.get(value)!.shape;
  return {
    graph,
    builder,
    plan,
    forms,
    probes,
    firstTransposes: findFirstTransposes(graph, forms),
    places,
    layers: new Map(),
    place(value, form) {
      const index = places.get(value)?.[form];
      if (index === undefined) throw new TypeError(`Value "${value}" is not there as ${form}`);
      return index;
    },
    create(value, form) {
      const index = builder.tensor(value, form, shape(value), form === "u8" ? plan!.values.get(value) : undefined);
      places.set(value, { ...places.get(value), [form]: index });
      return index;
    },
    form: (node) => forms.computed.get(node.output)!,
    shape,
  };
}

/** The transposes to channels last that quantise an input on its way and are its only reader, by the input's name. */
function findFirstTransposes(graph: Graph, forms: FormChoice): Map<string, Node> {
  const consumers = consumersOf(graph);
  const outputs = new Set(graph.outputs.map((port) => port.value));
  const found = new Map<string, Node>();
  for (const { value } of graph.inputs) {
    const [reader, ...others] = consumers.get(value) ?? [];
    if (reader?.op !== "transpose" || others.length > 0 || outputs.has(value)) continue;
    const quantises = reader.permutation.join() === "0,2,3,1" && forms.computed.get(reader.output) === "u8";
    if (quantises) found.set(value, reader);
  }
  return found;
}

/**
 * Lowering: from a channels-last graph and the decisions of quantisation to a
 * program.
 *
 * @module
 */

import { joinSteps } from "../../runtime/bundle/upgrade.ts";
import type { Step } from "../../runtime/kernels/registry.ts";
import type { Program } from "../../runtime/program.ts";
import type { Form, FormChoice } from "../graph/form.ts";
import type { Graph, Node } from "../graph/graph.ts";
import type { ProgramBuilder } from "../lower/builder.ts";
import { createContext, type LayerParts, type LowerContext } from "../lower/context.ts";
import { lowerConvert } from "../lower/convert.ts";
import { planMemory } from "../../runtime/bundle/plan_memory.ts";
import { operatorOf } from "../operators/operators.ts";
import type { QuantizationPlan } from "../plan.ts";
import { chooseForms } from "./forms.ts";

/** How a graph is lowered. */
export interface LowerOptions {
  /** Decisions of quantisation; a float program where absent. */
  plan?: QuantizationPlan;
  /** Forms of all values, as chosen for the plan. */
  forms?: FormChoice;
  /** Whether layers show their pre-activations: float layers by separate activation steps, 8-bit layers by probes. */
  probes?: boolean;
}

/** A program with the places of the graph's values in it. */
export interface Lowered {
  program: Program;
  data: Uint8Array;
  /** Tensor of each value in each form. */
  places: Map<string, Partial<Record<Form, number>>>;
  /** For each step, the node that it belongs to: the name of the node's output. */
  owners: string[];
  /** The nodes that are computed, if only within another's step, by the names of their outputs. */
  computed: Set<string>;
  /** Parts of each layer with weights, by the name of its output. */
  layers: Map<string, LayerParts>;
  /** Factors of the values whose channels have grids of their own, by which all tensors of the value are divided. */
  factors: Map<string, Float64Array>;
}

/**
 * Lowers a graph to a program.
 *
 * Every value gets the forms that are needed; a node computes one form, the
 * other is converted from it right after.
 */
export function lower(graph: Graph, options: LowerOptions = {}): Lowered {
  const { plan, probes = false } = options;
  const forms = options.forms ?? chooseForms(graph, plan ? new Set() : "all");
  const context = createContext(graph, { plan, forms, probes });
  const owners: string[] = [];
  const computed = new Set<string>();
  const { steps } = context.builder;
  for (const port of graph.inputs) lowerInput(context, port.value);
  own(owners, context.builder, "");
  for (const node of graph.nodes) {
    if (!context.forms.needed.has(node.output)) continue;
    placeConstants(context, node);
    const count = steps.length;
    operatorOf(node).lower(context, node);
    const isComputed = steps.length > count;
    // A program with probes shows what each node computes before the next one does.
    if (!probes) joinSum(steps, count);
    convertMissing(context, node.output);
    if (isComputed || steps.length > count) computed.add(node.output);
    own(owners, context.builder, node.output);
  }
  const { builder, places, layers } = context;
  const program: Program = {
    name: graph.name,
    inputs: ports(context, graph.inputs),
    outputs: ports(context, graph.outputs),
    tensors: builder.tensors,
    constants: builder.constants,
    steps: builder.steps,
    arenaBytes: 0,
  };
  planMemory(program);
  const factors = new Map(
    plan?.values.entries().flatMap(([value, { factors }]) => factors ? [[value, factors] as const] : []),
  );
  return { program, data: builder.data(), places, owners, computed, layers, factors };
}

/** Makes the step that a node begins with, from `first` on, part of the one before it, where that is a convolution and this adds to it. */
function joinSum(steps: Step[], first: number): void {
  if (steps.length !== first + 1 || first === 0) return;
  const joined = joinSteps(steps[first - 1], steps[first]);
  if (joined) steps.splice(first - 1, 2, joined);
}

function own(owners: string[], builder: ProgramBuilder, owner: string): void {
  while (owners.length < builder.steps.length) owners.push(owner);
}

function ports(context: LowerContext, list: Graph["inputs"]): Program["inputs"] {
  return list.map(({ name, value, shape, batched }) => ({ name, tensor: context.place(value, "f32"), shape, batched }));
}

function lowerInput(context: LowerContext, value: string): void {
  context.create(value, "f32");
  if (!context.forms.needed.get(value)?.has("u8") || context.firstTransposes.has(value)) return;
  convertMissing(context, value);
}

function placeConstants(context: LowerContext, node: Node): void {
  for (const input of node.inputs) {
    const value = context.graph.values.get(input)!;
    if (!value.data || context.places.has(input)) continue;
    const constants = [context.builder.constant(value.data)];
    const output = context.create(input, "f32");
    context.builder.step({ kernel: "constant", name: input, inputs: [], output, constants, attributes: {} });
    convertMissing(context, input);
  }
}

function convertMissing(context: LowerContext, value: string): void {
  const made = context.places.get(value)!;
  for (const form of context.forms.needed.get(value) ?? []) {
    if (made[form] === undefined) lowerConvert(context, value, form);
  }
}

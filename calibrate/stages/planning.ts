/**
 * Tasks that need no samples, shared among the lanes. What is asked for many
 * times alike, as by methods that are compared, is done once.
 *
 * @module
 */

import type { LayerNode } from "../graph/layers.ts";
import type { Observation } from "../observe/statistics.ts";
import type { ValueQuantization, WeightQuantization } from "../plan.ts";
import type { GridChoice } from "../quantize/choose_grid.ts";
import type { WeightOptions } from "../quantize/quantize_weights.ts";
import type { ScaleMethod } from "../settings.ts";
import type { CalibrationLanes } from "../stream/table.ts";

/** Weights to be quantised. */
export interface WeightTask {
  layer: LayerNode;
  /** Quantisation of the layer's input. */
  input: ValueQuantization;
  /** Factors of the layer's output, where it has any. */
  outputFactors: Float64Array | undefined;
  options: WeightOptions;
}

/** A grid to be chosen. */
interface GridTask {
  observation: Observation;
  method: ScaleMethod;
  /** For "percentile". */
  percentile: number | undefined;
}

/** Tasks for lanes. */
export interface Planning {
  /** Chooses the grids of values. */
  chooseGrids(observations: readonly Observation[], method: ScaleMethod, percentile?: number): Promise<GridChoice[]>;
  /** Quantises the weights of layers. */
  quantizeWeights(tasks: readonly WeightTask[]): Promise<WeightQuantization[]>;
}

/** Opens the stage, which remembers what it was asked for. */
export async function openPlanning(lanes: CalibrationLanes): Promise<Planning> {
  const team = await lanes.open("plan", () => undefined);
  const chooseGrids = remembering<GridTask, GridChoice>(sameGrid, (tasks, take) =>
    team.share(
      tasks,
      (lane, { observation, method, percentile }) => lane.run("chooseGrid", observation, method, percentile),
      take,
    ));
  const quantizeWeights = remembering<WeightTask, WeightQuantization>(sameWeights, (tasks, take) =>
    team.share(
      tasks.toSorted((a, b) => b.layer.weights.length - a.layer.weights.length),
      (lane, { layer, input, outputFactors, options }) =>
        lane.run("quantizeWeights", layer, input, options, outputFactors),
      take,
    ));
  return {
    chooseGrids: (observations, method, percentile) =>
      chooseGrids(observations.map((observation) => ({ observation, method, percentile }))),
    quantizeWeights,
  };
}

/** Makes a function that does tasks, each only once however often it is asked for. @param work Does tasks that are new. */
function remembering<Task, Result>(
  same: (a: Task, b: Task) => boolean,
  work: (tasks: readonly Task[], take: (result: Result, task: Task) => void) => Promise<void>,
): (tasks: readonly Task[]) => Promise<Result[]> {
  const known: { task: Task; result: Result }[] = [];
  return async (tasks) => {
    const earlier = tasks.map((task) => known.find((other) => same(other.task, task)));
    const fresh = new Map<Task, Result>();
    await work(tasks.filter((_, index) => !earlier[index]), (result, task) => fresh.set(task, result));
    for (const [task, result] of fresh) known.push({ task, result });
    return tasks.map((task, index) => earlier[index] ? earlier[index].result : fresh.get(task)!);
  };
}

function sameGrid(a: GridTask, b: GridTask): boolean {
  return a.method === b.method && a.percentile === b.percentile && sameObservation(a.observation, b.observation);
}

function sameWeights(a: WeightTask, b: WeightTask): boolean {
  return a.layer === b.layer && sameFields(a.input, b.input) && sameFields(a.options, b.options) &&
    same(a.outputFactors, b.outputFactors);
}

function sameObservation(a: Observation, b: Observation): boolean {
  return a === b ||
    (a.histogram.max === b.histogram.max && sameFields(a.histogram, b.histogram) && same(a.raw, b.raw));
}

function sameFields<Fields extends object>(a: Fields, b: Fields): boolean {
  const keys = Object.keys(a) as (keyof Fields)[];
  return keys.length === Object.keys(b).length && keys.every((key) => same(a[key], b[key]));
}

function same(a: unknown, b: unknown): boolean {
  if (!isList(a) || !isList(b)) return a === b;
  return a.length === b.length && a.every((value, index) => value === b[index]);
}

function isList(value: unknown): value is number[] | Float32Array | Float64Array {
  return Array.isArray(value) || value instanceof Float32Array || value instanceof Float64Array;
}

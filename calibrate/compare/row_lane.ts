/**
 * A lane that takes the 8-bit programs of many rows through the samples beside
 * one run of the float program.
 *
 * @module
 */

import type { Lowered } from "../lower/lower.ts";
import type { Gram } from "../observe/gram.ts";
import type { JointMoments } from "../observe/moments.ts";
import { createLane, type Lane, LANE_METHODS, type LaneOptions } from "../stream/lane.ts";
import type { LaneKind } from "../stream/lanes.ts";
import { QuantizedPass } from "../stream/quantized_pass.ts";
import { openSampleWriter, type SampleWriter } from "../stream/sample_writer.ts";
import { Stream } from "../stream/stream.ts";

/** The 8-bit program of a row, by the row's number. */
export interface RowProgram {
  row: number;
  /** Lowered with probes. */
  program: Lowered;
}

/** A lane for many rows at once. */
export interface RowLane extends Lane {
  /** Starts the layer-by-layer pass of all rows over some samples. */
  beginRows(programs: readonly RowProgram[], samples: readonly number[]): Promise<void>;
  /** Joint moments of a layer's pre-activation in some rows, each for each of the lane's samples. */
  measureRows(layer: string, rows: readonly number[]): Promise<JointMoments[][]>;
  /** Takes the lane's samples through a node, in the float program and in all rows. */
  advanceRows(node: string): Promise<void>;
  /** Of one row, what {@linkcode Lane.gram} gives. */
  gramOfRow(row: number, layer: string, positions: number): Promise<Gram[]>;
  /** Of one row, what {@linkcode Lane.setWeights} sets. */
  setWeightsOfRow(row: number, layer: string, parts: { packed: Int8Array; offsets: Int32Array }): Promise<void>;
  /** Of one row, what {@linkcode Lane.correct} sets. */
  correctRow(row: number, layer: string, bias: Int32Array, multiplier: Float32Array): Promise<void>;
  /** Ends the layer-by-layer pass and gives its memory back. */
  finishRows(): Promise<void>;
}

/** Lanes of this kind. */
export const ROW_LANES: LaneKind<RowLane> = {
  worker: new URL("./row_worker.ts", import.meta.url),
  methods: [
    ...LANE_METHODS,
    "beginRows",
    "measureRows",
    "advanceRows",
    "gramOfRow",
    "setWeightsOfRow",
    "correctRow",
    "finishRows",
  ],
  create: createRowLane,
};

/** Makes a lane in this isolate. */
export function createRowLane(): RowLane {
  const lane = createLane();
  let options: LaneOptions;
  let samples: SampleWriter;
  let float: Stream | undefined;
  let list: readonly number[] = [];
  const passes = new Map<number, QuantizedPass>();

  return {
    ...lane,

    async open(opened) {
      await lane.open(opened);
      options = opened;
      samples = await openSampleWriter(opened.data, opened.dataset);
    },

    async beginRows(programs, chosen) {
      list = chosen;
      float = new Stream(options.float);
      for (const { row, program } of programs) passes.set(row, new QuantizedPass(program, list));
      for (const sample of list) {
        const { write } = await samples.read(sample);
        float.start(sample, write);
        for (const pass of passes.values()) pass.stream.start(sample, write);
      }
    },

    measureRows(layer, rows) {
      const measured: JointMoments[][] = rows.map(() => []);
      for (const sample of list) {
        const floats = float!.preactivation(sample, layer);
        rows.forEach((row, index) => measured[index].push(passes.get(row)!.measure(sample, layer, floats)));
      }
      return Promise.resolve(measured);
    },

    advanceRows(node) {
      for (const sample of list) {
        float!.advance(sample, node);
        for (const pass of passes.values()) pass.stream.advance(sample, node);
      }
      return Promise.resolve();
    },

    gramOfRow: (row, layer, positions) => Promise.resolve(passes.get(row)!.gram(layer, positions)),

    setWeightsOfRow: (row, layer, parts) => Promise.resolve(passes.get(row)!.setWeights(layer, parts)),

    correctRow: (row, layer, bias, multiplier) => Promise.resolve(passes.get(row)!.correct(layer, bias, multiplier)),

    finishRows() {
      float = undefined;
      passes.clear();
      return Promise.resolve();
    },
  };
}

/**
 * Rows that are corrected layer by layer at the same time, so that the float
 * network runs once for all of them.
 *
 * Each row has lanes of its own to which a correction makes its calls. A call
 * that needs the float network waits until all rows stand at the same node.
 *
 * @module
 */

import type { Lowered } from "../lower/lower.ts";
import type { JointMoments } from "../observe/moments.ts";
import type { Lane } from "../stream/lane.ts";
import type { Lanes } from "../stream/lanes.ts";
import type { RowLane } from "./row_lane.ts";

/** Rows in step. */
export interface Lockstep {
  /** The lanes of a row, from 0. */
  lanesOf(row: number): Lanes;
  /** Tells that a row is done or has failed: the others no longer wait for it. */
  leave(row: number): void;
}

/** A call that needs the float network. */
type Call =
  | { kind: "begin"; program: Lowered; samples: readonly number[] }
  | { kind: "measure"; layer: string }
  | { kind: "advance"; node: string }
  | { kind: "finish" };

interface Waiting<Kind extends Call = Call> {
  row: number;
  call: Kind;
  resolve: (result: JointMoments[] | undefined) => void;
  reject: (reason: unknown) => void;
}

/** Brings rows into step. @param lanes They do the work of all rows. */
export function lockstep(lanes: Lanes<RowLane>, rows: number): Lockstep {
  const meetings = lanes.all.map((lane) => new Meeting(lane, rows));
  return {
    lanesOf: (row) => ({ ...lanes, all: meetings.map((meeting) => meeting.laneOf(row)) }),
    leave: (row) => meetings.forEach((meeting) => meeting.leave(row)),
  };
}

/** Where the rows' calls to one lane meet. */
class Meeting {
  readonly #lane: RowLane;
  readonly #members: Set<number>;
  readonly #waiting = new Map<number, Waiting>();

  constructor(lane: RowLane, rows: number) {
    this.#lane = lane;
    this.#members = new Set(Array.from({ length: rows }, (_, row) => row));
  }

  laneOf(row: number): Lane {
    const lane = this.#lane;
    const nothing = async (call: Call) => void await this.#wait(row, call);
    return {
      ...lane,
      begin: (program, samples) => nothing({ kind: "begin", program, samples }),
      measure: async (layer) => (await this.#wait(row, { kind: "measure", layer }))!,
      advance: (node) => nothing({ kind: "advance", node }),
      finish: () => nothing({ kind: "finish" }),
      gram: (layer, positions) => lane.gramOfRow(row, layer, positions),
      setWeights: (layer, parts) => lane.setWeightsOfRow(row, layer, parts),
      correct: (layer, bias, multiplier) => lane.correctRow(row, layer, bias, multiplier),
    };
  }

  leave(row: number): void {
    this.#members.delete(row);
    this.#serve();
  }

  #wait(row: number, call: Call): Promise<JointMoments[] | undefined> {
    return new Promise((resolve, reject) => {
      this.#waiting.set(row, { row, call, resolve, reject });
      this.#serve();
    });
  }

  /** Serves the calls once every row has made one. Rows that measure a node go first: others wait behind it already. */
  async #serve(): Promise<void> {
    if (this.#members.size === 0 || this.#waiting.size < this.#members.size) return;
    const all = [...this.#waiting.values()];
    const measuring = all.filter((entry): entry is Waiting<Call & { kind: "measure" }> =>
      entry.call.kind === "measure"
    );
    const served = measuring.length > 0 ? measuring : all;
    for (const { row } of served) this.#waiting.delete(row);
    try {
      const results = measuring.length > 0
        ? await this.#lane.measureRows(same(measuring, ({ layer }) => layer), measuring.map(({ row }) => row))
        : await this.#goOn(served);
      served.forEach(({ resolve }, index) => resolve(results?.[index]));
    } catch (error) {
      for (const { reject } of served) reject(error);
    }
  }

  async #goOn(served: readonly Waiting[]): Promise<undefined> {
    const { kind } = served[0].call;
    if (kind === "begin") {
      const entries = served as Waiting<Call & { kind: "begin" }>[];
      same(entries, ({ samples }) => samples.join());
      const programs = entries.map(({ row, call }) => ({ row, program: call.program }));
      await this.#lane.beginRows(programs, entries[0].call.samples);
    } else if (kind === "advance") {
      await this.#lane.advanceRows(same(served as Waiting<Call & { kind: "advance" }>[], ({ node }) => node));
    } else await this.#lane.finishRows();
  }
}

/** What all calls agree on. @throws {Error} Where they don't, which would be a mistake of this program. */
function same<Kind extends Call>(entries: readonly Waiting<Kind>[], read: (call: Kind) => string): string {
  const [first, ...others] = entries.map(({ call }) => call.kind === entries[0].call.kind ? read(call) : call.kind);
  const other = others.find((value) => value !== first);
  if (other !== undefined) throw new Error(`Rows are out of step: "${first}" and "${other}"`);
  return first;
}

/**
 * Figures beside each other, with what the budget asks.
 *
 * @module
 */

import type { Budget } from "../budget.ts";
import { type Benchmark, RUNTIMES } from "./benchmarks.ts";
import type { OutputCheck } from "./check_outputs.ts";
import type { Figures, Measured } from "./rounds.ts";

/** Octet beside one peer. */
export interface Row {
  /** What is compared. */
  title: string;
  /** Name of the peer. */
  peer: string;
  /** Unit of the figures. */
  unit: "ms" | "MB";
  /** Octet's figure; absent where its result is wrong. */
  octet?: number;
  /** The peer's figure; absent where its result is wrong. */
  other?: number;
  /** Octet's figure over the peer's. */
  ratio?: number;
  /** Octet's rate in 10^9 multiply-adds per second; absent at a start. */
  rate?: number;
  /** What the budget asks for; absent where it asks for nothing. */
  required?: string;
  /** Whether that is met. */
  met?: boolean;
}

/** What rows are made from. */
export interface Comparison {
  /** What was measured. */
  benchmarks: readonly Benchmark[];
  /** Its figures. */
  figures: readonly Figures[];
  /** Whether results were right. */
  checks: readonly OutputCheck[];
  /** Multiply-adds of each network. */
  multiplyAdds: ReadonlyMap<string, number>;
  /** The budget. */
  budget: Budget;
}

/** Makes the rows, in the order of the benchmarks. */
export function makeRows(comparison: Comparison): Row[] {
  return comparison.benchmarks.flatMap((benchmark) =>
    benchmark.kind === "steady" ? steadyRows(comparison, benchmark) : startRows(comparison, benchmark)
  );
}

function steadyRows(comparison: Comparison, benchmark: Benchmark): Row[] {
  const { budget, multiplyAdds } = comparison;
  const { name, network } = benchmark;
  const peers = timesByPeer(comparison, benchmark, "cpu");
  const octet = peers.get("octet");
  const rate = octet && multiplyAdds.get(network)! / octet / 1e6;
  peers.delete("octet");
  const rows = Array.from(peers, ([peer, other]) => {
    const row = makeRow(name, peer, { unit: "ms", octet, other });
    if (rate !== undefined) row.rate = rate;
    return limitTimeRatio(row, { peer, peers, limits: limitsOf(budget.timeRatios, name) });
  });
  for (const { atLeast } of limitsOf(budget.rates, name)) {
    const row: Row = { title: name, peer: "", unit: "ms", required: `at least ${atLeast} GMAC/s` };
    if (octet !== undefined) Object.assign(row, { octet, rate, met: rate! >= atLeast });
    rows.push(row);
  }
  return rows;
}

function startRows(comparison: Comparison, benchmark: Benchmark): Row[] {
  const { budget } = comparison;
  const { name } = benchmark;
  const rows: Row[] = [];
  const kinds = [["wall", "ms", name], ["cpu", "ms", `${name}, CPU time`], ["memory", "MB", `${name}, peak memory`]];
  for (const [kind, unit, title] of kinds as ["wall" | "cpu" | "memory", "ms" | "MB", string][]) {
    const peers = timesByPeer(comparison, benchmark, kind);
    const octet = peers.get("octet");
    peers.delete("octet");
    for (const [peer, other] of peers) {
      const scale = unit === "MB" ? 1e-6 : 1;
      const row = makeRow(title, peer, {
        unit,
        octet: octet && octet * scale,
        other: other && other * scale,
      });
      if (kind === "wall") limitTimeRatio(row, { peer, peers, limits: limitsOf(budget.timeRatios, name) });
      if (kind === "memory") {
        for (const { over, atMost } of limitsOf(budget.extraMemory, name)) {
          if (over !== peer) continue;
          row.required = `at most ${atMost / 1e6} MB more`;
          if (octet !== undefined && other !== undefined) row.met = octet - other <= atMost;
        }
      }
      rows.push(row);
    }
  }
  return rows;
}

/** Figures of Octet and each peer; undefined where the result is wrong. */
function timesByPeer(
  { figures, checks }: Comparison,
  { name }: Benchmark,
  kind: "cpu" | "wall" | "memory",
): Map<Measured, number | undefined> {
  const wrong = checks.filter(({ benchmark, passed }) => benchmark === name && !passed).map(({ runtime }) => runtime);
  return new Map(
    figures.filter(({ benchmark }) => benchmark === name).map((figure) => [
      figure.measured,
      wrong.some((runtime) => runtime === figure.measured) ? undefined : figure[kind],
    ]),
  );
}

function makeRow(
  title: string,
  peer: Measured,
  { unit, octet, other }: { unit: "ms" | "MB"; octet: number | undefined; other: number | undefined },
): Row {
  const row: Row = { title, peer: peer === "bare" ? "bare Deno process" : RUNTIMES[peer], unit };
  if (octet !== undefined) row.octet = octet;
  if (other !== undefined) row.other = other;
  if (octet !== undefined && other !== undefined) row.ratio = octet / other;
  return row;
}

/** Adds the limit to the row of the fastest peer that it names. */
function limitTimeRatio(
  row: Row,
  { peer, peers, limits }: {
    peer: Measured;
    peers: ReadonlyMap<Measured, number | undefined>;
    limits: { peers: string[]; atMost: number }[];
  },
): Row {
  for (const limit of limits) {
    const named = [...peers].filter(([name, time]) => limit.peers.includes(name) && time !== undefined);
    const [fastest] = named.toSorted(([, a], [, b]) => a! - b!)[0] ?? [];
    if (fastest !== peer) continue;
    row.required = `at most ${limit.atMost}`;
    if (row.ratio !== undefined) row.met = row.ratio <= limit.atMost;
  }
  return row;
}

function limitsOf<T extends { benchmark: string }>(limits: readonly T[], name: string): T[] {
  return limits.filter(({ benchmark }) => benchmark === name);
}

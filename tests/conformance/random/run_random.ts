/**
 * Random networks, answered by Octet and by onnxruntime.
 *
 * @module
 */

import { seedOf } from "../../support/random.ts";
import { ONNX } from "../../python/environment.ts";
import { makeEnvironment } from "../../python/make_environment.ts";
import { describeNetwork } from "./describe_network.ts";
import { bytesOf, drawNetwork, type DrawnNetwork, drawSamples, isFree } from "./draw_network.ts";
import { judge, type Verdict } from "./judge.ts";
import { type Onnxruntime, type Question, startOnnxruntime } from "./onnxruntime.ts";
import { shrink } from "./shrink.ts";

/** What came of a run. */
export interface RandomResult {
  /** Number of networks by verdict. */
  counts: Record<Verdict["kind"], number>;
  /** Networks that fail, each kind of reason once, made small. */
  findings: Finding[];
}

/** A network that fails. */
export interface Finding {
  network: DrawnNetwork;
  verdict: Exclude<Verdict, { kind: "same" }>;
  /** Number of networks that fail for a reason of these words. */
  times: number;
}

/** How networks are drawn. */
export interface RandomOptions {
  /** Number of networks. */
  networks: number;
  seed: number;
  /** Is told how many were judged. */
  progress?: (judged: number) => void;
}

const BATCH = 100;

/** Draws networks and judges them. */
export async function runRandom({ networks, seed, progress }: RandomOptions): Promise<RandomResult> {
  await makeEnvironment(ONNX);
  const counts = {
    same: 0,
    refused: 0,
    "refused late": 0,
    wrong: 0,
    "internal error": 0,
    known: 0,
    poor: 0,
    "no reference": 0,
  };
  const found = new Map<string, Finding>();
  const onnxruntime = startOnnxruntime();
  try {
    for (let first = 0; first < networks; first += BATCH) {
      const drawn = Array.from(
        { length: Math.min(BATCH, networks - first) },
        (_, index) => drawNetwork(seedOf(seed, first + index)),
      );
      const questions = drawn.map(questionOf);
      const references = await onnxruntime.ask(questions);
      for (const [index, network] of drawn.entries()) {
        const verdict = await judge({
          network,
          question: questions[index],
          references: references[index],
          onnxruntime,
        });
        counts[verdict.kind]++;
        if (verdict.kind !== "same") note(found, network, verdict);
      }
      progress?.(first + drawn.length);
    }
    return { counts, findings: await shrinkAll(found, onnxruntime) };
  } finally {
    await onnxruntime.close();
  }
}

function questionOf(network: DrawnNetwork): Question {
  const sets = drawSamples(network);
  return { bytes: bytesOf(network), sets: isFree(network) ? sets : sets.slice(0, 2) };
}

/** The words of a verdict without what differs from network to network. */
function kindOf(network: DrawnNetwork, { kind, reason }: Finding["verdict"]): string {
  if (kind === "wrong" || kind === "poor") return `${kind} ${network.spec.nodes.map(({ op }) => op).toSorted().join()}`;
  return `${kind} ${reason.replace(/"[^"]*"|[-\d.]+|\[[^\]]*\]|Infinity|NaN/g, "#").slice(0, 150)}`;
}

function note(found: Map<string, Finding>, network: DrawnNetwork, verdict: Finding["verdict"]): void {
  const kind = kindOf(network, verdict);
  const known = found.get(kind);
  const smaller = !known || network.spec.nodes.length < known.network.spec.nodes.length;
  const times = (known?.times ?? 0) + 1;
  found.set(kind, smaller ? { network, verdict, times } : { ...known, times });
}

/** Most findings that are made small. */
const MOST_SHRUNK = 60;

/** Makes networks that fail small, and keeps each kind once. */
async function shrinkAll(found: ReadonlyMap<string, Finding>, onnxruntime: Onnxruntime): Promise<Finding[]> {
  const kept = new Map<string, Finding>();
  const failing = Array.from(found.values()).filter(({ verdict }) => !isHarmless(verdict));
  for (const { network, verdict, times } of failing.slice(0, MOST_SHRUNK)) {
    let last = verdict;
    const small = await shrink(network, async (candidate) => {
      const question = questionOf(candidate);
      const [references] = await onnxruntime.ask([question]);
      const own = await judge({ network: candidate, question, references, onnxruntime });
      if (own.kind !== verdict.kind) return false;
      last = own as Finding["verdict"];
      return true;
    });
    const kind = kindOf(small, last);
    kept.set(kind, { network: small, verdict: last, times: (kept.get(kind)?.times ?? 0) + times });
  }
  const others = Array.from(found.values()).filter(({ verdict }) => isHarmless(verdict));
  return [...kept.values(), ...others];
}

/** Whether a verdict is no fault of Octet's. */
export function isHarmless({ kind }: Verdict): boolean {
  return kind === "same" || kind === "refused" || kind === "known" || kind === "no reference" || kind === "poor";
}

/** A finding as text. */
export function describeFinding({ network, verdict, times }: Finding): string {
  return `${verdict.kind} (${times} times): ${verdict.reason}\n${describeNetwork(network)}`;
}

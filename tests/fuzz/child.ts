/**
 * The process that tries altered files one after the other and may end at any
 * of them: `child.ts KIND FIRST_SEED`, or `child.ts KIND SEED minimise FILE`.
 * It says on standard output what it begins with and what came of it.
 *
 * @module
 */

import type { Bytes, FuzzKind, Outcome } from "./fuzz_kind.ts";
import { FUZZ_KINDS, type FuzzWord } from "./kinds.ts";
import { forgetPeak, peakBytes } from "./peak_memory.ts";

/** A line of the child's output. */
export type ChildLine = { start: number } | { seed: number; outcome: Outcome; file?: string };

const encoder = new TextEncoder();

function say(line: ChildLine): void {
  const bytes = encoder.encode(`${JSON.stringify(line)}\n`);
  for (let at = 0; at < bytes.length;) at += Deno.stdout.writeSync(bytes.subarray(at));
}

async function checkWithin(kind: FuzzKind, bytes: Bytes, seed: number): Promise<Outcome> {
  const before = forgetPeak();
  const outcome = await kind.check(bytes, seed);
  const grown = (peakBytes() - before) / 2 ** 20;
  const { megabytes } = kind.limits;
  return grown > megabytes ? { kind: "finding", reason: `It takes more than ${megabytes} MB` } : outcome;
}

/** Leaves out alterations that a finding does not need. */
async function minimise(kind: FuzzKind, seed: number, chosen: readonly number[]): Promise<Bytes> {
  const altered = await kind.alter(seed);
  let least = chosen;
  for (const index of chosen) {
    const fewer = least.filter((other) => other !== index);
    if ((await checkWithin(kind, await altered.build(fewer), seed)).kind === "finding") least = fewer;
  }
  return await altered.build(least);
}

const [word, first] = Deno.args;
const kind = await FUZZ_KINDS[word as FuzzWord]();
for (let seed = Number(first);; seed++) {
  say({ start: seed });
  const altered = await kind.alter(seed);
  const all = Array.from({ length: altered.alterations }, (_, index) => index);
  const outcome = await checkWithin(kind, await altered.build(all), seed);
  if (outcome.kind !== "finding") {
    say({ seed, outcome });
    continue;
  }
  const bytes = await minimise(kind, seed, all);
  const again = await checkWithin(kind, bytes, seed);
  const shown = again.kind === "finding" ? again : outcome;
  const file = await Deno.makeTempFile({ suffix: `.${kind.suffix}` });
  await Deno.writeFile(file, again.kind === "finding" ? bytes : await altered.build(all));
  say({ seed, outcome: shown, file });
}

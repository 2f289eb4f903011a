/**
 * Watches the process that tries altered files: one that ends or takes too long
 * is a finding too, and another process goes on after it.
 *
 * @module
 */

import { fileURLToPath } from "node:url";
import type { ChildLine } from "./child.ts";
import { FUZZ_KINDS, type FuzzWord } from "./kinds.ts";

/** Something that must not be, with the file that shows it. */
export interface FuzzFinding {
  seed: number;
  reason: string;
  /** Path of the file; absent where it could not be made. */
  file?: string;
}

/** What came of a run. */
export interface FuzzResult {
  /** Files by what became of them. */
  counts: { refused: number; accepted: number; "too long": number; finding: number };
  /** Findings, those of one reason once. */
  findings: FuzzFinding[];
}

/** How long is fuzzed, and from which seed on. */
export interface FuzzOptions {
  seconds: number;
  seed: number;
}

/** Megabytes of JavaScript objects that the process may hold. */
const HEAP_MEGABYTES = 1024;

/** Alters files of a kind and tries them. */
export async function runFuzz(word: FuzzWord, { seconds, seed }: FuzzOptions): Promise<FuzzResult> {
  const { limits } = await FUZZ_KINDS[word]();
  const end = performance.now() + seconds * 1000;
  const result: FuzzResult = { counts: { refused: 0, accepted: 0, "too long": 0, finding: 0 }, findings: [] };
  const note = async (found: FuzzFinding) => {
    result.counts.finding++;
    const alike = (reason: string) => reason.replace(/"[^"]*"|\d+/g, "#");
    if (result.findings.some(({ reason }) => alike(reason) === alike(found.reason))) return;
    result.findings.push(found.file ? found : { ...found, ...await saveFile(word, found.seed) });
  };
  for (let next = seed; performance.now() < end;) {
    const { last, reason } = await runChild(word, next, { end, seconds: limits.seconds }, async (line) => {
      if ("start" in line) return;
      if (line.outcome.kind === "finding") await note({ ...line, reason: line.outcome.reason });
      else result.counts[line.outcome.kind]++;
    });
    if (reason) await note({ seed: last, reason });
    next = last + 1;
  }
  return result;
}

/** Runs a process until it ends, hangs or the time is up. @returns The last seed, and what happened at it. */
async function runChild(
  word: FuzzWord,
  first: number,
  limits: { end: number; seconds: number },
  receive: (line: ChildLine) => Promise<void>,
): Promise<{ last: number; reason?: string }> {
  const script = fileURLToPath(new URL("child.ts", import.meta.url));
  const args = [
    "run",
    "-A",
    "--no-check",
    `--v8-flags=--max-old-space-size=${HEAP_MEGABYTES}`,
    script,
    word,
    String(first),
  ];
  const child = new Deno.Command(Deno.execPath(), { args, stdout: "piped", stderr: "piped" }).spawn();
  const errors = new Response(child.stderr).text();
  const lines = readLines(child.stdout);
  let last = first;
  let reason: string | undefined;
  for (let starting = true;; starting = false) {
    const wait = starting ? 60_000 : limits.seconds * 1000;
    const line = await within(lines.next(), wait);
    if (line === undefined) {
      reason = starting ? "It does not start" : `It takes more than ${limits.seconds} s`;
      break;
    }
    if (line.done) {
      reason = "It ended";
      break;
    }
    const parsed: ChildLine = JSON.parse(line.value);
    if ("start" in parsed) last = parsed.start;
    await receive(parsed);
    if (!("start" in parsed) && performance.now() >= limits.end) break;
  }
  try {
    child.kill("SIGKILL");
  } catch { /* It has ended. */ }
  await child.status;
  const said = (await errors).split("\n").filter((line) => /error|fatal|panic/i.test(line))[0];
  return {
    last,
    ...(reason && { reason: reason === "It ended" ? `The process ended: ${said ?? "without a word"}` : reason }),
  };
}

async function* readLines(stream: ReadableStream<Uint8Array>): AsyncGenerator<string, void> {
  const decoder = new TextDecoder();
  let rest = "";
  for await (const chunk of stream) {
    const lines = (rest + decoder.decode(chunk, { stream: true })).split("\n");
    rest = lines.pop()!;
    yield* lines;
  }
}

/** A promise's value, or nothing where it takes longer. */
async function within<T>(promise: Promise<T>, milliseconds: number): Promise<T | undefined> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const timeout = new Promise<undefined>((resolve) => timer = setTimeout(() => resolve(undefined), milliseconds));
  try {
    return await Promise.race([promise, timeout]);
  } finally {
    clearTimeout(timer);
  }
}

/** Makes the file of a seed anew. */
async function saveFile(word: FuzzWord, seed: number): Promise<{ file?: string }> {
  const kind = await FUZZ_KINDS[word]();
  const altered = await kind.alter(seed);
  const bytes = await altered.build(Array.from({ length: altered.alterations }, (_, index) => index));
  const file = await Deno.makeTempFile({ suffix: `.${kind.suffix}` });
  await Deno.writeFile(file, bytes);
  return { file };
}

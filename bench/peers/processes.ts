/**
 * Processes pinned to one core.
 *
 * @module
 */

import { InputError, InputRangeError } from "../../runtime/errors.ts";
import { cpuTimes } from "../cpu_times.ts";
import { type Answer, ANSWER_MARK, type Job } from "./job.ts";

/** How processes are started. */
export interface ProcessOptions {
  /** Core that the process is pinned to. */
  core: number;
  /** Script that it runs. */
  script: URL;
  /** Flags for V8, such as "--no-enable-avx-vnni". */
  v8Flags: readonly string[];
  /** Configuration file for Deno; absent: none. */
  config?: URL;
  /** Work for the script; absent: no argument. */
  job?: Job;
}

/** What a process left. */
export interface Finished {
  /** When it was started, in milliseconds since the epoch. */
  started: number;
  /** From its start to its end, in milliseconds. */
  lifetime: number;
  /** CPU time of the whole process in milliseconds, in steps of 10. */
  cpu: number;
  /** All of its standard output. */
  output: string;
}

/** A process's answer, with when it was started. */
export interface Answered extends Answer {
  /** From the process's start to the first result, in milliseconds. */
  start: number;
  /** CPU time of the whole process in milliseconds, in steps of 10. */
  processCpu: number;
}

/**
 * Checks that processes can be pinned to a core.
 *
 * @throws {Error} Where `taskset` is missing or refuses the core.
 */
export async function checkPinning(core: number): Promise<void> {
  try {
    const { success } = await new Deno.Command("taskset", { args: ["-c", String(core), "true"] }).output();
    if (!success) throw new InputRangeError(`Core ${core} is not one that this process may use`);
  } catch (cause) {
    if (!(cause instanceof Deno.errors.NotFound)) throw cause;
    throw new InputError("taskset is not available: times of processes that are not pinned to one core mean nothing", {
      cause,
    });
  }
}

/** The last core that this process may use; Linux only. */
export function lastCore(): number {
  const status = Deno.readTextFileSync("/proc/self/status");
  return Number(/Cpus_allowed_list:.*?(\d+)\s*$/m.exec(status)![1]);
}

/**
 * Runs a script in a Deno process of its own.
 *
 * @throws {Error} Where the process fails: with the last line that it wrote.
 */
export async function runProcess(options: ProcessOptions): Promise<Finished> {
  const { core, script, v8Flags, config, job } = options;
  const flags = ["-A", "--no-lock", config ? `--config=${config.pathname}` : "--no-config"];
  if (v8Flags.length > 0) flags.push(`--v8-flags=${v8Flags.join(",")}`);
  const args = ["-c", String(core), Deno.execPath(), "run", ...flags, script.href];
  if (job) args.push(JSON.stringify(job));
  const command = new Deno.Command("taskset", { args, env: { NO_COLOR: "1" }, stdin: "null" });
  const cpuBefore = cpuTimes("self").children;
  const started = performance.timeOrigin + performance.now();
  const { success, stdout, stderr } = await command.output();
  const lifetime = performance.timeOrigin + performance.now() - started;
  const cpu = cpuTimes("self").children - cpuBefore;
  if (!success) {
    const lines = new TextDecoder().decode(stderr).trim().split("\n");
    const line = lines.find((line) => line.startsWith("error:")) ?? lines[lines.length - 1];
    throw new Error(`Process of ${script.pathname.split("/").pop()} failed: ${line}`);
  }
  return { started, lifetime, cpu, output: new TextDecoder().decode(stdout) };
}

/**
 * Has a measured process do a job.
 *
 * @throws {Error} Where the process fails or does not answer.
 */
export async function ask(options: ProcessOptions & { job: Job }): Promise<Answered> {
  const { started, cpu, output } = await runProcess(options);
  const line = output.split("\n").find((line) => line.startsWith(ANSWER_MARK));
  if (!line) throw new Error(`Process of ${options.script.pathname.split("/").pop()} gave no answer`);
  const answer: Answer = JSON.parse(line.slice(ANSWER_MARK.length));
  return { ...answer, start: answer.firstResult - started, processCpu: cpu };
}

/**
 * The frame of a measured process: loads a network, runs it, and answers.
 *
 * @module
 */

import { peakMemory } from "../start/peak_memory.ts";
import { type Answer, ANSWER_MARK, type Job } from "./job.ts";
import { type Run, timeRuns } from "./time_runs.ts";

/** Loads the network of a job into a runtime, with a sample to run it on. */
export type Load = (job: Job, sample: Float32Array) => Promise<Run>;

/** Does the job in the process's arguments, answers on standard output and ends the process. */
export async function measure(load: Load): Promise<never> {
  const job: Job = JSON.parse(Deno.args[0]);
  const sample = new Float32Array(Deno.readFileSync(job.sample).buffer);
  const run = await load(job, sample);
  const result = await run();
  const answer: Answer = {
    firstResult: performance.timeOrigin + performance.now(),
    peakMemory: peakMemory(),
  };
  if (job.output) {
    Deno.writeFileSync(job.output, new Uint8Array(result.buffer, result.byteOffset, result.byteLength).slice());
  }
  if (job.milliseconds > 0) answer.run = await timeRuns(run, job.milliseconds);
  console.log(ANSWER_MARK + JSON.stringify(answer));
  Deno.exit(0);
}

/**
 * The worker's side of a lane.
 *
 * @module
 */

/// <reference lib="deno.worker" />

import { describeFailure } from "../../runtime/failure.ts";

/** Answers the calls that `lanes.ts` posts to this worker. @param lane Does what is asked for. */
export function answerCalls(lane: object): void {
  const methods = lane as Record<string, (...args: unknown[]) => Promise<unknown>>;
  self.onmessage = async ({ data: { id, method, args } }: MessageEvent) => {
    try {
      self.postMessage({ id, result: await methods[method](...args) });
    } catch (error) {
      self.postMessage({ id, failure: describeFailure(error) });
    }
  };
}

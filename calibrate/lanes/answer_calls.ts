/**
 * The worker's side of a lane.
 *
 * @module
 */

/// <reference lib="deno.worker" />

import { describeFailure } from "../../runtime/failure.ts";
import { createLaneHost, type LaneHost, type StageTable } from "./lane_host.ts";

/** A call that a worker is asked for. */
export type LaneCall = {
  [Name in keyof LaneHost]: { id: number; name: Name; args: Parameters<LaneHost[Name]> };
}[keyof LaneHost];

/** Answers the calls that `lanes.ts` posts to this worker. @param table The stages that it has. */
export function answerCalls(table: StageTable): void {
  const host = createLaneHost(table);
  self.onmessage = async ({ data: { id, name, args } }: MessageEvent<LaneCall>) => {
    try {
      self.postMessage({ id, result: await (host[name] as (...args: unknown[]) => Promise<unknown>)(...args) });
    } catch (error) {
      self.postMessage({ id, failure: describeFailure(error) });
    }
  };
}

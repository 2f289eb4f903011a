/**
 * A lane in a worker: answers the calls that `lanes.ts` posts.
 *
 * @module
 */

/// <reference lib="deno.worker" />

import { createLane } from "./lane.ts";

const lane = createLane();

self.onmessage = async ({ data: { id, method, args } }: MessageEvent) => {
  try {
    const call = lane[method as keyof typeof lane] as (...args: unknown[]) => Promise<unknown>;
    self.postMessage({ id, result: await call(...args) });
  } catch (error) {
    self.postMessage({ id, error });
  }
};

/**
 * One lane's side of the work: what its stages share, and the stages that are
 * open on it.
 *
 * @module
 */

/** The stages that lanes can be asked for. */
export interface StageTable {
  /** The module of a worker that answers for them with `answerCalls`. */
  worker: URL;
  /** Makes what all stages of a lane work on. */
  share(setup: never): Promise<unknown>;
  /** Each opens a stage on a lane: functions by name, which may keep state between calls. */
  stages: Readonly<Record<string, (shared: never, options: never) => object | Promise<object>>>;
}

/** A lane, in this isolate or in a worker: names and plain data in, plain data out. */
export interface LaneHost {
  /** Replaces what the stages that are opened from here on work on. */
  use(setup: unknown): Promise<void>;
  /** Opens a stage. @param handle What it is called from here on. */
  open(handle: number, stage: string, options: unknown): Promise<void>;
  /** Runs a function of an open stage. */
  run(handle: number, task: string, args: unknown[]): Promise<unknown>;
  /** Forgets an open stage and its memory. */
  close(handle: number): Promise<void>;
}

/** Makes a lane in this isolate. */
export function createLaneHost(table: StageTable): LaneHost {
  const open = new Map<number, Record<string, (...args: unknown[]) => unknown>>();
  let shared: unknown;
  return {
    async use(setup) {
      shared = await table.share(setup as never);
    },
    async open(handle, stage, options) {
      open.set(handle, await table.stages[stage](shared as never, options as never) as Record<string, () => unknown>);
    },
    async run(handle, task, args) {
      return await open.get(handle)![task](...args);
    },
    close(handle) {
      open.delete(handle);
      return Promise.resolve();
    },
  };
}

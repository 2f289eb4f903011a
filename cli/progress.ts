/**
 * Progress on standard error: a bar on a terminal, one line per 10 % elsewhere.
 *
 * @module
 */

import process from "node:process";
import cliProgress from "cli-progress";

/** Is told of the work done: a phase, and how much of it. */
export type ProgressListener = (phase: string, done: number, total: number) => void;

/** Shows how far phases of work are. */
export interface Progress {
  /** Tells of the work done in a phase. */
  update: ProgressListener;
  /** Ends the display. */
  stop(): void;
}

/** Makes a progress display. @param quiet Whether to show nothing. */
export function createProgress(quiet = false): Progress {
  if (quiet) return { update: () => {}, stop: () => {} };
  return process.stderr.isTTY ? terminalBar() : plainLines();
}

function terminalBar(): Progress {
  const bar = new cliProgress.SingleBar(
    { format: "{phase} [{bar}] {value}/{total}", stream: process.stderr, hideCursor: true },
    cliProgress.Presets.shades_classic,
  );
  let current: string | undefined;
  return {
    update(phase, done, total) {
      if (phase !== current) {
        if (current !== undefined) bar.stop();
        bar.start(total, done, { phase: phase.padEnd(22) });
        current = phase;
      } else bar.update(done);
    },
    stop: () => bar.stop(),
  };
}

function plainLines(): Progress {
  let current: string | undefined;
  let shown = 0;
  return {
    update(phase, done, total) {
      if (phase !== current) [current, shown] = [phase, 0];
      const tenth = Math.floor(done * 10 / total);
      if (tenth > shown) process.stderr.write(`${phase}: ${tenth * 10} % (${done}/${total})\n`);
      shown = Math.max(shown, tenth);
    },
    stop: () => {},
  };
}

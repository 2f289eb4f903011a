/**
 * Progress on standard error: a bar on a terminal, a line now and then elsewhere.
 *
 * @module
 */

import cliProgress from "cli-progress";
import process from "node:process";

/** Is told of the work done: a phase, and how much of it. */
export type ProgressListener = (phase: string, done: number, total: number) => void;

/** Shows how far phases of work are. */
export interface Progress {
  /** Tells of the work done in a phase. */
  update: ProgressListener;
  /** Ends the display. */
  stop(): void;
}

/** Milliseconds until the first line. */
const FIRST_LINE_MILLISECONDS = 10_000;

/** Share of the time so far until the next line, so that a day of work has a few dozen. */
const LATER_LINES = 0.2;

/** Makes a progress display. @param quiet Whether to show nothing. */
export function createProgress(quiet = false): Progress {
  if (quiet) return { update: () => {}, stop: () => {} };
  return process.stderr.isTTY ? terminalBar() : createPlainProgress((line) => process.stderr.write(line));
}

function terminalBar(): Progress {
  const bar = new cliProgress.SingleBar(
    {
      format: "{phase} [{bar}] {value}/{total}",
      stream: process.stderr,
      // The terminal stays as it was found, so that an interrupt, which ends the process at once, leaves nothing behind.
      hideCursor: false,
      linewrap: true,
      gracefulExit: false,
    },
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

/**
 * Makes a display of lines: the first after ten seconds, each next one after a fifth of the time so far.
 *
 * @param write Receives each line with its end.
 * @param now Tells the time in milliseconds.
 */
export function createPlainProgress(
  write: (line: string) => void,
  now: () => number = () => performance.now(),
): Progress {
  const start = now();
  let next = start + FIRST_LINE_MILLISECONDS;
  return {
    update(phase, done, total) {
      const time = now();
      if (time < next) return;
      write(`${phase}: ${Math.floor(done * 100 / total)} % (${done}/${total})\n`);
      next = time + Math.max(FIRST_LINE_MILLISECONDS, (time - start) * LATER_LINES);
    },
    stop: () => {},
  };
}

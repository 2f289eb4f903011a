/**
 * The log of the command `serve`: one JSON object a line.
 *
 * @module
 */

import type { LogEntry } from "../observe.ts";

/** Which requests are logged. */
export type LogLevel = typeof LOG_LEVELS[number];

/** None, those that fail, or all. */
export const LOG_LEVELS = ["off", "errors", "all"] as const;

/** Where a handler and a registry report. */
export interface Logger {
  /** Receives each request; absent where none is logged. */
  log?: (entry: LogEntry) => void;
  /** Receives what no client has caused, with the id of the request if it is known. */
  onError: (error: unknown, id?: string) => void;
}

/**
 * Makes a logger.
 *
 * @param level Which requests are logged; errors of the server are unless it is "off".
 * @param write Receives each line, without its end.
 */
export function createLogger(level: LogLevel, write: (line: string) => void): Logger {
  if (level === "off") return { onError: () => {} };
  return {
    log(entry) {
      if (level === "all" || entry.status >= 400) write(JSON.stringify(entry));
    },
    onError(error, id) {
      const { name, message, stack } = error instanceof Error ? error : new Error(String(error));
      const frames = stack?.split("\n").filter((line) => /^\s+at /.test(line)).map((line) => line.trim());
      write(JSON.stringify({ time: new Date().toISOString(), id, error: `${name}: ${message}`, stack: frames }));
    },
  };
}

/**
 * The log of the command `serve`: one line, JSON or text, for each event.
 *
 * @module
 */

import type { LogEntry } from "../observe.ts";

/** Which requests are logged. */
export type LogLevel = typeof LOG_LEVELS[number];

/** None, those that fail, or all. */
export const LOG_LEVELS = ["off", "errors", "all"] as const;

/** How a line is written. */
export type LogFormat = typeof LOG_FORMATS[number];

/** A JSON object, or words for a person. */
export const LOG_FORMATS = ["json", "text"] as const;

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
 * @param format How lines are written.
 * @param write Receives each line, without its end.
 */
export function createLogger(level: LogLevel, format: LogFormat, write: (line: string) => void): Logger {
  if (level === "off") return { onError: () => {} };
  const line = format === "json" ? JSON.stringify : formatText;
  return {
    log(entry) {
      if (level === "all" || entry.status >= 400) write(line(entry));
    },
    onError(error, id) {
      const { name, message, stack } = error instanceof Error ? error : new Error(String(error));
      const frames = stack?.split("\n").filter((line) => /^\s+at /.test(line)).map((line) => line.trim());
      write(line({ time: new Date().toISOString(), id, error: `${name}: ${message}`, stack: frames }));
    },
  };
}

/** The time, then each field as name=value; values with anything but plain characters are quoted as in JSON. */
function formatText({ time, ...fields }: { time: string; [name: string]: unknown } | LogEntry): string {
  const words = Object.entries(fields).filter(([, value]) => value !== undefined).map(([name, value]) => {
    const text = typeof value === "string" && /^[\w./:{}-]+$/.test(value) ? value : JSON.stringify(value);
    return `${name}=${text}`;
  });
  return [time, ...words].join(" ");
}

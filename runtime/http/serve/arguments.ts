/**
 * The arguments of the command `serve`.
 *
 * @module
 */

import { escapeText } from "../../escape_text.ts";
import { parseArguments } from "../../parse_arguments.ts";
import { LOG_LEVELS, type LogLevel } from "./logger.ts";

/** What the command was asked to do. */
export interface ServeArguments {
  /** Paths of bundles and repositories, at least one unless `help`. */
  paths: string[];
  /** 0 for any free port. */
  port: number;
  /** Address to listen on. */
  host: string;
  /** Whether networks are loaded on their first request. */
  lazy: boolean;
  /** Which requests are logged. */
  log: LogLevel;
  /** Limits that were set, by the names that the handler gives them. */
  limits: Partial<Record<Limit, number>>;
  /** Whether to show the help text and nothing else. */
  help: boolean;
}

/** A limit of the handler that has an option. */
type Limit = typeof LIMITS[keyof typeof LIMITS];

/** Options that are limits. */
const LIMITS = {
  "max-body": "maxBodyBytes",
  "body-timeout": "bodyMilliseconds",
  "min-rate": "minBytesPerSecond",
  "max-pixels": "maxPixels",
  "max-samples": "maxSamples",
} as const;

/** Text of the option `--help`. */
export const HELP = `Usage: deno task serve PATH... [options]

Each PATH is a bundle, served by the name of its network, or a folder of
bundles NAME/VERSION/model.octet, served by NAME, the highest VERSION by default.

Answers POST /v2/models/NAME/infer (Open Inference Protocol, JSON and binary),
GET /v2/health/ready, and POST /classify with a JPEG, PNG or WebP body.
GET /openapi.json describes all paths, GET /metrics is for Prometheus.

  --port N          port to listen on, 0 for any free one (default 8000)
  --host H          address to listen on (default 127.0.0.1)
  --lazy            load the networks of folders on their first request
  --log L           off, errors (requests that fail), or all; one JSON object
                    a line on standard error (default errors)
  --max-body N      most bytes of a request's body (default 16777216)
  --body-timeout N  milliseconds in which a body must arrive (default 30000)
  --min-rate N      fewest bytes per second of a body (default 1000)
  --max-pixels N    most pixels of an image (default 25000000)
  --max-samples N   most samples in a request with tensors (default 256)
  --help            show this text
`;

/**
 * Reads the arguments of the command.
 *
 * @throws {TypeError} Where an option is unknown or no path is named.
 * @throws {RangeError} Where an option has a value that it does not take.
 */
export function parseServeArguments(args: string[]): ServeArguments {
  const { values, positionals } = parseArguments({
    args,
    allowPositionals: true,
    options: {
      port: { type: "string", default: "8000" },
      host: { type: "string", default: "127.0.0.1" },
      lazy: { type: "boolean", default: false },
      log: { type: "string", default: "errors" },
      "max-body": { type: "string" },
      "body-timeout": { type: "string" },
      "min-rate": { type: "string" },
      "max-pixels": { type: "string" },
      "max-samples": { type: "string" },
      help: { type: "boolean", default: false },
    },
  });
  const limits: ServeArguments["limits"] = {};
  for (const [option, limit] of Object.entries(LIMITS)) {
    const value = values[option as keyof typeof LIMITS];
    if (value !== undefined) limits[limit] = whole(option, value, 1, 2 ** 31 - 1);
  }
  const log = LOG_LEVELS.find((level) => level === values.log);
  if (log === undefined) throw new RangeError(`--log must be off, errors or all, not "${escapeText(values.log)}"`);
  if (positionals.length === 0 && !values.help) throw new TypeError("No bundle is named: serve FILE.octet expected");
  return {
    paths: positionals,
    port: whole("port", values.port, 0, 65535),
    host: values.host,
    lazy: values.lazy,
    log,
    limits,
    help: values.help,
  };
}

function whole(option: string, text: string, min: number, max: number): number {
  const value = /^\d{1,10}$/.test(text) ? Number(text) : NaN;
  if (!(value >= min && value <= max)) {
    throw new RangeError(`--${option} must be a whole number from ${min} to ${max}, not "${escapeText(text)}"`);
  }
  return value;
}

/**
 * The arguments of the command `serve`.
 *
 * @module
 */

import { escapeText } from "../../../cli/escape_text.ts";
import { parseArguments } from "../../../cli/parse_arguments.ts";
import { listFormats } from "../../../image/formats.ts";
import { InputError, InputRangeError } from "../../errors.ts";
import { CACHE_CHOICES, type CacheChoice } from "../models/source/open_bundle_cache.ts";
import { LOG_FORMATS, LOG_LEVELS, type LogFormat, type LogLevel } from "./logger.ts";
import type { QueueSettings } from "./queue.ts";

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
  /** Where bundles of URLs are kept. */
  cache: CacheChoice;
  /** Whether browsers are shown a page. */
  page: boolean;
  /** Whether clients may have the bundles. */
  downloads: boolean;
  /** Which requests are logged. */
  log: LogLevel;
  /** How the log is written. */
  logFormat: LogFormat;
  /** Threads, and how requests wait for them. */
  pool: QueueSettings & { workers: number };
  /** Milliseconds between the signal to stop and the end of new requests. */
  shutdownDelay: number;
  /** Milliseconds for requests that are under way at the end. */
  shutdownTimeout: number;
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
  "max-buffered": "maxBufferedBytes",
  "body-timeout": "bodyMilliseconds",
  "min-rate": "minBytesPerSecond",
  "max-pixels": "maxPixels",
  "max-samples": "maxSamples",
} as const;

/** Text of the option `--help`. */
export const HELP = `Usage: deno task serve [NAME=]SOURCE... [options]

Each SOURCE is a bundle or the URL of one, served by the name of its network or
as NAME, or a folder of bundles NAME/VERSION/model.octet, served by NAME, the
highest VERSION by default. NAME=FOLDER is a folder of one model: VERSION/model.octet,
or one file .octet. A URL may end with #sha256= and the expected hash.

Answers POST /v2/models/NAME/infer (Open Inference Protocol, JSON and binary),
GET /v2/health/ready, and POST /classify with a ${listFormats("or")} body. GET /
is a page to try it in a browser.
GET /openapi.json describes all paths, GET /metrics is for Prometheus.

  --port N          port to listen on, 0 for any free one (default 8000)
  --host H          address to listen on (default 127.0.0.1)
  --lazy            load the networks of folders on their first request
  --cache C         where bundles of URLs are kept: auto, cache-api, kv (Deno KV) or
                    off (default auto)
  --no-page         show browsers a text instead of the page
  --no-download     keep the bundles here: the page cannot run them in the browser

Work:
  --workers N       threads that run networks, each with an instance of every
                    network; one more speaks HTTP (default 1)
  --max-queue N     most requests that wait for one network; more get status 429
                    (default 256)
  --shutdown-delay N  milliseconds after SIGINT or SIGTERM in which requests are
                    still taken while /v2/health/ready gives 503 (default 0)
  --shutdown-timeout N  milliseconds after that in which requests under way may
                    end; a second signal ends all at once (default 8000)

Log, on standard error:
  --log L           off, errors (requests that fail), or all (default errors)
  --log-format F    json or text, one line for each request (default json)

Limits:
  --max-body N      most bytes of a request's body (default 16777216)
  --max-buffered N  most bytes of all bodies together (default 268435456)
  --body-timeout N  milliseconds in which a body must arrive (default 30000)
  --min-rate N      fewest bytes per second of a body (default 1000)
  --max-pixels N    most pixels of an image (default 25000000)
  --max-samples N   most samples in a request with tensors (default 256)
  --help            show this text
`;

/**
 * Reads the arguments of the command.
 *
 * @throws {InputError} Where an option is unknown or no path is named.
 * @throws {InputRangeError} Where an option has a value that it does not take.
 */
export function parseServeArguments(args: string[]): ServeArguments {
  const { values, positionals } = parseArguments({
    args,
    allowPositionals: true,
    options: {
      port: { type: "string", default: "8000" },
      host: { type: "string", default: "127.0.0.1" },
      lazy: { type: "boolean", default: false },
      cache: { type: "string", default: "auto" },
      workers: { type: "string", default: "1" },
      "max-queue": { type: "string", default: "256" },
      "shutdown-delay": { type: "string", default: "0" },
      "shutdown-timeout": { type: "string", default: "8000" },
      "no-page": { type: "boolean", default: false },
      "no-download": { type: "boolean", default: false },
      log: { type: "string", default: "errors" },
      "log-format": { type: "string", default: "json" },
      "max-body": { type: "string" },
      "max-buffered": { type: "string" },
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
  const log = oneOf("log", LOG_LEVELS, values.log);
  const logFormat = oneOf("log-format", LOG_FORMATS, values["log-format"]);
  if (positionals.length === 0 && !values.help) throw new InputError("No bundle is named: serve FILE.octet expected");
  return {
    paths: positionals,
    port: whole("port", values.port, 0, 65535),
    host: values.host,
    lazy: values.lazy,
    cache: oneOf("cache", CACHE_CHOICES, values.cache),
    page: !values["no-page"],
    downloads: !values["no-download"],
    log,
    logFormat,
    pool: {
      workers: whole("workers", values.workers, 1, 256),
      maxQueue: whole("max-queue", values["max-queue"], 1, 1_000_000),
    },
    shutdownDelay: whole("shutdown-delay", values["shutdown-delay"], 0, 600_000),
    shutdownTimeout: whole("shutdown-timeout", values["shutdown-timeout"], 0, 600_000),
    limits,
    help: values.help,
  };
}

function oneOf<T extends string>(option: string, known: readonly T[], text: string): T {
  const value = known.find((candidate) => candidate === text);
  if (value === undefined) {
    const choices = `${known.slice(0, -1).join(", ")} or ${known.at(-1)}`;
    throw new InputRangeError(`--${option} must be ${choices}, not "${escapeText(text)}"`);
  }
  return value;
}

function whole(option: string, text: string, min: number, max: number): number {
  const value = /^\d{1,10}$/.test(text) ? Number(text) : NaN;
  if (!(value >= min && value <= max)) {
    throw new InputRangeError(`--${option} must be a whole number from ${min} to ${max}, not "${escapeText(text)}"`);
  }
  return value;
}

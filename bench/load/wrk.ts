/**
 * The load generator wrk.
 *
 * @module
 */

import { InputError } from "../../runtime/errors.ts";
import type { LoadRequest } from "./requests.ts";

/** What wrk counted. */
export interface LoadResult {
  /** Requests that were answered, by any status. */
  requests: number;
  /** Those of a status other than 2xx or 3xx, and connections that failed, broke or timed out. */
  errors: number;
  /** Seconds that it took. */
  seconds: number;
  /** Milliseconds from the first byte of a request to the last of its answer. */
  latency: { median: number; p90: number; p99: number; max: number };
}

/** Printed by wrk's script before its figures. */
const MARK = "wrk:";

const SCRIPT = (request: LoadRequest, body: string) => `
wrk.method = "POST"
wrk.path = ${JSON.stringify(request.path)}
${Object.entries(request.headers).map(([name, value]) => `wrk.headers["${name}"] = "${value}"`).join("\n")}
local file = assert(io.open(${JSON.stringify(body)}, "rb"))
wrk.body = file:read("*a")
file:close()

function done(summary, latency)
  local errors = summary.errors
  print(string.format(
    "${MARK} %d %d %d %d %d %d %d",
    summary.requests,
    errors.connect + errors.read + errors.write + errors.status + errors.timeout,
    summary.duration,
    latency:percentile(50), latency:percentile(90), latency:percentile(99), latency.max
  ))
end
`;

/**
 * Sends one request again and again over some connections, each of which waits
 * for its answer before it sends the next.
 *
 * @param origin Scheme, host and port of the server.
 * @param request The request.
 * @param connections Number of connections.
 * @param seconds How long.
 * @throws {Error} If wrk is missing or fails.
 */
export async function load(
  origin: string,
  request: LoadRequest,
  connections: number,
  seconds: number,
): Promise<LoadResult> {
  const folder = await Deno.makeTempDir();
  try {
    await Deno.writeFile(`${folder}/body`, request.body);
    await Deno.writeTextFile(`${folder}/script.lua`, SCRIPT(request, `${folder}/body`));
    const pace = ["--threads", "1", "--connections", String(connections), "--duration", `${seconds}s`];
    const args = [...pace, "--timeout", "60s", "--script", `${folder}/script.lua`, origin];
    return readResult(await run(args));
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

async function run(args: string[]): Promise<string> {
  try {
    const { success, stdout, stderr } = await new Deno.Command("wrk", { args }).output();
    if (!success) throw new Error(`wrk failed: ${new TextDecoder().decode(stderr).trim()}`);
    return new TextDecoder().decode(stdout);
  } catch (cause) {
    if (cause instanceof Deno.errors.NotFound) {
      throw new InputError("wrk is not installed: it makes the load", { cause });
    }
    throw cause;
  }
}

function readResult(output: string): LoadResult {
  const line = output.split("\n").find((line) => line.startsWith(MARK));
  if (line === undefined) throw new Error(`wrk gave no figures: ${output.trim()}`);
  const [requests, errors, duration, ...latency] = line.slice(MARK.length).trim().split(" ").map(Number);
  const [median, p90, p99, max] = latency.map((microseconds) => microseconds / 1000);
  return { requests, errors, seconds: duration / 1e6, latency: { median, p90, p99, max } };
}

/**
 * The command `bench:load`: a server of a bundle under load.
 *
 * @module
 */

import { InputError } from "../../runtime/errors.ts";
import { checkOutput, writeOutput } from "../../calibrate/commands/files.ts";
import { readCount } from "../../calibrate/commands/options.ts";
import { textTable } from "../../cli/text_table.ts";
import { runCommand } from "../../cli/command.ts";
import { Model } from "../../runtime/model.ts";
import { parseArguments } from "../../cli/parse_arguments.ts";
import { sampleInputs } from "../sample_inputs.ts";
import { medianTime } from "../time_model.ts";
import { type LoadMeasurement, measureLoad } from "./measure.ts";
import { imageRequest, type LoadRequest, tensorRequest } from "./requests.ts";

const HELP = `Usage: deno task bench:load FILE.octet [options]

Serves a bundle by deno task serve and loads it by wrk, which must be installed:
first over one connection, to compare with a bare model.run, then over many.
Linux alone. Server and wrk share the machine's cores.

  --connections N   connections at once (default 200)
  --seconds N       how long each load is measured, after as long a warm-up
                    (default 60)
  --workers LIST    numbers of workers to compare (default 1,2)
  --image FILE      also classify this image file
  --json FILE       write all figures there
  --help            show this text
`;

interface Row {
  request: string;
  workers: number;
  connections: number;
  measurement: LoadMeasurement;
}

function tableOf(rows: Row[]): string {
  const header = [
    "request",
    "workers",
    "connections",
    "requests/s",
    "errors",
    "median",
    "p99",
    "CPU/request",
    "memory",
    "growth/10,000",
  ];
  return textTable(
    header,
    rows.map(({ request, workers, connections, measurement }) => [
      request,
      workers,
      connections,
      Number((measurement.requests / measurement.seconds).toFixed(1)),
      measurement.errors,
      `${measurement.latency.median.toFixed(2)} ms`,
      `${measurement.latency.p99.toFixed(2)} ms`,
      `${measurement.cpu.toFixed(2)} ms`,
      `${(measurement.memory / 1e6).toFixed(0)} MB`,
      `${(measurement.growth / 1e6).toFixed(2)} MB`,
    ]),
    { align: ["left", ...Array<"right">(header.length - 1).fill("right")] },
  );
}

async function main(args: string[]): Promise<void> {
  const { values, positionals } = parseArguments({
    args,
    allowPositionals: true,
    options: {
      connections: { type: "string", default: "200" },
      seconds: { type: "string", default: "60" },
      workers: { type: "string", default: "1,2" },
      image: { type: "string" },
      json: { type: "string" },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) return console.log(HELP.trimEnd());
  if (positionals.length !== 1) throw new InputError("One bundle must be named: bench:load FILE.octet");
  const [bundle] = positionals;
  const seconds = readCount("--seconds", values.seconds);
  const connections = readCount("--connections", values.connections);
  const workers = values.workers.split(",").map((text) => readCount("--workers", text));
  if (values.json !== undefined) await checkOutput(values.json);

  const model = await Model.load(bundle);
  const requests: LoadRequest[] = [tensorRequest(model, sampleInputs(model))];
  if (values.image !== undefined) requests.push(imageRequest(await Deno.readFile(values.image)));
  const rows: Row[] = [];
  const measure = async (request: LoadRequest, workers: number, connections: number, seconds: number) => {
    const measurement = await measureLoad({ bundle, workers, connections, seconds }, request);
    rows.push({ request: request.name, workers, connections, measurement });
    return measurement;
  };
  const before = await medianTime(model);
  const alone = await measure(requests[0], 1, 1, Math.ceil(seconds / 6));
  const bare = (before + await medianTime(model)) / 2;
  for (const request of requests) {
    for (const count of workers) await measure(request, count, connections, seconds);
  }
  const overhead = alone.latency.median - bare;
  console.log(tableOf(rows));
  console.log(`\nmodel.run: ${bare.toFixed(2)} ms; a request in binary costs ${overhead.toFixed(2)} ms more`);
  if (values.json !== undefined) {
    await writeOutput(
      values.json,
      new TextEncoder().encode(JSON.stringify({ model: model.name, bare, overhead, rows })),
    );
  }
}

await runCommand(main);

/**
 * The command `bench:peers`: Octet beside other runtimes in WebAssembly.
 *
 * @module
 */

import { FormatError, InputError, InputRangeError } from "../../runtime/errors.ts";
import { checkOutput, writeOutput } from "../../calibrate/commands/files.ts";
import { createProgress } from "../../cli/progress.ts";
import { runCommand } from "../../cli/command.ts";
import { parseArguments } from "../../cli/parse_arguments.ts";
import { BUDGET } from "../budget.ts";
import { listBenchmarks, NETWORKS, type Runtime, RUNTIMES } from "./benchmarks.ts";
import { checkOutputs } from "./check_outputs.ts";
import { networkFiles } from "./files/network_files.ts";
import { installPackages, VERSIONS } from "./packages.ts";
import { deployedModule } from "../deployed_module.ts";
import { checkPinning, lastCore } from "./processes.ts";
import { measureRounds } from "./rounds.ts";
import { makeRows } from "./rows.ts";
import type { Setting } from "./setting.ts";
import { comparisonMarkdown, comparisonText } from "./tables.ts";

const HELP = `Usage: deno task bench:peers [options]

Measures Octet, onnxruntime-web, LiteRT.js and tfjs-backend-wasm on the same
networks with random weights, each in processes of its own on one core, in
turn, and prints medians beside what bench/budget.json asks. The peers are
installed from npm into bench/.cache. Linux alone.

  --rounds N      how often everything is measured (default 5)
  --only REGEX    only benchmarks whose names match
  --core N        the core (default: the last that may be used)
  --markdown      print the table in Markdown
  --json FILE     write all figures there
  --help          show this text

Times of networks are CPU times: on an idle core the same as on the clock, on
a shared one still comparable. A start is timed on the clock, from the
process's start to the first result, and once more in CPU time; Octet is one
minified module there, as the peers are.`;

interface Options {
  rounds: number;
  only: RegExp;
  core: number | undefined;
  markdown: boolean;
  json: string | undefined;
}

function readOptions(args: string[]): Options | undefined {
  const { values } = parseArguments({
    args,
    options: {
      rounds: { type: "string", default: "5" },
      only: { type: "string", default: "" },
      core: { type: "string" },
      markdown: { type: "boolean", default: false },
      json: { type: "string" },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) return undefined;
  const { rounds, only, core, markdown, json } = values;
  if (!/^[1-9]\d{0,3}$/.test(rounds)) {
    throw new InputRangeError(`--rounds must be an integer of 1 to 9999, not ${rounds}`);
  }
  if (core !== undefined && !/^\d{1,4}$/.test(core)) {
    throw new InputRangeError(`--core must be a core's number, not ${core}`);
  }
  return {
    rounds: Number(rounds),
    only: readPattern(only),
    core: core === undefined ? undefined : Number(core),
    markdown,
    json,
  };
}

function readPattern(text: string): RegExp {
  try {
    return new RegExp(text);
  } catch (cause) {
    throw new FormatError(`--only must be a regular expression, not ${text}`, { cause });
  }
}

async function deployRuntimes(): Promise<Setting["scripts"]> {
  const names = Object.keys(RUNTIMES) as Runtime[];
  const scripts: Partial<Record<Runtime, URL>> = {};
  for (const name of names) scripts[name] = await deployedModule(`bench/peers/runtimes/${name}.ts`);
  return scripts as Setting["scripts"];
}

async function comparePeers(args: string[]): Promise<void> {
  const options = readOptions(args);
  if (!options) {
    console.log(HELP);
    return;
  }
  if (Deno.build.os !== "linux") {
    throw new InputError("Peers are measured on Linux alone: it pins processes and counts memory");
  }
  const benchmarks = listBenchmarks(Deno.build.arch).filter(({ name }) => options.only.test(name));
  if (benchmarks.length === 0) throw new InputRangeError(`No benchmark matches ${options.only.source}`);
  if (options.json) await checkOutput(options.json);
  const core = options.core ?? lastCore();
  await checkPinning(core);
  const packages = await installPackages();
  const progress = createProgress();
  const setting: Setting = { core, packages, scripts: await deployRuntimes(), networks: new Map() };
  const names = [...new Set(benchmarks.map(({ network }) => network))];
  for (const [index, name] of names.entries()) {
    progress.update("Making networks", index, names.length);
    const network = NETWORKS[name]();
    setting.networks.set(name, { network, files: await networkFiles(network) });
  }
  progress.update("Making networks", names.length, names.length);
  const update = (phase: string) => (done: number, total: number) => progress.update(phase, done, total);
  const checks = await checkOutputs(setting, benchmarks, update("Checking outputs"));
  const figures = await measureRounds(setting, {
    benchmarks,
    rounds: options.rounds,
    progress: update("Measuring"),
  });
  progress.stop();
  const multiplyAdds = new Map(Array.from(setting.networks, ([name, { network }]) => [name, network.multiplyAdds]));
  const rows = makeRows({ benchmarks, figures, checks, multiplyAdds, budget: BUDGET });
  if (options.json) {
    const host = { deno: Deno.version.deno, v8: Deno.version.v8, architecture: Deno.build.arch, core };
    const content = { host, versions: VERSIONS, rounds: options.rounds, rows, figures, checks };
    await writeOutput(options.json, new TextEncoder().encode(JSON.stringify(content, null, 2) + "\n"));
  }
  console.log(options.markdown ? comparisonMarkdown(rows) : comparisonText(rows));
  const wrong = checks.find(({ passed }) => !passed);
  if (wrong) {
    throw new InputError(
      `${RUNTIMES[wrong.runtime]} computes something else in "${wrong.benchmark}": its output has a correlation of ` +
        `${wrong.correlation.toFixed(4)} with the reference`,
    );
  }
}

if (import.meta.main) await runCommand(comparePeers);

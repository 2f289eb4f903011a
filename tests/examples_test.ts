import { assert, assertEquals, assertMatch } from "@std/assert";
import { parseAll } from "@std/yaml";
import { fileURLToPath } from "node:url";
import manifest from "../deno.json" with { type: "json" };
import { createHandler } from "../runtime/http/handler.ts";
import { createRegistry } from "../runtime/http/models/model_registry.ts";
import { findBundles } from "../runtime/http/models/source/find_bundles.ts";
import { parseServeArguments } from "../runtime/http/serve/arguments.ts";
import { encodePng, randomPixels } from "./support/images.ts";
import { freePort } from "./runtimes/server.ts";
import { COPY } from "./support/served_models.ts";

const EXAMPLES = new URL("../examples/", import.meta.url);
const ROOT = fileURLToPath(new URL("../", import.meta.url));
const windows = Deno.build.os === "windows";

// deno-lint-ignore no-explicit-any
type Manifest = any;

async function readManifests(path: string): Promise<Manifest[]> {
  return parseAll(await Deno.readTextFile(new URL(path, EXAMPLES))) as Manifest[];
}

const read = (path: string) => Deno.readTextFile(new URL(path, EXAMPLES));

/** The container of a server, with the name that KServe fills in. */
async function servers(): Promise<Manifest[]> {
  const [deployment] = await readManifests("kubernetes/octet.yaml");
  const runtime = (await read("kserve/serving-runtime.yaml")).replaceAll("{{.Name}}", "network");
  const [{ spec }] = parseAll(runtime) as Manifest[];
  return [...deployment.spec.template.spec.containers, ...spec.containers];
}

Deno.test("Servers in the examples of Kubernetes and KServe take their arguments and are probed where they answer", async () => {
  const handle = createHandler(createRegistry([{ name: "network", load: () => Promise.resolve(COPY) }]));
  for (const { args, ports, startupProbe, readinessProbe, livenessProbe } of await servers()) {
    const { port, paths } = parseServeArguments(args);
    assertEquals(ports.map(({ containerPort }: Manifest) => containerPort), [port]);
    assertEquals((await findBundles(paths[0])).map(({ name }) => name), ["network"]);
    for (const { httpGet } of [startupProbe, readinessProbe, livenessProbe].filter(Boolean)) {
      assert(httpGet.port === port || httpGet.port === ports[0].name);
      const response = await handle(new Request(new URL(httpGet.path, "http://localhost")));
      assertEquals([httpGet.path, response.status], [httpGet.path, 200]);
      await response.body?.cancel();
    }
  }
});

Deno.test("The parts of the example of Kubernetes name each other", async () => {
  const [deployment, service, scaler, budget] = await readManifests("kubernetes/octet.yaml");
  const { labels } = deployment.spec.template.metadata;
  assertEquals(deployment.spec.selector.matchLabels, labels);
  assertEquals(service.spec.selector, labels);
  assertEquals(budget.spec.selector.matchLabels, labels);
  assertEquals(deployment.spec.replicas, undefined);
  assertEquals([scaler.spec.scaleTargetRef.kind, scaler.spec.scaleTargetRef.name], ["Deployment", "octet"]);
  const [container] = deployment.spec.template.spec.containers;
  assertEquals(service.spec.ports[0].targetPort, container.ports[0].name);
  const { shutdownDelay } = parseServeArguments(container.args);
  assert(deployment.spec.template.spec.terminationGracePeriodSeconds * 1000 > shutdownDelay + 30_000);

  const [[runtime], [inference]] = await Promise.all(
    ["kserve/serving-runtime.yaml", "kserve/inference-service.yaml"].map(readManifests),
  );
  const { model } = inference.spec.predictor;
  assertEquals(model.runtime, runtime.metadata.name);
  assert(runtime.spec.protocolVersions.includes(model.protocolVersion));
  assert(runtime.spec.supportedModelFormats.some(({ name }: Manifest) => name === model.modelFormat.name));
});

Deno.test("No container of the examples may write to its image, become root or do more than it needs", async () => {
  const jobs = await Promise.all(["batch/shards.yaml", "batch/merge.yaml"].map(readManifests));
  const pods = jobs.flat().map(({ spec }) => spec.template.spec);
  const containers = [...await servers(), ...pods.flatMap((pod) => pod.containers)];
  assertEquals(containers.length, 4);
  for (const { securityContext, resources, image } of containers) {
    const { allowPrivilegeEscalation, readOnlyRootFilesystem, capabilities } = securityContext;
    assertEquals([allowPrivilegeEscalation, readOnlyRootFilesystem, capabilities], [false, true, { drop: ["ALL"] }]);
    assert(resources.requests.cpu && resources.requests.memory && resources.limits.memory);
    assertMatch(image, /:[\d.]+$/);
  }
});

Deno.test("Images run the commands with the permissions of their tasks and the user that manifests name", async () => {
  for (const task of ["serve", "calibrate"] as const) {
    const flags = manifest.tasks[task].split(" ").slice(2, -1);
    const words = (await read(`docker/octet-${task}`)).replaceAll("\\\n", "").split(/\s+/).slice(1).filter(Boolean);
    assertEquals(words, [
      ...["exec", "deno", "run", "--cached-only", "--no-prompt", "--frozen", ...flags],
      `/octet/${manifest.tasks[task].split(" ").at(-1)}`,
      '"$@"',
    ]);
  }
  const dockerfile = await read("docker/Dockerfile");
  const copied = dockerfile.match(/(?<=^COPY )\S.*(?= \S+$)/gm)!.flatMap((paths) => paths.split(" "));
  const allowed = (await read("docker/Dockerfile.dockerignore")).match(/(?<=^!).+/gm)!;
  for (const path of copied) {
    assert(await Deno.stat(`${ROOT}/${path}`));
    assert(allowed.some((prefix) => path === prefix || path.startsWith(`${prefix}/`)), `${path} is not sent`);
  }
  for (const [task, stage] of [["serve", "source"], ["calibrate", "source|calibrate"]] as const) {
    const stages = dockerfile.split(/^(?=FROM )/m).filter((text) => text.match(/ AS (\w+)/)?.[1].match(`^(${stage})$`));
    const there = stages.join("").match(/(?<=^COPY )\S.*(?= \S+$)/gm)!.flatMap((paths) => paths.split(" "));
    for (const file of await localImports(manifest.tasks[task].split(" ").at(-1)!)) {
      assert(there.some((path) => file === path || file.startsWith(`${path}/`)), `the image for ${task} lacks ${file}`);
    }
  }
  const users = [...dockerfile.matchAll(/^USER (\d+):\1$/gm)].map(([, user]) => Number(user));
  const manifests = (await Promise.all(
    ["kubernetes/octet.yaml", "kserve/serving-runtime.yaml", "batch/shards.yaml", "batch/merge.yaml"].map(read),
  )).join();
  const named = [...manifests.matchAll(/runAsUser: (\d+)/g)].map(([, user]) => Number(user));
  assertEquals(new Set([...users, ...named]), new Set([1993]));
  assertEquals([users.length, named.length], [2, 4]);
});

/** The files of the project that a script imports, by path below its folder. */
async function localImports(script: string): Promise<string[]> {
  const args = ["info", "--json", script];
  const { stdout } = await new Deno.Command(Deno.execPath(), { args, cwd: ROOT, stderr: "null" }).output();
  const { modules } = JSON.parse(new TextDecoder().decode(stdout)) as { modules: { local?: string }[] };
  const files = modules.flatMap(({ local }) => local?.startsWith(ROOT) ? [local.slice(ROOT.length)] : []);
  assert(files.length > 20);
  return files;
}

/** Makes a folder with the network of the demo and eight images, which lives as long as `use` runs. */
async function withSamples(use: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    await Deno.mkdir(`${folder}/images`);
    for (let index = 0; index < 8; index++) {
      const png = encodePng(randomPixels({ height: 48, width: 48, channels: 3 }, index));
      await Deno.writeFile(`${folder}/images/${index}.png`, png);
    }
    await Deno.copyFile(`${ROOT}/examples/demo/network.onnx`, `${folder}/network.onnx`);
    await use(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

async function run(program: string, args: string[], folder: string, env: Record<string, string>): Promise<void> {
  const command = new Deno.Command(program, { args, cwd: folder, env: { NO_COLOR: "1", ...env }, stdin: "null" });
  const { code, stderr } = await command.output();
  assertEquals(code, 0, new TextDecoder().decode(stderr));
}

const calibrate = ["run", "-A", `${ROOT}/calibrate/commands/calibrate.ts`];

Deno.test({
  name: "Jobs of Kubernetes share a calibration and merge it to the bundle of one run",
  ignore: windows,
  fn: () =>
    withSamples(async (folder) => {
      const launcher = `${folder}/octet-calibrate`;
      await Deno.writeTextFile(launcher, `#!/bin/sh\nexec ${[Deno.execPath(), ...calibrate].join(" ")} "$@"\n`);
      await Deno.chmod(launcher, 0o755);
      const start = async (path: string, env: Record<string, string>) => {
        const [{ spec }] = await readManifests(path);
        const [{ command, args }] = spec.template.spec.containers;
        assertEquals(command.slice(0, 2), ["/tini", "--"]);
        const [shell, ...rest] = [...command.slice(2), ...args];
        await run(shell, rest, folder, { PATH: `${folder}:${Deno.env.get("PATH")}`, ...env });
        return spec;
      };
      for (let index = 0; index < 8; index++) {
        const { completions } = await start("batch/shards.yaml", { JOB_COMPLETION_INDEX: String(index) });
        assertEquals(completions, 8);
      }
      await start("batch/merge.yaml", {});
      const options = ["network.onnx", "--data", "images", "--normalize", "imagenet", "--output", "one.octet"];
      await run(Deno.execPath(), [...calibrate, ...options], folder, {});
      assertEquals(await Deno.readFile(`${folder}/network.octet`), await Deno.readFile(`${folder}/one.octet`));
    }),
});

Deno.test({
  name: "A task of a Slurm array, or of any engine that numbers its tasks, is a shard",
  ignore: windows,
  fn: () =>
    withSamples(async (folder) => {
      // A stand-in for the task, which shows what it is given.
      await Deno.writeTextFile(`${folder}/deno`, `#!/bin/sh\nprintf '%s\\n' "$@" > "${folder}/words"\n`);
      await Deno.chmod(`${folder}/deno`, 0o755);
      const script = fileURLToPath(new URL("batch/shard.sh", EXAMPLES));
      const cases: [Record<string, string>, string[]][] = [
        [{ SLURM_ARRAY_TASK_ID: "3", SLURM_ARRAY_TASK_COUNT: "8" }, ["3/8", "--statistics", "part-3.statistics"]],
        [{ TASK: "1", TASKS: "2" }, ["1/2", "--statistics", "part-1.statistics"]],
      ];
      for (const [env, expected] of cases) {
        await run(script, ["net.onnx", "--data", "my images"], folder, {
          PATH: `${folder}:${Deno.env.get("PATH")}`,
          ...env,
        });
        const words = (await Deno.readTextFile(`${folder}/words`)).trimEnd().split("\n");
        assertEquals(words, ["task", "calibrate", "net.onnx", "--data", "my images", "--shard", ...expected]);
      }
      const { code, stderr } = await new Deno.Command(script, { env: { TASKS: "2" }, stdin: "null" }).output();
      assertEquals([code === 0, new TextDecoder().decode(stderr).includes("must tell which part")], [false, true]);
    }),
});

Deno.test("The task of the example for Deno Deploy serves the function beside it with the permissions that it names", async () => {
  const folder = await Deno.makeTempDir();
  try {
    for (const name of ["deno.json", "main.ts"]) {
      await Deno.writeTextFile(`${folder}/${name}`, await read(`deploy/${name}`));
    }
    await Deno.writeTextFile(`${folder}/edge.js`, 'export default { fetch: () => new Response("served") };');
    const [, ...args] = JSON.parse(await read("deploy/deno.json")).tasks.start.split(" ");
    const port = freePort();
    const env = { DENO_SERVE_ADDRESS: `tcp:127.0.0.1:${port}`, NO_COLOR: "1" };
    const command = new Deno.Command(Deno.execPath(), { args, cwd: folder, env, stdout: "null", stderr: "piped" });
    const process = command.spawn();
    const stderr = new Response(process.stderr).text();
    let ended = false;
    process.status.then(() => ended = true);
    let answer: string | undefined;
    while (answer === undefined && !ended) {
      answer = await fetch(`http://127.0.0.1:${port}/`).then((response) => response.text(), () => undefined);
    }
    if (!ended) process.kill("SIGKILL");
    await process.status;
    assertEquals(answer, "served", await stderr);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

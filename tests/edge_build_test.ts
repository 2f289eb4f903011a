import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { parseBuildArguments } from "../edge/arguments.ts";
import { writeBundle } from "../runtime/bundle/write.ts";
import { withBundles } from "./support/server.ts";
import { runTask } from "./support/task_command.ts";
import { type Parts, smallParts, tinyParts } from "./support/tiny_bundle.ts";

/** An edge function that was made. */
interface Edge {
  fetch(request: Request): Promise<Response>;
}

function named(parts: Parts, name: string): Parts {
  parts.program.name = name;
  return parts;
}

async function load(script: string): Promise<(path: string) => Promise<unknown>> {
  const edge: Edge = (await import(`file://${script}`)).default;
  return async (path) => await (await edge.fetch(new Request(`http://localhost${path}`))).json();
}

const filesIn = (folder: string) => Array.from(Deno.readDirSync(folder), ({ name }) => name).sort();

Deno.test("build:edge makes one module of several bundles, each by its name", async () => {
  await withBundles([named(tinyParts(), "a/b"), smallParts(), tinyParts()], async ([first, second, third]) => {
    const output = `${first}-dist/deeper`;
    const { code, stdout, stderr } = await runTask("build:edge", [
      first,
      `small=${second}`,
      third,
      "--embed",
      "--output",
      output,
    ]);
    assertEquals([code, stderr], [0, ""]);
    assertMatch(
      stdout,
      /edge\.js +\d+ kB +\d+ kB gzipped\n\nServes a\/b, small, hand-made\. Next: deno serve \S+edge\.js\n$/,
    );
    assertEquals(filesIn(output), ["edge.js"]);
    const script = await Deno.readTextFile(`${output}/edge.js`);
    assert(!/from ?"npm:|import ?"(?!node:)/.test(script));
    const get = await load(`${output}/edge.js`);
    assertEquals(await get("/v2/models"), { models: ["a/b", "small", "hand-made"] });
    assertEquals(await get("/v2/models/a%2Fb/ready"), { name: "a/b", ready: true });
    assertEquals(await get("/v2/models/small/ready"), { name: "small", ready: true });
  });
});

Deno.test("build:edge lays bundles of all versions beside the module, by names that file systems take", async () => {
  const folder = await Deno.makeTempDir();
  try {
    for (const [name, version] of [["net", "1"], ["net", "12"], ["n t", "1"], ["n+t", "1"]]) {
      await Deno.mkdir(`${folder}/models/${name}/${version}`, { recursive: true });
      const { program, data } = tinyParts();
      await Deno.writeFile(`${folder}/models/${name}/${version}/model.octet`, await writeBundle(program, data));
    }
    const output = `${folder}/dist`;
    const { code, stdout } = await runTask("build:edge", [`${folder}/models`, "--output", output]);
    assertEquals(code, 0);
    assertStringIncludes(stdout, `Next: deno serve --allow-read=${output} ${output}/edge.js`);
    assertEquals(filesIn(output), ["edge.js", "n_t.octet", "n_t_2.octet", "net-12.octet", "net.octet"]);
    const get = await load(`${output}/edge.js`);
    for (const name of ["n%20t", "n%2Bt", "net/versions/1", "net/versions/12"]) {
      assertEquals((await get(`/v2/models/${name}/ready`) as { ready: boolean }).ready, true, name);
    }
    await Deno.remove(`${output}/n_t.octet`);
    const again = await load(`${output}/edge.js?again`);
    assertEquals(await again("/v2/models/n%20t"), { error: 'Model "n t" version "1" cannot be loaded' });
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("build:edge makes the same bytes of the same bundles", async () => {
  await withBundles([tinyParts()], async ([path]) => {
    const outputs = ["a", "b"].map((name) => `${path}-${name}`);
    for (const output of outputs) {
      await runTask("build:edge", [path, "--embed", "--target", "workerd", "--output", output]);
    }
    assertEquals(filesIn(outputs[0]), [
      "jpeg.wasm",
      "relaxed.wasm",
      "simd128.wasm",
      "webp.wasm",
      "worker.js",
      "wrangler.jsonc",
    ]);
    for (const name of filesIn(outputs[0])) {
      assertEquals(await Deno.readFile(`${outputs[1]}/${name}`), await Deno.readFile(`${outputs[0]}/${name}`), name);
    }
    assertEquals(JSON.parse(await Deno.readTextFile(`${outputs[0]}/wrangler.jsonc`)).name, "octet-hand-made");
  });
});

Deno.test("build:edge pins the hash of a bundle on the web, which the function loads itself", async () => {
  const { program, data } = tinyParts();
  const bytes = await writeBundle(program, data);
  let current: Uint8Array<ArrayBuffer> = bytes;
  const server = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen: () => {} }, () => new Response(current));
  const output = await Deno.makeTempDir();
  try {
    const url = `http://127.0.0.1:${server.addr.port}/net.octet`;
    const args = [`web=${url}`, "--output", output, "--cache", "off"];
    const { code, stdout } = await runTask("build:edge", args);
    assertEquals(code, 0);
    assertMatch(stdout, /Serves web\. Next: deno serve --allow-net \S+edge\.js\n$/);
    assertMatch(await Deno.readTextFile(`${output}/edge.js`), /net\.octet#sha256=[0-9a-f]{64}/);
    const get = await load(`${output}/edge.js`);
    assertEquals(await get("/v2/models/web/ready"), { name: "web", ready: true });
    program.name = "other";
    current = await writeBundle(program, data);
    const again = await load(`${output}/edge.js?again`);
    assertEquals(await again("/v2/models/web/ready"), { error: 'Model "web" version "1" cannot be loaded' });
  } finally {
    await Deno.remove(output, { recursive: true });
    await server.shutdown();
  }
});

Deno.test("build:edge says in one sentence what is wrong, and writes nothing", async () => {
  await withBundles([tinyParts(), tinyParts()], async ([path, twin]) => {
    const altered = `${path}.altered`;
    const bytes = await Deno.readFile(path);
    bytes[bytes.length - 40] ^= 1;
    await Deno.writeFile(altered, bytes);
    const output = `${path}-dist`;
    const cases: [string[], RegExp][] = [
      [[], /No bundle is named: build:edge FILE\.octet expected/],
      [[`${path}.none`], /Cannot read \S+\.none: no such file/],
      [[altered], /\S+\.altered: Altered bundle: /],
      [["deno.json"], /deno\.json: Not an Octet bundle/],
      [[path, twin], /Two bundles are named "hand-made": write NAME=FILE for one of them/],
      [[path, twin, "--name", "x"], /--name is for one bundle/],
      [[path, "--name", ""], /--name must not be empty/],
      [[path, "--target", "moon"], /--target must be module or workerd, not "moon"/],
      [[path, "--cache", "moon"], /--cache must be one of auto, cache-api, kv, off, not "moon"/],
      [[path, "--moon"], /Unknown option '--moon'/],
      [["https://localhost:1/net.octet#sha1=0"], /only sha256=HASH may stand\n$/],
      [["http://127.0.0.1:1/net.octet"], /Cannot read the bundle from http:\/\/127\.0\.0\.1:1\/net\.octet: /],
    ];
    for (const [args, message] of cases) {
      const { code, stdout, stderr } = await runTask("build:edge", [...args, "--output", output]);
      assertEquals([code, stdout], [1, ""], stderr);
      assertMatch(stderr, /^error: [^\n]+\n$/);
      assertMatch(stderr, message);
      assertEquals(await Deno.stat(output).catch(() => "absent"), "absent");
    }
    const { code, stderr } = await runTask("build:edge", [path, "--output", `${path}/dist`]);
    assertEquals(code, 1);
    assertMatch(stderr, /^error: \S+: the files cannot be written: [^\n]+\n$/);
  });
});

Deno.test("Arguments of build:edge have the documented defaults", () => {
  assertEquals(parseBuildArguments(["a.octet"]), {
    sources: [{ name: undefined, source: "a.octet" }],
    output: "dist",
    embed: false,
    target: "module",
    cache: "auto",
    help: false,
  });
  assertEquals(parseBuildArguments(["a.octet", "--name", "b=c"]).sources, [{ name: "b=c", source: "a.octet" }]);
});

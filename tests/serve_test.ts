import { assert, assertEquals, assertMatch, assertRejects, assertStringIncludes } from "@std/assert";
import { writeBundle } from "../runtime/bundle/write.ts";
import { Model } from "../runtime/model.ts";
import { encodePng, randomPixels } from "./support/images.ts";
import { request, withBundles, withServer } from "./support/server.ts";
import { runTask } from "./support/task_command.ts";
import { type Parts, randomFloats, smallParts, tinyParts } from "./support/tiny_bundle.ts";

const windows = Deno.build.os === "windows";

function named(parts: Parts, name: string): Parts {
  parts.program.name = name;
  return parts;
}

Deno.test("serve answers tensors and images as the library does", async () => {
  const parts = smallParts();
  const model = await Model.load(await writeBundle(parts.program, parts.data));
  await withBundles([parts], ([path]) =>
    withServer([path, "--port", "0"], async ({ line, url }) => {
      assertEquals(line, `Serving hand-made on ${url} (kernels: ${model.kernels})`);
      assertMatch(url, /^http:\/\/127\.0\.0\.1:[1-9]\d+$/);
      assertEquals(await request(`${url}/v2/health/ready`), [200, { ready: true }]);
      assertEquals((await request(`${url}/v2/models/hand-made`))[1].inputs, [
        { name: "x", datatype: "FP32", shape: [1, 3, 6, 6] },
      ]);

      const x = randomFloats(108, 7);
      const body = JSON.stringify({ inputs: [{ name: "x", shape: [1, 3, 6, 6], datatype: "FP32", data: [...x] }] });
      const [status, answer] = await request(`${url}/v2/models/hand-made/infer`, { method: "POST", body });
      assertEquals(status, 200);
      const expected = model.run({ x });
      for (const { name, shape, data } of answer.outputs) {
        assertEquals([shape, Float32Array.from(data)], [expected[name].shape, expected[name].data]);
      }
      assertEquals(answer.outputs.length, 2);

      const image = randomPixels({ height: 9, width: 13, channels: 3 }, 5);
      const png = encodePng(image) as Uint8Array<ArrayBuffer>;
      const [classified, classes] = await request(`${url}/classify?top=3`, { method: "POST", body: png });
      assertEquals([classified, classes.model], [200, "hand-made"]);
      assertEquals(classes.predictions, model.classify(image, { top: 3 }));
    }));
});

Deno.test("serve tells a client what is wrong and goes on", async () => {
  await withBundles([smallParts()], ([path]) =>
    withServer([path, "--port=0"], async ({ url }) => {
      const infer = `${url}/v2/models/hand-made/infer`;
      const cases: [string, string | undefined, number][] = [
        [`${url}/v2/models/other`, undefined, 404],
        [infer, undefined, 405],
        [infer, "{", 400],
        [infer, '{"inputs":[{"name":"x","shape":[1,3,6,5],"datatype":"FP32","data":[]}]}', 400],
        [`${url}/classify`, "not an image", 415],
        [`${url}/nowhere`, undefined, 404],
      ];
      for (const [address, body, expected] of cases) {
        const [status, answer] = await request(address, body === undefined ? {} : { method: "POST", body });
        assertEquals([status, typeof answer.error], [expected, "string"], `${address} ${body}`);
      }
      assertEquals(await request(`${url}/v2/health/ready`), [200, { ready: true }]);
    }));
});

Deno.test("serve takes several bundles and tells them apart by name", async () => {
  await withBundles(
    [named(tinyParts(), "a/b c"), smallParts()],
    (paths) =>
      withServer([...paths, "--port", "0"], async ({ line, url }) => {
        assertMatch(line, /^Serving a\/b c, hand-made on /);
        const body = JSON.stringify({ inputs: [{ name: "x", shape: [1, 2], datatype: "FP32", data: [1, -3] }] });
        const [status, answer] = await request(`${url}/v2/models/a%2Fb%20c/infer`, { method: "POST", body });
        assertEquals([status, answer.outputs[0].data], [200, [0, 0]]);
        assertEquals((await request(`${url}/v2/models/hand-made/ready`))[0], 200);
      }),
  );
});

Deno.test("serve escapes control characters in a network's name", async () => {
  await withBundles([named(tinyParts(), "a\u001b[2J\nb")], ([path]) =>
    withServer([path, "--port", "0"], ({ line }) => {
      assertMatch(line, /^Serving a\\u001b\[2J\\u000ab on http:/);
      return Promise.resolve();
    }));
});

for (const name of ["SIGINT", "SIGTERM"] as const) {
  Deno.test({
    name: `serve finishes the request at hand upon ${name} and ends with status 0`,
    ignore: windows,
    fn: () =>
      withBundles([tinyParts()], ([path]) =>
        withServer([path, "--port", "0"], async ({ url, signal, end }) => {
          const port = Number(new URL(url).port);
          const connection = await Deno.connect({ hostname: "127.0.0.1", port });
          const body = JSON.stringify({ inputs: [{ name: "x", shape: [1, 2], datatype: "FP32", data: [1, 1] }] });
          await write(
            connection,
            [
              "POST /v2/models/hand-made/infer HTTP/1.1",
              "Host: localhost",
              `Content-Length: ${body.length}`,
              "Expect: 100-continue",
              "Connection: close",
              "\r\n",
            ].join("\r\n"),
          );
          const reader = connection.readable.pipeThrough(new TextDecoderStream()).getReader();
          assertStringIncludes((await reader.read()).value ?? "", "100 Continue");
          signal(name);
          await closing(url);
          await write(connection, body);
          let answer = "";
          for (let part = await reader.read(); !part.done; part = await reader.read()) answer += part.value;
          assertMatch(answer, /^HTTP\/1\.1 200 /);
          assertStringIncludes(answer, '"data":[3.5,6.5]');
          assertEquals(await end, { code: 0, stderr: "" });
        })),
  });
}

/** Connections that never come to an end of their own: what they send. */
const UNENDING = {
  "is silent": "",
  "sends half a head": "GET /v2 HT",
  "sends a part of a body": "POST /classify HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nx",
  "does not read": "GET /octet/relaxed.js HTTP/1.1\r\nHost: x\r\n\r\n".repeat(200),
};

for (const [what, text] of Object.entries(UNENDING)) {
  Deno.test({
    name: `serve ends with status 0 while a connection ${what}`,
    ignore: windows,
    fn: () =>
      withBundles(
        [tinyParts()],
        ([path]) =>
          withServer([path, "--port", "0", "--shutdown-timeout", "500"], async ({ url, signal, end }) => {
            using connection = await Deno.connect({ hostname: "127.0.0.1", port: Number(new URL(url).port) });
            await write(connection, text);
            await new Promise((resolve) => setTimeout(resolve, 300));
            const start = performance.now();
            signal("SIGTERM");
            assertEquals((await end).code, 0);
            assert(performance.now() - start < 5_000);
          }),
      ),
  });
}

/** A network whose one run takes days: the mean of a million numbers, a million times. */
function endlessParts(): Parts {
  const [side, shape] = [1024, [1, 1024, 1024, 1]];
  const port = (name: string, tensor: number) => ({ name, tensor, shape: [1, 1, side, side], batched: false });
  return {
    program: {
      name: "endless",
      inputs: [port("x", 0)],
      outputs: [port("y", 1)],
      tensors: ["x", "y"].map((name, index) => ({ name, type: "f32", shape, offset: index * side * side * 4 })),
      constants: [],
      steps: [{
        kernel: "average_pool_f32",
        name: "pool",
        inputs: [0],
        output: 1,
        constants: [],
        attributes: {
          input: shape,
          output: shape,
          kernel: [4 * side, 4 * side],
          stride: [1, 1],
          dilation: [1, 1],
          pads: [2 * side, 2 * side, 2 * side, 2 * side],
          countIncludePad: 1,
        },
      }],
      arenaBytes: 2 * side * side * 4,
    },
    data: new Uint8Array(0),
  } as unknown as Parts;
}

Deno.test({
  name: "serve ends with status 0 while a network runs that does not end",
  ignore: windows,
  fn: () =>
    withBundles(
      [endlessParts()],
      ([path]) =>
        withServer([path, "--port", "0", "--shutdown-timeout", "500"], async ({ url, signal, end }) => {
          const headers = { "inference-header-content-length": "0" };
          const body = new Uint8Array(4 * 1024 * 1024);
          const answered = fetch(`${url}/v2/models/endless/infer`, { method: "POST", headers, body }).then(
            () => true,
            () => false,
          );
          await new Promise((resolve) => setTimeout(resolve, 500));
          const start = performance.now();
          signal("SIGTERM");
          assertEquals([(await end).code, await answered], [0, false]);
          assert(performance.now() - start < 5_000);
        }),
    ),
});

Deno.test({
  name: "serve ends at once upon a second signal",
  ignore: windows,
  fn: () =>
    withBundles(
      [tinyParts()],
      ([path]) =>
        withServer([path, "--port", "0", "--shutdown-timeout", "60000"], async ({ url, signal, end }) => {
          using connection = await Deno.connect({ hostname: "127.0.0.1", port: Number(new URL(url).port) });
          await write(connection, UNENDING["sends a part of a body"]);
          await new Promise((resolve) => setTimeout(resolve, 300));
          signal("SIGTERM");
          await closing(url);
          signal("SIGTERM");
          assertEquals((await end).code, 143);
        }),
    ),
});

async function write(connection: Deno.Conn, text: string): Promise<void> {
  const bytes = new TextEncoder().encode(text);
  for (let sent = 0; sent < bytes.length;) sent += await connection.write(bytes.subarray(sent));
}

/** Waits until the server takes no new requests. */
async function closing(url: string): Promise<void> {
  const deadline = performance.now() + 5_000;
  while (performance.now() < deadline) {
    const [status, answer] = await request(`${url}/v2/health/ready`);
    if (status === 503) return assertEquals(answer, { error: "The server is shutting down" });
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  throw new Error("The server still takes requests 5 seconds after the signal");
}

Deno.test("serve refuses bundles that it cannot load with one sentence and exit status 1", async () => {
  const small = smallParts();
  await withBundles([small, smallParts(), named(tinyParts(), "tiny")], async ([path, twin, tiny]) => {
    const altered = path.replace(/0\.octet$/, "altered.octet");
    const bytes = await Deno.readFile(path);
    bytes[100] ^= 1;
    await Deno.writeFile(altered, bytes);
    const truncated = path.replace(/0\.octet$/, "truncated.octet");
    await Deno.writeFile(truncated, bytes.subarray(0, 500));
    const cases: [string[], RegExp][] = [
      [["does-not-exist.octet"], /^error: Cannot read does-not-exist\.octet: no such file\n$/],
      [[tiny, "tests"], /^error: tests\/clients: no version is there, clients\/1\/model\.octet expected\n$/],
      [[tiny, "docs"], /^error: docs: no model is there, NAME\/VERSION\/model\.octet expected\n$/],
      [[altered], /^error: .*altered\.octet: Altered bundle: .*\n$/],
      [[tiny, truncated], /^error: .*truncated\.octet: Truncated bundle: .*\n$/],
      [["deno.json"], /^error: deno\.json: Not an Octet bundle: .*\n$/],
      [[path, twin], /^error: .*1\.octet: a network named "hand-made" is loaded already\n$/],
    ];
    for (const [args, expected] of cases) {
      const { code, stdout, stderr } = await runTask("serve", [...args, "--port", "0"]);
      assertEquals([code, stdout], [1, ""], stderr);
      assertMatch(stderr, expected);
    }
  });
});

Deno.test("serve refuses wrong arguments with one sentence and exit status 1", async () => {
  const cases: [string[], RegExp][] = [
    [[], /^error: No bundle is named: serve FILE\.octet expected\n$/],
    [["--threads", "x"], /^error: Unknown option '--threads'\n$/],
    [["x", "--port"], /^error: Option '--port <value>' argument missing\n$/],
    [["x", "--log", "some"], /^error: --log must be off, errors or all, not "some"\n$/],
    [["x", "--max-body", "0"], /^error: --max-body must be a whole number from 1 to 2147483647, not "0"\n$/],
    [["x", "--workers", "0"], /^error: --workers must be a whole number from 1 to 256, not "0"\n$/],
    [["x", "--log-format", "xml"], /^error: --log-format must be json or text, not "xml"\n$/],
    [["x", "--max-samples=-3"], /^error: --max-samples must be a whole number from 1 to 2147483647, not "-3"\n$/],
    ...["65536", "", "x", "1.5", "0x10", "123456"].map((port): [string[], RegExp] => [
      ["x", `--port=${port}`],
      new RegExp(`^error: --port must be a whole number from 0 to 65535, not "${port}"\n$`),
    ]),
  ];
  for (const [args, expected] of cases) {
    const { code, stdout, stderr } = await runTask("serve", args);
    assertEquals([code, stdout], [1, ""]);
    assertMatch(stderr, expected);
  }
  const { code, stdout } = await runTask("serve", ["--help"]);
  assertEquals(code, 0);
  assertStringIncludes(stdout, "--port N");
});

Deno.test("serve refuses a port that is taken with one sentence and exit status 1", async () => {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr as Deno.NetAddr;
  await withBundles([tinyParts()], async ([path]) => {
    const { code, stdout, stderr } = await runTask("serve", [path, "--port", String(port)]);
    assertEquals([code, stdout], [1, ""]);
    assertMatch(stderr, new RegExp(`^error: Cannot listen on 127\\.0\\.0\\.1 port ${port}: .*in use.*\n$`));
  });
});

Deno.test("serve listens on the host that is named", async () => {
  await withBundles(
    [tinyParts()],
    ([path]) =>
      withServer([path, "--port", "0", "--host", "127.0.0.1"], async ({ url }) => {
        const port = Number(new URL(url).port);
        assert(port > 0);
        assertEquals((await request(`${url}/v2/health/live`))[0], 200);
        if (Deno.build.os === "linux") {
          await assertRejects(() => Deno.connect({ hostname: "127.0.0.2", port }), Deno.errors.ConnectionRefused);
        }
      }),
  );
});

/** Writes a folder of models for as long as `use` runs: "net" in versions 2 and 10, and "other". */
async function withRepository(use: (path: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    const files: [string, Parts][] = [["net/2", tinyParts()], ["net/10", smallParts()], ["other/1", tinyParts()]];
    for (const [path, { program, data }] of files) {
      await Deno.mkdir(`${folder}/${path}`, { recursive: true });
      await Deno.writeFile(`${folder}/${path}/model.octet`, await writeBundle(program, data));
    }
    await Deno.writeTextFile(`${folder}/README.md`, "not a model");
    await Deno.mkdir(`${folder}/.git/1`, { recursive: true });
    await Deno.mkdir(`${folder}/net/old`);
    await use(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("serve takes a folder of models in versions, beside bundles", async () => {
  await withRepository((folder) =>
    withBundles([smallParts()], ([path]) =>
      withServer([folder, path, "--port", "0"], async ({ line, url }) => {
        assertMatch(line, /^Serving net, other, hand-made on /);
        const models = `${url}/v2/models`;
        const [status, { versions, inputs }] = await request(`${models}/net`);
        assertEquals([status, versions, inputs[0].shape], [200, ["2", "10"], [1, 3, 6, 6]]);
        assertEquals((await request(`${models}/net/versions/2`))[1].inputs[0].shape, [1, 2]);
        assertEquals((await request(`${models}/other`))[1].versions, ["1"]);
        assertEquals((await request(`${models}/net/versions/3`))[0], 404);
        assertEquals((await request(`${models}/net/versions/..%2F2`))[0], 404);
        const metrics = await (await fetch(`${url}/metrics`)).text();
        assertMatch(metrics, /^octet_model_ready\{model="net",version="10"\} 1$/m);
        assertMatch(metrics, /^process_resident_memory_bytes [1-9]\d{6,}$/m);
      }))
  );
});

Deno.test("serve --lazy loads a model of a folder on its first request, and goes on where that fails", async () => {
  await withRepository(async (folder) => {
    const file = `${folder}/other/1/model.octet`;
    const bytes = await Deno.readFile(file);
    await Deno.writeFile(file, bytes.subarray(0, 500));
    const eager = await runTask("serve", [folder, "--port", "0"]);
    assertEquals([eager.code, eager.stdout], [1, ""]);
    assertMatch(eager.stderr, /^error: .*\/other\/1\/model\.octet: Truncated bundle: .*\n$/);

    await withServer([folder, "--port", "0", "--lazy"], async ({ url, signal, end }) => {
      const ready = async () => (await (await fetch(`${url}/metrics`)).text()).match(/^octet_model_ready.* 1$/mg);
      assertEquals(await ready(), null);
      assertEquals((await request(`${url}/v2/models/net/versions/2/ready`))[0], 200);
      assertEquals(await ready(), ['octet_model_ready{model="net",version="2"} 1']);
      const error = 'Model "other" version "1" cannot be loaded';
      assertEquals(await request(`${url}/v2/models/other/ready`), [503, { error }]);
      assertEquals((await request(`${url}/v2/models/net/ready`))[0], 200);
      signal("SIGTERM");
      const { code, stderr } = await end;
      const [reported, failed, ...more] = stderr.trimEnd().split("\n").map((line) => JSON.parse(line));
      assertEquals(code, 0);
      assertMatch(reported.error, /^InputError: .*\/other\/1\/model\.octet: Truncated bundle: /);
      assertEquals([failed.route, failed.status, failed.reason], ["/v2/models/{name}/ready", 503, "unavailable"]);
      assertEquals(more, []);
    });
  });
});

Deno.test("serve logs each request on standard error where that is asked for, and keeps to its limits", async () => {
  await withBundles(
    [tinyParts()],
    ([path]) =>
      withServer([path, "--port", "0", "--log", "all", "--max-body", "100"], async ({ url, signal, end }) => {
        await request(`${url}/v2`, { headers: { "x-request-id": "one" } });
        const init = { method: "POST", body: "x".repeat(101), headers: { "x-request-id": "two" } };
        assertEquals(await request(`${url}/v2/models/hand-made/infer`, init), [
          413,
          { error: "The body is larger than 100 bytes" },
        ]);
        signal("SIGTERM");
        const { code, stderr } = await end;
        const lines = stderr.trimEnd().split("\n").map((line) => JSON.parse(line));
        assertEquals([code, lines.map(({ id, status }) => [id, status])], [0, [["one", 200], ["two", 413]]]);
      }),
  );
});

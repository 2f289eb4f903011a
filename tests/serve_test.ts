import { assert, assertEquals, assertMatch, assertRejects, assertStringIncludes } from "@std/assert";
import { writeBundle } from "../runtime/bundle/write.ts";
import { Model } from "../runtime/model.ts";
import { encodePng, randomPixels } from "./support/images.ts";
import { runTask, taskCommand } from "./support/task_command.ts";
import { type Parts, randomFloats, smallParts, tinyParts } from "./support/tiny_bundle.ts";

const windows = Deno.build.os === "windows";

/** Writes bundles to a folder that lives as long as `use` runs. */
async function withBundles<T>(parts: Parts[], use: (paths: string[]) => Promise<T>): Promise<T> {
  const folder = await Deno.makeTempDir();
  try {
    const paths = parts.map((_, index) => `${folder}/${index}.octet`);
    for (const [index, { program, data }] of parts.entries()) {
      await Deno.writeFile(paths[index], await writeBundle(program, data));
    }
    return await use(paths);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** A running server. */
interface Server {
  /** Its first line. */
  line: string;
  /** Where it listens, without a slash at the end. */
  url: string;
  /** Asks it to end. */
  signal(name: Deno.Signal): void;
  /** How it ended, with all that it wrote to standard error. */
  end: Promise<{ code: number; stderr: string }>;
}

/** Runs `serve` until `use` is done; the server is asked to end if it did not before. */
async function withServer(args: string[], use: (server: Server) => Promise<void>): Promise<void> {
  const process = taskCommand("serve", args).spawn();
  const reader = process.stdout.pipeThrough(new TextDecoderStream()).getReader();
  const stderr = new Response(process.stderr).text();
  const end = Promise.all([process.status, stderr]).then(([{ code }, stderr]) => ({ code, stderr }));
  try {
    let text = "";
    while (!text.includes("\n")) {
      const { value, done } = await reader.read();
      if (done) throw new Error(`The server ended: ${await stderr}`);
      text += value;
    }
    const line = text.trimEnd();
    await use({ line, url: line.match(/http:\/\/\S+/)![0], signal: (name) => process.kill(name), end });
  } finally {
    await Promise.race([end, Promise.resolve()]).then((ended) => ended ?? process.kill("SIGTERM"));
    await end;
    await reader.cancel();
  }
}

function named(parts: Parts, name: string): Parts {
  parts.program.name = name;
  return parts;
}

/** Status and JSON of the answer to a request. */
// deno-lint-ignore no-explicit-any
async function request(url: string, init?: RequestInit): Promise<[number, any]> {
  const response = await fetch(url, init);
  return [response.status, await response.json()];
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
      [[tiny, "tests"], /^error: Cannot read tests: it is a folder\n$/],
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

import { assert, assertEquals, assertRejects } from "@std/assert";
import { readBundle } from "../runtime/bundle/read.ts";
import { writeBundle } from "../runtime/bundle/write.ts";
import { createHandler, createRegistry, ImageError, type ImageFault, type ServedModel } from "../runtime/http/mod.ts";
import { createMetrics } from "../runtime/http/metrics/metrics.ts";
import { createPool, type Pool, type PoolSettings } from "../runtime/http/serve/workers/pool.ts";
import { InputError } from "../runtime/errors.ts";
import { Model } from "../runtime/model.ts";
import { encodePng, randomPixels } from "./support/images.ts";
import { request, withBundles, withServer } from "./support/server.ts";
import { answer } from "./support/served_models.ts";
import { randomFloats, smallParts } from "./support/tiny_bundle.ts";

const NET = { name: "net", version: "1" };
const bytes = await writeBundle(smallParts().program, smallParts().data);
const own = await Model.load(bytes);
/** Corrupts the memory of its instance when it gets an input that begins with this number. */
const CORRUPTING = 666;
/** Ends by an error that nobody catches when it gets an input that begins with this number. */
const ENDING = 667;

async function withPool(
  settings: Partial<PoolSettings>,
  use: (model: ServedModel, pool: Pool, errors: unknown[]) => Promise<void>,
): Promise<void> {
  const errors: unknown[] = [];
  const all = { workers: 2, maxQueue: 1000, ...settings };
  const pool = createPool(all, createMetrics(), (error) => errors.push(error));
  try {
    await use(await pool.load(NET, await readBundle(bytes)), pool, errors);
  } finally {
    pool.close();
  }
}

function input(seed: number): Record<string, { shape: number[]; data: Float32Array }> {
  return { x: { shape: [1, 3, 6, 6], data: randomFloats(108, seed) } };
}

Deno.test("workers give every caller the bytes that a run of its own gives", async () => {
  for (const workers of [1, 2]) {
    await withPool({ workers }, async (model) => {
      const seeds = Array.from({ length: 60 }, (_, index) => index);
      const results = await Promise.all(seeds.map((seed) => model.run(input(seed))));
      for (const seed of seeds) assertEquals(results[seed], own.run(input(seed)));
    });
  }
});

Deno.test("workers decode and classify image files, and say what is wrong with one", async () => {
  await withPool({}, async (model) => {
    const image = randomPixels({ height: 9, width: 13, channels: 3 }, 5);
    const options = { top: 3, maxPixels: 200 };
    const { predictions, decodeMilliseconds } = await model.classify(encodePng(image), options);
    assertEquals(predictions, own.classify(image, { top: 3 }));
    assert(decodeMilliseconds > 0);
    const refused: [Uint8Array, ImageFault][] = [
      [new TextEncoder().encode("no image"), "unsupported"],
      [encodePng(image).subarray(0, 60), "corrupt"],
      [encodePng(randomPixels({ height: 15, width: 15, channels: 3 }, 5)), "too-large"],
    ];
    for (const [file, fault] of refused) {
      const error = await assertRejects(async () => await model.classify(file, options), ImageError);
      assertEquals(error.fault, fault);
    }
  });
});

Deno.test("a worker's errors keep their class", async () => {
  await withPool({ workers: 1 }, async (model) => {
    const short = { x: { shape: [1, 3, 6, 5], data: new Float32Array(90) } };
    await assertRejects(async () => await model.run(short), InputError, "float32 [1, 3, 6, 6] expected");
  });
});

Deno.test("memory that is corrupted makes a worker's instance trap; the next request has a new one", async () => {
  const module = new URL("./support/failing_worker.ts", import.meta.url);
  const errors: unknown[] = [];
  const pool = createPool(
    { workers: 1, maxQueue: 100, module },
    createMetrics(),
    (error) => errors.push(error),
  );
  try {
    const bundle = await readBundle(bytes);
    const models = createRegistry([{ name: "net", load: () => pool.load(NET, bundle) }], {
      onError: (error) => errors.push(error),
    });
    const handle = createHandler(models, { onError: () => {} });
    const infer = (first: number) => {
      const data = [first, ...randomFloats(107, 3)];
      const body = JSON.stringify({ inputs: [{ name: "x", shape: [1, 3, 6, 6], datatype: "FP32", data }] });
      return answer(handle(new Request("http://localhost/v2/models/net/infer", { method: "POST", body })));
    };
    const good = await infer(1);
    assertEquals(good[0], 200);
    const [trapped, ...others] = await Promise.all([infer(CORRUPTING), infer(1), infer(1), infer(1)]);
    assertEquals(trapped, [500, { error: 'Model "net" failed on this request and is made anew' }]);
    for (const other of others) assertEquals(other, good);
    assertEquals([errors.length, errors[0] instanceof WebAssembly.RuntimeError], [1, true]);
    assertEquals(await infer(1), good);
    assertEquals(models.list()[0].traps, 1);

    assertEquals(await infer(ENDING), [500, { error: "Internal error" }]);
    let after = await infer(1);
    for (let tries = 0; after[0] !== 200 && tries < 100; tries++) {
      await new Promise((resolve) => setTimeout(resolve, 50));
      after = await infer(1);
    }
    assertEquals(after, good);
  } finally {
    pool.close();
  }
});

Deno.test("serve with two workers answers each of many concurrent requests with its own result", async () => {
  await withBundles(
    [smallParts()],
    ([path]) =>
      withServer([path, "--port", "0", "--workers", "2"], async ({ line, url }) => {
        assert(line.endsWith(", 2 workers)"), line);
        const seeds = Array.from({ length: 64 }, (_, index) => index);
        const answers = await Promise.all(seeds.map((seed) => {
          const data = [...input(seed).x.data];
          const body = JSON.stringify({ inputs: [{ name: "x", shape: [1, 3, 6, 6], datatype: "FP32", data }] });
          return request(`${url}/v2/models/hand-made/infer`, { method: "POST", body });
        }));
        for (const seed of seeds) {
          const expected = own.run(input(seed));
          for (const { name, data } of answers[seed][1].outputs) {
            assertEquals(Float32Array.from(data), expected[name].data);
          }
        }
        const metrics = await (await fetch(`${url}/metrics`)).text();
        const valueOf = (name: string) => Number(metrics.match(new RegExp(`^${name}\\{[^}]*\\} (.*)$`, "m"))?.[1]);
        assertEquals(valueOf("octet_queue_wait_seconds_count"), 64);
        assertEquals(valueOf("octet_queue_length"), 0);
      }),
  );
});

const sample = JSON.stringify({
  inputs: [{ name: "x", shape: [1, 3, 6, 6], datatype: "FP32", data: [...input(1).x.data] }],
});

/** Keeps a worker busy for a while. */
const LARGE_PICTURE = encodePng({ data: new Uint8Array(72e6), width: 6000, height: 4000, channels: 3 }) as Uint8Array<
  ArrayBuffer
>;

/** The value of a metric of a server; of all its series if there are several. */
async function metric(url: string, name: string): Promise<number> {
  const text = await (await fetch(`${url}/metrics`)).text();
  const lines = text.split("\n").filter((line) => line.startsWith(name));
  return lines.reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(" "))), 0);
}

/** Sends a request and leaves the connection open. */
async function send(url: string, body: string): Promise<Deno.Conn> {
  const { hostname, port, pathname } = new URL(url);
  const connection = await Deno.connect({ hostname, port: Number(port) });
  const head = [`POST ${pathname} HTTP/1.1`, "Host: localhost", `Content-Length: ${body.length}`, "", ""];
  const bytes = new TextEncoder().encode(head.join("\r\n") + body);
  for (let sent = 0; sent < bytes.length;) sent += await connection.write(bytes.subarray(sent));
  return connection;
}

async function until(holds: () => Promise<boolean>): Promise<void> {
  for (let tries = 0; tries < 200; tries++) {
    if (await holds()) return;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  throw new Error("It does not come about within two seconds");
}

Deno.test("serve refuses requests beyond its queue, and forgets those whose client goes away", async () => {
  await withBundles(
    [smallParts()],
    ([path]) =>
      withServer([path, "--port", "0", "--max-queue", "2"], async ({ url, signal, end }) => {
        const infer = `${url}/v2/models/hand-made/infer`;
        const busy = request(`${url}/classify`, { method: "POST", body: LARGE_PICTURE });
        await until(async () => await metric(url, "octet_queue_wait_seconds_count") === 1);
        const clients = await Promise.all([send(infer, sample), send(infer, sample + " ".repeat(500_000))]);
        await until(async () => await metric(url, "octet_queue_length{") === 2);
        const refused = await fetch(infer, { method: "POST", body: sample });
        assertEquals([refused.status, refused.headers.get("retry-after")], [429, "1"]);
        assertEquals(await refused.json(), { error: 'Too many requests wait for model "hand-made"' });
        assertEquals((await request(`${url}/v2/health/ready`))[0], 200);

        clients.forEach((client) => client.close());
        await until(async () => await metric(url, "octet_queue_length{") === 0);
        await until(async () => await metric(url, 'octet_request_failures_total{reason="cancelled"}') === 2);
        assertEquals(await metric(url, 'octet_request_failures_total{reason="queue_full"}'), 1);
        assertEquals(await metric(url, "octet_queue_wait_seconds_count"), 1);
        assertEquals((await busy)[0], 200);
        signal("SIGTERM");
        const { code, stderr } = await end;
        const statuses = stderr.trimEnd().split("\n").map((line) => JSON.parse(line).status);
        assertEquals([code, statuses], [0, [429, 499, 499]]);
      }),
  );
});

Deno.test({
  name: "serve says that it is not ready before it refuses requests, and finishes those that wait",
  ignore: Deno.build.os === "windows",
  fn: () =>
    withBundles([smallParts()], ([path]) => {
      return withServer([path, "--port", "0", "--shutdown-delay", "700"], async ({ url, signal, end }) => {
        const infer = () => request(`${url}/v2/models/hand-made/infer`, { method: "POST", body: sample });
        const first = Promise.all(
          Array.from({ length: 6 }, () => request(`${url}/classify`, { method: "POST", body: LARGE_PICTURE })),
        );
        await until(async () => await metric(url, "octet_queue_length{") === 5);
        signal("SIGTERM");
        await until(async () => (await request(`${url}/v2/health/ready`))[0] === 503);
        assertEquals(await request(`${url}/v2/health/live`), [200, { live: true }]);
        const second = infer();
        await until(async () => (await request(`${url}/v2/health/live`))[0] === 503);
        assertEquals((await infer())[0], 503);
        assertEquals([...await first, await second].map(([status]) => status), [200, 200, 200, 200, 200, 200, 200]);
        assertEquals((await end).code, 0);
      });
    }),
});

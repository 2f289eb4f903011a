import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { writeBundle } from "../runtime/bundle/write.ts";
import {
  bundleLoader,
  createHandler,
  createRegistry,
  type ModelEntry,
  ModelLoadError,
  type RegistryOptions,
  type ServedModel,
} from "../runtime/http/mod.ts";
import { adderInput, answer, COPY, ONES } from "./support/served_models.ts";
import { tinyParts } from "./support/tiny_bundle.ts";

/** A module whose function "trap" does just that. */
// deno-fmt-ignore
const TRAP = Uint8Array.of(
  0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00, 0x01, 0x04, 0x01, 0x60, 0x00, 0x00, 0x03, 0x02, 0x01, 0x00,
  0x07, 0x08, 0x01, 0x04, 0x74, 0x72, 0x61, 0x70, 0x00, 0x00, 0x0a, 0x05, 0x01, 0x03, 0x00, 0x00, 0x0b,
);

function trap(): never {
  const { trap } = new WebAssembly.Instance(new WebAssembly.Module(TRAP)).exports as { trap(): never };
  return trap();
}

const infer = { method: "POST", body: JSON.stringify({ inputs: [{ ...adderInput("x", [1, 2]), shape: [2] }] }) };

function call(
  entries: ModelEntry[],
  options: RegistryOptions = {},
): (path: string, init?: RequestInit) => Promise<Response> {
  const handle = createHandler(createRegistry(entries, options));
  return (path, init) => handle(new Request(`http://localhost${path}`, init));
}

Deno.test("a model is loaded by the first request for it, once for all that wait", async () => {
  let loads = 0;
  let release = (_: ServedModel) => {};
  const load = () => {
    loads++;
    return new Promise<ServedModel>((resolve) => release = resolve);
  };
  const models = createRegistry([{ name: "slow", load }, { name: "other", load }]);
  const handle = createHandler(models);
  const get = (path: string) => answer(handle(new Request(`http://localhost${path}`)));
  assertEquals(await get("/v2/health/ready"), [200, { ready: true }]);
  assertEquals(await get("/v2/models"), [200, { models: ["slow", "other"] }]);
  assertEquals([loads, models.list()[0].state], [0, "unloaded"]);

  const waiting = [get("/v2/models/slow/ready"), get("/v2/models/slow"), get("/v2/models/slow/versions/1/ready")];
  while (loads === 0) await new Promise((resolve) => setTimeout(resolve));
  assertEquals([loads, models.list()[0].state], [1, "loading"]);
  release(COPY);
  assertEquals((await Promise.all(waiting)).map(([status]) => status), [200, 200, 200]);
  assertEquals((await get("/v2/models/slow/ready"))[0], 200);
  assertEquals([loads, models.list().map(({ state }) => state)], [1, ["ready", "unloaded"]]);
});

Deno.test("a model that cannot be loaded is reported, tried again, left alone for a while, and tried again", async () => {
  let broken = true;
  let attempts = 0;
  const load = () => {
    attempts++;
    return broken ? Promise.reject(new TypeError("/secret/path: no such file")) : Promise.resolve(COPY);
  };
  const reported: unknown[] = [];
  const get = call([{ name: "late", load }], { retryMilliseconds: 50, onError: (error) => reported.push(error) });
  for (let round = 0; round < 3; round++) {
    const response = await get("/v2/models/late/infer", infer);
    assertEquals([response.status, response.headers.get("retry-after")], [503, "1"]);
    assertEquals(await response.json(), { error: 'Model "late" version "1" cannot be loaded' });
  }
  const report = "TypeError: /secret/path: no such file";
  assertEquals([attempts, reported.map(String)], [2, [report, report]]);
  assertEquals(await answer(get("/v2/health/ready")), [503, { ready: false }]);
  assertEquals(await answer(get("/v2/health/live")), [200, { live: true }]);
  broken = false;
  await new Promise((resolve) => setTimeout(resolve, 60));
  assertEquals(await answer(get("/v2/health/ready")), [200, { ready: true }]);
  assertEquals((await answer(get("/v2/models/late/infer", infer)))[0], 200);
  assertEquals(attempts, 3);
});

Deno.test("a loader that throws at once is tried again, too", async () => {
  let attempts = 0;
  const load = () => {
    if (++attempts === 1) throw new TypeError("not yet");
    return Promise.resolve(COPY);
  };
  const models = createRegistry([{ name: "late", load }], { onError: () => {} });
  await assertRejects(() => models.get("late"), ModelLoadError);
  assertEquals((await models.get("late"))?.model.inputs, COPY.inputs);
});

Deno.test("versions are told apart, and the last is the default", async () => {
  const version = (number: number): ModelEntry => ({
    name: "net",
    version: String(number),
    load: () => Promise.resolve({ ...COPY, run: () => ({ y: { shape: [2], data: Float32Array.of(number, number) } }) }),
  });
  const get = call([version(1), version(3), version(20), { name: "single", load: () => Promise.resolve(COPY) }]);
  const cases = [["/v2/models/net", "20", 20], ["/v2/models/net/versions/3", "3", 3], [
    "/v2/models/net/versions/1",
    "1",
    1,
  ]];
  for (const [path, expected, value] of cases) {
    const [, { versions }] = await answer(get(path as string));
    assertEquals(versions, ["1", "3", "20"]);
    const [, body] = await answer(get(`${path}/infer`, infer));
    assertEquals([body.model_version, body.outputs[0].data], [expected, [value, value]]);
  }
  const [status, { error }] = await answer(get("/v2/models/net/versions/2/infer", infer));
  assertEquals([status, error], [404, 'Model "net" has no version "2", only "1" or "3" or "20"']);
  assertEquals((await answer(get("/v2/models/single")))[1].versions, ["1"]);
  assertThrows(() => createRegistry([version(1), version(1)]), TypeError, 'the name "net" and the version "1"');
});

Deno.test("a trap discards the model, and the next request has a new one", async () => {
  const { program, data } = tinyParts();
  const { load } = bundleLoader(await writeBundle(program, data));
  const made: ServedModel[] = [];
  const reported: unknown[] = [];
  const entry = {
    name: "net",
    load: async () => {
      const model = await load();
      made.push(model);
      if (made.length > 1) return model;
      return {
        inputs: model.inputs,
        outputs: model.outputs,
        preprocessing: COPY.preprocessing,
        run: trap,
        classify: trap,
      };
    },
  };
  const models = createRegistry([entry], { onError: (error) => reported.push(error) });
  const handle = createHandler(models);
  const body = JSON.stringify({ inputs: [{ name: "x", shape: [1, 2], datatype: "FP32", data: [1, 1] }] });
  const request = () => answer(handle(new Request("http://localhost/v2/models/net/infer", { method: "POST", body })));
  assertEquals(await request(), [500, { error: 'Model "net" failed on this request and is made anew' }]);
  assert(reported[0] instanceof WebAssembly.RuntimeError);
  assertEquals([models.list()[0].state, models.list()[0].traps], ["unloaded", 1]);
  const [status, { outputs }] = await request();
  assertEquals([status, outputs[0].data], [200, [3.5, 6.5]]);
  assertEquals([made.length, made[0] !== made[1]], [2, true]);
  assertEquals(reported.length, 1);
});

Deno.test("requests that trap together discard the model once", async () => {
  let loads = 0;
  const load = () => {
    const first = ++loads === 1;
    const run = () => Promise.resolve().then(() => first ? trap() : { y: { shape: [2], data: new Float32Array(2) } });
    return Promise.resolve({ ...COPY, run });
  };
  const models = createRegistry([{ name: "net", load }], { onError: () => {} });
  const [one, two] = [await models.get("net"), await models.get("net")];
  const inputs = { x: { shape: [2], data: new Float32Array(2) } };
  const runs = [one!.model.run(inputs), two!.model.run(inputs)];
  for (const run of runs) await assertRejects(async () => await run, WebAssembly.RuntimeError);
  const fresh = await models.get("net");
  assertEquals([loads, models.list()[0].traps], [2, 1]);
  assertEquals(await models.get("net"), fresh);
});

Deno.test("a request that found a model before it trapped runs on the new one", async () => {
  let loads = 0;
  const load = () => {
    const [first, y] = [++loads === 1, { shape: [2], data: Float32Array.of(3, 4) }];
    return Promise.resolve({ ...COPY, run: () => first ? trap() : { y } });
  };
  const models = createRegistry([{ name: "net", load }], { onError: () => {} });
  const [one, two] = [await models.get("net"), await models.get("net")];
  const inputs = { x: { shape: [2], data: new Float32Array(2) } };
  await assertRejects(async () => await one!.model.run(inputs), WebAssembly.RuntimeError);
  assertEquals((await two!.model.run(inputs)).y.data, Float32Array.of(3, 4));
  assertEquals([loads, models.list()[0].traps], [2, 1]);
});

Deno.test("an error that is no trap keeps the model", async () => {
  let loads = 0;
  const run = () => {
    throw new Error("a defect");
  };
  const load = () => {
    loads++;
    return Promise.resolve({ ...COPY, run });
  };
  const handle = createHandler(createRegistry([{ name: "net", load }]), { onError: () => {} });
  for (let round = 0; round < 2; round++) {
    const request = new Request("http://localhost/v2/models/net/infer", infer);
    assertEquals(await answer(handle(request)), [500, { error: "Internal error" }]);
  }
  assertEquals(loads, 1);
});

Deno.test("a bundle is read once for all its instances, and again only after a failure", async () => {
  const { program, data } = tinyParts();
  const folder = await Deno.makeTempDir();
  try {
    const path = `${folder}/net.octet`;
    const { load } = bundleLoader(path);
    await assertRejects(load);
    await Deno.writeFile(path, await writeBundle(program, data));
    const first = await load();
    await Deno.remove(path);
    const second = await load();
    assert(first !== second);
    const input = { x: { shape: [1, 2], data: Float32Array.of(ONES[0], 1) } };
    assertEquals(second.run(input), first.run(input));
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

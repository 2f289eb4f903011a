import { assert, assertEquals, assertMatch, assertThrows } from "@std/assert";
import { createHandler, createRegistry, type LogEntry } from "../runtime/http/mod.ts";
import { createLogger } from "../runtime/http/serve/logger.ts";
import { decodeBase64 } from "../runtime/base64.ts";
import { CMYK_JPEG, JPEG_FILES, WEBP_FILES } from "./support/image_files.ts";
import { encodePng, gradientPixels } from "./support/images.ts";
import { ADDER, adderInput, answer, COPY, ONES, serveBoth, serveModels } from "./support/served_models.ts";

const call = serveBoth();
const jpeg = decodeBase64(JPEG_FILES[0].base64);

function form(...files: [string, Uint8Array<ArrayBuffer> | string][]): FormData {
  const data = new FormData();
  for (const [name, file] of files) data.append(name, typeof file === "string" ? file : new Blob([file]));
  return data;
}

Deno.test("classify answers JPEG, PNG and WebP bodies with the likeliest classes", async () => {
  for (const file of [jpeg, decodeBase64(WEBP_FILES[0].base64)]) {
    const [status, body] = await answer(call("/classify?top=2&model=adder", { method: "POST", body: file }));
    assertEquals([status, body.model, body.version, body.predictions.length], [200, "adder", "1", 2]);
    assertEquals(body.predictions, (await ADDER.classify(file, { top: 2, maxPixels: 1e6 })).predictions);
    assert(body.milliseconds > 0);
  }
  const green = new Uint8Array(encodePng({
    data: new Uint8Array(23 * 31 * 3).map((_, i) => i % 3 === 1 ? 200 : 0),
    width: 31,
    height: 23,
    channels: 3,
  }));
  const [, png] = await answer(serveModels({ adder: ADDER })("/classify", { method: "POST", body: green }));
  assertEquals(png.predictions[0], { label: "green", index: 1, score: 1 });
});

Deno.test("classify takes the one file of a form", async () => {
  const body = form(["note", "hello"], ["image", jpeg]);
  const [status, { predictions }] = await answer(call("/classify?model=adder", { method: "POST", body }));
  assertEquals(status, 200);
  assertEquals(predictions, (await ADDER.classify(jpeg, { top: 5, maxPixels: 1e6 })).predictions);
  const cases: [BodyInit, Record<string, string>, string][] = [
    [form(["note", "hello"]), {}, "The form must hold one file, not 0"],
    [form(["a", jpeg], ["b", jpeg]), {}, "The form must hold one file, not 2"],
    [jpeg, { "content-type": "multipart/form-data; boundary=x" }, "The body is not a form in multipart/form-data"],
    [jpeg, { "content-type": "multipart/form-data" }, "The body is not a form in multipart/form-data"],
    [
      "--x\r\n\r\n",
      { "content-type": "multipart/form-data; boundary=x" },
      "The form must hold one file, not 0",
    ],
  ];
  for (const [body, headers, error] of cases) {
    const response = call("/classify?model=adder", { method: "POST", body, headers });
    assertEquals(await answer(response), [400, { error }]);
  }
});

Deno.test("classify refuses what it cannot classify with a fitting status", async () => {
  const small = new Uint8Array(encodePng(gradientPixels(4, 4)));
  const cases: [string, BodyInit, number, string][] = [
    ["model=adder", "", 415, "The image is neither JPEG, PNG nor WebP"],
    ["model=adder", decodeBase64(CMYK_JPEG), 415, "CMYK JPEG files are not decoded, only grey and colour"],
    ["model=adder", jpeg.subarray(0, 300), 400, "The JPEG file is truncated"],
    ["model=adder", small, 400, "Image size 4x4 does not match"],
    ["model=none", jpeg, 404, 'Unknown model "none"'],
    ["model=adder&version=2", jpeg, 404, 'Model "adder" has no version "2", only "1"'],
    ["model=copy/it", jpeg, 400, 'Model "copy/it" takes no images'],
    ["", jpeg, 400, 'More than one model is served: add ?model= with "adder" or "copy/it"'],
    ["model=adder&top=0", jpeg, 400, 'top must be a positive integer, not "0"'],
    ["model=adder&top=1e3", jpeg, 400, 'top must be a positive integer, not "1e3"'],
  ];
  for (const [query, body, status, error] of cases) {
    assertEquals(await answer(call(`/classify?${query}`, { method: "POST", body })), [status, { error }]);
  }
  const limited = serveBoth({ maxPixels: 700 })("/classify?model=adder", { method: "POST", body: jpeg });
  assertEquals(await answer(limited), [413, { error: "An image of 23x31 has more than 700 pixels" }]);
  const nothing = serveModels({})("/classify", { method: "POST", body: jpeg });
  assertEquals(await answer(nothing), [404, { error: "No model is served" }]);
});

Deno.test("the protocol's health and metadata endpoints answer", async () => {
  const get = async (path: string) => {
    const response = await call(path);
    assertEquals(response.headers.get("x-content-type-options"), "nosniff");
    return await answer(response);
  };
  assertEquals(await get("/v2/health/live"), [200, { live: true }]);
  assertEquals(await get("/v2/health/ready"), [200, { ready: true }]);
  const [, { name, extensions }] = await get("/v2");
  assertEquals([name, extensions], ["octet", ["binary_tensor_data", "classification"]]);
  assertEquals(await get("/v2/models"), [200, { models: ["adder", "copy/it"] }]);
  for (const path of ["/v2/models/copy%2Fit", "/v2/models/copy%2Fit/versions/1"]) {
    assertEquals(await get(path), [200, {
      name: "copy/it",
      versions: ["1"],
      platform: "octet",
      inputs: [{ name: "x", datatype: "FP32", shape: [2] }],
      outputs: [{ name: "y", datatype: "FP32", shape: [2] }],
    }]);
  }
  assertEquals(await get("/v2/models/adder/ready"), [200, { name: "adder", ready: true }]);
  assertEquals(await get("/v2/models/adder/versions/1/ready"), [200, { name: "adder", ready: true }]);
  assertEquals(await answer(serveModels({})("/v2/health/ready")), [503, { ready: false }]);
});

Deno.test("a page is sent with headers that forbid it everything but to be shown", async () => {
  const help = await call("/");
  assert((await help.text()).includes("POST /classify"));
  const policy = help.headers.get("content-security-policy")!;
  for (const part of ["default-src 'none'", "base-uri 'none'", "form-action 'none'", "frame-ancestors 'none'"]) {
    assert(policy.includes(part), policy);
  }
  const expected = {
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=()",
  };
  for (const [name, value] of Object.entries(expected)) assertEquals(help.headers.get(name), value);
});

Deno.test("unknown paths, models and methods are refused", async () => {
  for (
    const path of [
      "/v2/models/none",
      "/v2/models/none/ready",
      "/v2/models/%zz",
      "/v2/models/%ff%fe",
      "/v2/models/%00",
      "/v2/models/..%2fadder",
      "/v2/models/..%2f..%2f..%2fetc%2fpasswd",
      "/v2/models/adder%2fversions%2f1",
      "/v2/models/adder/versions/..%2f1",
      "/v2/models/adder/versions/01",
      "/v2/models/adder/versions/1.0/ready",
      "/v2/models/__proto__",
      "/v2/models/constructor",
      `/v2/models/${"n".repeat(60_000)}`,
      "/v3",
      "/v2/models//infer",
    ]
  ) {
    const response = await call(path);
    assertEquals(response.status, 404, path.slice(0, 50));
    assert((await response.text()).length < 300);
  }
  const cases = [
    ["/", "POST", "GET, HEAD"],
    ["/v2", "DELETE", "GET, HEAD"],
    ["/v2/models/adder", "PUT", "GET, HEAD"],
    ["/v2/models/adder/infer", "GET", "POST"],
    ["/v2/models/adder/infer", "OPTIONS", "POST"],
    ["/v2/models/adder/versions/1/infer", "PATCH", "POST"],
    ["/classify", "HEAD", "POST"],
    ["/metrics", "POST", "GET, HEAD"],
    ["/openapi.json", "POST", "GET, HEAD"],
    ["/v2/health/live", "BREW", "GET, HEAD"],
  ];
  for (const [path, method, allow] of cases) {
    const response = await call(path, { method });
    assertEquals([response.status, response.headers.get("allow")], [405, allow], `${method} ${path}`);
    await response.body?.cancel();
  }
  const head = await call("/v2/health/ready", { method: "HEAD" });
  assertEquals([head.status, head.body], [200, null]);
});

Deno.test("a request keeps its id if that is harmless, and gets one if not", async () => {
  const id = async (given?: string) => {
    const response = await call("/v2/nowhere", given === undefined ? {} : { headers: { "x-request-id": given } });
    await response.body?.cancel();
    return response.headers.get("x-request-id");
  };
  for (const given of ["a", "7f3c-41_=", "x".repeat(255)]) assertEquals(await id(given), given);
  const generated = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}$/;
  for (const given of [undefined, "", "a b", 'a"b', "a;b", "x".repeat(256), "<script>"]) {
    assertMatch((await id(given))!, generated);
  }
  assert(await id() !== await id());
});

Deno.test("each request is logged with its figures and nothing that it holds", async () => {
  const entries: LogEntry[] = [];
  const logged = serveBoth({ log: (entry) => entries.push(entry), onError: () => {} });
  const secret = "s3cret";
  const requests: [string, RequestInit][] = [
    ["/v2/models/adder?secret=s3cret", {}],
    ["/v2/models/s3cret", {}],
    ["/s3cret", { method: "S3CRET" }],
    ["/v2/models/adder/infer", { method: "POST", body: `{"inputs":[{"name":"${secret}"}]}` }],
    ["/classify?model=adder", { method: "POST", body: form([secret, jpeg]) }],
    ["/v2", { method: "HEAD" }],
    ["/v2/models/adder/infer", {
      method: "POST",
      body: JSON.stringify({ inputs: [adderInput("a", [1000, 1, 1, 1, 1, 1]), adderInput("b", ONES)] }),
    }],
  ];
  for (const [path, init] of requests) {
    await (await logged(path, { ...init, headers: { "x-request-id": "the-id" } })).body?.cancel();
  }
  const summary = entries.map(({ method, route, model, status, reason }) => [method, route, model, status, reason]);
  assertEquals(summary, [
    ["GET", "/v2/models/{name}", "adder", 200, undefined],
    ["GET", "/v2/models/{name}", undefined, 404, "not_found"],
    ["S3CRET", "other", undefined, 404, "not_found"],
    ["POST", "/v2/models/{name}/infer", "adder", 400, "bad_request"],
    ["POST", "/classify", "adder", 200, undefined],
    ["HEAD", "/v2", undefined, 200, undefined],
    ["POST", "/v2/models/{name}/infer", "adder", 500, "internal"],
  ]);
  for (const { id, time, milliseconds } of entries) {
    assertEquals(id, "the-id");
    assert(Math.abs(Date.now() - Date.parse(time)) < 60_000 && milliseconds > 0);
  }
  assertEquals(entries.map(({ received }) => received > 0), [false, false, false, true, true, false, true]);
  assertEquals(entries[5].sent, 0);
  assert(entries[0].sent! > 100);
  assert(!JSON.stringify(entries).includes(secret));
});

Deno.test("a log holds requests by its level, one JSON object a line", async () => {
  const lines = async (level: "off" | "errors" | "all") => {
    const written: string[] = [];
    const logged = serveBoth(createLogger(level, "json", (line) => written.push(line)));
    await (await logged("/v2")).body?.cancel();
    await (await logged("/v2/models/none")).body?.cancel();
    const request = { inputs: [adderInput("a", [1000, 1, 1, 1, 1, 1]), adderInput("b", ONES)] };
    await (await logged("/v2/models/adder/infer", { method: "POST", body: JSON.stringify(request) })).body?.cancel();
    assert(written.every((line) => !line.includes("\n")));
    return written.map((line) => JSON.parse(line));
  };
  assertEquals((await lines("all")).map(({ status }) => status), [200, 404, undefined, 500]);
  assertEquals(await lines("off"), []);
  const [unknown, defect, failed] = await lines("errors");
  assertEquals([unknown.status, defect.error, failed.status], [404, "Error: a defect of the runtime", 500]);
  assertEquals(defect.id, failed.id);
  assertMatch(defect.stack[0], /^at .*served_models\.ts/);
});

Deno.test("a log in text has the same fields, one line for each event", async () => {
  const written: string[] = [];
  const { log, onError } = createLogger("all", "text", (line) => written.push(line));
  const call = serveBoth({ log: log!, onError });
  await (await call("/v2/models/none", { headers: { "x-request-id": "one" } })).body?.cancel();
  onError(new Error("first\nsecond"), "two");
  const time = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z /;
  assert(written.every((line) => time.test(line) && !line.includes("\n")), written.join("\n"));
  assertMatch(
    written[0],
    / id=one method=GET route=\/v2\/models\/{name} status=404 milliseconds=[\d.]+ .*reason=not_found$/,
  );
  assertMatch(written[1], / id=two error="Error: first\\nsecond" stack=\[/);
});

Deno.test("bodies that are too large, compressed in unknown ways or broken off are refused", async () => {
  const limited = serveBoth({ maxBodyBytes: 1000 });
  const post = async (body: BodyInit, headers: Record<string, string> = {}) => {
    const [status, { error }] = await answer(limited("/classify?model=adder", { method: "POST", body, headers }));
    return [status, error];
  };
  const stream = (pull: (controller: ReadableStreamDefaultController<Uint8Array>) => void | Promise<void>) =>
    new ReadableStream<Uint8Array>({ pull });
  let pulled = 0;
  const endless = stream((controller) => {
    pulled++;
    controller.enqueue(new Uint8Array(100));
  });
  assertEquals(await post(endless), [413, "The body is larger than 1000 bytes"]);
  assert(pulled < 20);
  assertEquals(await post("x", { "content-length": "1001" }), [413, "The body is larger than 1000 bytes"]);
  assertEquals(await post(stream((controller) => controller.error(new Error("gone")))), [400, "The body broke off"]);
  for (const encoding of ["br", "gzip, gzip", "gzip;q=1", "x".repeat(1000)]) {
    const [status, error] = await post("x", { "content-encoding": encoding });
    assertEquals(status, 415);
    assertMatch(error, /^Bodies encoded by ".{1,101}" are not accepted, only gzip and deflate$/);
  }
  for (const encoding of ["gzip", "deflate"]) {
    const error = `The body cannot be decompressed by ${encoding}`;
    assertEquals(await post("nonsense", { "content-encoding": encoding }), [400, error]);
  }
});

Deno.test("a compressed body is limited by what it becomes", async () => {
  const limited = serveBoth({ maxBodyBytes: 2 ** 20 });
  const zeros = (bytes: number) => new Blob([new Uint8Array(bytes)]).stream();
  for (const encoding of ["gzip", "deflate"] as const) {
    const compress = async (stream: ReadableStream<Uint8Array<ArrayBuffer>>) =>
      new Uint8Array(await new Response(stream.pipeThrough(new CompressionStream(encoding))).arrayBuffer());
    const bomb = await compress(zeros(2 ** 26));
    assert(bomb.length < 2 ** 20);
    const init = { method: "POST", headers: { "content-encoding": encoding } };
    const start = performance.now();
    const refused = await answer(limited("/classify?model=adder", { ...init, body: bomb }));
    assertEquals(refused, [413, { error: "The body is larger than 1048576 bytes" }]);
    assert(performance.now() - start < 1000);
    const fits = await answer(limited("/classify?model=adder", { ...init, body: await compress(zeros(2 ** 20)) }));
    assertEquals(fits[0], 415);
  }
});

Deno.test("bodies that do not fit beside all others are refused, and leave nothing behind", async () => {
  const limited = serveBoth({ maxBufferedBytes: 1000 });
  const post = (bytes: number) =>
    limited("/classify?model=adder", {
      method: "POST",
      body: new Uint8Array(bytes),
      headers: { "content-length": `${bytes}` },
    });
  for (let round = 0; round < 3; round++) {
    const response = await post(1100);
    assertEquals([response.headers.get("retry-after"), response.headers.get("connection")], ["1", "close"]);
    assertEquals(await answer(response), [503, { error: "The server holds as many bytes of requests as it may" }]);
    assertEquals((await answer(post(900)))[0], 415);
  }
  const zeros = new Blob([new Uint8Array(1100)]).stream().pipeThrough(new CompressionStream("gzip"));
  const body = await new Response(zeros).arrayBuffer();
  const init = { method: "POST", body, headers: { "content-encoding": "gzip" } };
  assertEquals((await answer(limited("/classify?model=adder", init)))[0], 503);
});

Deno.test("a body that arrives in chunks of one byte is read whole", async () => {
  const body = JSON.stringify({ inputs: [{ name: "x", shape: [2], datatype: "FP32", data: [1, 2] }] });
  const bytes = new TextEncoder().encode(body.padEnd(200_000));
  let at = 0;
  const stream = new ReadableStream<Uint8Array>({
    pull(controller) {
      if (at === bytes.length) controller.close();
      else controller.enqueue(bytes.subarray(at, ++at));
    },
  });
  const [status, { outputs }] = await answer(call("/v2/models/copy%2Fit/infer", { method: "POST", body: stream }));
  assertEquals([status, outputs[0].data], [200, [1, 2]]);
});

Deno.test("limits that are not positive are refused", () => {
  const models = createRegistry([{ name: "copy", load: () => Promise.resolve(COPY) }]);
  for (const name of ["maxBodyBytes", "bodyMilliseconds", "minBytesPerSecond", "maxPixels", "maxSamples"]) {
    for (const value of [0, -1, NaN]) {
      assertThrows(() => createHandler(models, { [name]: value }), RangeError, `${name} must be a positive number`);
    }
  }
});

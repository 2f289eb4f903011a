import { assert, assertEquals, assertMatch } from "@std/assert";
import { createHandler, createMetrics, createRegistry, FAILURE_REASONS } from "../runtime/http/mod.ts";
import { createHistogram } from "../runtime/http/metrics/instruments.ts";
import { expose } from "../runtime/http/metrics/exposition.ts";
import { decodeBase64 } from "../runtime/base64.ts";
import { JPEG_FILES, PNG_FILES } from "./support/image_files.ts";
import { ADDER, adderInput, ONES } from "./support/served_models.ts";

/** A line with a value. */
interface Sample {
  name: string;
  labels: Record<string, string>;
  value: number;
}

const SAMPLE = /^([a-z][a-z0-9_]*)(?:\{((?:[a-z_]+="(?:[^"\\\n]|\\["\\n])*",?)*)\})? (-?[0-9.e+-]+|NaN|[+-]Inf)$/;

/** Checks a text by the rules of the format, and parses it. */
function parse(text: string): Sample[] {
  assert(text.endsWith("\n") && !text.includes("\r") && !text.includes("\n\n"));
  const types = new Map<string, string>();
  const samples: Sample[] = [];
  let current = "";
  for (const line of text.trimEnd().split("\n")) {
    const [, described] = line.match(/^# HELP ([a-z0-9_]+) \S/) ?? [];
    const [, typed, type] = line.match(/^# TYPE ([a-z0-9_]+) (counter|gauge|histogram)$/) ?? [];
    if (described) {
      assert(!types.has(described), `${described} is described twice`);
      types.set(current = described, "");
    } else if (typed) {
      assertEquals([typed, type === "counter"], [current, typed.endsWith("_total")]);
      types.set(typed, type);
    } else {
      const [, name, pairs = "", value] = line.match(SAMPLE) ?? [];
      assert(name !== undefined, line);
      assertEquals(name.replace(types.get(current) === "histogram" ? /_(bucket|sum|count)$/ : /$^/, ""), current);
      const labels = Array.from(
        pairs.matchAll(/([a-z_]+)=("(?:[^"\\]|\\.)*")/g),
        ([, key, text]) => [key, JSON.parse(text)],
      );
      samples.push({ name, labels: Object.fromEntries(labels), value: Number(value) });
    }
  }
  assertEquals(new Set(samples.map(({ name, labels }) => JSON.stringify([name, labels]))).size, samples.length);
  for (const { name } of samples) {
    const keys = samples.filter((sample) => sample.name === name).map(({ labels }) => Object.keys(labels).join());
    assertEquals(new Set(keys).size, 1, name);
  }
  for (const count of samples.filter(({ name }) => name.endsWith("_count"))) checkBuckets(samples, count);
  return samples;
}

/** Buckets ascend, the last has no bound and holds all. */
function checkBuckets(samples: Sample[], count: Sample): void {
  const buckets = samples.filter(({ name, labels: { le: _, ...labels } }) =>
    name === count.name.replace(/_count$/, "_bucket") && JSON.stringify(labels) === JSON.stringify(count.labels)
  );
  const bounds = buckets.map(({ labels }) => Number(labels.le.replace("+Inf", "Infinity")));
  for (const values of [bounds, buckets.map(({ value }) => value)]) {
    assertEquals(values, values.toSorted((a, b) => a - b), count.name);
  }
  assertEquals([bounds.at(-1), buckets.at(-1)!.value], [Infinity, count.value]);
}

function valueOf(samples: Sample[], name: string, labels: Record<string, string> = {}): number {
  const found = samples.filter((sample) =>
    sample.name === name && Object.entries(labels).every(([label, value]) => sample.labels[label] === value)
  );
  assertEquals(found.length, 1, `${name} ${JSON.stringify(labels)}`);
  return found[0].value;
}

const hostile = 'a"b\\c\nd';
const jpeg = decodeBase64(JPEG_FILES[0].base64);

function makeServer(): {
  metrics: ReturnType<typeof createMetrics>;
  call(path: string, init?: RequestInit): Promise<Response>;
} {
  const metrics = createMetrics();
  const models = createRegistry([
    { name: hostile, load: () => Promise.resolve(ADDER) },
    { name: "broken", load: () => Promise.reject(new Error("cannot be read")) },
  ], { onError: () => {} });
  const memory = () => ({ rss: 123456, heapUsed: 1000, external: 10 });
  const handle = createHandler(models, { metrics, memory, onError: () => {} });
  return { metrics, call: (path, init) => handle(new Request(`http://localhost${path}`, init)) };
}

async function send(call: ReturnType<typeof makeServer>["call"]): Promise<void> {
  const model = encodeURIComponent(hostile);
  const infer = (a: number[]) => ({
    method: "POST",
    body: JSON.stringify({ inputs: [adderInput("a", a), adderInput("b", ONES)] }),
  });
  const requests: [string, RequestInit?][] = [
    [`/v2/models/${model}/infer`, infer(ONES)],
    [`/v2/models/${model}/infer`, infer(ONES)],
    [`/v2/models/${model}/infer`, infer([1000, 0, 0, 0, 0, 0])],
    [`/v2/models/${model}/infer`, { method: "POST", body: "{" }],
    ["/v2/models/broken"],
    ["/v2/models/absent"],
    ["/nowhere", { method: "BREW" }],
    [`/classify?model=${model}`, { method: "POST", body: jpeg }],
    [`/classify?model=${model}`, { method: "POST", body: jpeg.subarray(0, 99) }],
    [`/classify?model=${model}`, { method: "POST", body: decodeBase64(PNG_FILES[0].base64) }],
  ];
  for (const [path, init] of requests) await (await call(path, init)).body?.cancel();
}

Deno.test("metrics are valid in Prometheus' format and count what happened", async () => {
  const { metrics, call } = makeServer();
  await send(call);
  metrics.queueLength.set({ model: hostile, version: "1" }, 3);
  const response = await call("/metrics");
  assertEquals(response.headers.get("content-type"), "text/plain; version=0.0.4; charset=utf-8");
  const text = await response.text();
  const samples = parse(text);
  const route = "/v2/models/{name}/infer";
  assertEquals(valueOf(samples, "octet_requests_total", { route, method: "POST", status: "200" }), 2);
  assertEquals(valueOf(samples, "octet_requests_total", { route, status: "500" }), 1);
  assertEquals(valueOf(samples, "octet_requests_total", { route: "other", method: "other", status: "404" }), 1);
  assertEquals(valueOf(samples, "octet_request_duration_seconds_count", { route }), 4);
  const reasons = Object.fromEntries(
    samples.filter(({ name }) => name === "octet_request_failures_total").map((
      { labels, value },
    ) => [labels.reason, value]),
  );
  assertEquals(Object.keys(reasons), [...FAILURE_REASONS]);
  const { bad_request, not_found, internal, unavailable, trap } = reasons;
  assertEquals([bad_request, not_found, internal, unavailable, trap], [3, 2, 1, 1, 0]);
  assertEquals(valueOf(samples, "octet_requests_in_flight"), 1);
  assertEquals(valueOf(samples, "octet_image_decode_seconds_count", { format: "jpeg" }), 1);
  assertEquals(valueOf(samples, "octet_inference_duration_seconds_count"), 6);
  assertEquals(valueOf(samples, "octet_queue_length"), 3);
  assertEquals(valueOf(samples, "octet_model_ready", { model: "broken" }), 0);
  assertEquals(valueOf(samples, "octet_model_load_failures_total", { model: "broken" }), 1);
  assert(valueOf(samples, "octet_model_load_seconds") > 0);
  assert(samples.some(({ labels }) => labels.model === hostile));
  assertEquals(valueOf(samples, "process_resident_memory_bytes"), 123456);
  assertMatch(text, /^octet_model_ready\{model="a\\"b\\\\c\\nd",version="1"\} 1$/m);
});

Deno.test("metrics have no labels that a client chooses", async () => {
  const { call } = makeServer();
  await send(call);
  const series = async () =>
    (await (await call("/metrics")).text()).trim().split("\n").filter((line) => line[0] !== "#");
  await series();
  const before = (await series()).length;
  for (let index = 0; index < 100; index++) {
    await (await call(`/path${index}`, { method: `METHOD${index}` })).body?.cancel();
    await (await call(`/v2/models/absent${index}`)).body?.cancel();
  }
  assertEquals((await series()).length, before);
});

Deno.test("a histogram sorts values into the first bucket that holds them", () => {
  const histogram = createHistogram("size", "Size", [1, 2.5]);
  for (const value of [0, 1, 1.5, 2.5, 100]) histogram.observe({ kind: "x" }, value);
  assertEquals(
    expose([histogram.family()]),
    `# HELP size Size
# TYPE size histogram
size_bucket{kind="x",le="1"} 2
size_bucket{kind="x",le="2.5"} 4
size_bucket{kind="x",le="+Inf"} 5
size_sum{kind="x"} 105
size_count{kind="x"} 5
`,
  );
});

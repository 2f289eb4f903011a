import { assert, assertEquals } from "@std/assert";
import { Validator } from "npm:@seriousme/openapi-schema-validator@2.11.0";
import { Ajv2020 } from "npm:ajv@8.20.0/dist/2020.js";
import { writeBundle } from "../runtime/bundle/write.ts";
import { bundleLoader, createHandler, createRegistry, type ModelEntry } from "../runtime/http/mod.ts";
import { completeOptions } from "../runtime/http/options.ts";
import { createRoutes } from "../runtime/http/routes.ts";
import { describeApi } from "../runtime/http/openapi.ts";
import { decodeBase64 } from "../runtime/base64.ts";
import { CMYK_JPEG, JPEG_FILES } from "./support/image_files.ts";
import { tinyParts } from "./support/tiny_bundle.ts";
import { ADDER, adderInput, COPY, ONES } from "./support/served_models.ts";

// deno-lint-ignore no-explicit-any
const api = describeApi() as any;
const jpeg = decodeBase64(JPEG_FILES[0].base64);
const good = JSON.stringify({ inputs: [adderInput("a", ONES), adderInput("b", ONES)] });
const defective = JSON.stringify({ inputs: [adderInput("a", [1000, 0, 0, 0, 0, 0]), adderInput("b", ONES)] });

const tiny = tinyParts();
const broken = () => Promise.reject(new Error("cannot be read"));

const ENTRIES: ModelEntry[] = [
  { name: "adder", load: () => Promise.resolve(ADDER) },
  { name: "busy", load: () => Promise.resolve({ ...ADDER, full: () => true }) },
  { name: "broken", load: broken, file: broken },
  { name: "bundled", ...bundleLoader(await writeBundle(tiny.program, tiny.data)) },
  {
    name: "defective",
    load: () =>
      Promise.resolve({
        ...ADDER,
        classify: () => {
          throw new Error("a defect");
        },
      }),
  },
];
const LIMITS = { maxBodyBytes: 20_000, bodyMilliseconds: 20, onError: () => {} };
const all = createHandler(createRegistry(ENTRIES, { onError: () => {} }), LIMITS);
const none = createHandler(createRegistry([]), LIMITS);

function post(body: BodyInit, headers: Record<string, string> = {}): RequestInit {
  return { method: "POST", body, headers };
}

const never = () => new ReadableStream<Uint8Array>({ pull: () => new Promise(() => {}) });

/** A request for each status of a route, and the model that it is for. */
function requests(route: string): [number, string, RequestInit?][] {
  const large = new Uint8Array(20_001);
  const infer: [number, string, RequestInit?][] = [
    [200, "adder", post(good)],
    [400, "adder", post("{}")],
    [404, "none", post(good)],
    [408, "adder", post(never())],
    [413, "adder", post(large)],
    [415, "adder", post(good, { "content-encoding": "br" })],
    [429, "busy", post(good)],
    [500, "adder", post(defective)],
    [503, "broken", post(good)],
  ];
  const read: [number, string][] = [[200, "adder"], [404, "none"], [503, "broken"]];
  switch (route) {
    case "/classify":
      return [
        [200, "?model=adder", post(jpeg)],
        [400, "?model=adder", post(jpeg.subarray(0, 99))],
        [404, "?model=none", post(jpeg)],
        [408, "?model=adder", post(never())],
        [413, "?model=adder", post(large)],
        [415, "?model=adder", post(decodeBase64(CMYK_JPEG))],
        [429, "?model=busy", post(jpeg)],
        [500, "?model=defective", post(jpeg)],
        [503, "?model=broken", post(jpeg)],
      ];
    case "/octet/{file}":
      return [[200, "octet.js"], [404, "other.js"]];
    case "/v2/health/ready":
      return [[200, ""], [503, ""]];
    default:
      if (route.endsWith("/infer")) return infer;
      if (route.endsWith("/bundle")) return [[200, "bundled"], [403, "adder"], [404, "none"], [503, "broken"]];
      return route.includes("{name}") ? read : [[200, ""]];
  }
}

Deno.test("the description is a valid OpenAPI 3.1 document", async () => {
  const { valid, errors } = await new Validator().validate(structuredClone(api));
  assert(valid, JSON.stringify(errors));
  assertEquals(api.openapi, "3.1.1");
});

Deno.test("the description has each path and method that is served, and no other", () => {
  const routes = createRoutes(createRegistry([]), completeOptions({}));
  const served = Object.entries(routes).map(([path, methods]) => [path, Object.keys(methods).sort()]);
  const methodsOf = (item: Record<string, unknown>) =>
    Object.keys(item).filter((key) => key !== "parameters").map((method) => method.toUpperCase()).sort();
  const described = Object.entries<Record<string, unknown>>(api.paths).map(([path, item]) => [path, methodsOf(item)]);
  assertEquals(new Map(described as [string, string[]][]), new Map(served as [string, string[]][]));
});

for (const [path, item] of Object.entries<Record<string, Record<string, unknown>>>(api.paths)) {
  for (const [method, operation] of Object.entries(item)) {
    if (method === "parameters") continue;
    Deno.test(`${method.toUpperCase()} ${path} answers with the statuses and bodies that are described`, async () => {
      // deno-lint-ignore no-explicit-any
      const responses = operation.responses as Record<string, any>;
      assertEquals(requests(path).map(([status]) => String(status)), Object.keys(responses));
      for (const [status, model, init] of requests(path)) {
        const address = path.replace(/\{(?:name|file)\}/, model).replace("{version}", "1") +
          (model.startsWith("?") ? model : "");
        const handle = path === "/v2/health/ready" && status === 503 ? none : all;
        const response = await handle(
          new Request(`http://localhost${address}`, { method: method.toUpperCase(), ...init }),
        );
        assertEquals(response.status, status, address);
        const type = response.headers.get("content-type")!.split(";")[0];
        const { schema = {} } = responses[status].content[type];
        const body = type === "application/json" ? await response.json() : await response.text();
        const ajv = new Ajv2020({ strict: false });
        ajv.addSchema({ $id: "api", components: api.components });
        const text = JSON.stringify(schema).replaceAll('"#/', '"api#/');
        const validate = ajv.compile(JSON.parse(text));
        assert(validate(body), `${address}: ${JSON.stringify(validate.errors)}`);
      }
    });
  }
}

Deno.test("the description is served as it is", async () => {
  const response = await all(new Request("http://localhost/openapi.json"));
  assertEquals(await response.json(), api);
});

Deno.test("requests of the tests suit the described schema, and others don't", () => {
  const ajv = new Ajv2020({ strict: false });
  ajv.addSchema({ $id: "api", components: api.components });
  const validate = ajv.compile({ $ref: "api#/components/schemas/InferRequest" });
  assert(validate(JSON.parse(good)), JSON.stringify(validate.errors));
  assert(!validate({ inputs: [{ ...adderInput("a", ONES), datatype: "BYTES" }] }));
  assert(!validate({ inputs: COPY.inputs }));
});

import { assert, assertEquals } from "@std/assert";
import { adderInput, answer, type Call, ONES, serveBoth } from "./support/served_models.ts";

const call = serveBoth();

/** A request of JSON followed by tensors. */
function binaryRequest(request: unknown, ...tensors: (ArrayBufferView<ArrayBuffer> | ArrayBuffer)[]): RequestInit {
  const json = new TextEncoder().encode(JSON.stringify(request));
  return {
    method: "POST",
    body: new Blob([json, ...tensors]),
    headers: { "inference-header-content-length": String(json.length), "content-type": "application/octet-stream" },
  };
}

function binaryInput(name: string, size: number, fields: Record<string, unknown> = {}): Record<string, unknown> {
  return adderInput(name, undefined, { parameters: { binary_data_size: size }, ...fields });
}

/** JSON and tensors of a response. */
// deno-lint-ignore no-explicit-any
async function split(response: Response): Promise<{ json: any; tensors: Uint8Array<ArrayBuffer> }> {
  const bytes = new Uint8Array(await response.arrayBuffer());
  const length = Number(response.headers.get("inference-header-content-length"));
  return { json: JSON.parse(new TextDecoder().decode(bytes.subarray(0, length))), tensors: bytes.slice(length) };
}

const ADDER = "/v2/models/adder/infer";
const COPY = "/v2/models/copy%2Fit/infer";

Deno.test("binary and JSON tensors mix in a request and in its response", async () => {
  const a = Float32Array.of(0.1, 2, 3, 4, 5, 6);
  const request = {
    id: "mixed",
    inputs: [adderInput("b", ONES), binaryInput("a", 24)],
    outputs: [{ name: "sum" }, { name: "first", parameters: { binary_data: true } }],
  };
  const response = await call(ADDER, binaryRequest(request, a));
  assertEquals([response.status, response.headers.get("content-type")], [200, "application/octet-stream"]);
  const length = Number(response.headers.get("content-length"));
  const { json, tensors } = await split(response);
  assertEquals(json, {
    model_name: "adder",
    model_version: "1",
    id: "mixed",
    outputs: [
      { name: "sum", shape: [1, 2, 3], datatype: "FP32", data: Array.from(a, (value) => Math.fround(value + 1)) },
      { name: "first", shape: [1, 2, 3], datatype: "FP32", parameters: { binary_data_size: 24 } },
    ],
  });
  assertEquals(new Float32Array(tensors.buffer), a);
  assertEquals(length, JSON.stringify(json).length + 24);
});

Deno.test("tensors follow each other in the order of the inputs and of the outputs", async () => {
  const request = {
    parameters: { binary_data_output: true },
    inputs: [binaryInput("b", 48, { shape: [2, 2, 3] }), binaryInput("a", 12, { shape: [2, 2, 3], datatype: "UINT8" })],
  };
  const b = Float32Array.from({ length: 12 }, (_, index) => index / 4);
  const a = Uint8Array.from({ length: 12 }, (_, index) => 200 + index);
  const { json, tensors } = await split(await call(ADDER, binaryRequest(request, b, a)));
  assertEquals(json.outputs.map(({ name }: { name: string }) => name), ["sum", "first"]);
  assertEquals(new Float32Array(tensors.buffer, 0, 12), b.map((value, index) => value + a[index]));
  assertEquals(new Float32Array(tensors.buffer, 48), Float32Array.from(a));
});

Deno.test("an output may ask for JSON where binary data are the rule", async () => {
  const request = {
    parameters: { binary_data_output: true },
    inputs: [adderInput("a", ONES), adderInput("b", ONES)],
    outputs: [{ name: "sum", parameters: { binary_data: false } }, { name: "first" }],
  };
  const response = await call(ADDER, { method: "POST", body: JSON.stringify(request) });
  const { json, tensors } = await split(response);
  assertEquals([json.outputs[0].data, tensors.length], [[2, 2, 2, 2, 2, 2], 24]);
});

Deno.test("binary outputs may hold what is not finite", async () => {
  const large = Float32Array.from({ length: 6 }, () => 3e38);
  const request = { inputs: [binaryInput("a", 24), binaryInput("b", 24)], parameters: { binary_data_output: true } };
  const { tensors } = await split(await call(ADDER, binaryRequest(request, large, large)));
  assertEquals(new Float32Array(tensors.buffer, 0, 6), large.map(() => Infinity));
});

Deno.test("classes are sent in binary, each after its length", async () => {
  const request = {
    inputs: [{ name: "x", shape: [2], datatype: "FP32", data: [1, 2] }],
    outputs: [{ name: "y", parameters: { classification: 2, binary_data: true } }],
  };
  const { json, tensors } = await split(await call(COPY, { method: "POST", body: JSON.stringify(request) }));
  assertEquals(json.outputs, [{ name: "y", shape: [2], datatype: "BYTES", parameters: { binary_data_size: 25 } }]);
  const expected = "\x09\0\0\x002:1:right\x08\0\0\x001:0:left";
  assertEquals(new TextDecoder().decode(tensors), expected);
});

Deno.test("a body without JSON is the one input, and its outputs are binary", async () => {
  const headers = { "inference-header-content-length": "0" };
  const { json, tensors } = await split(await call(COPY, { method: "POST", body: Float32Array.of(3, 4), headers }));
  assertEquals(json.outputs, [{ name: "y", shape: [2], datatype: "FP32", parameters: { binary_data_size: 8 } }]);
  assertEquals(new Float32Array(tensors.buffer), Float32Array.of(3, 4));
  const [status, { error }] = await answer(call(ADDER, { method: "POST", body: new Uint8Array(24), headers }));
  assertEquals([status, error], [400, "A body without JSON needs a model of one input, not 2"]);
  assertEquals((await answer(call(COPY, { method: "POST", body: new Uint8Array(7), headers })))[0], 400);
});

Deno.test("binary values of every datatype become the same float32", async () => {
  const cases: [string, ArrayBufferView<ArrayBuffer>, number[]][] = [
    ["BOOL", Uint8Array.of(1, 0), [1, 0]],
    ["UINT8", Uint8Array.of(255, 0), [255, 0]],
    ["UINT16", Uint16Array.of(65535, 1), [65535, 1]],
    ["UINT32", Uint32Array.of(2 ** 31, 3), [2 ** 31, 3]],
    ["UINT64", BigUint64Array.of(2n ** 63n, 3n), [2 ** 63, 3]],
    ["INT8", Int8Array.of(-128, 127), [-128, 127]],
    ["INT16", Int16Array.of(-32768, 5), [-32768, 5]],
    ["INT32", Int32Array.of(-(2 ** 31), 5), [-(2 ** 31), 5]],
    ["INT64", BigInt64Array.of(-(2n ** 60n), 5n), [-(2 ** 60), 5]],
    ["FP16", Uint16Array.of(0x3c01, 0x8001), [1 + 2 ** -10, -(2 ** -24)]],
    ["FP16", Uint16Array.of(0x7bff, 0x0400), [65504, 2 ** -14]],
    ["FP32", Float32Array.of(0.1, -0), [Math.fround(0.1), -0]],
    ["FP64", Float64Array.of(0.5, 2 ** -149), [0.5, 2 ** -149]],
  ];
  for (const [datatype, values, expected] of cases) {
    const parameters = { binary_data_size: values.byteLength };
    const request = {
      inputs: [{ name: "x", shape: [2], datatype, parameters }],
      outputs: [{ name: "y", parameters: { binary_data: true } }],
    };
    const { tensors } = await split(await call(COPY, binaryRequest(request, values)));
    assertEquals(new Float32Array(tensors.buffer), Float32Array.from(expected), datatype);
  }
});

Deno.test("binary values that are not finite or that float32 cannot hold are refused", async () => {
  const cases: [string, ArrayBufferView<ArrayBuffer>, string][] = [
    ["BOOL", Uint8Array.of(0, 2), "that is neither 0 nor 1"],
    ["FP16", Uint16Array.of(0, 0x7c00), "that is not finite as FP32"],
    ["FP16", Uint16Array.of(0, 0x7e00), "that is not finite as FP32"],
    ["FP32", Float32Array.of(0, NaN), "that is not finite as FP32"],
    ["FP32", Float32Array.of(0, -Infinity), "that is not finite as FP32"],
    ["FP64", Float64Array.of(0, 1e300), "that is not finite as FP32"],
    ["FP64", Float64Array.of(0, 0.1), "that FP32 cannot hold exactly"],
    ["UINT32", Uint32Array.of(0, 2 ** 24 + 1), "that FP32 cannot hold exactly"],
    ["INT64", BigInt64Array.of(0n, 2n ** 53n + 1n), "that FP32 cannot hold exactly"],
    ["UINT64", BigUint64Array.of(0n, 2n ** 64n - 1n), "that FP32 cannot hold exactly"],
  ];
  for (const [datatype, values, message] of cases) {
    const parameters = { binary_data_size: values.byteLength };
    const request = { inputs: [{ name: "x", shape: [2], datatype, parameters }] };
    const [status, { error }] = await answer(call(COPY, binaryRequest(request, values)));
    assertEquals([status, error], [400, `Input "x" has a ${datatype} value at position 1 ${message}`]);
  }
});

Deno.test("binary requests whose lengths do not fit are refused", async () => {
  const good = { inputs: [binaryInput("a", 24), adderInput("b", ONES)] };
  const tensor = new Float32Array(6);
  const length = JSON.stringify(good).length;
  const cases: [RequestInit, string][] = [
    [binaryRequest(good), 'Input "a" needs 24 bytes of binary data, 0 are left in the body'],
    [binaryRequest(good, tensor.subarray(1)), 'Input "a" needs 24 bytes of binary data, 20 are left in the body'],
    [binaryRequest(good, tensor, new Uint8Array(3)), "The body has 3 bytes that belong to no input"],
    [
      binaryRequest({ inputs: [binaryInput("a", 20), adderInput("b", ONES)] }, tensor),
      'Input "a" must have a binary_data_size of 24 for its shape as FP32',
    ],
    [
      binaryRequest({ inputs: [binaryInput("a", -24), adderInput("b", ONES)] }, tensor),
      'Input "a" must have a binary_data_size of 24 for its shape as FP32',
    ],
    [
      binaryRequest({ inputs: [binaryInput("a", 24, { data: ONES }), adderInput("b", ONES)] }, tensor),
      'Input "a" must have either data or binary_data_size, not both',
    ],
    [
      { method: "POST", body: JSON.stringify(good) },
      'Input "a" has a binary_data_size, but there is no Inference-Header-Content-Length',
    ],
    ...["-1", "1e3", "x", String(length + 25), "99999999999"].map((value): [RequestInit, string] => [
      { ...binaryRequest(good, tensor), headers: { "inference-header-content-length": value } },
      `Inference-Header-Content-Length must be a length within the body of ${length + 24} bytes, not "${value}"`,
    ]),
    [{ ...binaryRequest(good, tensor), headers: { "inference-header-content-length": "9" } }, "The body is not JSON"],
  ];
  for (const [request, message] of cases) assertEquals(await answer(call(ADDER, request)), [400, { error: message }]);
  assertEquals((await call(ADDER, binaryRequest(good, tensor))).status, 200);
});

async function compressed(format: "gzip" | "deflate", init: RequestInit): Promise<RequestInit> {
  const stream = new Response(init.body).body!.pipeThrough(new CompressionStream(format));
  return {
    ...init,
    body: await new Response(stream).arrayBuffer(),
    headers: { ...init.headers, "content-encoding": format },
  };
}

Deno.test("bodies compressed by gzip and deflate are understood, in JSON and in binary", async () => {
  const request = { inputs: [adderInput("b", ONES), binaryInput("a", 24)] };
  for (const format of ["gzip", "deflate"] as const) {
    const [status, { outputs }] = await answer(
      call(ADDER, await compressed(format, binaryRequest(request, Float32Array.from(ONES)))),
    );
    assertEquals([status, outputs[0].data], [200, [2, 2, 2, 2, 2, 2]]);
    const json = JSON.stringify({ inputs: [adderInput("b", ONES), adderInput("a", ONES)] });
    assertEquals((await answer(call(ADDER, await compressed(format, { method: "POST", body: json }))))[0], 200);
  }
});

Deno.test("responses are compressed where the client asks, and only then", async () => {
  const ask = (path: string, encoding?: string, call_: Call = call) =>
    call_(path, encoding === undefined ? {} : { headers: { "accept-encoding": encoding } });
  const plain = await (await ask("/openapi.json")).text();
  const cases = [["gzip", "gzip"], ["deflate", "deflate"], ["br, deflate;q=0.5, gzip;q=0.1", "deflate"], ["*", "gzip"]];
  for (const [asked, format] of cases) {
    const response = await ask("/openapi.json", asked);
    assertEquals([response.headers.get("content-encoding"), response.headers.get("vary")], [format, "Accept-Encoding"]);
    assertEquals(response.headers.get("content-length"), null);
    const stream = response.body!.pipeThrough(new DecompressionStream(format as CompressionFormat));
    assertEquals(await new Response(stream).text(), plain);
  }
  for (const asked of [undefined, "br", "gzip;q=0", "identity"]) {
    const response = await ask("/openapi.json", asked);
    assertEquals([response.headers.get("content-encoding"), await response.text()], [null, plain], asked);
  }
  const small = await ask("/v2", "gzip");
  assert(Number(small.headers.get("content-length")) === (await small.text()).length);
  const request = {
    parameters: { binary_data_output: true },
    inputs: ["a", "b"].map((name) => adderInput(name, new Array(600).fill(1), { shape: [100, 2, 3] })),
  };
  const init = { method: "POST", body: JSON.stringify(request), headers: { "accept-encoding": "gzip" } };
  const binary = await call(ADDER, init);
  const header = binary.headers.get("inference-header-content-length")!;
  assertEquals(binary.headers.get("content-encoding"), "gzip");
  const stream = binary.body!.pipeThrough(new DecompressionStream("gzip"));
  assertEquals((await new Response(stream).arrayBuffer()).byteLength, Number(header) + 4800);
});

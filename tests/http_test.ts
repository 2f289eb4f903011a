import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { encode } from "npm:fast-png@8.0.0";
import { crc32 } from "../runtime/http/image/crc32.ts";
import { decodeBase64 } from "./support/base64.ts";
import type { Tensor } from "../runtime/model.ts";
import { createHandler, decodeImage, type HandlerOptions, type ServedModel } from "../runtime/http/mod.ts";
import { CMYK_JPEG, JPEG_FILES, PNG_FILES } from "./support/image_files.ts";
import { digest, encodePng, gradientPixels, randomPixels } from "./support/images.ts";

/** A model that adds its two inputs, and whose classes are the mean of each colour. */
const ADDER: ServedModel = {
  inputs: [{ name: "a", shape: [-1, 2, 3] }, { name: "b", shape: [-1, 2, 3] }],
  outputs: [{ name: "sum", shape: [-1, 2, 3] }, { name: "first", shape: [-1, 2, 3] }],
  preprocessing: { crop: [23, 31], mean: [0, 0, 0], std: [1, 1, 1] },
  run({ a, b }) {
    if (a.shape[0] !== b.shape[0]) throw new TypeError("Inputs have different batch sizes");
    if (a.data[0] === 1000) throw new Error("a defect of the runtime");
    const sum: Tensor = { shape: a.shape, data: a.data.map((value, index) => value + b.data[index]) };
    return { sum, first: a };
  },
  classify({ data, width, height }, { top }) {
    if (width !== 31) throw new RangeError(`Image size ${height}x${width} does not match`);
    const sums = [0, 0, 0];
    data.forEach((value, index) => sums[index % 3] += value);
    const total = sums[0] + sums[1] + sums[2];
    const all = sums.map((sum, index) => ({ label: ["red", "green", "blue"][index], index, score: sum / total }));
    return all.sort((x, y) => y.score - x.score).slice(0, top);
  },
};

const NO_IMAGES: ServedModel = {
  inputs: [{ name: "x", shape: [2] }],
  outputs: [{ name: "y", shape: [2] }],
  run: ({ x }) => ({ y: { shape: [2], data: x.data } }),
  classify: () => {
    throw new Error("never called");
  },
};

const MODELS = new Map([["adder", ADDER], ["copy/it", NO_IMAGES]]);

function handler(options: HandlerOptions = {}): (path: string, init?: RequestInit) => Promise<Response> {
  const handle = createHandler(MODELS, options);
  return (path, init) => handle(new Request(`http://localhost${path}`, init));
}

const call = handler();

async function inferAdder(request: unknown): Promise<[number, Record<string, unknown>]> {
  const response = await call("/v2/models/adder/infer", { method: "POST", body: JSON.stringify(request) });
  return [response.status, await response.json()];
}

function tensor(name: string, data: unknown, fields: Record<string, unknown> = {}): Record<string, unknown> {
  return { name, shape: [1, 2, 3], datatype: "FP32", data, ...fields };
}

const ONES = [1, 1, 1, 1, 1, 1];

Deno.test("PNG files of every colour type and depth decode to Pillow's pixels", async () => {
  for (const { name, base64, digest: expected } of PNG_FILES) {
    const image = await decodeImage(decodeBase64(base64));
    assertEquals([image.height, image.width, image.channels], [7, 5, 3], name);
    assertEquals(digest(image.data), expected, name);
  }
});

Deno.test("JPEG files decode to Pillow's pixels, unrotated", async () => {
  for (const { name, base64, digest: expected } of JPEG_FILES) {
    const image = await decodeImage(decodeBase64(base64));
    assertEquals([image.height, image.width, image.channels], [23, 31, 3], name);
    assertEquals(digest(image.data), expected, name);
  }
});

Deno.test("PNG files of an independent encoder decode to the pixels they were made of", async () => {
  for (const channels of [1, 3, 4] as const) {
    const image = randomPixels({ height: 61, width: 83, channels }, channels);
    const decoded = await decodeImage(encodePng(image));
    const expected = Uint8Array.from({ length: 61 * 83 * 3 }, (_, index) => {
      const pixel = Math.floor(index / 3);
      return image.data[pixel * channels + (channels === 1 ? 0 : index % 3)];
    });
    assertEquals(decoded.data, expected);
  }
  const wide = Uint16Array.from({ length: 12 }, (_, index) => index * 5000);
  const decoded = await decodeImage(encode({ width: 2, height: 2, channels: 3, depth: 16, data: wide }));
  assertEquals(decoded.data, Uint8Array.from(wide, (value) => value >> 8));
});

Deno.test("an image file cut off at any byte is refused with a typed error", async () => {
  for (const { name, base64, digest: expected } of [...PNG_FILES, ...JPEG_FILES]) {
    const file = decodeBase64(base64);
    for (let length = 0; length < file.length; length++) {
      const kind = length < (name.startsWith("type") ? 8 : 3) ? TypeError : SyntaxError;
      await assertRejects(() => decodeImage(file.subarray(0, length)), kind, undefined, `${name} at ${length}`);
    }
    assertEquals(digest((await decodeImage(file)).data), expected, name);
  }
});

Deno.test("a damaged image file gives an image or a typed error, and the next file still decodes", async () => {
  let state = 1;
  const next = (limit: number) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor(state / 2 ** 32 * limit);
  };
  const outcomes = { decoded: 0, refused: 0 };
  for (const { name, base64, digest: expected } of [...PNG_FILES, ...JPEG_FILES]) {
    for (let round = 0; round < 40; round++) {
      const file = decodeBase64(base64);
      for (let count = next(3); count >= 0; count--) file[next(file.length)] ^= 1 << next(8);
      try {
        await decodeImage(file, { maxPixels: 1e6 });
        outcomes.decoded++;
      } catch (error) {
        const typed = error instanceof SyntaxError || error instanceof TypeError || error instanceof RangeError;
        assert(typed, `${name}: ${error}`);
        outcomes.refused++;
      }
    }
    assertEquals(digest((await decodeImage(decodeBase64(base64))).data), expected, name);
  }
  assert(outcomes.decoded > 0 && outcomes.refused > 0, JSON.stringify(outcomes));
});

Deno.test("an image that announces too many pixels is refused before it is decoded", async () => {
  const png = encodePng(gradientPixels(4, 4));
  const jpeg = decodeBase64(JPEG_FILES[0].base64);
  await assertRejects(() => decodeImage(png, { maxPixels: 15 }), RangeError, "An image of 4x4 has more than 15 pixels");
  await assertRejects(() => decodeImage(jpeg, { maxPixels: 700 }), RangeError, "has more than 700 pixels");
  assertEquals((await decodeImage(png, { maxPixels: 16 })).width, 4);
  await assertRejects(() => decodeImage(png, { maxPixels: NaN }), RangeError);
});

Deno.test("image files of other kinds are refused with their reason", async () => {
  await assertRejects(() => decodeImage(decodeBase64(CMYK_JPEG)), TypeError, "CMYK JPEG files are not decoded");
  for (const text of ["", "GIF89a", "<svg xmlns='http://www.w3.org/2000/svg'/>", "RIFF\0\0\0\0WEBP"]) {
    await assertRejects(() => decodeImage(new TextEncoder().encode(text)), TypeError, "neither JPEG nor PNG");
  }
  const lossless = decodeBase64(JPEG_FILES[0].base64);
  const frame = lossless.findIndex((byte, at) => byte === 0xff && lossless[at + 1] === 0xc0);
  lossless[frame + 1] = 0xc3;
  await assertRejects(() => decodeImage(lossless), TypeError, "Lossless");
});

Deno.test("compressed data that go on after the image are refused without being decompressed to the end", async () => {
  const zeros = new Blob([new Uint8Array(64 * 2 ** 20)]).stream().pipeThrough(new CompressionStream("deflate"));
  const bomb = new Uint8Array(await new Response(zeros).arrayBuffer());
  const small = encodePng({ data: new Uint8Array(3), width: 1, height: 1, channels: 3 });
  const chunk = new Uint8Array(12 + bomb.length);
  const view = new DataView(chunk.buffer);
  view.setUint32(0, bomb.length);
  chunk.set(new TextEncoder().encode("IDAT"), 4);
  chunk.set(bomb, 8);
  view.setUint32(8 + bomb.length, crc32(chunk.subarray(4, 8 + bomb.length)));
  const file = new Uint8Array([...small.subarray(0, 33), ...chunk, ...small.subarray(-12)]);
  await assertRejects(() => decodeImage(file), SyntaxError, "more image data than its size needs");
});

Deno.test("infer runs a model on nested and flat data and echoes the id", async () => {
  const nested = tensor("a", [[[1, 2, 3], [4, 5, 6]]]);
  const [status, body] = await inferAdder({ id: "one", inputs: [tensor("b", ONES), nested] });
  assertEquals(status, 200);
  assertEquals(body, {
    model_name: "adder",
    id: "one",
    outputs: [
      { name: "sum", shape: [1, 2, 3], datatype: "FP32", data: [2, 3, 4, 5, 6, 7] },
      { name: "first", shape: [1, 2, 3], datatype: "FP32", data: [1, 2, 3, 4, 5, 6] },
    ],
  });
});

Deno.test("infer returns only the outputs that are asked for and takes any batch", async () => {
  const two = { shape: [2, 2, 3] };
  const inputs = [tensor("a", [...ONES, ...ONES], two), tensor("b", [...ONES, ...ONES], { ...two, datatype: "UINT8" })];
  const [status, body] = await inferAdder({ inputs, outputs: [{ name: "sum" }], parameters: {} });
  assertEquals(status, 200);
  assertEquals(body, {
    model_name: "adder",
    outputs: [{ name: "sum", shape: [2, 2, 3], datatype: "FP32", data: new Array(12).fill(2) }],
  });
});

Deno.test("infer finds a model whose name has to be escaped", async () => {
  const body = JSON.stringify({ inputs: [{ name: "x", shape: [2], datatype: "FP64", data: [0.5, -3] }] });
  const response = await call("/v2/models/copy%2Fit/infer", { method: "POST", body });
  assertEquals((await response.json()).outputs[0].data, [0.5, -3]);
});

Deno.test("infer refuses what does not follow the protocol or suit the model", async () => {
  const a = tensor("a", ONES);
  const b = tensor("b", ONES);
  const cases: [unknown, string][] = [
    [[], "The request must be a JSON object"],
    [null, "The request must be a JSON object"],
    [{}, "The request must have a list of inputs"],
    [{ inputs: {} }, "The request must have a list of inputs"],
    [{ inputs: [7] }, "An input must be a JSON object"],
    [{ id: 7, inputs: [a, b] }, "The id must be a string"],
    [{ inputs: [a] }, 'Input "b" is missing'],
    [{ inputs: [a, a] }, 'Input "a" is given twice'],
    [{ inputs: [tensor("__proto__", ONES)] }, 'Unknown input "__proto__", expected "a" or "b"'],
    [{ inputs: [{ ...a, name: undefined }] }, "An input must have a name"],
    [{ inputs: [a, b], outputs: [{ name: "sum" }, { name: "sum" }] }, "An output is asked for twice"],
    [{ inputs: [a, b], outputs: [{ name: "none" }] }, 'Unknown output "none", expected "sum" or "first"'],
    [{ inputs: [a, b], outputs: "sum" }, "The request must have a list of outputs"],
    [{ inputs: [tensor("a", ONES, { datatype: "BYTES" })] }, "must have one of the datatypes UINT8"],
    [{ inputs: [tensor("a", ONES, { datatype: "constructor" })] }, "must have one of the datatypes UINT8"],
    [{ inputs: [tensor("a", ONES, { shape: [1, 6] })] }, "must have the shape [-1, 2, 3]"],
    [{ inputs: [tensor("a", ONES, { shape: [0, 2, 3] })] }, "must have the shape [-1, 2, 3]"],
    [{ inputs: [tensor("a", ONES, { shape: [1.5, 2, 3] })] }, "must have the shape [-1, 2, 3]"],
    [{ inputs: [tensor("a", ONES, { shape: ["1", 2, 3] })] }, "must have the shape [-1, 2, 3]"],
    [{ inputs: [tensor("a", ONES, { shape: [1e18, 2, 3] })] }, "do not fill the shape"],
    [{ inputs: [tensor("a", ONES.slice(1))] }, "do not fill the shape [1, 2, 3]"],
    [{ inputs: [tensor("a", [[[1, 2], [3, 4], [5, 6]]])] }, "do not fill the shape [1, 2, 3]"],
    [{ inputs: [tensor("a", [[1, 2, 3], [4, 5, 6]])] }, "do not fill the shape [1, 2, 3]"],
    [{ inputs: [tensor("a", [1, [2], 3, 4, 5, 6])] }, "has a value at position 1 that is not FP32"],
    [{ inputs: [tensor("a", undefined)] }, "must have its data in a list"],
    [{ inputs: [tensor("a", [1, 2, null, 4, 5, 6])] }, "has a value at position 2 that is not FP32"],
    [{ inputs: [tensor("a", ["1", 2, 3, 4, 5, 6])] }, "has a value at position 0 that is not FP32"],
    [{ inputs: [tensor("a", [true, 2, 3, 4, 5, 6])] }, "has a value at position 0 that is not FP32"],
    [{ inputs: [tensor("a", [1e40, 2, 3, 4, 5, 6])] }, "has a value at position 0 that is not FP32"],
    [{ inputs: [tensor("a", [1, 300, 3, 4, 5, 6], { datatype: "UINT8" })] }, "position 1 that is not UINT8"],
    [{ inputs: [tensor("a", [1, -129, 3, 4, 5, 6], { datatype: "INT8" })] }, "position 1 that is not INT8"],
    [{ inputs: [tensor("a", [1, 2, 3.5, 4, 5, 6], { datatype: "INT64" })] }, "position 2 that is not INT64"],
    [{ inputs: [a, tensor("b", [...ONES, ...ONES], { shape: [2, 2, 3] })] }, "Inputs have different batch sizes"],
  ];
  for (const [request, message] of cases) {
    const [status, body] = await inferAdder(request);
    assertEquals(status, 400, JSON.stringify(request));
    assertEquals(Object.keys(body), ["error"]);
    assert((body.error as string).includes(message), `${body.error} should say ${message}`);
  }
});

Deno.test("a body that is not JSON, not UTF-8 or nested too deep is refused quickly", async () => {
  const cases: [BodyInit, string][] = [
    ["", "The body is not JSON"],
    ["{", "The body is not JSON"],
    ['{"inputs": NaN}', "The body is not JSON"],
    [new Uint8Array([0x22, 0xff, 0x22]), "The JSON body is not UTF-8"],
    ["[".repeat(1_000_000), "The JSON body is nested more than 16 deep"],
    ['{"a":'.repeat(17) + "1" + "}".repeat(17), "The JSON body is nested more than 16 deep"],
    [JSON.stringify("[".repeat(50) + '\\"['), "The request must be a JSON object"],
  ];
  for (const [body, message] of cases) {
    const start = performance.now();
    const response = await call("/v2/models/adder/infer", { method: "POST", body });
    assertEquals([response.status, await response.json()], [400, { error: message }]);
    assert(performance.now() - start < 1000);
  }
});

Deno.test("outputs that are not finite and defects give status 500 without details", async () => {
  const large = tensor("a", new Array(6).fill(3e38));
  const [status, body] = await inferAdder({ inputs: [large, { ...large, name: "b" }] });
  assertEquals([status, body], [500, { error: 'Output "sum" has a value that is not finite' }]);

  const reported: unknown[] = [];
  const request = { inputs: [tensor("a", [1000, 1, 1, 1, 1, 1]), tensor("b", ONES)] };
  const response = await handler({ onError: (error) => reported.push(error) })("/v2/models/adder/infer", {
    method: "POST",
    body: JSON.stringify(request),
  });
  assertEquals([response.status, await response.text()], [500, '{"error":"Internal error"}']);
  assertEquals((reported[0] as Error).message, "a defect of the runtime");
});

Deno.test("classify answers JPEG and PNG bodies with the likeliest classes", async () => {
  const jpeg = decodeBase64(JPEG_FILES[0].base64);
  const response = await call("/classify?top=2", { method: "POST", body: jpeg });
  assertEquals(response.status, 200);
  const { model, predictions, milliseconds } = await response.json();
  assertEquals([model, predictions.length], ["adder", 2]);
  assertEquals(predictions, ADDER.classify(await decodeImage(jpeg), { top: 2 }));
  assert(milliseconds > 0);

  const green = encodePng({
    data: new Uint8Array(23 * 31 * 3).map((_, i) => i % 3 === 1 ? 200 : 0),
    width: 31,
    height: 23,
    channels: 3,
  });
  const png = await call("/classify?model=adder", { method: "POST", body: new Uint8Array(green) });
  assertEquals((await png.json()).predictions[0], { label: "green", index: 1, score: 1 });
});

Deno.test("classify refuses what it cannot classify with a fitting status", async () => {
  const jpeg = decodeBase64(JPEG_FILES[0].base64);
  const small = new Uint8Array(encodePng(gradientPixels(4, 4)));
  const cases: [string, BodyInit, number, string][] = [
    ["/classify", "", 415, "The image is neither JPEG nor PNG"],
    ["/classify", decodeBase64(CMYK_JPEG), 415, "CMYK JPEG files are not decoded, only grey and colour"],
    ["/classify", jpeg.subarray(0, 300), 400, "The JPEG file is truncated"],
    ["/classify", small, 400, "Image size 4x4 does not match"],
    ["/classify?model=none", jpeg, 404, 'Unknown model "none"'],
    ["/classify?model=copy/it", jpeg, 400, 'Model "copy/it" takes no images'],
    ["/classify?top=0", jpeg, 400, 'top must be a positive integer, not "0"'],
    ["/classify?top=1e3", jpeg, 400, 'top must be a positive integer, not "1e3"'],
  ];
  for (const [path, body, status, error] of cases) {
    const response = await call(path, { method: "POST", body });
    assertEquals([response.status, await response.json()], [status, { error }]);
  }
  const limited = await handler({ maxPixels: 700 })("/classify", { method: "POST", body: jpeg });
  assertEquals(limited.status, 413);
  await limited.body?.cancel();
});

Deno.test("classify asks for a name where several models take images", async () => {
  const handle = createHandler(new Map([["x", ADDER], ["y", ADDER]]));
  const body = decodeBase64(JPEG_FILES[0].base64);
  const response = await handle(new Request("http://localhost/classify", { method: "POST", body }));
  assertEquals(await response.json(), { error: 'More than one model takes images: add ?model= with "x" or "y"' });
  const named = await handle(new Request("http://localhost/classify?model=y", { method: "POST", body }));
  assertEquals((await named.json()).model, "y");
});

Deno.test("the protocol's health and metadata endpoints answer", async () => {
  const get = async (path: string) => {
    const response = await call(path);
    assertEquals(response.headers.get("x-content-type-options"), "nosniff");
    return [response.status, await response.json()];
  };
  assertEquals(await get("/v2/health/live"), [200, { live: true }]);
  assertEquals(await get("/v2/health/ready"), [200, { ready: true }]);
  assertEquals((await get("/v2"))[1].name, "octet");
  assertEquals(await get("/v2/models/copy%2Fit"), [200, {
    name: "copy/it",
    platform: "octet",
    inputs: [{ name: "x", datatype: "FP32", shape: [2] }],
    outputs: [{ name: "y", datatype: "FP32", shape: [2] }],
  }]);
  assertEquals(await get("/v2/models/adder/ready"), [200, { name: "adder", ready: true }]);
  const help = await call("/");
  assert((await help.text()).includes("POST /classify"));
  const empty = await createHandler(new Map())(new Request("http://localhost/v2/health/ready"));
  assertEquals([empty.status, await empty.json()], [503, { ready: false }]);
});

Deno.test("unknown paths, models and methods are refused", async () => {
  for (
    const path of [
      "/v2/models/none",
      "/v2/models/none/ready",
      "/v2/models/%zz",
      "/v2/models/..%2fadder",
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
    ["/classify", "HEAD", "POST"],
  ];
  for (const [path, method, allow] of cases) {
    const response = await call(path, { method });
    assertEquals([response.status, response.headers.get("allow")], [405, allow], `${method} ${path}`);
    await response.body?.cancel();
  }
  const head = await call("/v2/health/ready", { method: "HEAD" });
  assertEquals(head.status, 200);
});

Deno.test("bodies that are too large, too slow, compressed or broken off are refused", async () => {
  const limited = handler({ maxBodyBytes: 1000, bodyMilliseconds: 50 });
  const post = async (body: BodyInit, headers: Record<string, string> = {}) => {
    const response = await limited("/classify", { method: "POST", body, headers });
    return [response.status, (await response.json()).error];
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
  assertEquals(await post(stream(() => new Promise(() => {}))), [408, "The body did not arrive within 50 ms"]);
  assertEquals(await post("x", { "content-encoding": "gzip" }), [415, "Compressed bodies are not accepted"]);
  assertEquals(await post(stream((controller) => controller.error(new Error("gone")))), [400, "The body broke off"]);
  const binary = await call("/v2/models/adder/infer", {
    method: "POST",
    body: "{}",
    headers: { "inference-header-content-length": "2" },
  });
  assertEquals(binary.status, 415);
  await binary.body?.cancel();
});

Deno.test("limits that are not positive are refused", () => {
  for (const name of ["maxBodyBytes", "bodyMilliseconds", "maxPixels"]) {
    for (const value of [0, -1, NaN]) {
      assertThrows(() => createHandler(MODELS, { [name]: value }), RangeError, `${name} must be a positive number`);
    }
  }
});

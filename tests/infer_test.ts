import { assert, assertEquals } from "@std/assert";
import { adderInput, answer, COPY, ONES, serveBoth, serveModels } from "./support/served_models.ts";

const call = serveBoth();

// deno-lint-ignore no-explicit-any
function inferAdder(request: unknown): Promise<[number, any]> {
  return answer(call("/v2/models/adder/infer", { method: "POST", body: JSON.stringify(request) }));
}

Deno.test("infer runs a model on nested and flat data and echoes the id", async () => {
  const nested = adderInput("a", [[[1, 2, 3], [4, 5, 6]]]);
  const [status, body] = await inferAdder({ id: "one", inputs: [adderInput("b", ONES), nested] });
  assertEquals(status, 200);
  assertEquals(body, {
    model_name: "adder",
    model_version: "1",
    id: "one",
    outputs: [
      { name: "sum", shape: [1, 2, 3], datatype: "FP32", data: [2, 3, 4, 5, 6, 7] },
      { name: "first", shape: [1, 2, 3], datatype: "FP32", data: [1, 2, 3, 4, 5, 6] },
    ],
  });
});

Deno.test("infer returns only the outputs that are asked for and takes any batch", async () => {
  const two = { shape: [2, 2, 3] };
  const inputs = [
    adderInput("a", [...ONES, ...ONES], two),
    adderInput("b", [...ONES, ...ONES], { ...two, datatype: "UINT8" }),
  ];
  const [status, body] = await inferAdder({ inputs, outputs: [{ name: "sum" }], parameters: {} });
  assertEquals(status, 200);
  assertEquals(body, {
    model_name: "adder",
    model_version: "1",
    outputs: [{ name: "sum", shape: [2, 2, 3], datatype: "FP32", data: new Array(12).fill(2) }],
  });
});

Deno.test("infer finds a model whose name has to be escaped", async () => {
  const body = JSON.stringify({ inputs: [{ name: "x", shape: [2], datatype: "FP64", data: [0.5, -3] }] });
  const response = await call("/v2/models/copy%2Fit/infer", { method: "POST", body });
  assertEquals((await response.json()).outputs[0].data, [0.5, -3]);
});

Deno.test("infer refuses what does not follow the protocol or suit the model", async () => {
  const a = adderInput("a", ONES);
  const b = adderInput("b", ONES);
  const cases: [unknown, string][] = [
    [[], "The request must be a JSON object"],
    [null, "The request must be a JSON object"],
    [{}, "The request must have a list of inputs"],
    [{ inputs: {} }, "The request must have a list of inputs"],
    [{ inputs: [7] }, "An input must be a JSON object"],
    [{ id: 7, inputs: [a, b] }, "The id must be a string"],
    [{ inputs: [a] }, 'Input "b" is missing'],
    [{ inputs: [a, a] }, 'Input "a" is given twice'],
    [{ inputs: [adderInput("__proto__", ONES)] }, 'Unknown input "__proto__", expected "a" or "b"'],
    [{ inputs: [{ ...a, name: undefined }] }, "An input must have a name"],
    [{ inputs: [a, b], outputs: [{ name: "sum" }, { name: "sum" }] }, "An output is asked for twice"],
    [{ inputs: [a, b], outputs: [{ name: "none" }] }, 'Unknown output "none", expected "sum" or "first"'],
    [{ inputs: [a, b], outputs: "sum" }, "The request must have a list of outputs"],
    [
      { inputs: [a, b], outputs: [{ name: "sum", parameters: [] }] },
      'Output "sum"\'s parameters must be a JSON object',
    ],
    [
      { inputs: [a, b], parameters: { binary_data_output: 1 } },
      "must have true or false as its parameter binary_data_output",
    ],
    [{ inputs: [a, b], parameters: { sequence_id: 3 } }, 'has the parameter "sequence_id", which is not served'],
    [
      { inputs: [{ ...a, parameters: { shared_memory_region: "r", shared_memory_byte_size: 24 } }, b] },
      'Input "a" has the parameter "shared_memory_region", which is not served',
    ],
    [
      { inputs: [a, b], outputs: [{ name: "sum", parameters: { classification: -1 } }] },
      'Output "sum" must have a whole number of classes as its parameter classification',
    ],
    [
      { inputs: [adderInput("a", ONES, { datatype: "BYTES" })] },
      'Input "a" is FP32 and must have one of the datatypes',
    ],
    [{ inputs: [adderInput("a", ONES, { datatype: "constructor" })] }, "must have one of the datatypes BOOL"],
    [{ inputs: [adderInput("a", ONES, { shape: [1, 6] })] }, "must have the shape [-1, 2, 3]"],
    [{ inputs: [adderInput("a", ONES, { shape: [0, 2, 3] })] }, "must have the shape [-1, 2, 3]"],
    [{ inputs: [adderInput("a", ONES, { shape: [1.5, 2, 3] })] }, "must have the shape [-1, 2, 3]"],
    [{ inputs: [adderInput("a", ONES, { shape: ["1", 2, 3] })] }, "must have the shape [-1, 2, 3]"],
    [{ inputs: [adderInput("a", ONES, { shape: [1e18, 2, 3] })] }, "must have the shape [-1, 2, 3]"],
    [{ inputs: [adderInput("a", ONES, { shape: [257, 2, 3] })] }, 'Input "a" has 257 samples, more than 256'],
    [{ inputs: [adderInput("a", ONES.slice(1))] }, "do not fill the shape [1, 2, 3]"],
    [{ inputs: [adderInput("a", [[[1, 2], [3, 4], [5, 6]]])] }, "do not fill the shape [1, 2, 3]"],
    [{ inputs: [adderInput("a", [[1, 2, 3], [4, 5, 6]])] }, "do not fill the shape [1, 2, 3]"],
    [{ inputs: [adderInput("a", [1, [2], 3, 4, 5, 6])] }, "has a value at position 1 that is not FP32"],
    [{ inputs: [adderInput("a", undefined)] }, "must have its data in a list"],
    [{ inputs: [adderInput("a", [1, 2, null, 4, 5, 6])] }, "has a value at position 2 that is not FP32"],
    [{ inputs: [adderInput("a", ["1", 2, 3, 4, 5, 6])] }, "has a value at position 0 that is not FP32"],
    [{ inputs: [adderInput("a", [true, 2, 3, 4, 5, 6])] }, "has a value at position 0 that is not FP32"],
    [{ inputs: [adderInput("a", [1e40, 2, 3, 4, 5, 6])] }, "has a value at position 0 that is not FP32"],
    [{ inputs: [adderInput("a", [1, 300, 3, 4, 5, 6], { datatype: "UINT8" })] }, "position 1 that is not UINT8"],
    [{ inputs: [adderInput("a", [1, -129, 3, 4, 5, 6], { datatype: "INT8" })] }, "position 1 that is not INT8"],
    [{ inputs: [adderInput("a", [1, 2, 3.5, 4, 5, 6], { datatype: "INT64" })] }, "position 2 that is not INT64"],
    [{ inputs: [a, adderInput("b", [...ONES, ...ONES], { shape: [2, 2, 3] })] }, "Inputs have different batch sizes"],
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

Deno.test("a defect of a built-in class is answered as any other, and reported; what a model says of its input is told", async () => {
  const reported: unknown[] = [];
  const call = serveBoth({ onError: (error) => reported.push(error) });
  const ask = (first: number) => {
    const inputs = [adderInput("a", [first, 1, 1, 1, 1, 1]), adderInput("b", ONES)];
    return answer(call("/v2/models/adder/infer", { method: "POST", body: JSON.stringify({ inputs }) }));
  };
  assertEquals(await ask(1001), [500, { error: "Internal error" }]);
  assertEquals(reported.map((error) => (error as Error).message), [
    "Cannot read properties of undefined (reading 'secret')",
  ]);
  assertEquals(await ask(1002), [400, { error: 'Input "a" is not liked' }]);
  assertEquals(reported.length, 1);
});

Deno.test("outputs that are not finite and defects give status 500 without details", async () => {
  const large = adderInput("a", new Array(6).fill(3e38));
  const [status, body] = await inferAdder({ inputs: [large, { ...large, name: "b" }] });
  const error = 'Output "sum" has a value that is not finite, which only binary data can hold';
  assertEquals([status, body], [500, { error }]);

  const reported: unknown[] = [];
  const request = { inputs: [adderInput("a", [1000, 1, 1, 1, 1, 1]), adderInput("b", ONES)] };
  const response = await serveBoth({ onError: (error) => reported.push(error) })("/v2/models/adder/infer", {
    method: "POST",
    body: JSON.stringify(request),
  });
  assertEquals([response.status, await response.text()], [500, '{"error":"Internal error"}']);
  assertEquals((reported[0] as Error).message, "a defect of the runtime");
});

Deno.test("a value of any numeric datatype is taken where float32 holds it exactly", async () => {
  const cases: [string, unknown[]][] = [
    ["BOOL", [true, false]],
    ["UINT8", [0, 255]],
    ["UINT16", [0, 65535]],
    ["UINT32", [2 ** 24, 2 ** 32 - 256]],
    ["UINT64", [2 ** 24, 2 ** 52]],
    ["INT8", [-128, 127]],
    ["INT16", [-32768, 32767]],
    ["INT32", [-(2 ** 31), 2 ** 24]],
    ["INT64", [-(2 ** 52), -1]],
    ["FP16", [65504, 2 ** -24]],
    ["FP16", [-0.0999755859375, 0]],
    ["FP32", [3.4028235e38, 1e-45]],
    ["FP64", [0.5, 2 ** 127]],
  ];
  for (const [datatype, data] of cases) {
    const body = JSON.stringify({ inputs: [{ name: "x", shape: [2], datatype, data }] });
    const [status, { outputs }] = await answer(call("/v2/models/copy%2Fit/infer", { method: "POST", body }));
    assertEquals([status, outputs?.[0].data], [200, data.map((value) => Math.fround(Number(value)))], datatype);
  }
});

Deno.test("a value that its datatype or float32 cannot hold is refused with its position", async () => {
  const cases: [string, unknown, string][] = [
    ["BOOL", 1, "that is not BOOL"],
    ["FP32", true, "that is not FP32"],
    ["FP32", 3.5e38, "that is not FP32"],
    ["FP16", 0.1, "that is not FP16"],
    ["FP16", 65520, "that is not FP16"],
    ["FP16", 2 ** -25, "that is not FP16"],
    ["FP64", 0.1, "a FP64 value at position 1 that FP32 cannot hold exactly"],
    ["FP64", 1e39, "a FP64 value at position 1 that is not finite as FP32"],
    ["INT32", 2 ** 24 + 1, "a INT32 value at position 1 that FP32 cannot hold exactly"],
    ["UINT32", -1, "that is not UINT32"],
    ["INT64", 2 ** 53, "that is not INT64"],
    ["UINT64", 1.5, "that is not UINT64"],
    ["BYTES", "x", "must have one of the datatypes"],
    ["BF16", 1, "must have one of the datatypes"],
  ];
  for (const [datatype, value, message] of cases) {
    const body = JSON.stringify({
      inputs: [{ name: "x", shape: [2], datatype, data: [datatype === "BOOL" ? false : 0, value] }],
    });
    const [status, { error }] = await answer(call("/v2/models/copy%2Fit/infer", { method: "POST", body }));
    assertEquals(status, 400, `${datatype} ${value}`);
    assert(error.includes(message) && (error.includes("position 1") || !error.includes("position")), error);
  }
});

Deno.test("classification names the classes of each sample, the highest first", async () => {
  const inputs = [adderInput("a", [1, 5, 10, 4, 0, 0, 3, 3, 2, 0, 9, 0], { shape: [2, 2, 3] })];
  inputs.push(adderInput("b", new Array(12).fill(0), { shape: [2, 2, 3] }));
  const outputs = [{ name: "sum", parameters: { classification: 2 } }, {
    name: "first",
    parameters: { classification: 0 },
  }];
  const [status, body] = await inferAdder({ inputs, outputs });
  assertEquals(status, 200);
  assertEquals(body.outputs[0], { name: "sum", shape: [2, 2], datatype: "BYTES", data: ["10:2", "5:1", "9:4", "3:0"] });
  assertEquals(body.outputs[1].datatype, "FP32");

  const labelled = JSON.stringify({
    inputs: [{ name: "x", shape: [2], datatype: "FP32", data: [0.5, -1.5] }],
    outputs: [{ name: "y", parameters: { classification: 9 } }],
  });
  const [, { outputs: [y] }] = await answer(call("/v2/models/copy%2Fit/infer", { method: "POST", body: labelled }));
  assertEquals(y, { name: "y", shape: [2], datatype: "BYTES", data: ["0.5:0:left", "-1.5:1:right"] });
});

Deno.test("a model may answer later, from elsewhere", async () => {
  const later = {
    ...COPY,
    run: (inputs: Parameters<typeof COPY.run>[0]) => Promise.resolve().then(() => COPY.run(inputs)),
  };
  const body = JSON.stringify({ inputs: [{ name: "x", shape: [2], datatype: "FP32", data: [1, 2] }] });
  const [status, { outputs }] = await answer(
    serveModels({ later })("/v2/models/later/infer", { method: "POST", body }),
  );
  assertEquals([status, outputs[0].data], [200, [1, 2]]);
});

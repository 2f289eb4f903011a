import {
  assert,
  assertAlmostEquals,
  assertEquals,
  assertRejects,
  assertStringIncludes,
  assertThrows,
} from "@std/assert";
import { ByteBuffer } from "flatbuffers";
import { fullyConnected } from "../bench/networks/fully_connected.ts";
import type { Network } from "../bench/networks/network.ts";
import { addConvolution, finishNetwork, startNetwork } from "../bench/networks/network_builder.ts";
import { BUDGET } from "../bench/budget.ts";
import { type Benchmark, listBenchmarks, NETWORKS, RUNTIMES } from "../bench/peers/benchmarks.ts";
import { correlation } from "../bench/peers/correlation.ts";
import { quantizeLayer } from "../bench/peers/files/quantize_layer.ts";
import { tfliteNetwork } from "../bench/peers/files/tflite_network.ts";
import { observeGrids } from "../bench/peers/files/value_grids.ts";
import { writeTflite } from "../bench/peers/files/write_tflite.ts";
import { installPackages } from "../bench/peers/packages.ts";
import { checkPinning } from "../bench/peers/processes.ts";
import type { Figures, Measured } from "../bench/peers/rounds.ts";
import { type Comparison, makeRows } from "../bench/peers/rows.ts";
import { comparisonMarkdown, comparisonText } from "../bench/peers/tables.ts";
import { runTask } from "./support/task_command.ts";

/** Weights of a network's first layer. */
function weightsOf({ layers: [layer] }: Network): Float32Array {
  if (!("weights" in layer)) throw new TypeError(`Layer "${layer.output}" has no weights`);
  return layer.weights;
}

Deno.test("Weights and biases of the peers' files stand for the float ones to half a step", () => {
  const weights = Float32Array.of(1, -0.5, 0.25, 0, -4, 2);
  const bias = Float32Array.of(0.3, -7);
  const quantized = quantizeLayer({ weights, bias }, 0.5);
  assertEquals(Array.from(quantized.scales), [Math.fround(1 / 127), Math.fround(4 / 127)]);
  quantized.weights.forEach((steps, index) => {
    const scale = quantized.scales[index < 3 ? 0 : 1];
    assertAlmostEquals(steps * scale, weights[index], scale / 2 + 1e-6);
  });
  quantized.bias.forEach((steps, channel) => {
    assertAlmostEquals(steps * quantized.biasScales[channel], bias[channel], quantized.biasScales[channel]);
  });
});

Deno.test("Grids of a network's values hold zero and what was seen", async () => {
  const grids = await observeGrids(fullyConnected(2, 8, 16));
  assertEquals([...grids.keys()].sort(), ["x", "y"]);
  const { scale, zeroPoint } = grids.get("x")!;
  assert(zeroPoint > 100 && zeroPoint < 155, `zero point ${zeroPoint}`);
  assertAlmostEquals(255 * scale, 2, 0.2);
});

Deno.test("An int8 TFLite file begins and ends in float32 and holds filters channels last", async () => {
  const builder = startNetwork("tiny", [2, 5, 5], 1);
  addConvolution(builder, addConvolution(builder, "x", { kernel: 3, activation: "relu6" }), { channels: 3, kernel: 1 });
  const network = finishNetwork(builder);
  const grids = await observeGrids(network);
  const model = tfliteNetwork(network, grids);
  assertEquals(model.operators.map(({ operator }) => operator), [
    "quantize",
    "depthwiseConvolution",
    "convolution",
    "dequantize",
  ]);
  assertEquals([model.tensors[model.input].type, model.tensors[model.output].type], ["float32", "float32"]);
  assertEquals(model.tensors[model.input].shape, [1, 5, 5, 2]);
  const weights = weightsOf(network);
  const filter = tfliteNetwork(network).tensors.find(({ name }) => name === `${network.layers[0].output}_weights`)!;
  assertEquals(filter.shape, [1, 3, 3, 2]);
  const expected = Array.from({ length: 9 }, (_, pixel) => [weights[pixel], weights[9 + pixel]]);
  assertEquals(Array.from(filter.data!), expected.flat());
});

Deno.test("A TFLite file is a flat buffer with the model's tensors and aligned constants", () => {
  const network = fullyConnected(2, 3, 4);
  const model = tfliteNetwork(network);
  const buffer = new ByteBuffer(writeTflite(model));
  assertEquals(new TextDecoder().decode(buffer.bytes().subarray(buffer.position() + 4, buffer.position() + 8)), "TFL3");
  const follow = (at: number) => at + buffer.readInt32(at);
  const field = (table: number, slot: number) => {
    const offset = buffer.__offset(table, 4 + 2 * slot);
    assert(offset !== 0, `slot ${slot} is there`);
    return table + offset;
  };
  const elements = (at: number) => {
    const vector = follow(at);
    return Array.from({ length: buffer.readInt32(vector) }, (_, index) => vector + 4 + 4 * index);
  };
  const root = follow(buffer.position());
  assertEquals(buffer.readInt32(field(root, 0)), 3);
  const graph = follow(elements(field(root, 2))[0]);
  const tensors = elements(field(graph, 0)).map(follow);
  const names = tensors.map((tensor) => buffer.__string(field(tensor, 3)));
  assertEquals(names, model.tensors.map(({ name }) => name));
  const shapes = tensors.map((tensor) => elements(field(tensor, 0)).map((at) => buffer.readInt32(at)));
  assertEquals(shapes, model.tensors.map(({ shape }) => shape));
  const buffers = elements(field(root, 4)).map(follow);
  const place = buffer.readInt32(field(tensors[names.indexOf("y_weights")], 2));
  const data = follow(field(buffers[place], 0));
  const weights = weightsOf(network);
  assertEquals(buffer.readInt32(data), weights.byteLength);
  assertEquals((data + 4 - buffer.position()) % 16, 0);
  assertEquals(Array.from(weights, (_, index) => buffer.readFloat32(data + 4 + 4 * index)), [...weights]);
});

Deno.test("The correlation of outputs does not depend on their scale and refuses others' lengths", () => {
  const a = Float32Array.of(1, 2, 3, 5);
  assertAlmostEquals(correlation(a, a.map((value) => 3 * value - 7)), 1, 1e-12);
  assertAlmostEquals(correlation(a, a.map((value) => -value)), -1, 1e-12);
  assertAlmostEquals(correlation(Float32Array.of(1, 0, -1, 0), Float32Array.of(0, 1, 0, -1)), 0, 1e-12);
  assertThrows(() => correlation(a, a.subarray(1)), RangeError, "4 and 3");
});

Deno.test("Benchmarks name networks and runtimes that exist, and the budget names benchmarks", () => {
  const benchmarks = listBenchmarks("x86_64");
  for (const { name, network, runtimes } of benchmarks) {
    assert(network in NETWORKS, name);
    assertEquals(runtimes[0], "octet", name);
    for (const runtime of runtimes) assert(runtime in RUNTIMES, name);
  }
  const names = benchmarks.map(({ name }) => name);
  assertEquals(new Set(names).size, names.length);
  for (const { benchmark, peers } of BUDGET.timeRatios) {
    assert(names.includes(benchmark), benchmark);
    for (const peer of peers) assert(peer === "bare" || peer in RUNTIMES, peer);
  }
  assert(listBenchmarks("aarch64").every(({ v8Flags }) => v8Flags.length === 0));
});

const STEADY: Benchmark = {
  name: "n float32",
  network: "n",
  arithmetic: "float32",
  kind: "steady",
  v8Flags: [],
  runtimes: ["octet", "litert", "tfjs_wasm"],
};

function figures(benchmark: Benchmark, values: Partial<Record<Measured, number>>): Figures[] {
  return Object.entries(values).map(([measured, value]) => ({
    benchmark: benchmark.name,
    measured: measured as Measured,
    cpu: value,
    wall: value,
    memory: value * 1e6,
    cpuTimes: [value],
    wallTimes: [value],
  }));
}

const COMPARISON: Comparison = {
  benchmarks: [STEADY],
  figures: figures(STEADY, { octet: 11, litert: 20, tfjs_wasm: 10 }),
  checks: [],
  multiplyAdds: new Map([["n", 22e6]]),
  budget: {
    ...BUDGET,
    timeRatios: [{ benchmark: STEADY.name, peers: ["litert", "tfjs_wasm"], atMost: 1.1 }],
    rates: [{ benchmark: STEADY.name, atLeast: 3 }],
  },
};

Deno.test("A limit against several peers stands beside the fastest, a rate in a row of its own", () => {
  const rows = makeRows(COMPARISON);
  assertEquals(rows.map(({ peer, required, met }) => [peer, required, met]), [
    ["LiteRT.js", undefined, undefined],
    ["tfjs-backend-wasm", "at most 1.1", true],
    ["", "at least 3 GMAC/s", false],
  ]);
  assertAlmostEquals(rows[0].ratio!, 0.55);
  assertAlmostEquals(rows[2].rate!, 2);
});

Deno.test("A runtime with wrong results has no time, and limits pass over it", () => {
  const check = { benchmark: STEADY.name, correlation: 0.2, passed: false };
  const rows = makeRows({ ...COMPARISON, checks: [{ ...check, runtime: "tfjs_wasm" }] });
  assertEquals(rows.map(({ other, required, met }) => [other, required, met]), [
    [20, "at most 1.1", true],
    [undefined, undefined, undefined],
    [undefined, "at least 3 GMAC/s", false],
  ]);
  assertStringIncludes(comparisonText(rows), "wrong result");
  const [first] = makeRows({ ...COMPARISON, checks: [{ ...check, runtime: "octet" }] });
  assertEquals([first.octet, first.ratio, first.met], [undefined, undefined, undefined]);
});

Deno.test("A start is held against a bare process in time and memory", () => {
  const start: Benchmark = { ...STEADY, name: "start", kind: "start", runtimes: ["octet", "litert"] };
  const rows = makeRows({
    ...COMPARISON,
    benchmarks: [start],
    figures: figures(start, { octet: 60, litert: 300, bare: 25 }),
    budget: {
      ...BUDGET,
      timeRatios: [{ benchmark: "start", peers: ["bare"], atMost: 2.2 }],
      extraMemory: [{ benchmark: "start", over: "bare", atMost: 40e6 }],
    },
  });
  assertEquals(rows.filter(({ required }) => required).map(({ title, required, met }) => [title, required, met]), [
    ["start", "at most 2.2", false],
    ["start, peak memory", "at most 40 MB more", true],
  ]);
});

Deno.test("The table in Markdown has the columns of the one for terminals", () => {
  const lines = comparisonMarkdown(makeRows(COMPARISON)).split("\n");
  assertEquals(lines.length, 5);
  assertEquals(
    lines[3],
    "| n float32 | tfjs-backend-wasm | 11.0 ms | 10.0 ms | 1.100 | 2.0 | at most 1.1 | yes |",
  );
});

Deno.test("Without npm or taskset, one sentence says what is missing", async () => {
  const folder = await Deno.makeTempDir();
  const path = Deno.env.get("PATH")!;
  Deno.env.set("PATH", folder);
  try {
    const root = new URL(`file://${folder}/`);
    await assertRejects(() => installPackages(root), Error, "npm is not installed: the peers' packages come from it");
    await assertRejects(() => checkPinning(0), Error, "taskset is not available");
  } finally {
    Deno.env.set("PATH", path);
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test({
  name: "The command refuses what it cannot measure in one sentence",
  ignore: Deno.build.os !== "linux",
  fn: async () => {
    const cases: [string, string, string][] = [
      ["--rounds", "0", "--rounds must be an integer of 1 to 9999, not 0"],
      ["--only", "(", "--only must be a regular expression, not ("],
      ["--only", "no such", "No benchmark matches no such"],
      ["--core", "one", "--core must be a core's number, not one"],
    ];
    for (const [option, value, message] of cases) {
      const result = await runTask("bench:peers", [option, value]);
      assertEquals(result, { code: 1, stdout: "", stderr: `error: ${message}\n` });
    }
  },
});

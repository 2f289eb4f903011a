import { assert, assertEquals, assertGreater } from "@std/assert";
import { calibrate, type CalibrationOptions } from "../calibrate/calibrate.ts";
import { writeNpy } from "../calibrate/dataset/npy_writer.ts";
import type { ConvolutionNode, Graph } from "../calibrate/graph/graph.ts";
import { importOnnx } from "../calibrate/onnx/import.ts";
import { readBundle } from "../runtime/bundle/read.ts";
import { random } from "./support/random.ts";
import { makeGraph } from "./support/tiny_bundle.ts";

/** Two convolutions and a classifier, which alone the arguments change. */
function network(lastSeed: number, activation: "relu" | "identity"): Graph {
  const draw = random(5);
  const window = { stride: [1, 1] as [number, number], dilation: [1, 1] as [number, number] };
  const layer = { ...window, op: "convolution" as const, pads: [1, 1, 1, 1] as [number, number, number, number] };
  return makeGraph({
    inputs: { x: [1, 3, 8, 8] },
    shapes: { image: [1, 8, 8, 3], a: [1, 8, 8, 8], b: [1, 8, 8, 8], mean: [1, 1, 1, 8], flat: [1, 8], y: [1, 5] },
    nodes: [
      { op: "transpose", inputs: ["x"], output: "image", permutation: [0, 2, 3, 1] },
      {
        ...layer,
        inputs: ["image"],
        output: "a",
        weights: draw.f32(8 * 27, -0.5, 0.5),
        weightShape: [8, 3, 3, 3],
        bias: draw.f32(8, -0.5, 0.5),
        groups: 1,
        activation: { kind: "relu" },
      },
      {
        ...layer,
        inputs: ["a"],
        output: "b",
        weights: draw.f32(8 * 9, -0.5, 0.5),
        weightShape: [8, 1, 3, 3],
        bias: draw.f32(8, -0.5, 0.5),
        groups: 8,
        activation: { kind: "relu" },
      },
      { op: "reduceMean", inputs: ["b"], output: "mean", axes: [1, 2] },
      { op: "reshape", inputs: ["mean"], output: "flat" },
      {
        op: "fullyConnected",
        inputs: ["flat"],
        output: "y",
        weights: random(lastSeed).f32(40, -1, 1),
        weightShape: [5, 8],
        bias: new Float32Array(5),
        activation: { kind: activation },
      },
    ],
  });
}

async function calibrated(
  graph: Graph,
  options: Partial<CalibrationOptions> = {},
): Promise<Map<string, { weights: number[]; bias: number[]; multiplier: number[] }>> {
  const path = await Deno.makeTempFile({ suffix: ".npy" });
  try {
    await Deno.writeFile(path, writeNpy([16, 3, 8, 8], random(8).f32(16 * 192)));
    const { bundle } = await calibrate(graph, { data: path, ...options });
    const { program, data } = await readBundle(bundle);
    const layers = program.steps.filter(({ kernel }) => kernel === "convolution_u8" || kernel === "depthwise_u8");
    return new Map(layers.map((step) => {
      const [weights, bias, multiplier] = step.constants.map((index) => {
        const { type, offset, length } = program.constants[index];
        const bytes = data.slice(offset, offset + length * (type === "i8" ? 1 : 4)).buffer;
        if (type === "i8") return [...new Int8Array(bytes)];
        return type === "i32" ? [...new Int32Array(bytes)] : [...new Float32Array(bytes)];
      });
      return [step.name, { weights, bias, multiplier }];
    }));
  } finally {
    await Deno.remove(path);
  }
}

Deno.test("A layer whose correction has no room in int32 keeps its own bias", async () => {
  const graph = network(1, "identity");
  const layer = graph.nodes[1] as ConvolutionNode;
  layer.weights = layer.weights.map((weight) => weight * 1e-9);
  layer.bias = new Float32Array(8);
  layer.normalization = {
    gamma: new Float32Array(8).fill(1e-9),
    beta: new Float32Array(8).fill(5),
    variance: new Float32Array(8).fill(1),
    epsilon: 0,
  };
  const path = await Deno.makeTempFile({ suffix: ".npy" });
  try {
    await Deno.writeFile(path, writeNpy([16, 3, 8, 8], random(8).f32(16 * 192)));
    const { bundle, report } = await calibrate(graph, { data: path, uspTarget: "bn" });
    const row = report.layers.find(({ name }) => name === "a")!;
    assertEquals([row.usp, row.uspTarget, row.guarded], ["none", "bn", 0]);
    const { program } = await readBundle(bundle);
    assert(program.steps.some(({ name }) => name === "a"));
  } finally {
    await Deno.remove(path);
  }
});

Deno.test("A layer's correction does not depend on the layers after it", async () => {
  const options = { weights: "per-tensor", equalize: false } as const;
  const [one, other] = [
    await calibrated(network(1, "identity"), options),
    await calibrated(network(2, "relu"), options),
  ];
  assertEquals([...one.keys()], ["a", "b", "y"]);
  assertEquals(one.get("a"), other.get("a"));
  assertEquals(one.get("b"), other.get("b"));
  assert(String(one.get("y")!.weights) !== String(other.get("y")!.weights));
});

Deno.test("Correction changes biases and multipliers and leaves the weights alone", async () => {
  for (const weights of ["per-tensor", "per-channel"] as const) {
    const options = { weights, rounding: "nearest" } as const;
    const off = await calibrated(network(1, "identity"), { ...options, usp: "off" });
    const on = await calibrated(network(1, "identity"), { ...options, usp: "moments" });
    for (const name of ["a", "b", "y"]) assertEquals(on.get(name)!.weights, off.get(name)!.weights);
    assert(String(on.get("a")!.multiplier) !== String(off.get("a")!.multiplier));
    assert(String(on.get("a")!.bias) !== String(off.get("a")!.bias));
  }
});

Deno.test("Layer by layer, correction raises the fidelity of a network whose weights share one scale", async () => {
  const folder = new URL("../examples/demo/", import.meta.url);
  const graph = importOnnx(await Deno.readFile(new URL("network.onnx", folder)), { name: "demo" });
  const { report } = await calibrate(graph, {
    data: decodeURIComponent(new URL("calibration_images.npy", folder).pathname),
    preprocessing: { resize: 48, crop: [48, 48], mean: [0.5, 0.5, 0.5], std: [0.25, 0.25, 0.25] },
    weights: "per-tensor",
    weightError: "plain",
    precision: "fast",
  });
  const last = report.layers[report.layers.length - 1];
  assertGreater(last.sqnrAfter!, last.sqnrBefore! + 1, `${last.sqnrBefore} dB before, ${last.sqnrAfter} dB after`);
});

Deno.test("Where nothing is corrected, rounding gives the weights that it gives without correction", async () => {
  const graph = network(1, "identity");
  // Statistics of training so far from the samples' that no correction is trusted.
  for (const layer of graph.nodes.slice(1, 3) as ConvolutionNode[]) {
    layer.normalization = {
      gamma: new Float32Array(8).fill(1),
      beta: new Float32Array(8).fill(1000),
      variance: new Float32Array(8).fill(1),
      epsilon: 0,
    };
  }
  const options = { rounding: "gptq", keepFloat: 0 } as const;
  const [untrusted, off] = [
    await calibrated(graph, { ...options, usp: "shrinkage" }),
    await calibrated(graph, { ...options, usp: "off" }),
  ];
  assertEquals(untrusted, off);
});

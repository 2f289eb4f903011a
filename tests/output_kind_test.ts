import { assert, assertAlmostEquals, assertEquals, assertRejects } from "@std/assert";
import { calibrate } from "../calibrate/calibrate.ts";
import { compareMethods } from "../calibrate/compare/compare.ts";
import { writeNpy } from "../calibrate/dataset/npy_writer.ts";
import { openDataset } from "../calibrate/dataset/open_dataset.ts";
import { evaluate } from "../calibrate/evaluate.ts";
import { exportOnnx } from "../calibrate/export/export_onnx.ts";
import { floatModel } from "../calibrate/float_model.ts";
import type { Graph } from "../calibrate/graph/graph.ts";
import { describeBundle } from "../calibrate/inspect/describe_bundle.ts";
import { importOnnx } from "../calibrate/onnx/import.ts";
import { findOutputKind } from "../calibrate/output_kind.ts";
import { BundleError } from "../runtime/errors.ts";
import { readBundle } from "../runtime/bundle/read.ts";
import { writeBundle } from "../runtime/bundle/write.ts";
import { Model } from "../runtime/model.ts";
import type { OutputKind } from "../runtime/program.ts";
import { randomPixels } from "./support/images.ts";
import { float, floats, ints, type ModelSpec, writeOnnx } from "./support/onnx_writer.ts";
import { random } from "./support/random.ts";
import { lower } from "../calibrate/program/lower.ts";
import { bundleOf, tinyParts } from "./support/tiny_bundle.ts";

const CLASSES = 6;
const RECIPE = { crop: [4, 4] as [number, number], mean: [0.5, 0.5, 0.5], std: [0.5, 0.5, 0.5] };

/** A classifier of [N, 3, 4, 4] whose logits go through some more nodes, from "logits" to "y". */
function classifier(nodes: ModelSpec["nodes"], constants: ModelSpec["constants"] = {}): Graph {
  const weights = random(4).f32(CLASSES * 48, -0.4, 0.4);
  return importOnnx(
    writeOnnx({
      inputs: { x: ["N", 3, 4, 4] },
      outputs: ["y"],
      constants: { w: floats([CLASSES, 48], Array.from(weights)), ...constants },
      nodes: [
        { op: "Flatten", inputs: ["x"], outputs: ["flat"] },
        { op: "Gemm", inputs: ["flat", "w"], outputs: ["logits"], attributes: { transB: 1 } },
        ...nodes,
      ],
    }),
    { name: "classifier" },
  );
}

function node(op: string, input: string, output: string, attributes: Record<string, number | { float: number }> = {}) {
  return { op, inputs: [input], outputs: [output], attributes };
}

const SOFTMAX = classifier([node("Softmax", "logits", "y", { axis: 1 })]);
const SIGMOID = classifier([node("Sigmoid", "logits", "y")]);
const LOGITS = classifier([node("Identity", "logits", "y")]);

/** Softmax in float64. */
function softmax(logits: ArrayLike<number>): number[] {
  const powers = Array.from(logits, Math.exp);
  const sum = powers.reduce((a, b) => a + b);
  return powers.map((value) => value / sum);
}

Deno.test("what the first output is, is found from the end of the graph", () => {
  const shape = { constants: { shape: ints([-1, CLASSES]) } };
  const cases: [string, Graph, OutputKind][] = [
    ["softmax", SOFTMAX, "probabilities"],
    ["softmax over the last axis", classifier([node("Softmax", "logits", "y", { axis: -1 })]), "probabilities"],
    ["sigmoid", SIGMOID, "independent-probabilities"],
    [
      "hard sigmoid",
      classifier([node("HardSigmoid", "logits", "y", { alpha: float(0.2), beta: float(0.5) })]),
      "independent-probabilities",
    ],
    ["nothing", LOGITS, "logits"],
    ["ReLU", classifier([node("Relu", "logits", "y")]), "logits"],
    ["tanh", classifier([node("Tanh", "logits", "y")]), "logits"],
    [
      "softmax, then reshape",
      classifier([node("Softmax", "logits", "p", { axis: 1 }), {
        op: "Reshape",
        inputs: ["p", "shape"],
        outputs: ["y"],
      }], shape.constants),
      "probabilities",
    ],
    [
      "softmax, then ReLU",
      classifier([node("Softmax", "logits", "p", { axis: 1 }), node("Relu", "p", "y")]),
      "probabilities",
    ],
    [
      "softmax, then a slice",
      classifier([node("Softmax", "logits", "p", { axis: 1 }), {
        op: "Slice",
        inputs: ["p", "one", "six", "one"],
        outputs: ["y"],
      }], { one: ints([1]), six: ints([6]) }),
      "independent-probabilities",
    ],
    [
      "two probabilities multiplied",
      classifier([node("Softmax", "logits", "p", { axis: 1 }), node("Sigmoid", "logits", "q"), {
        op: "Mul",
        inputs: ["p", "q"],
        outputs: ["y"],
      }]),
      "independent-probabilities",
    ],
    [
      "two probabilities added",
      classifier([node("Softmax", "logits", "p", { axis: 1 }), node("Sigmoid", "logits", "q"), {
        op: "Add",
        inputs: ["p", "q"],
        outputs: ["y"],
      }]),
      "logits",
    ],
    [
      "softmax, then a product",
      classifier([node("Softmax", "logits", "p", { axis: 1 }), { op: "Mul", inputs: ["p", "two"], outputs: ["y"] }], {
        two: floats([1], [2]),
      }),
      "logits",
    ],
  ];
  for (const [name, graph, kind] of cases) assertEquals(findOutputKind(graph), kind, name);
});

Deno.test("classify gives the network's own probabilities, with floats and with 8 bits", async () => {
  const path = await Deno.makeTempFile({ suffix: ".npy" });
  const images = Array.from({ length: 24 }, (_, seed) => randomPixels({ height: 4, width: 4, channels: 3 }, seed + 1));
  try {
    await Deno.writeFile(path, writeNpy([24, 4, 4, 3], Uint8Array.from(images.flatMap(({ data }) => [...data]))));
    const logits = (await floatModel(LOGITS, RECIPE)).runPixels(images[0].data).y.data;
    const cases: [Graph, OutputKind, number[]][] = [
      [LOGITS, "logits", softmax(logits)],
      [SOFTMAX, "probabilities", softmax(logits)],
      [SIGMOID, "independent-probabilities", Array.from(logits, (value) => 1 / (1 + Math.exp(-value)))],
    ];
    for (const [graph, kind, expected] of cases) {
      const { bundle } = await calibrate(graph, { data: path, preprocessing: RECIPE });
      assertEquals(describeBundle(await readBundle(bundle)).outputKind, kind);
      for (
        const [model, tolerance] of [[await floatModel(graph, RECIPE), 1e-5], [await Model.load(bundle), 0.02]] as const
      ) {
        assertEquals(model.outputKind, kind);
        const predictions = model.classify(images[0], { top: CLASSES });
        for (const { index, score } of predictions) assertAlmostEquals(score, expected[index], tolerance, kind);
        const order = expected.map((_, index) => index).sort((a, b) => expected[b] - expected[a]);
        assertEquals(predictions[0].index, order[0]);
      }
    }
    const { bundle } = await calibrate(SIGMOID, { data: path, preprocessing: RECIPE, outputKind: "logits" });
    assertEquals((await Model.load(bundle)).outputKind, "logits");
  } finally {
    await Deno.remove(path);
  }
});

Deno.test("a bundle is held against its float network as what its first output is", async () => {
  const path = await Deno.makeTempFile({ suffix: ".npy" });
  const draw = random(8);
  try {
    await Deno.writeFile(path, writeNpy([16, 3, 4, 4], draw.f32(16 * 48, -1, 1)));
    const grid = classifier([{ op: "Reshape", inputs: ["logits", "shape"], outputs: ["y"] }], {
      shape: ints([-1, 2, 3]),
    });
    const term = (p: number, q: number) => p * Math.log(p / q);
    const sum = (values: number[]) => values.reduce((total, value) => total + value, 0);
    const cases: [Graph, ((float: number[], output: number[]) => number) | null][] = [
      [LOGITS, (float, output) => sum(softmax(float).map((p, index) => term(p, softmax(output)[index])))],
      [SOFTMAX, (float, output) => sum(float.map((p, index) => term(p / sum(float), output[index] / sum(output))))],
      [
        SIGMOID,
        (float, output) => sum(float.map((p, index) => term(p, output[index]) + term(1 - p, 1 - output[index]))),
      ],
      [grid, null],
    ];
    for (const [graph, divergenceOf] of cases) {
      const { bundle, report } = await calibrate(graph, { data: path, weights: "per-tensor" });
      const [model, float] = [await Model.load(bundle), await floatModel(graph)];
      const dataset = await openDataset(path, { inputShape: [1, 3, 4, 4] });
      const { fidelity } = await evaluate(model, dataset, { float });
      assertEquals(fidelity, report.fidelity.quantized);
      const { rows: [row] } = await compareMethods(graph, {
        data: path,
        evaluation: path,
        methods: [{ name: "it", settings: { weights: "per-tensor" } }],
      });
      assertEquals([row.divergence?.mean, row.sqnr?.mean], [fidelity!.divergence?.mean, fidelity!.sqnr?.mean]);
      assert(fidelity!.sqnr!.mean > 20);
      if (!divergenceOf) {
        assertEquals([fidelity!.divergence, fidelity!.same], [null, null]);
        continue;
      }
      const outputs = async (network: Model) =>
        await Promise.all(Array.from({ length: 16 }, async (_, index) => {
          const sample = await dataset.sample(index) as { tensor: Float32Array };
          return Array.from(network.run({ x: sample.tensor }).y.data);
        }));
      const [floats, others] = [await outputs(float), await outputs(model)];
      const expected = sum(floats.map((values, index) => divergenceOf(values, others[index]))) / 16;
      assertAlmostEquals(fidelity!.divergence!.mean, expected, 1e-9, model.outputKind);
      assert(expected > 0);
    }
    const logits = await Model.load((await calibrate(SIGMOID, { data: path, outputKind: "logits" })).bundle);
    const dataset = await openDataset(path, { inputShape: [1, 3, 4, 4] });
    const { warnings } = await evaluate(logits, dataset, { float: await floatModel(SIGMOID) });
    assertEquals(warnings, [
      'The first output of "classifier" is logits, that of the float network "classifier" independent-probabilities: ' +
      "both are compared as logits",
    ]);
  } finally {
    await Deno.remove(path);
  }
});

Deno.test("a bundle says what its first output is, and one that does not say holds logits", async () => {
  const { program, data } = tinyParts();
  const plain = await writeBundle(program, data);
  assertEquals((await Model.load(plain)).outputKind, "logits");
  const told = await writeBundle({ ...program, outputKind: "probabilities" }, data);
  assertEquals((await Model.load(told)).outputKind, "probabilities");
  const version = (bytes: Uint8Array) => new DataView(bytes.buffer).getUint32(8, true);
  assertEquals([version(plain), version(told)], [1, 3]);
  const header = (kind: unknown) => JSON.stringify({ ...program, outputKind: kind });
  for (const [kind, inVersion] of [["probabilities", 1], ["odds", 3], [1, 3], [null, 3]] as const) {
    const bytes = await bundleOf(header(kind), data, inVersion);
    await assertRejects(() => readBundle(bytes), BundleError, inVersion === 1 ? "of version 1" : "outputKind");
  }
});

Deno.test("a recipe that stretches images needs version 3", async () => {
  const { program, data } = await readBundle(await imageBundle([8, 4]));
  assertEquals(program.preprocessing!.resize, [8, 4]);
  const bytes = await bundleOf(JSON.stringify(program), data, 1);
  await assertRejects(() => readBundle(bytes), BundleError, "Bundle of version 1 has the content of version 3");
  assertEquals(new DataView((await imageBundle(8)).buffer).getUint32(8, true), 1);
});

async function imageBundle(resize: number | [number, number]): Promise<Uint8Array<ArrayBuffer>> {
  const { program, data } = lower(LOGITS);
  return await writeBundle({ ...program, preprocessing: { ...RECIPE, resize } }, data);
}

Deno.test("an exported network says what its first output is", async () => {
  const { program, data } = tinyParts();
  const bundle = await readBundle(await writeBundle({ ...program, outputKind: "independent-probabilities" }, data));
  const text = new TextDecoder("latin1").decode(exportOnnx(bundle));
  assert(text.includes("octet.outputKind") && text.includes("independent-probabilities"));
});

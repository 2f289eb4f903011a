import { assert, assertEquals, assertNotEquals, assertRejects, assertStrictEquals, assertThrows } from "@std/assert";
import { fileURLToPath } from "node:url";
import { Model } from "octet";
import { calibrate } from "../calibrate/calibrate.ts";
import { readNpy } from "../calibrate/dataset/npy.ts";
import { importOnnx } from "../calibrate/onnx/import.ts";
import { chooseBuild } from "../runtime/kernels/instance.ts";
import type { Preprocessing } from "../runtime/preprocessing.ts";
import { random } from "./support/random.ts";

const ROOT = new URL("../", import.meta.url);
const DEMO = new URL("examples/demo/", ROOT);
const RECIPE: Preprocessing = { resize: 48, crop: [48, 48], mean: [0.5, 0.5, 0.5], std: [0.25, 0.25, 0.25] };
const LENGTH = 3 * 48 * 48;
const CLASSES = (await Deno.readTextFile(new URL("classes.txt", DEMO))).trim().split("\n");
const BUNDLE = await calibrateDemo();

async function calibrateDemo(): Promise<Uint8Array<ArrayBuffer>> {
  const graph = importOnnx(await Deno.readFile(new URL("network.onnx", DEMO)), { name: "demo" });
  const data = fileURLToPath(new URL("calibration_images.npy", DEMO));
  return (await calibrate(graph, { data, preprocessing: RECIPE, classes: CLASSES, samples: 16 })).bundle;
}

async function readImages(): Promise<Uint8Array> {
  const { data } = readNpy(await Deno.readFile(new URL("evaluation_images.npy", DEMO)), "evaluation_images.npy");
  return data as Uint8Array;
}

async function inFolder(use: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    await use(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** Runs a program that uses the library without any permission; returns what it prints as JSON. */
async function runWithoutPermissions(program: string, flags: string[] = []): Promise<unknown> {
  let printed: unknown;
  await inFolder(async (folder) => {
    await Deno.writeTextFile(`${folder}/program.ts`, program);
    const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
      args: ["run", "--no-prompt", "--config", fileURLToPath(new URL("deno.json", ROOT)), ...flags, "program.ts"],
      cwd: folder,
      env: { NO_COLOR: "1" },
    }).output();
    assertEquals(code, 0, new TextDecoder().decode(stderr));
    printed = JSON.parse(new TextDecoder().decode(stdout));
  });
  return printed;
}

/** A program that runs the demo network on a ramp and prints its build of the kernels and its logits. */
function rampProgram(): string {
  return `
import { Model } from "octet";
const bundle = Uint8Array.from(atob("${BUNDLE.toBase64()}"), (character) => character.charCodeAt(0));
const model = await Model.load(bundle);
const input = Float32Array.from({ length: ${LENGTH} }, (_, index) => (index % 255) / 64 - 2);
console.log(JSON.stringify({ kernels: model.kernels, logits: Array.from(model.run({ input }).logits.data) }));
`;
}

function ramp(): Float32Array {
  return Float32Array.from({ length: LENGTH }, (_, index) => (index % 255) / 64 - 2);
}

Deno.test("a model runs from bytes without any permission", async () => {
  const model = await Model.load(BUNDLE);
  const logits = Array.from(model.run({ input: ramp() }).logits.data);
  assertEquals(await runWithoutPermissions(rampProgram()), { kernels: chooseBuild(), logits });
});

Deno.test("reading a bundle from a path takes a permission", async () => {
  const denied = await runWithoutPermissions(`
import { Model } from "octet";
try {
  await Model.load("network.octet");
} catch (error) {
  console.log(JSON.stringify(error.name));
}
`);
  assertEquals(denied, "NotCapable");
});

Deno.test("without AVX-VNNI the simd128 kernels are chosen and give the same bytes", async () => {
  const logits = Array.from((await Model.load(BUNDLE)).run({ input: ramp() }).logits.data);
  const printed = await runWithoutPermissions(rampProgram(), ["--v8-flags=--no-enable-avx-vnni"]);
  assertEquals(printed, { kernels: "simd128", logits });
});

const relaxed = chooseBuild() === "relaxed";
if (!relaxed) console.log("Skipped, because this host's relaxed dot product is not exact: both builds give the same");
Deno.test({
  name: "both builds of the kernels give the same on every bit",
  ignore: !relaxed,
  async fn() {
    const images = await readImages();
    const [first, second] = [
      await Model.load(BUNDLE, { kernels: "simd128" }),
      await Model.load(BUNDLE, { kernels: "relaxed" }),
    ];
    assertEquals([first.kernels, second.kernels], ["simd128", "relaxed"]);
    for (let index = 0; index < 400; index += 8) {
      const pixels = images.subarray(index * LENGTH, (index + 1) * LENGTH);
      assertEquals(bits(second.runPixels(pixels).logits.data), bits(first.runPixels(pixels).logits.data));
    }
    const input = random(7).f32(2 * LENGTH, -1000, 1000);
    assertEquals(bits(second.run({ input }).logits.data), bits(first.run({ input }).logits.data));
  },
});

function bits(values: Float32Array): Uint32Array {
  return new Uint32Array(values.buffer, values.byteOffset, values.length);
}

Deno.test("a model is the same from bytes, a buffer, a path and URLs", async () => {
  await inFolder(async (folder) => {
    const path = `${folder}/network.octet`;
    await Deno.writeFile(path, BUNDLE);
    const url = new URL(`file://${path}`);
    const data = `data:application/octet-stream;base64,${BUNDLE.toBase64()}`;
    const expected = await Model.load(BUNDLE);
    for (const source of [BUNDLE.buffer, path, url, url.href, data]) {
      const model = await Model.load(source);
      assertEquals(model.hash, expected.hash);
      assertEquals(model.run({ input: ramp() }), expected.run({ input: ramp() }));
    }
    await assertRejects(() => Model.load(`${folder}/none.octet`), Error, "none.octet");
    await assertRejects(() => Model.load(BUNDLE.subarray(0, 1000)), SyntaxError, "Truncated bundle");
  });
});

Deno.test("a file is read by the modules of Node where there is no Deno namespace", async () => {
  await inFolder(async (folder) => {
    const path = `${folder}/network.octet`;
    await Deno.writeFile(path, BUNDLE);
    const program = `
import "node:fs/promises";
import { Model } from "octet";
delete globalThis.Deno;
const models = [await Model.load(${JSON.stringify(path)}), await Model.load(new URL("file://${path}"))];
console.log(JSON.stringify(models.map(({ hash }) => hash)));
`;
    const { hash } = await Model.load(BUNDLE);
    assertEquals(await runWithoutPermissions(program, ["--allow-read"]), [hash, hash]);
  });
});

Deno.test("a model says what it takes and gives", async () => {
  const model = await Model.load(BUNDLE);
  assertEquals(model.name, "demo");
  assertEquals(model.inputs, [{ name: "input", shape: [-1, 3, 48, 48] }]);
  assertEquals(model.outputs, [{ name: "logits", shape: [-1, 16] }]);
  assertEquals([model.labels, model.preprocessing], [CLASSES, RECIPE]);
  assert(/^[0-9a-f]{64}$/.test(model.hash));
});

Deno.test("three samples at once give what three give one by one", async () => {
  const model = await Model.load(BUNDLE);
  const data = random(1).f32(3 * LENGTH);
  const single = [0, 1, 2].map((sample) => {
    const { logits } = model.run({ input: data.subarray(sample * LENGTH, (sample + 1) * LENGTH) });
    assertEquals(logits.shape, [1, 16]);
    return Array.from(logits.data);
  });
  assertNotEquals(single[0], single[1]);
  const inputs = [data, { shape: [3, 3, 48, 48], data }];
  for (const input of inputs) {
    assertEquals(model.run({ input }).logits, { shape: [3, 16], data: new Float32Array(single.flat()) });
  }
});

Deno.test("results stay as they are when the model runs again", async () => {
  const model = await Model.load(BUNDLE);
  const { logits } = model.run({ input: ramp() });
  const copy = logits.data.slice();
  model.run({ input: new Float32Array(LENGTH) });
  assertEquals(logits.data, copy);
});

Deno.test("Results are written to the arrays that are given for them, for one sample and for more", async () => {
  const model = await Model.load(BUNDLE);
  const inputs = [ramp(), new Float32Array(2 * LENGTH).map((_, index) => (index % 31) / 16 - 1)];
  for (const input of inputs) {
    const expected = model.run({ input }).logits;
    const logits = new Float32Array(expected.data.length).fill(NaN);
    const results = model.runInto({ input }, { logits });
    assertStrictEquals(results.logits.data, logits);
    assertEquals(results.logits, expected);
  }
});

Deno.test("runInto() refuses arrays for results of another name, type or length, before anything is written", async () => {
  const model = await Model.load(BUNDLE);
  const logits = new Float32Array(CLASSES.length);
  const refuse = (results: Record<string, Float32Array>, message: string) =>
    assertThrows(() => model.runInto({ input: ramp() }, results), TypeError, message);
  refuse({ logits, scores: logits }, 'Unknown output "scores"');
  refuse({ logits: logits.subarray(1) }, `The array for output "logits" must be a Float32Array of ${CLASSES.length}`);
  refuse({ logits: new Float64Array(CLASSES.length) as never }, 'The array for output "logits" must be a Float32Array');
  refuse({ logits: undefined as never }, 'The array for output "logits" must be a Float32Array');
  assertEquals(logits, new Float32Array(CLASSES.length));
});

Deno.test("run() refuses inputs of another name, length or shape", async () => {
  const model = await Model.load(BUNDLE);
  const data = new Float32Array(LENGTH);
  const refuse = (inputs: Parameters<Model["run"]>[0], message: string) =>
    assertThrows(() => model.run(inputs), TypeError, message);
  refuse({ input: new Uint8Array(4) as never }, "must be a Float32Array or a Tensor");
  refuse({ input: null as never }, "must be a Float32Array or a Tensor");
  refuse({ image: data }, 'Unknown input "image"');
  refuse({ input: data, image: data }, 'Unknown input "image"');
  refuse({}, 'Missing input "input"');
  refuse({ input: data.subarray(1) }, 'Input "input" has 6911 elements: float32 [-1, 3, 48, 48] expected');
  refuse({ input: new Float32Array(0) }, 'Input "input" has 0 elements');
  refuse(
    { input: { shape: [1, 48, 48, 3], data } },
    'Input "input" has shape [1, 48, 48, 3]: [1, 3, 48, 48] expected',
  );
  refuse({ input: { shape: [2, 3, 48, 48], data } }, 'Input "input" has shape [2, 3, 48, 48]');
  assertThrows(() => model.runPixels(new Uint8Array(LENGTH - 1)), TypeError, "Pixels have 6911 bytes");
});

Deno.test("classify() ranks the classes by the softmax of the logits", async () => {
  const model = await Model.load(BUNDLE);
  const images = await readImages();
  for (const index of [0, 111, 222, 333]) {
    const data = images.subarray(index * LENGTH, (index + 1) * LENGTH);
    const all = model.classify({ data, height: 48, width: 48, channels: 3 }, { top: 16 });
    const logits = model.runPixels(data).logits.data;
    const sum = logits.reduce((total, logit) => total + Math.exp(logit), 0);
    assertEquals(all.map((prediction) => prediction.index).toSorted((a, b) => a - b), Array.from(logits.keys()));
    for (const [rank, { label, index, score }] of all.entries()) {
      assertEquals(label, CLASSES[index]);
      assert(Math.abs(score - Math.exp(logits[index]) / sum) < 1e-12);
      if (rank > 0) assert(all[rank - 1].score >= score);
    }
    assertEquals(model.classify({ data, height: 48, width: 48, channels: 3 }), all.slice(0, 5));
  }
});

Deno.test("classify() resizes larger images, and refuses what is no image", async () => {
  const model = await Model.load(BUNDLE);
  const data = (await readImages()).subarray(0, LENGTH);
  const doubled = new Uint8Array(4 * LENGTH);
  for (let y = 0; y < 96; y++) {
    for (let x = 0; x < 96; x++) {
      const from = ((y >> 1) * 48 + (x >> 1)) * 3;
      doubled.set(data.subarray(from, from + 3), (y * 96 + x) * 3);
    }
  }
  const [small] = model.classify({ data, height: 48, width: 48, channels: 3 });
  const [large] = model.classify({ data: doubled, height: 96, width: 96, channels: 3 });
  assertEquals(large.index, small.index);
  assertThrows(() => model.classify({ data, height: 48, width: 47, channels: 3 }), TypeError);
});

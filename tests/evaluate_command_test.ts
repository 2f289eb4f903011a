import { assert, assertAlmostEquals, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { writeNpy } from "../calibrate/dataset/npy_writer.ts";
import { rankOf } from "../calibrate/accuracy.ts";
import type { Evaluation } from "../calibrate/evaluate.ts";
import { floats, writeOnnx } from "./support/onnx_writer.ts";
import { random } from "./support/random.ts";
import { demoBundle } from "./support/demo_bundle.ts";
import { runTask } from "./support/task_command.ts";

const NETWORK = "examples/demo/network.onnx";
const NORMALIZE = ["--mean", "0.5,0.5,0.5", "--std", "0.25,0.25,0.25"];
const DATA = ["--data", "examples/demo/evaluation_images.npy"];
const LABELS = ["--labels", "examples/demo/evaluation_labels.npy"];

async function inFolder(use: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    await use(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** Evaluates and expects one sentence about what is wrong. */
async function refused(args: string[], message: RegExp | string): Promise<void> {
  const { code, stdout, stderr } = await runTask("evaluate", args);
  const lines = stderr.trimEnd().split("\n").filter((line) => !/^Evaluating: \d+ % \(\d+\/\d+\)$/.test(line));
  assertEquals([code, lines.length, stdout], [1, 1, ""], stderr);
  assert(lines[0].startsWith("error: "), stderr);
  assert(!/Cannot read properties|undefined|is not a function|os error|\bat .*\.ts/.test(lines[0]), stderr);
  if (typeof message === "string") assertStringIncludes(lines[0], message);
  else assertMatch(lines[0], message);
}

/** Evaluates with --json and expects one line with one object. */
async function evaluated(args: string[]): Promise<Record<string, unknown>> {
  const { code, stdout, stderr } = await runTask("evaluate", [...args, "--json"]);
  assertEquals([code, stdout.split("\n").length], [0, 2], stderr);
  return JSON.parse(stdout);
}

Deno.test("evaluate --json prints one object for a float network, with the accuracy that PyTorch measured", async () => {
  const result = await evaluated([NETWORK, ...NORMALIZE, ...DATA, ...LABELS]);
  assertEquals(Object.keys(result), ["model", "samples", "top1", "top5", "standardErrors", "msPerSample"]);
  assertEquals([result.model, result.samples], ["network", 400]);
  assertAlmostEquals(result.top1 as number, 0.95, 0.0026);
  assertAlmostEquals(result.top5 as number, 0.99, 0.0026);
  assert(result.msPerSample as number > 0);
});

Deno.test("evaluate --json prints one object for a bundle, whatever the file is called", async () => {
  await inFolder(async (folder) => {
    for (const name of ["network.octet", "network"]) {
      await Deno.writeFile(`${folder}/${name}`, await demoBundle(16));
      const result = await evaluated([`${folder}/${name}`, ...DATA, ...LABELS, "--samples", "100"]);
      assertEquals(Object.keys(result), ["model", "samples", "top1", "top5", "standardErrors", "msPerSample"]);
      assertEquals([result.model, result.samples], ["network", 100]);
      assert((result.top1 as number) >= 0.85 && (result.top5 as number) >= (result.top1 as number), `${result.top1}`);
    }
  });
});

Deno.test("evaluate prints one line for people, and progress apart from it", async () => {
  const { code, stdout, stderr } = await runTask("evaluate", [NETWORK, ...NORMALIZE, ...DATA, ...LABELS]);
  assertEquals(code, 0, stderr);
  assertMatch(
    stdout,
    /^network: top-1 9\d\.\d\d ± 1\.\d\d %, top-5 9\d\.\d\d ± 0\.\d\d % on 400 samples, \d+\.\d\d ms per sample .*\n$/,
  );
});

Deno.test("evaluate --float tells how near a bundle comes to its float network, with and without labels", async () => {
  await inFolder(async (folder) => {
    const bundle = `${folder}/network.octet`;
    await Deno.writeFile(bundle, await demoBundle(16));
    const beside = [bundle, ...DATA, "--float", NETWORK, "--samples", "100"];
    const plain = await evaluated(beside) as unknown as Evaluation;
    assertEquals(Object.keys(plain), ["model", "samples", "fidelity", "msPerSample"]);
    const { samples, divergence, sqnr, same } = plain.fidelity!;
    assertEquals(samples, 100);
    assert(divergence!.mean > 0 && divergence!.mean < 0.02 && divergence!.standardError! < divergence!.mean);
    assert(sqnr!.mean > 20 && sqnr!.standardError! > 0 && sqnr!.standardError! < 2);
    assert(same!.mean >= 0.95);
    const labelled = await evaluated([...beside, ...LABELS]) as unknown as Evaluation;
    assertEquals(labelled.fidelity, plain.fidelity);
    assertAlmostEquals(labelled.difference!.mean, labelled.top1! - labelled.float!.top1, 1e-12);

    const { stdout } = await runTask("evaluate", [...beside, ...LABELS]);
    const lines = stdout.split("\n");
    assertMatch(lines[0], /^on 100 samples +KL +SQNR dB +same % +top-1 % +top-5 %$/);
    assertMatch(lines[2], /^float +\d\d\.\d\d ± \d\.\d\d +\d\d/);
    assertMatch(lines[3], /^network +0\.\d{5} ± 0\.\d{5} +\d\d\.\d ± \d\.\d +\d+\.\d ± \d\.\d +\d\d\.\d\d ± /);
    assertMatch(lines[5], /^top-1 less float's, each sample compared with itself: -?\d\.\d\d ± \d\.\d\d points$/);
  });
});

Deno.test("evaluate refuses a float network that is another one", async () => {
  await inFolder(async (folder) => {
    const spec = (classes: number) =>
      writeOnnx({
        inputs: { input: ["N", 3, 48, 48] },
        outputs: ["y"],
        constants: { w: floats([classes, 3 * 48 * 48], Array.from(random(1).f32(classes * 3 * 48 * 48, -1, 1))) },
        nodes: [
          { op: "Flatten", inputs: ["input"], outputs: ["flat"] },
          { op: "Gemm", inputs: ["flat", "w"], outputs: ["y"], attributes: { transB: 1 } },
        ],
      });
    await Deno.writeFile(`${folder}/network.octet`, await demoBundle(16));
    await Deno.writeFile(`${folder}/other.onnx`, spec(7));
    await refused(
      [`${folder}/network.octet`, ...DATA, "--float", `${folder}/other.onnx`],
      'The first output of the float network "other" is [-1, 7], that of "network" [-1, 16]: ' +
        "give the network that the bundle was made from",
    );
    await refused([`${folder}/network.octet`, ...DATA, "--float", `${folder}/none.onnx`], "none.onnx: no such file");
  });
});

Deno.test("evaluate counts scores that are NaN as wrong, and tells of them and of unusual samples", async () => {
  assertEquals([rankOf(Float32Array.of(1, NaN, 0), 1), rankOf(Float32Array.of(1, NaN, 0), 0)], [3, 0]);
  await inFolder(async (folder) => {
    const data = random(4).f32(6 * 3 * 48 * 48, -1, 1);
    data.fill(3e38, 0, 3 * 48 * 48);
    data.fill(0, 3 * 48 * 48, 2 * 3 * 48 * 48);
    await Deno.writeFile(`${folder}/x.npy`, writeNpy([6, 3, 48, 48], data));
    await Deno.writeFile(`${folder}/y.npy`, writeNpy([6], new Int32Array(6)));
    const args = [NETWORK, "--data", `${folder}/x.npy`, "--labels", `${folder}/y.npy`];
    const { warnings } = await evaluated(args) as { warnings: string[] };
    assertEquals(warnings[0], "The first output is not finite for 1 of 6 samples: sample 0");
    assertMatch(warnings[1], /^2 of 6 samples are constant, such as sample 0, whose elements are all 3e\+38: /);
    const { stderr } = await runTask("evaluate", args);
    assertStringIncludes(stderr, "warning: The first output is not finite for 1 of 6 samples: sample 0\n");
  });
});

Deno.test("evaluate refuses files that are damaged or something else", async () => {
  await inFolder(async (folder) => {
    const bytes = await demoBundle(16);
    const write = (name: string, content: Uint8Array): string => {
      Deno.writeFileSync(`${folder}/${name}`, content);
      return `${folder}/${name}`;
    };
    const rest = [...DATA, ...LABELS];
    for (const name of ["truncated.octet", "truncated"]) {
      await refused(
        [write(name, bytes.subarray(0, 5000)), ...rest],
        /truncated(\.octet)?: Truncated bundle: the file has 5000 bytes/,
      );
    }
    const altered = bytes.slice();
    altered[altered.length - 1000] ^= 1;
    await refused([write("altered.octet", altered), ...rest], /hash|checksum|digest|altered/i);
    await refused([write("empty.octet", new Uint8Array(0)), ...rest], "bundle");
    await refused([write("text", new TextEncoder().encode("neither of them\n")), ...rest], "is not an ONNX model");
    await refused([`${folder}/none.octet`, ...rest], "none.octet: no such file or folder");
    await refused([folder, ...rest], "it is a folder");
  });
});

Deno.test("evaluate refuses labels that do not fit", async () => {
  await inFolder(async (folder) => {
    const labels = new Int32Array(400);
    const write = (name: string, values: Int32Array): string => {
      Deno.writeFileSync(`${folder}/${name}`, writeNpy([values.length], values));
      return `${folder}/${name}`;
    };
    const network = [NETWORK, ...NORMALIZE, ...DATA];
    await refused(network, "Evaluation needs labels");
    const few = write("few.npy", labels.subarray(1));
    await refused([...network, "--labels", few], "few.npy has 399 labels for 400 samples");
    labels[7] = 16;
    const beyond = write("beyond.npy", labels);
    await refused([...network, "--labels", beyond], "Label 16 of sample 7 is no class: the network has 16");
    labels[7] = -1;
    const negative = write("negative.npy", labels);
    await refused([...network, "--labels", negative], "Label 7 of");
    await refused([...network, "--labels", `${folder}/none.npy`], `Cannot read ${folder}/none.npy: no such file`);
  });
});

Deno.test("evaluate refuses arguments that it cannot use", async () => {
  await inFolder(async (folder) => {
    await Deno.writeFile(`${folder}/network.octet`, await demoBundle(16));
    const rest = [...DATA, ...LABELS];
    await refused([`${folder}/network.octet`, ...NORMALIZE, ...rest], "A bundle holds its own preprocessing");
    await refused([NETWORK, ...rest], "Images need --normalize");
    await refused([NETWORK, ...NORMALIZE], "--data is missing");
    await refused(rest, "Give one FILE to evaluate");
    await refused([NETWORK, ...NORMALIZE, ...rest, "--colour"], "error: Unknown option '--colour'");
    await refused([NETWORK, ...NORMALIZE, ...rest, "--samples", "few"], "--samples must be a whole number");
  });
});

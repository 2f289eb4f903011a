import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { writeNpy } from "../calibrate/dataset/npy_writer.ts";
import { readNpy } from "../calibrate/dataset/npy.ts";
import { normalizePixels } from "../runtime/preprocessing.ts";
import { commandLine, hashOf } from "../calibrate/report/provenance.ts";
import manifest from "../deno.json" with { type: "json" };
import { Model } from "../runtime/model.ts";
import { encodePng, gradientPixels, randomPixels } from "./support/images.ts";
import { decodeBase64 } from "../runtime/base64.ts";
import { JPEG_FILES } from "./support/image_files.ts";
import { writeOnnx } from "./support/onnx_writer.ts";
import { runTask, type TaskResult } from "./support/task_command.ts";

const NETWORK = "examples/demo/network.onnx";
const IMAGES = "examples/demo/calibration_images.npy";
const NORMALIZE = ["--mean", "0.5,0.5,0.5", "--std", "0.25,0.25,0.25"];
const DEMO = [NETWORK, "--data", IMAGES, ...NORMALIZE, "--samples", "16"];

async function inFolder(use: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    await use(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

function listing(folder: string): string[] {
  return Array.from(Deno.readDirSync(folder), ({ name }) => name).sort();
}

/** Calibrates and expects success; returns the bundle. */
async function calibrated(output: string, args: string[]): Promise<{ bundle: Uint8Array; result: TaskResult }> {
  const result = await runTask("calibrate", [...args, "--output", output]);
  assertEquals(result.code, 0, result.stderr);
  return { bundle: await Deno.readFile(output), result };
}

/** Calibrates and expects one sentence about what is wrong, and nothing written. */
async function refused(args: string[], message: RegExp | string): Promise<void> {
  await inFolder(async (folder) => {
    const given = args.includes("--output") ? args : [...args, "--output", `${folder}/out.octet`];
    const { code, stdout, stderr } = await runTask("calibrate", given);
    const lines = stderr.trimEnd().split("\n").filter((line) => !/^[A-Z][a-zA-Z ]+: \d+ % \(\d+\/\d+\)$/.test(line));
    assertEquals([code, lines.length, stdout], [1, 1, ""], stderr);
    assert(lines[0].startsWith("error: "), stderr);
    assert(!/Cannot read properties|undefined|is not a function|os error|\bat .*\.ts/.test(lines[0]), stderr);
    if (typeof message === "string") assertStringIncludes(lines[0], message);
    else assertMatch(lines[0], message);
    assertEquals(listing(folder), []);
  });
}

Deno.test("calibrate writes a bundle and a report, prints a table, and gives the same bytes each time", async () => {
  await inFolder(async (folder) => {
    const [first, again, threads] = [
      await calibrated(`${folder}/a.octet`, [...DEMO, "--json", `${folder}/a.json`]),
      await calibrated(`${folder}/b.octet`, DEMO),
      await calibrated(`${folder}/c.octet`, [...DEMO, "--threads", "2"]),
    ];
    assertEquals(again.bundle, first.bundle);
    assertEquals(threads.bundle, first.bundle);
    assertEquals(listing(folder), ["a.json", "a.octet", "b.octet", "c.octet"]);

    const { stdout } = first.result;
    assertMatch(stdout, /^layer +kind +shape +scale +clipped +SQNR before +after USP +USP\n/);
    assertMatch(stdout, /\n\/classifier\/Gemm +fully connected +1x16 /);
    assertStringIncludes(stdout, `a.octet: ${first.bundle.length} bytes, `);

    const report = JSON.parse(await Deno.readTextFile(`${folder}/a.json`));
    assertEquals(Object.keys(report), ["network", "bundleBytes", "fidelity", "layers", "provenance"]);
    assertEquals([report.network, report.bundleBytes], ["network", first.bundle.length]);
    assertMatch(
      stdout,
      /\non 16 calibration samples +KL +SQNR dB +same %\n.*\n8 bits before USP .*\n8 bits +0\.\d{5} ± 0\.\d{5} +\d\d\.\d ± \d\.\d +\d+\.\d ± \d\.\d\n/,
    );
    for (const { divergence, sqnr, same } of [report.fidelity.beforeUsp, report.fidelity.quantized]) {
      for (const figure of [divergence, sqnr, same]) assertEquals(Object.keys(figure), ["mean", "standardError"]);
    }
    const { provenance } = report;
    assertEquals(
      provenance.command,
      `deno task calibrate ${DEMO.join(" ")} --json ${folder}/a.json --output ${folder}/a.octet`,
    );
    assertEquals(provenance.octet, manifest.version);
    assertEquals(provenance.networkFile, await hashOf(await Deno.readFile(NETWORK)));
    assertEquals(provenance.bundle, (await Model.load(first.bundle)).hash);
    assertEquals([provenance.samples.count, provenance.settings.scales], [16, "qmse"]);
    for (const layer of report.layers) assertStringIncludes(stdout, layer.name);

    const model = await Model.load(first.bundle);
    assertEquals(model.inputs, [{ name: "input", shape: [-1, 3, 48, 48] }]);
    assertEquals(model.preprocessing, { crop: [48, 48], mean: [0.5, 0.5, 0.5], std: [0.25, 0.25, 0.25] });
    assertEquals(model.outputKind, "logits");

    const told = await calibrated(`${folder}/d.octet`, [
      ...[...DEMO, "--resize", "64x50", "--output-kind", "logits"],
    ]);
    const other = await Model.load(told.bundle);
    assertEquals([other.preprocessing?.resize, other.outputKind], [[64, 50], "logits"]);
  });
});

Deno.test("a command line is told as a shell takes it", () => {
  assertEquals(
    commandLine(["a.onnx", "--mean", "0.5,0.5", "my data/x.npy", "it's", ""]),
    "a.onnx --mean 0.5,0.5 'my data/x.npy' 'it'\\''s' ''",
  );
});

Deno.test("calibrate reports accuracies on labelled samples and stores the names of the classes", async () => {
  await inFolder(async (folder) => {
    const labels = ["--labels", "examples/demo/calibration_labels.npy", "--classes", "examples/demo/classes.txt"];
    const args = [...DEMO, ...labels, "--json", `${folder}/a.json`, "--report", `${folder}/a.html`];
    const { bundle, result } = await calibrated(`${folder}/a.octet`, args);
    assertMatch(result.stdout, /\nfloat +\d+\.\d\d ± \d\.\d\d +\d+\.\d\d ± \d\.\d\d\n8 bits before USP .*\n8 bits +\d/);
    const report = JSON.parse(await Deno.readTextFile(`${folder}/a.json`));
    assertEquals(report.float.samples, 16);
    assert(report.float.top1 >= 0.75 && report.quantized.top1 >= 0.75, JSON.stringify(report.quantized));
    const classes = (await Deno.readTextFile("examples/demo/classes.txt")).trim().split("\n");
    assertEquals((await Model.load(bundle)).labels, classes);
    const page = await Deno.readTextFile(`${folder}/a.html`);
    assertMatch(page, /^<!doctype html>[\s\S]*Top-1 on the 16 calibration samples[\s\S]*<\/html>\n$/);
    assertMatch(page, /Made by Octet \d.* by <code>deno task calibrate examples.*SHA-256: network <code>[0-9a-f]{64}</);
    assert(classes.some((name) => page.includes(`>${name}<`)));
  });
});

Deno.test("calibrate takes a folder of images whose sub-folders are the classes", async () => {
  await inFolder(async (folder) => {
    const names = ["star", "gear", "fish", "bird", ..."abcdefghijkl"];
    for (const [index, name] of names.entries()) {
      await Deno.mkdir(`${folder}/images/${name}`, { recursive: true });
      for (const seed of index < 4 ? [1, 2] : []) {
        const image = randomPixels({ height: 48, width: 48, channels: 3 }, 10 * index + seed);
        await Deno.writeFile(`${folder}/images/${name}/${seed}.png`, encodePng(image));
      }
    }
    const args = [NETWORK, "--data", `${folder}/images`, ...NORMALIZE, "--json", `${folder}/a.json`];
    const { bundle } = await calibrated(`${folder}/a.octet`, args);
    assertEquals((await calibrated(`${folder}/b.octet`, [...args, "--threads", "2"])).bundle, bundle);
    assertEquals((await Model.load(bundle)).labels, names.toSorted());
    assertEquals(JSON.parse(await Deno.readTextFile(`${folder}/a.json`)).float.samples, 8);

    await Deno.remove(`${folder}/images/l`);
    await refused(args, "images has 15 class folders: the network has 16 classes; make one folder for each");
    const { bundle: unlabelled } = await calibrated(`${folder}/c.octet`, [...args, "--labels", "none"]);
    assertEquals((await Model.load(unlabelled)).labels, undefined);
    assertEquals(JSON.parse(await Deno.readTextFile(`${folder}/a.json`)).float, undefined);
  });
});

Deno.test("float32 samples calibrate like the images that they were made from", async () => {
  await inFolder(async (folder) => {
    const { data } = readNpy(await Deno.readFile(IMAGES), IMAGES);
    const recipe = { crop: [48, 48] as [number, number], mean: [0.5, 0.5, 0.5], std: [0.25, 0.25, 0.25] };
    const length = 3 * 48 * 48;
    const tensors = new Float32Array(8 * length);
    for (let sample = 0; sample < 8; sample++) {
      const [start, end] = [sample * length, (sample + 1) * length];
      normalizePixels((data as Uint8Array).subarray(start, end), recipe, tensors.subarray(start, end));
    }
    await Deno.writeFile(`${folder}/floats.npy`, writeNpy([8, 3, 48, 48], tensors));
    const pixels = (data as Uint8Array).slice(0, 8 * length);
    await Deno.writeFile(`${folder}/bytes.npy`, writeNpy([8, 48, 48, 3], pixels));
    const floats = await calibrated(`${folder}/a.octet`, [NETWORK, "--data", `${folder}/floats.npy`]);
    const bytes = await calibrated(`${folder}/b.octet`, [NETWORK, "--data", `${folder}/bytes.npy`, ...NORMALIZE]);
    const [fromFloats, fromBytes] = [await Model.load(floats.bundle), await Model.load(bytes.bundle)];
    assertEquals(fromFloats.preprocessing, undefined);
    const input = tensors.subarray(0, length);
    assertEquals(fromFloats.run({ input }), fromBytes.run({ input }));
  });
});

Deno.test("calibrate refuses networks that it cannot read", async () => {
  await inFolder(async (folder) => {
    const write = (name: string, bytes: Uint8Array): string => {
      Deno.writeFileSync(`${folder}/${name}`, bytes);
      return `${folder}/${name}`;
    };
    const rest = ["--data", IMAGES, ...NORMALIZE];
    const network = await Deno.readFile(NETWORK);
    await refused([write("truncated.onnx", network.subarray(0, 20000)), ...rest], /truncated\.onnx: .*truncated/);
    await refused([write("text.onnx", new TextEncoder().encode("a network")), ...rest], "text.onnx");
    await refused([`${folder}/none.onnx`, ...rest], "none.onnx: no such file or folder");

    const unsupported = writeOnnx({
      inputs: { x: [1, 3, 48, 48] },
      outputs: ["y"],
      nodes: [
        { op: "Unique", name: "first", inputs: ["x"], outputs: ["a"] },
        { op: "Relu", name: "second", inputs: ["a"], outputs: ["b"] },
        { op: "NonZero", name: "third", inputs: ["b"], outputs: ["y"] },
      ],
    });
    const path = write("unsupported.onnx", unsupported);
    await refused([path, ...rest], /2 operators are not supported: "first" \(Unique, .*"third" \(NonZero, /);
  });
});

Deno.test("calibrate refuses arguments that it cannot use", async () => {
  await inFolder(async (folder) => {
    await Deno.writeTextFile(`${folder}/two.txt`, "one\ntwo\n");
    const withOutput = (path: string) => refused([...DEMO, "--output", path], `Cannot write ${path}: `);
    await withOutput(folder);
    await withOutput(`${folder}/missing/out.octet`);
    await refused([...DEMO, "--json", folder], `Cannot write ${folder}: it is a folder`);
    await refused([...DEMO, "--report", `${folder}/none/a.html`], `Cannot write ${folder}/none/a.html: no such file`);
    await refused(["--data", IMAGES], "MODEL.onnx");
    await refused([NETWORK, "--output", `${folder}/out.octet`], "--data is missing");
    await refused(["--output", `${folder}/out.octet`, ...DEMO, "--json"], "'--json <value>' argument missing");
    await refused([...DEMO, "--colour", "blue"], "error: Unknown option '--colour'");
    await refused([...DEMO, "--usp", "maybe"], '--usp must be one of shrinkage, moments, mean, lsq, off: got "maybe"');
    await refused([...DEMO, "--scales", "best"], "--scales must be one of");
    await refused([...DEMO, "--threads", "0"], "--threads must be a whole number");
    await refused([...DEMO, "--keep-float", "-1"], /keep-float/);
    await refused([...DEMO, "--keep-float=1.5"], '--keep-float must be a whole number of layers, 0 or more: got "1.5"');
    await refused([...DEMO, "--keep-float", "99"], "99 layers cannot be kept in float: network");
    await refused([...DEMO, "--target-drop", "101"], "--target-drop must be a number of percentage points");
    await refused([...DEMO, "--target-drop", "1", "--keep-float", "1"], "does not go together with --target-drop");
    await refused([NETWORK, "--data", IMAGES, "--mean", "0.5,0.5", "--std", "1,1,1"], "--mean must be 3 numbers");
    await refused([...DEMO, "--normalize", "half"], "--normalize does not go together with --mean and --std");
    await refused([...DEMO, "--output-kind", "odds"], "--output-kind must be one of logits, probabilities, indep");
    await refused([...DEMO, "--output-kind", "probabilities"], 'Output kind "probabilities" does not fit: the first');
    await refused([...DEMO, "--percentile", "99"], 'percentile needs scales "percentile": they are "qmse"');
    await refused(
      [...DEMO, "--scales", "percentile", "--percentile", "50"],
      "--percentile must be a percentage above 50",
    );
    await refused([...DEMO, "--resize", "48x"], '--resize must be a whole number of at least 1: got ""');
    await refused([...DEMO, "--resize", "48x48x3"], '--resize must be N or HxW: got "48x48x3"');
    await refused([...DEMO, "--resize", "64x40"], "preprocessing.resize is 64x40, smaller than the crop of 48x48");
    await refused([...DEMO, "--crop", "40"], "does not match the network's input 48x48");
    await refused([...DEMO, "--classes", `${folder}/two.txt`], "two.txt has 2 names: the network has 16 classes");
    assertEquals(listing(folder), ["two.txt"]);
  });
});

Deno.test("calibrate observes in shards and merges what they wrote into the bundle of one run", async () => {
  await inFolder(async (folder) => {
    const { bundle } = await calibrated(`${folder}/whole.octet`, DEMO);
    for (const shard of ["1/2", "2/2"]) {
      const path = `${folder}/${shard[0]}.statistics`;
      const { code, stdout, stderr } = await runTask("calibrate", [...DEMO, "--shard", shard, "--statistics", path]);
      assertEquals(code, 0, stderr);
      assertEquals(stdout, `${path}: ${Deno.statSync(path).size} bytes, shard ${shard[0]} of 2\n`);
    }
    const parts = [`${folder}/2.statistics`, `${folder}/1.statistics`];
    assertEquals((await calibrated(`${folder}/a.octet`, [...DEMO, "--merge", ...parts])).bundle, bundle);
    await refused([...DEMO, "--merge", parts[1]], "Samples 8 to 15 of 16 are in none of the files: a shard is missing");
    const altered = await Deno.readFile(parts[0]);
    altered[altered.length - 40] ^= 1;
    await Deno.writeFile(parts[0], altered);
    await refused([...DEMO, "--merge", ...parts], `${parts[0]} is truncated or altered`);
    await refused([...DEMO, "--merge", `${folder}/none`], `Cannot read ${folder}/none: no such file`);
    const args = [...DEMO, "--output", parts[1], "--merge", parts[1]];
    await refused(args, `Cannot write ${parts[1]}: it is another file of this command`);
  });
});

Deno.test("calibrate refuses options of shards that do not go together", async () => {
  await inFolder(async (folder) => {
    const file = `${folder}/a`;
    for (
      const [args, message] of [
        [["--statistics", file], "--statistics is what a shard writes: give --shard I/N too"],
        [["--shard", "1/2"], "--shard needs --statistics"],
        [["--shard", "1/2", "--statistics", file, "--output", file], "--shard does not go together with --output"],
        [["--shard", "1/2", "--statistics", file, "--merge", file], "--shard does not go together with --merge"],
        [["--shard", "0/2", "--statistics", file], '--shard must be I/N with I from 1 to N, such as 1/8: got "0/2"'],
        [["--shard", "1/17", "--statistics", file], "Cannot share 16 samples among 17 shards"],
      ] as const
    ) {
      const { code, stderr } = await runTask("calibrate", [...DEMO, ...args]);
      assertEquals([code, stderr.split("\n").length], [1, 2], stderr);
      assertStringIncludes(stderr, `error: ${message}`);
    }
    assertEquals(listing(folder), []);
  });
});

Deno.test("calibrate does not overwrite the network, and keeps the report apart from the bundle", async () => {
  await inFolder(async (folder) => {
    const network = `${folder}/network.onnx`;
    await Deno.copyFile(NETWORK, network);
    const args = [network, ...DEMO.slice(1)];
    await refused([...args, "--output", network], "it is another file of this command");
    await refused([...args, "--output", `${folder}/a`, "--json", `${folder}/a`], "it is another file of this command");
    assertEquals(await Deno.readFile(network), await Deno.readFile(NETWORK));
    assertEquals(listing(folder), ["network.onnx"]);
  });
});

for (const threads of ["1", "2"]) {
  Deno.test(`calibrate refuses samples that it cannot use (${threads} at a time)`, async () => {
    await inFolder(async (folder) => {
      const write = (name: string, shape: number[], data: Uint8Array | Int32Array | Float32Array): string => {
        Deno.writeFileSync(`${folder}/${name}`, writeNpy(shape, data));
        return `${folder}/${name}`;
      };
      const refuse = (args: string[], message: RegExp | string) =>
        refused([NETWORK, "--threads", threads, "--data", ...args], message);

      await refuse([`${folder}/none`, ...NORMALIZE], `No such file or folder: ${folder}/none`);
      await Deno.mkdir(`${folder}/empty`);
      await refuse([`${folder}/empty`, ...NORMALIZE], `No samples in ${folder}/empty`);
      await refuse(["examples/demo/classes.txt", ...NORMALIZE], "classes.txt is not a .npy file");
      await refuse([IMAGES], "Images need --normalize, or both --mean and --std");
      const small = write("small.npy", [2, 32, 32, 3], new Uint8Array(2 * 32 * 32 * 3));
      await refuse([small, ...NORMALIZE], "Image size 32x32 does not match the network's input 48x48");

      const nan = new Float32Array(4 * 3 * 48 * 48);
      nan[3 * 3 * 48 * 48 + 30] = NaN;
      await refuse([write("nan.npy", [4, 3, 48, 48], nan)], "nan.npy has NaN at position 30");

      const labels = new Int32Array(64);
      labels[40] = 16;
      const beyond = write("beyond.npy", [64], labels);
      await refuse([IMAGES, ...NORMALIZE, "--labels", beyond], "Label 16 of sample 40 is no class: the network has 16");
      const few = write("few.npy", [63], labels.subarray(0, 63));
      await refuse([IMAGES, ...NORMALIZE, "--labels", few], "few.npy has 63 labels for 64 samples");
      const none = `${folder}/labels.npy`;
      await refuse([IMAGES, ...NORMALIZE, "--labels", none], `Cannot read ${none}: no such file`);

      await Deno.mkdir(`${folder}/images`);
      for (const index of [0, 1, 2, 3]) {
        await Deno.writeFile(`${folder}/images/${index}.png`, encodePng(gradientPixels(48, 48)));
      }
      const jpeg = decodeBase64(JPEG_FILES[0].base64);
      await Deno.writeFile(`${folder}/images/4.jpg`, jpeg.subarray(0, jpeg.length >> 1));
      await refuse([`${folder}/images`, ...NORMALIZE, "--resize", "48"], "images/4.jpg");
    });
  });
}

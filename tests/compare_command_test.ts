import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import type { Measured } from "../calibrate/compare/comparison.ts";
import { writeNpy } from "../calibrate/dataset/npy_writer.ts";
import { encodePng, randomPixels } from "./support/images.ts";
import { runTask } from "./support/task_command.ts";

const NETWORK = "examples/demo/network.onnx";
const NORMALIZE = ["--mean", "0.5,0.5,0.5", "--std", "0.25,0.25,0.25"];
const DATA = ["--data", "examples/demo/calibration_images.npy", "--samples", "8"];
const EVAL = ["--eval", "examples/demo/calibration_images.npy", "--labels", "examples/demo/calibration_labels.npy"];
const METHODS = ["--methods", "per-tensor+minmax+no-usp,per-tensor+qmse+moments"];
const WHOLE = [NETWORK, ...DATA, ...EVAL, ...NORMALIZE, ...METHODS];

async function inFolder(use: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    await use(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** Compares and expects one sentence about what is wrong, and nothing written. */
async function refused(args: string[], message: RegExp | string): Promise<void> {
  await inFolder(async (folder) => {
    const given = args.includes("--json") ? args : [...args, "--json", `${folder}/out.json`];
    const { code, stdout, stderr } = await runTask("compare", given);
    const lines = stderr.trimEnd().split("\n").filter((line) => !/^[A-Z][a-z ]+: \d+ % \(\d+\/\d+\)$/.test(line));
    assertEquals([code, lines.length, stdout], [1, 1, ""], stderr);
    assert(lines[0].startsWith("error: "), stderr);
    assert(!/Cannot read properties|undefined|is not a function|os error|\bat .*\.ts/.test(lines[0]), stderr);
    if (typeof message === "string") assertStringIncludes(lines[0], message);
    else assertMatch(lines[0], message);
    assertEquals([...Deno.readDirSync(folder)], []);
  });
}

Deno.test("compare prints a table and writes it as JSON, with progress apart from it", async () => {
  await inFolder(async (folder) => {
    const { code, stdout, stderr } = await runTask("compare", [...WHOLE, "--json", `${folder}/a.json`]);
    assertEquals(code, 0, stderr);
    const lines = stdout.split("\n");
    assertMatch(lines[0], /^ +KL +SQNR dB +same % +top-1 % +less float +kB {2}method$/);
    assertMatch(lines[2], /^ +9\d\.\d\d +float32$/);
    assertMatch(lines[3], / {2}per-tensor\+qmse\+moments$/);
    assertMatch(
      lines[4],
      /^\d\.\d{5} ± \d\.\d{5}( +\d+\.\d ± \d+\.\d){2} +\d+\.\d\d +-\d+\.\d ± \d+\.\d +9\d {2}per-tensor\+minmax\+no-usp$/,
    );

    const comparison = JSON.parse(await Deno.readTextFile(`${folder}/a.json`));
    assertEquals(Object.keys(comparison), ["network", "calibration", "samples", "float", "rows"]);
    assertEquals([comparison.network, comparison.calibration], ["network", { subsets: 1, samples: 8 }]);
    assertEquals(Object.keys(comparison.float), ["samples", "top1", "top5", "standardErrors"]);
    for (const row of comparison.rows) {
      assertEquals(Object.keys(row), [
        "name",
        "settings",
        "bundleBytes",
        "divergence",
        "sqnr",
        "same",
        "accuracy",
      ]);
      for (const figure of [row.divergence, row.sqnr, row.same, ...Object.values(row.accuracy)]) {
        assertEquals(Object.keys(figure as object), ["mean", "deviation", "standardError"]);
        assertEquals((figure as Measured).deviation, null);
        assert((figure as Measured).standardError! >= 0);
      }
      assert(row.divergence.standardError > 0 && row.sqnr.standardError > 0);
      assertEquals([row.settings.equalize, row.settings.weights], [false, "per-tensor"]);
      assertStringIncludes(stdout, `${(row.accuracy.top1.mean * 100).toFixed(2)}`);
    }
    const [qmse, minmax] = comparison.rows;
    assert(minmax.accuracy.top1.mean < 0.9 && qmse.accuracy.top1.mean > minmax.accuracy.top1.mean);
    assert(qmse.sqnr.mean > minmax.sqnr.mean && qmse.divergence.mean < minmax.divergence.mean);
    assertEquals([...Deno.readDirSync(folder)].map(({ name }) => name), ["a.json"]);
  });
});

Deno.test("compare takes subsets and workers, and folders whose sub-folders are the classes", async () => {
  await inFolder(async (folder) => {
    for (const [index, name] of ["bird", "fish", "gear"].entries()) {
      await Deno.mkdir(`${folder}/${name}`);
      for (const seed of [1, 2]) {
        const image = randomPixels({ height: 48, width: 48, channels: 3 }, 10 * index + seed);
        await Deno.writeFile(`${folder}/${name}/${seed}.png`, encodePng(image));
      }
    }
    const { code, stdout, stderr } = await runTask("compare", [
      ...["--methods", "per-channel+minmax+no-usp", "per-tensor+minmax+no-usp", NETWORK],
      ...["--data", "examples/demo/calibration_images.npy", "--eval", folder, ...NORMALIZE],
      ...["--repeats", "4", "--threads", "2", "--classes", "examples/demo/classes.txt"],
    ]);
    assertEquals(code, 0, stderr);
    assertMatch(stdout, /\n\d\.\d{5} ± \d\.\d{5}( +\d+\.\d ± \d+\.\d){2} .* per-channel\+minmax\+no-usp\n/);
    assertStringIncludes(stdout, " per-tensor+minmax+no-usp\n");
    assertStringIncludes(stdout, "Calibrated on 4 subsets of 16 samples, evaluated on 6; means ");
  });
});

Deno.test("compare refuses what it cannot do in one sentence, before any work", async () => {
  await inFolder(async (folder) => {
    const few = `${folder}/few.npy`;
    await Deno.writeFile(few, writeNpy([3], Int32Array.of(1, 2, 3)));
    const without = (option: string) => WHOLE.toSpliced(WHOLE.indexOf(option), 2);
    const changed = (option: string, value: string) => WHOLE.with(WHOLE.indexOf(option) + 1, value);
    await refused([...WHOLE.slice(1)], "Give one MODEL.onnx");
    await refused(without("--data"), "--data is missing");
    await refused(without("--eval"), "--eval is missing");
    await refused(without("--mean"), "Images need --normalize, or both --mean and --std");
    await refused(changed("--labels", few), /few\.npy has 3 labels for 64 samples/);
    await refused(changed("--methods", "qmse,quantile"), 'No method has the word "quantile": known are per-channel, ');
    await refused([...WHOLE, "--repeats", "9"], /9 subsets of 8 samples each take 72: .* has 64/);
    await refused([...WHOLE, "--repeats", "0"], "--repeats must be a whole number of at least 1");
    await refused([...WHOLE, "--json", `${folder}/none/a.json`], "no such file or folder");
    await refused([...WHOLE, "--json", NETWORK], "it is another file of this command");
    await refused([...WHOLE, "--verbose"], "Unknown option '--verbose'");
  });
});

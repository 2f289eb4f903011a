import { assert, assertAlmostEquals, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { importOnnx } from "../calibrate/onnx/import.ts";
import { describeNetwork } from "../calibrate/inspect/describe_network.ts";
import type { Profile } from "../calibrate/profile/profile.ts";
import { profileText } from "../calibrate/profile/profile_text.ts";
import { lower } from "../calibrate/program/lower.ts";
import { writeBundle } from "../runtime/bundle/write.ts";
import { chooseBuild } from "../runtime/kernels/instance.ts";
import { floats, writeOnnx } from "./support/onnx_writer.ts";
import { runTask } from "./support/task_command.ts";
import { smallParts } from "./support/tiny_bundle.ts";

const DEMO = "examples/demo/network.onnx";

async function withFile<T>(bytes: Uint8Array, use: (path: string) => Promise<T>): Promise<T> {
  const folder = await Deno.makeTempDir();
  try {
    const path = `${folder}/network`;
    await Deno.writeFile(path, bytes);
    return await use(path);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

async function smallBundle(): Promise<Uint8Array> {
  const { program, data } = smallParts();
  return await writeBundle(program, data);
}

/** Profiles with --json and expects one line with one object. */
async function profiled(path: string, ...options: string[]): Promise<Profile> {
  const { code, stdout, stderr } = await runTask("profile", [path, "--json", "--runs", "5", ...options]);
  assertEquals([code, stderr, stdout.split("\n").length], [0, "", 2]);
  return JSON.parse(stdout);
}

Deno.test("profile --json has a layer for each step of a bundle, with shares of the whole", async () => {
  const { steps, tensors } = smallParts().program;
  const profile = await withFile(await smallBundle(), (path) => profiled(path));
  assertEquals([profile.name, profile.kernels, profile.runs], ["hand-made", chooseBuild(), 5]);
  assertEquals(
    profile.layers.map(({ kernel, name, inputs, output }) => ({ kernel, name, inputs, output })),
    steps.map(({ kernel, name, inputs, output }) => ({
      kernel,
      name,
      inputs: inputs.map((index) => tensors[index].shape),
      output: tensors[output].shape,
    })),
  );
  const sum = profile.layers.reduce((total, { milliseconds }) => total + milliseconds, 0);
  for (const { milliseconds, share } of profile.layers) {
    assert(milliseconds >= 0);
    assertAlmostEquals(share, milliseconds / sum, 1e-9);
  }
  assert(profile.milliseconds > 0);
});

Deno.test("profile counts the multiply-adds of convolutions, fully connected layers and products", async () => {
  const profile = await withFile(await smallBundle(), (path) => profiled(path));
  const works = profile.layers.filter(({ multiplyAdds }) => multiplyAdds > 0);
  assertEquals(works.map(({ kernel, multiplyAdds }) => [kernel, multiplyAdds]), [
    ["convolution_u8", 6 * 6 * 4 * 9 * 3],
    ["depthwise_u8", 6 * 6 * 4 * 9],
    ["convolution_u8", 4 * 8],
    ["matmul_f32", 4 * 4],
  ]);
  for (const { milliseconds, multiplyAdds, gigaMacsPerSecond } of works) {
    assertAlmostEquals(gigaMacsPerSecond, milliseconds > 0 ? multiplyAdds / milliseconds / 1e6 : 0, 1e-9);
  }
  assertEquals(profile.multiplyAdds, works.reduce((sum, { multiplyAdds }) => sum + multiplyAdds, 0));
});

Deno.test("profile runs a float network, with as many multiply-adds as inspect counts", async () => {
  const profile = await profiled(DEMO);
  const bytes = await Deno.readFile(DEMO);
  assertEquals(profile.name, "network");
  assertEquals(profile.layers.length, lower(importOnnx(bytes, { name: "network" })).program.steps.length);
  assertEquals(profile.multiplyAdds, describeNetwork(bytes, { name: "network" }).multiplyAdds);
});

Deno.test("profile uses the build of the kernels that is asked for", async () => {
  const profile = await withFile(await smallBundle(), (path) => profiled(path, "--kernels", "simd128"));
  assertEquals(profile.kernels, "simd128");
});

Deno.test("profile prints a row for each layer and one for the total", async () => {
  const { code, stdout, stderr } = await withFile(
    await smallBundle(),
    (path) => runTask("profile", [path, "--runs", "3"]),
  );
  assertEquals([code, stderr], [0, ""]);
  const lines = stdout.trimEnd().split("\n");
  assertMatch(lines[0], /^hand-made, \w+ kernels: \d+\.\d{3} ms for a whole run$/);
  assertMatch(lines[1], /^Medians of 3 runs/);
  assertMatch(lines[3], /^Kernel +Layer +Shape +ms +MACs +GMAC\/s +Share$/);
  const rows = lines.slice(5);
  assertEquals(rows.length, smallParts().program.steps.length + 1);
  assertMatch(rows[1], /^convolution_u8 +convolved +1x6x6x3 -> 1x6x6x4 +\d+\.\d{3} +3,888 +\d+\.\d +\d+\.\d %$/);
  assertMatch(rows[rows.length - 1], /^total +\d+\.\d{3} +5,232 +\d+\.\d +100\.0 %$/);
});

Deno.test("the total of a profile is the sum of its rows", () => {
  const layer = { kernel: "lookup", name: "n", inputs: [[2]], output: [2], multiplyAdds: 0, gigaMacsPerSecond: 0 };
  const text = profileText({
    name: "two\nlines",
    kernels: "simd128",
    runs: 1000,
    milliseconds: 5,
    multiplyAdds: 3e6,
    gigaMacsPerSecond: 0.6,
    layers: [
      { ...layer, milliseconds: 1, share: 0.25 },
      { ...layer, kernel: "convolution_u8", milliseconds: 3, multiplyAdds: 3e6, gigaMacsPerSecond: 1, share: 0.75 },
    ],
  });
  assertEquals(text.split("\n"), [
    String.raw`two\u000alines, simd128 kernels: 5.000 ms for a whole run`,
    "Medians of 1,000 runs with one sample; shapes are channels last.",
    "",
    "Kernel          Layer  Shape      ms       MACs  GMAC/s    Share",
    "--------------  -----  ------  -----  ---------  ------  -------",
    "lookup          n      2 -> 2  1.000                      25.0 %",
    "convolution_u8  n      2 -> 2  3.000  3,000,000     1.0   75.0 %",
    "total                          4.000  3,000,000     0.8  100.0 %",
  ]);
});

Deno.test("wrong arguments and files of profile give one sentence and exit status 1", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const at = async (name: string, bytes: Uint8Array) => {
      await Deno.writeFile(`${folder}/${name}`, bytes);
      return `${folder}/${name}`;
    };
    const bundle = await smallBundle();
    const altered = bundle.slice();
    altered[400] ^= 1;
    const strange = writeOnnx({
      inputs: { x: [1, 2] },
      outputs: ["y"],
      constants: { c: floats([2, 2], [1, 2, 3, 4]) },
      nodes: [{ op: "NonZero", name: "strange", inputs: ["x", "c"], outputs: ["y"] }],
    });
    const good = await at("good.octet", bundle);
    const cases: [string[], RegExp | string][] = [
      [[], /^error: One file expected, 0 given\n$/],
      [["a", "b"], /^error: One file expected, 2 given\n$/],
      [["--yaml", "a"], /^error: Unknown option '--yaml'\n$/],
      [[good, "--runs", "0"], "--runs must be"],
      [[good, "--runs", "many"], "--runs must be"],
      [[good, "--kernels", "fast"], '--kernels must be one of simd128, relaxed: got "fast"'],
      [["does-not-exist.octet"], /^error: Cannot read does-not-exist\.octet: no such file\n$/],
      [["tests"], /^error: Cannot read tests: it is a folder\n$/],
      [[await at("empty", new Uint8Array(0))], "empty: The file is empty"],
      [[await at("text", new TextEncoder().encode("what is this"))], "neither an Octet bundle nor an ONNX model"],
      [[await at("short.octet", bundle.subarray(0, 300))], "short.octet: Truncated bundle"],
      [[await at("altered.octet", altered)], "altered.octet: Altered bundle"],
      [[await at("strange.onnx", strange)], '"strange" (NonZero'],
    ];
    for (const [args, expected] of cases) {
      const { code, stdout, stderr } = await runTask("profile", [...args, "--json"]);
      assertEquals([code, stdout, stderr.trimEnd().split("\n").length], [1, "", 1], stderr);
      assertMatch(stderr, /^error: /);
      if (typeof expected === "string") assertStringIncludes(stderr, expected);
      else assertMatch(stderr, expected);
    }
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
  const { code, stdout } = await runTask("profile", ["--help"]);
  assertEquals(code, 0);
  assertStringIncludes(stdout, "deno task profile FILE");
});

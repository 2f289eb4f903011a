import { assert, assertEquals, assertMatch, assertStringIncludes, assertThrows } from "@std/assert";
import { textTable } from "../cli/text_table.ts";
import { readBundle } from "../runtime/bundle/read.ts";
import { writeBundle } from "../runtime/bundle/write.ts";
import { escapeText } from "../cli/escape_text.ts";
import { chooseBuild } from "../runtime/kernels/instance.ts";
import { encodeProto, floats, modelProto, type ModelSpec, writeOnnx } from "./support/onnx_writer.ts";
import { runTask } from "./support/task_command.ts";
import { smallParts, tinyParts } from "./support/tiny_bundle.ts";

const HOSTILE = "bell\u0007 escape\u001b[2J line\nreturn\r del\u007f csi\u009b reversed\u202e tag\u{e0041}";
const HOSTILE_ESCAPED = String.raw`bell\u0007 escape\u001b[2J line\u000areturn\u000d` +
  String.raw` del\u007f csi\u009b reversed\u202e tag\udb40\udc41`;

/** A network of a convolution with ReLU, pooling and a fully connected layer. */
const NETWORK: ModelSpec = {
  inputs: { image: ["N", 3, 8, 8] },
  outputs: ["scores"],
  constants: {
    w: floats([4, 3, 3, 3], new Float32Array(108).fill(0.1)),
    b: floats([4], [1, 2, 3, 4]),
    m: floats([5, 4], new Float32Array(20).fill(0.5)),
    c: floats([5], [1, 2, 3, 4, 5]),
  },
  nodes: [
    {
      op: "Conv",
      name: "first",
      inputs: ["image", "w", "b"],
      outputs: ["x"],
      attributes: { strides: [2, 2], pads: [1, 1, 1, 1], kernel_shape: [3, 3] },
    },
    { op: "Relu", name: "rectify", inputs: ["x"], outputs: ["r"] },
    { op: "GlobalAveragePool", name: "pool", inputs: ["r"], outputs: ["p"] },
    { op: "Flatten", name: "flatten", inputs: ["p"], outputs: ["f"] },
    { op: "Gemm", name: "last", inputs: ["f", "m", "c"], outputs: ["scores"], attributes: { transB: 1 } },
  ],
};

async function withFile<T>(bytes: Uint8Array, use: (path: string) => Promise<T>, suffix = ".octet"): Promise<T> {
  const folder = await Deno.makeTempDir();
  try {
    const path = `${folder}/network${suffix}`;
    await Deno.writeFile(path, bytes);
    return await use(path);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

function inspect(bytes: Uint8Array, ...options: string[]): ReturnType<typeof runTask> {
  return withFile(bytes, (path) => runTask("inspect", [path, ...options]), ".onnx");
}

// deno-lint-ignore no-explicit-any
async function inspectJson(bytes: Uint8Array): Promise<any> {
  const { code, stdout, stderr } = await inspect(bytes, "--json");
  assertEquals([code, stderr], [0, ""]);
  assertEquals(stdout.indexOf("\n"), stdout.length - 1);
  return JSON.parse(stdout);
}

Deno.test("a bundle's JSON description agrees with the bundle", async () => {
  const { program, data } = smallParts();
  const bytes = await writeBundle(program, data);
  const { hash, sizes } = await readBundle(bytes);
  const description = await inspectJson(bytes);
  assertEquals(description.format, "octet");
  assertEquals(description.name, program.name);
  assertEquals(description.hash, hash);
  assertEquals(description.inputs, [{ name: "x", shape: [1, 3, 6, 6] }]);
  assertEquals(description.outputs, [{ name: "probabilities", shape: [1, 4] }, { name: "table", shape: [4, 4] }]);
  assertEquals(description.preprocessing, program.preprocessing);
  assertEquals(description.calibration, program.calibration);
  assertEquals(description.labels, 4);
  assertEquals(description.build, chooseBuild());
  const { file, header, weights, biasesAndMultipliers, otherConstants, paddingAndHash, arena, memory } =
    description.bytes;
  assertEquals([file, header, arena], [bytes.length, sizes.header, program.arenaBytes]);
  assertEquals(header + weights + biasesAndMultipliers + otherConstants + paddingAndHash, file);
  assertEquals(biasesAndMultipliers, (4 + 4 + 4) * (4 + 4));
  assert(memory > arena + sizes.data && memory % 65536 === 0);
  assertEquals(description.layers.length, program.steps.length);
  // deno-lint-ignore no-explicit-any
  assertEquals(description.layers.reduce((sum: number, layer: any) => sum + layer.weightBytes, 0), weights);
  // deno-lint-ignore no-explicit-any
  assertEquals(description.kernels.reduce((sum: number, kernel: any) => sum + kernel.steps, 0), program.steps.length);
  const index = program.steps.findIndex((step) => step.kernel === "depthwise_u8");
  const step = program.steps[index];
  assertEquals(description.layers[index], {
    kernel: "depthwise_u8",
    name: "deep",
    inputs: [[1, 6, 6, 4]],
    output: [1, 6, 6, 4],
    type: "u8",
    scale: 1 / 32,
    zeroPoint: 128,
    weightBytes: program.constants[step.constants[0]].length,
    floatWeights: false,
  });
});

Deno.test("a bundle's text description has its parts, its layers and its calibration", async () => {
  const { program, data } = smallParts();
  const bytes = await writeBundle(program, data);
  const { code, stdout, stderr } = await inspect(bytes);
  assertEquals([code, stderr], [0, ""]);
  assertMatch(stdout, /^Octet bundle +hand-made$/m);
  assertStringIncludes(stdout, (await readBundle(bytes)).hash);
  assertMatch(stdout, /^Inputs +x float32 \[1, 3, 6, 6\]$/m);
  assertMatch(stdout, /^Preprocessing +short side to 8, crop 6 x 6, mean \[0.5, 0.5, 0.5\]/m);
  delete program.preprocessing!.resize;
  const covering = await inspect(await writeBundle(program, data));
  assertMatch(covering.stdout, /^Preprocessing +the least that covers, crop 6 x 6, mean /m);
  assertMatch(stdout, /^Labels +4$/m);
  assertMatch(stdout, /^Calibration +weights channel, scales qmse, /m);
  assertMatch(stdout, new RegExp(`this host would use the ${chooseBuild()} build$`, "m"));
  assertMatch(stdout, /^depthwise_u8 +deep +1x6x6x4 -> 1x6x6x4 +u8 +0\.03125 +128 +\d+$/m);
  assertMatch(stdout, new RegExp(`^file in all +${bytes.length.toLocaleString("en-US")}$`, "m"));
});

Deno.test("a float bundle without images, labels and calibration says so", async () => {
  const { program, data } = tinyParts();
  const bytes = await writeBundle(program, data);
  const { stdout } = await inspect(bytes);
  assertMatch(stdout, /^Preprocessing +none/m);
  assertMatch(stdout, /^Labels +none$/m);
  assertMatch(stdout, /^Calibration +none: a float network$/m);
  const { preprocessing, labels, calibration } = await inspectJson(bytes);
  assertEquals([preprocessing, labels, calibration], [null, 0, null]);
});

Deno.test("an ONNX file's JSON description counts parameters and multiply-adds", async () => {
  const bytes = encodeProto({ ...modelProto(NETWORK), producerName: "writer", producerVersion: "2.1" });
  const { layers, operators, ...rest } = await inspectJson(bytes);
  const convolution = 4 * 4 * 4 * 3 * 3 * 3;
  assertEquals(rest, {
    format: "onnx",
    name: "network",
    opset: 17,
    producer: "writer 2.1",
    fileBytes: bytes.length,
    inputs: [{ name: "image", shape: [-1, 3, 8, 8] }],
    outputs: [{ name: "scores", shape: [-1, 5] }],
    parameters: 108 + 4 + 20 + 5,
    multiplyAdds: convolution + 20,
  });
  assert(operators.some((entry: unknown) => JSON.stringify(entry) === '{"operator":"convolution","nodes":1}'));
  // deno-lint-ignore no-explicit-any
  const named = new Map(layers.map((layer: any) => [layer.name, layer]));
  assertEquals(named.get("first"), {
    operator: "convolution + relu",
    name: "first",
    output: [1, 4, 4, 4],
    parameters: 112,
    multiplyAdds: convolution,
  });
  assertEquals(named.get("last"), {
    operator: "fully connected",
    name: "last",
    output: [1, 5],
    parameters: 25,
    multiplyAdds: 20,
  });
});

Deno.test("an ONNX file's text description has its operator set and its layers", async () => {
  const { code, stdout, stderr } = await inspect(writeOnnx(NETWORK));
  assertEquals([code, stderr], [0, ""]);
  assertMatch(stdout, /^ONNX network +network$/m);
  assertMatch(stdout, /^Operator set +17$/m);
  assertMatch(stdout, /^Producer +not given$/m);
  assertMatch(stdout, /^Inputs +image float32 \[batch, 3, 8, 8\]$/m);
  assertMatch(stdout, /^Parameters +137$/m);
  assertMatch(stdout, /^convolution \+ relu +first +1x4x4x4 +112 +1,728$/m);
});

Deno.test("names with control characters are escaped in text and in JSON", async () => {
  const { program, data } = tinyParts();
  program.name = HOSTILE;
  program.inputs[0].name = HOSTILE;
  program.steps[0].name = HOSTILE;
  const bundle = await writeBundle(program, data);
  const onnx = writeOnnx({
    inputs: { [HOSTILE]: [1, 2] },
    outputs: ["y"],
    nodes: [{ op: "Relu", name: HOSTILE, inputs: [HOSTILE], outputs: ["y"] }],
  });
  for (const bytes of [bundle, onnx]) {
    for (const options of [[], ["--json"]]) {
      const { code, stdout, stderr } = await inspect(bytes, ...options);
      assertEquals([code, stderr], [0, ""]);
      // deno-lint-ignore no-control-regex
      assert(!/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202e\u{e0041}]/u.test(stdout), JSON.stringify(stdout));
    }
    assertEquals((await inspectJson(bytes)).inputs[0].name, HOSTILE);
    assertStringIncludes((await inspect(bytes)).stdout, HOSTILE_ESCAPED);
  }
});

Deno.test("a file that cannot be inspected gives one sentence and exit status 1", async () => {
  const { program, data } = tinyParts();
  const bundle = await writeBundle(program, data);
  const altered = bundle.slice();
  altered[altered.length - 40] ^= 1;
  const onnx = writeOnnx(NETWORK);
  const unsupported = writeOnnx({
    ...NETWORK,
    outputs: ["y"],
    nodes: [{ op: "NonZero", name: "strange", inputs: ["image"], outputs: ["y"] }],
  });
  const text = new TextEncoder().encode("The quick brown fox jumps over the lazy dog");
  const damagedLineEnds = Uint8Array.of(...bundle.subarray(0, 5), ...bundle.subarray(6));
  const cases: [Uint8Array, string][] = [
    [new Uint8Array(0), "empty"],
    [text, "neither an Octet bundle nor an ONNX model"],
    [Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a), "neither an Octet bundle nor an ONNX model"],
    [new Uint8Array(1000), "neither an Octet bundle nor an ONNX model"],
    [altered, "Altered bundle"],
    [bundle.subarray(0, bundle.length - 1), "Truncated bundle"],
    [bundle.subarray(0, 7), "first eight bytes"],
    [damagedLineEnds, "first eight bytes"],
    [onnx.subarray(0, onnx.length - 20), "truncated"],
    [unsupported, '"strange" (NonZero, opset 17'],
  ];
  for (const [bytes, expected] of cases) {
    const { code, stdout, stderr } = await inspect(bytes, "--json");
    assertEquals([code, stdout], [1, ""], expected);
    assertMatch(stderr, /^error: .*network\.onnx: [^\n]+\n$/);
    assertStringIncludes(stderr, expected);
  }
});

Deno.test("wrong arguments of inspect give one sentence and exit status 1", async () => {
  const cases: [string[], RegExp][] = [
    [[], /^error: One file expected, 0 given\n$/],
    [["a", "b"], /^error: One file expected, 2 given\n$/],
    [["--yaml", "a"], /^error: Unknown option '--yaml'\n$/],
    [["does-not-exist.octet"], /^error: Cannot read does-not-exist\.octet: no such file\n$/],
    [["tests"], /^error: Cannot read tests: it is a folder\n$/],
    [["evil\u001b[2J\nname"], /^error: Cannot read evil\\u001b\[2J\\u000aname: no such file\n$/],
  ];
  for (const [args, expected] of cases) {
    const { code, stdout, stderr } = await runTask("inspect", args);
    assertEquals([code, stdout], [1, ""]);
    assertMatch(stderr, expected);
  }
  const { code, stdout } = await runTask("inspect", ["--help"]);
  assertEquals(code, 0);
  assertStringIncludes(stdout, "deno task inspect FILE");
});

Deno.test("inspect gives free dimensions the lengths of --dimension, and names the options where they lack", async () => {
  const bytes = writeOnnx({ ...NETWORK, inputs: { image: ["N", 3, "height", "width"] } });
  const { code, stderr } = await inspect(bytes);
  assertEquals(code, 1);
  assertStringIncludes(
    stderr,
    "What helps: give free dimensions a length: --dimension height=LENGTH --dimension width=LENGTH" +
      "; with it, calibrate --free keeps them free",
  );
  const lengths = ["--dimension", "height=8", "--dimension", "width=6"];
  assertStringIncludes((await inspect(bytes, ...lengths)).stdout, "[batch, 3, 8, 6]");
  assertStringIncludes((await inspect(bytes, ...lengths, "--dimension", "N=2")).stdout, "[2, 3, 8, 6]");
  for (
    const [options, pattern] of [
      [["--dimension", "height"], /--dimension must be a name and a number, such as batch=1: got "height"/],
      [["--dimension", "depth=2"], /no free dimension "depth": they are "N", "height", "width"/],
      [[...lengths, "--dimension", "width=7"], /--dimension gives "width" two lengths/],
    ] as const
  ) assertMatch((await inspect(bytes, ...options)).stderr, pattern);
});

Deno.test("a text table aligns numbers to the right and words to the left", () => {
  const table = textTable(["Name", "Count"], [["a", 5], ["longer", 12345]]);
  assertEquals(table, "Name    Count\n------  -----\na           5\nlonger  12345");
});

Deno.test("a text table follows the alignment that is given and trims line ends", () => {
  const table = textTable(["A", "B"], [["xyz", "1,000"], ["é😀", ""]], { align: ["right", "left"] });
  assertEquals(table, "  A  B\n---  -----\nxyz  1,000\n é😀");
  assertEquals(textTable(["A", "B"], []), "A  B\n-  -");
});

Deno.test("a text table keeps every row on one line", () => {
  const table = textTable(["Name"], [[HOSTILE]]);
  assertEquals(table.split("\n").length, 3);
  assertEquals(table.split("\n")[2], HOSTILE_ESCAPED);
});

Deno.test("a text table refuses rows and alignments of another length", () => {
  assertThrows(() => textTable(["A", "B"], [["x"]]), RangeError, "Row 0 of the table has 1 cells: 2 expected");
  assertThrows(() => textTable(["A"], [["x"]], { align: [] }), RangeError, "1 columns");
});

Deno.test("escaping leaves ordinary text alone and keeps the meaning of JSON", () => {
  const ordinary = "conv_1/weights:0 Größe 層 😀 \\u0041";
  assertEquals(escapeText(ordinary), ordinary);
  const value = { [HOSTILE]: [HOSTILE, "\ud800"] };
  assertEquals(JSON.parse(escapeText(JSON.stringify(value))), value);
});

import { assert, assertEquals, assertMatch, assertRejects } from "@std/assert";
import { calibrate } from "../calibrate/calibrate.ts";
import { writeNpy } from "../calibrate/dataset/npy_writer.ts";
import type { ActivationNode, Graph } from "../calibrate/graph/graph.ts";
import { lower } from "../calibrate/program/lower.ts";
import { checkOutputKind } from "../calibrate/output_kind.ts";
import { readBack } from "../calibrate/stages/read_back.ts";
import { readBundle } from "../runtime/bundle/read.ts";
import { writeBundle } from "../runtime/bundle/write.ts";
import { InputError, InputRangeError, isInputError } from "../runtime/errors.ts";
import { Model } from "../runtime/model.ts";
import { randomPixels } from "./support/images.ts";
import { random } from "./support/random.ts";
import { smallNetwork } from "./support/small_network.ts";
import { makeGraph, smallParts } from "./support/tiny_bundle.ts";

const SAMPLES = 8;
const LONG = `${"a/".repeat(2500)}end`;

async function withSamples(use: (path: string) => Promise<void>): Promise<void> {
  const path = await Deno.makeTempFile({ suffix: ".npy" });
  try {
    await Deno.writeFile(path, writeNpy([SAMPLES, 3, 8, 8], random(3).f32(SAMPLES * 192, -1, 1)));
    await use(path);
  } finally {
    await Deno.remove(path);
  }
}

Deno.test("a bundle is read back and answers as the program did from which it was written", async () => {
  const graph = smallNetwork();
  const lowered = lower(graph);
  const sample = { tensor: random(2).f32(192, -1, 1) };
  const bundle = await writeBundle(lowered.program, lowered.data);
  const scores = await readBack(bundle, lowered, sample);
  assertEquals(scores, (await Model.load(bundle)).run({ x: sample.tensor })[graph.outputs[0].name].data);

  const other = lower(smallNetwork(9));
  const wrong = await writeBundle(other.program, other.data);
  const error = await assertRejects(() => readBack(wrong, lowered, sample), Error, "The bundle that was made gives ");
  assert(!isInputError(error), "a wrong bundle is a defect");
  const broken = bundle.slice();
  broken[40] ^= 1;
  const refusal = await assertRejects(() => readBack(broken, lowered, sample), Error, "cannot be read: Altered bundle");
  assert(!isInputError(refusal), "a bundle that is refused is a defect");
});

Deno.test("a bundle that takes pixels is read back on pixels", async () => {
  const { program, data } = smallParts();
  const pixels = randomPixels({ height: 6, width: 6, channels: 3 }, 4).data;
  const lowered = {
    program,
    data,
    places: new Map(),
    owners: [],
    computed: new Set<string>(),
    layers: new Map(),
    factors: new Map(),
  };
  const scores = await readBack(await writeBundle(program, data), lowered, { pixels });
  assertEquals(scores.length, 4);
  const other = { ...program, preprocessing: { ...program.preprocessing!, mean: [0.1, 0.5, 0.5] } };
  assert(await readBack(await writeBundle(other, data), lowered, { pixels }), "the recipe is the bundle's");
});

Deno.test("names inside the network are shortened, and those that users need are refused before any work", async () => {
  await withSamples(async (data) => {
    const long = smallNetwork();
    for (const node of long.nodes) node.name = `${node.name}${LONG}`;
    const { bundle } = await calibrate(long, { data });
    const { program } = await readBundle(bundle);
    assert(program.steps.some(({ name }) => name.length === 4096 && name.startsWith("aa/a/") && name.endsWith("/end")));

    const worked = () => {
      throw new Error("work has begun");
    };
    const refused = async (change: (graph: Graph) => void, what: string, classes?: string[]) => {
      const graph = smallNetwork();
      change(graph);
      const attempt = () => calibrate(graph, { data, progress: worked, ...(classes && { classes }) });
      const error = await assertRejects(attempt, InputError);
      assertMatch(
        error.message,
        new RegExp(`^The name of the ${what} "a/a/.*…" has 5003 characters: a bundle holds names`),
      );
    };
    await refused(({ inputs }) => inputs[0].name = LONG, "input");
    await refused(({ outputs }) => outputs[0].name = LONG, "output");
    await refused((graph) => graph.name = LONG, "network");
    await refused(() => {}, "class", ["a", "b", LONG, "d", "e"]);
  });
});

Deno.test("a network that is too long for a bundle is refused before its samples are observed", async () => {
  const node = (index: number): Omit<ActivationNode, "name"> => ({
    op: "activation",
    inputs: [`v${index}`],
    output: `v${index + 1}`,
    activation: { kind: "sigmoid" },
  });
  const nodes = Array.from({ length: 65537 }, (_, index) => node(index));
  const shapes = Object.fromEntries(nodes.map(({ output }) => [output, [1, 1]]));
  const graph = makeGraph({ inputs: { v0: [1, 1] }, shapes, nodes });
  const path = await Deno.makeTempFile({ suffix: ".npy" });
  try {
    await Deno.writeFile(path, writeNpy([2, 1], Float32Array.of(1, 2)));
    const progress = () => {
      throw new Error("work has begun");
    };
    await assertRejects(
      () => calibrate(graph, { data: path, progress, equalize: false }),
      InputRangeError,
      "The network needs 65537 steps: a bundle holds up to 65536",
    );
  } finally {
    await Deno.remove(path);
  }
});

Deno.test("an output kind that is given is held against the output, and logits that look like probabilities are told", async () => {
  const logits = Float32Array.of(3, -2, 0.5);
  const probabilities = Float32Array.of(0.7, 0.1, 0.2);
  const independent = Float32Array.of(0.9, 0.1, 0.8);
  assertEquals(checkOutputKind(logits, "logits", false), []);
  assertEquals(checkOutputKind(independent, "logits", false), []);
  assertEquals(checkOutputKind(probabilities, "logits", true), []);
  assertEquals(checkOutputKind(probabilities, "probabilities", true), []);
  assertEquals(checkOutputKind(independent, "independent-probabilities", true), []);
  const [warning] = checkOutputKind(probabilities, "logits", false);
  assertMatch(
    warning,
    /^Scores are taken as logits, but .* 0\.1 to 0\.7 .* adds up to 1: .*--output-kind probabilities$/,
  );
  await withSamples(async (data) => {
    await assertRejects(
      () => calibrate(smallNetwork(), { data, outputKind: "probabilities" }),
      InputRangeError,
      'Output kind "probabilities" does not fit: the first output goes from ',
    );
  });
});

import { assertEquals, assertMatch } from "@std/assert";
import { writeNpy } from "../../calibrate/dataset/npy_writer.ts";
import { Model } from "../../mod.ts";
import { withBundles, withServer } from "../support/server.ts";
import { randomFloats, smallParts } from "../support/tiny_bundle.ts";
import { runPython, testInPython } from "../python/environment.ts";

const SHAPE = [1, 3, 6, 6];

// deno-lint-ignore no-explicit-any
async function askTriton(url: string, samples: string): Promise<any> {
  const script = new URL("ask_triton.py", import.meta.url);
  return JSON.parse(await runPython(script, [new URL(url).host, "hand-made", samples]));
}

function hexOf(values: Float32Array): string {
  return new Uint8Array(values.slice().buffer).toHex();
}

testInPython(
  "Triton's own client gets from the server what the model gives, to the bit, in every encoding and datatype",
  () =>
    withBundles([smallParts()], ([bundle]) =>
      withServer([bundle, "--port", "0"], async ({ url }) => {
        const x = randomFloats(108, 1).map((value) => Math.round(2 * value));
        const samples = `${bundle}.npy`;
        await Deno.writeFile(samples, writeNpy(SHAPE, x));
        const answers = await askTriton(url, samples);

        const { probabilities, table } = (await Model.load(bundle)).run({ x });
        const expected = { probabilities: hexOf(probabilities.data), table: hexOf(table.data) };
        for (const [encoding, tensors] of Object.entries(answers.tensors)) assertEquals(tensors, expected, encoding);
        assertEquals(answers.asynchronous, Array(8).fill(expected));
        assertEquals(answers.identities, Array.from({ length: 8 }, (_, index) => String(index)));
        assertEquals(answers.identity, "forty-two");
        assertEquals(answers.afterwards, expected);
        const scores = probabilities.data;
        const best = [...scores.keys()].sort((a, b) => scores[b] - scores[a]);
        assertEquals(answers.classes.map((text: string) => text.split(":")[1]), best.slice(0, 2).map(String));
      })),
);

testInPython(
  "Triton's own client reads the server's health, metadata and refusals",
  () =>
    withBundles([smallParts()], ([bundle]) =>
      withServer([bundle, "--port", "0"], async ({ url }) => {
        const samples = `${bundle}.npy`;
        await Deno.writeFile(samples, writeNpy(SHAPE, randomFloats(108, 2)));
        const answers = await askTriton(url, samples);

        assertEquals(
          [answers.live, answers.ready, answers["model ready"], answers["version ready"]],
          Array(4).fill(true),
        );
        assertEquals(answers["other model ready"], false);
        assertEquals(answers.server.name, "octet");
        assertEquals(answers.model.inputs, [{ name: "x", datatype: "FP32", shape: SHAPE }]);
        assertEquals(answers.model.outputs.map(({ name }: { name: string }) => name), ["probabilities", "table"]);
        assertEquals(answers.version, answers.model);
        const { model, version, shape, output } = answers.refusals;
        assertEquals([model[0], version[0], shape[0], output[0]], ["404", "404", "400", "400"]);
        assertMatch(model[1], /other/);
        assertMatch(version[1], /2/);
        assertMatch(shape[1], /\[1, ?3, ?6, ?6\]/);
        assertMatch(output[1], /other/);
      })),
);

import { assertEquals, assertNotEquals } from "@std/assert";
import { Buffer } from "node:buffer";
import { lower } from "../calibrate/program/lower.ts";
import { writeBundle } from "../runtime/bundle/write.ts";
import { loadKernels } from "../runtime/kernels/modules.ts";
import { Model } from "../runtime/model.ts";
import type { BundleSource } from "../runtime/source.ts";
import { makeGraph, type Parts, planOf, randomFloats } from "./support/tiny_bundle.ts";

await loadKernels("simd128");

/** The file and each source that it can be loaded from. */
async function withSources(
  bytes: Uint8Array<ArrayBuffer>,
  use: (sources: Record<string, BundleSource>) => Promise<void>,
): Promise<void> {
  const path = await Deno.makeTempFile({ suffix: ".octet" });
  await Deno.writeFile(path, bytes);
  const server = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen: () => {} }, () => new Response(bytes));
  try {
    const folder = path.replaceAll("\\", "/");
    await use({
      "a path": path,
      "a file URL": new URL(folder.startsWith("/") ? `file://${folder}` : `file:///${folder}`),
      "a web URL": `http://127.0.0.1:${server.addr.port}/net.octet`,
      "a data URL": `data:application/octet-stream;base64,${Buffer.from(bytes).toString("base64")}`,
      "an ArrayBuffer": bytes.slice().buffer,
      "a view in a larger buffer": new Uint8Array([0, ...bytes, 0]).subarray(1, bytes.length + 1),
    });
  } finally {
    await server.shutdown();
    await Deno.remove(path);
  }
}

const SIZE = 512;

/** A program of one layer with 256 KiB of weights, which no longer fit the memory that their file was read into. */
function wideParts(bits: 4 | 8): Parts {
  const graph = makeGraph({
    inputs: { x: [1, SIZE] },
    shapes: { y: [1, SIZE] },
    nodes: [{
      op: "fullyConnected",
      inputs: ["x"],
      output: "y",
      weights: randomFloats(SIZE * SIZE, 1).map((value) => Math.round(value * 7) / 64),
      weightShape: [SIZE, SIZE],
      bias: new Float32Array(SIZE),
      activation: { kind: "identity" },
    }],
  });
  const plan = planOf(graph);
  if (bits === 4) {
    const multipliers = new Uint8Array(SIZE * SIZE / 64).fill(1);
    plan.weights.set("y", { ...plan.weights.get("y")!, groups: { size: 64, multipliers } });
  }
  return lower(graph, { plan });
}

/** Answers to two different inputs. */
function answersOf(model: Model): Float32Array[] {
  return [1, 2].map((seed) => model.run({ x: randomFloats(SIZE, seed) }).y.data);
}

for (const bits of [8, 4] as const) {
  for (const arenaBytes of [undefined, 2 ** 24]) {
    const arena = arenaBytes === undefined ? "" : ` and an arena of ${arenaBytes} bytes`;
    Deno.test(`a bundle with weights of ${bits} bits${arena} answers the same from any source`, async () => {
      const { program, data } = wideParts(bits);
      const bytes = await writeBundle({ ...program, arenaBytes: arenaBytes ?? program.arenaBytes }, data);
      const expected = answersOf(await Model.load(bytes));
      assertNotEquals(expected[0], expected[1]);
      await withSources(bytes, async (sources) => {
        for (const [name, source] of Object.entries(sources)) {
          for (const kernels of ["simd128", undefined] as const) {
            const model = await Model.load(source, kernels ? { kernels } : {});
            assertEquals(answersOf(model), expected, `${name}, ${kernels ?? "the host's own build"}`);
          }
        }
      });
    });
  }
}

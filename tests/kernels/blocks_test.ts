import { assert, assertEquals } from "@std/assert";
import type { Field } from "../../kernels/block_description.ts";
import { BLOCKS, PARTS } from "../../kernels/blocks.ts";
import { generateBlocks } from "../../kernels/generate_blocks.ts";
import { dequantizeBlock, softmaxBlock } from "../../runtime/kernels/blocks.ts";
import { instantiateKernels } from "../../runtime/kernels/instance.ts";

const all: [string, { fields: readonly Field[] }][] = [...Object.entries(PARTS), ...Object.entries(BLOCKS)];

function wordCount({ type, length, list }: Field): number {
  const part = { ...PARTS, ...BLOCKS }[type as keyof typeof PARTS];
  if (part) return part.fields.reduce((sum, field) => sum + wordCount(field), 0);
  return length ?? list?.length ?? 1;
}

Deno.test("what follows from the description of parameter blocks is what is committed", async () => {
  for (const [file, text] of await generateBlocks()) {
    assert(await Deno.readTextFile(file) === text, `run deno run -A kernels/generate_blocks.ts: ${file.pathname}`);
  }
});

Deno.test("a block names each word once", () => {
  for (const [name, { fields }] of all) {
    const words = fields.flatMap((field) => field.list ?? [field.name]);
    assertEquals(words.length, new Set(words).size, name);
  }
  assertEquals(BLOCKS.Convolution.fields.reduce((sum, field) => sum + wordCount(field), 0), 32);
});

Deno.test("every kernel has a block, and every block a kernel", () => {
  const named = Object.values(BLOCKS).flatMap(({ kernels }) => kernels);
  const others = ["dot_probe", "heap_base", "set_signed", "memory"];
  const { functions } = instantiateKernels("simd128");
  assertEquals([...named, ...others].sort(), Object.keys(functions).sort());
});

Deno.test("a parameter block that lacks a word, or misspells one, does not compile", () => {
  // @ts-expect-error Property "dimensions" is missing.
  const lacking = softmaxBlock({ input: 16, output: 32 });
  // @ts-expect-error There is no property "dimension".
  const misspelt = softmaxBlock({ input: 16, output: 32, dimension: [2, 3] });
  assertEquals([lacking, misspelt], [[16, 32, undefined], [16, 32, undefined]]);
});

Deno.test("a writer puts words in order, lists and bits of floats among them", () => {
  assertEquals(softmaxBlock({ dimensions: [2, 3], output: 32, input: 16 }), [16, 32, [2, 3]]);
  const block = { input: 16, output: 32, count: 5, scale: 0.5, zeroPoint: 7 };
  assertEquals(dequantizeBlock(block), [16, 32, 5, 0x3f000000, 7]);
});

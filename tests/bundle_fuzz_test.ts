import { assert, assertEquals, assertRejects } from "@std/assert";
import { constantElements } from "../runtime/bundle/constant_elements.ts";
import { constantBytes } from "../runtime/bundle/format.ts";
import { isConvolution } from "../runtime/kernels/convolution_step.ts";
import { versionOf } from "../runtime/bundle/versions.ts";
import { type Bundle, readBundle } from "../runtime/bundle/read.ts";
import { writeBundle } from "../runtime/bundle/write.ts";
import { BundleError } from "../runtime/errors.ts";
import { Executor } from "../runtime/executor.ts";
import type { Program } from "../runtime/program.ts";
import {
  bundleOf,
  groupedParts,
  type Parts,
  randomNumbers,
  smallParts,
  stepOf,
  tinyParts,
} from "./support/tiny_bundle.ts";

/** A place in a parsed header: the container and the key. */
type Field = [container: Record<string | number, unknown>, key: string | number];

function fieldsOf(value: unknown, found: Field[] = []): Field[] {
  if (typeof value !== "object" || value === null) return found;
  for (const key of Object.keys(value)) {
    const container = value as Record<string, unknown>;
    found.push([container, key]);
    fieldsOf(container[key], found);
  }
  return found;
}

const NUMBERS = [
  0,
  1,
  2,
  3,
  5,
  7,
  8,
  63,
  64,
  128,
  255,
  256,
  4096,
  65535,
  65536,
  2 ** 24,
  2 ** 30,
  2 ** 31,
  2 ** 32,
  2 ** 53,
];

function mutate(header: unknown, next: () => number): void {
  const pick = <T>(list: readonly T[]): T => list[Math.floor(next() * list.length)];
  const fields = fieldsOf(next() < 0.5 ? header : (header as Program).steps);
  if (fields.length === 0) return;
  const [container, key] = pick(fields);
  const value = container[key];
  const number = () => pick([pick(NUMBERS), pick(NUMBERS), Math.floor(next() * 8), -pick(NUMBERS), next() * 10, 1e300]);
  switch (Math.floor(next() * 10)) {
    case 0:
      delete container[key];
      return;
    case 1:
      container[key] = pick([null, "", "relu", [], {}, true, [1], [[]], "f32", "u8"]);
      return;
    case 2: {
      const [other, otherKey] = pick(fields);
      container[key] = structuredClone(other[otherKey]);
      return;
    }
    case 3:
    case 4:
    case 5:
      if (typeof value === "number") container[key] = pick([0, 1, value - 1, value + 1, value * 2, -value, value + 64]);
      else container[key] = number();
      return;
    default:
      if (typeof value === "number") container[key] = number();
      else mutate(header, next);
  }
}

/** Whether the steps run in a moment; kernels end for any geometry, but may take long. */
function isQuick(program: Program): boolean {
  return program.arenaBytes <= 2 ** 26 && program.steps.every((step) => {
    const { kernel = [1, 1], output = [1], input = [1] } = step.attributes as unknown as Record<string, number[]>;
    const product = [...kernel, ...output].reduce((total, length) => total * length, 1);
    return product * (input[input.length - 1] ?? 1) <= 1e7;
  });
}

/** Kernels that write outside of their tensors are likely to hit the constants, which lie before the arena. */
function assertConstants(executor: Executor, { program, data }: Bundle): void {
  for (const [index, constant] of program.constants.entries()) {
    assertEquals(executor.constant(index).slice(), constantElements(constant, data));
  }
}

async function fuzz(seed: number, rounds: number, makeParts: () => Parts): Promise<{ refused: number; ran: number }> {
  const next = randomNumbers(seed);
  const counts = { refused: 0, ran: 0 };
  for (let round = 0; round < rounds; round++) {
    const { program, data } = makeParts();
    const changes = next() < 0.8 ? 1 : 2;
    for (let change = 0; change < changes; change++) mutate(program, next);
    const text = JSON.stringify(program);
    const bytes = await bundleOf(text, data, versionOf(makeParts().program));
    try {
      const bundle = await readBundle(bytes);
      if (isQuick(bundle.program)) {
        const executor = new Executor(bundle);
        executor.run();
        assertConstants(executor, bundle);
        counts.ran++;
      }
    } catch (error) {
      assert(error instanceof BundleError, `round ${round} of seed ${seed}: ${error}\n${text}`);
      counts.refused++;
    }
  }
  return counts;
}

Deno.test("Random changes of header fields give an error or a program that runs", async () => {
  for (const seed of [11, 12, 13]) {
    const { refused, ran } = await fuzz(seed, 1200, smallParts);
    assert(refused > 100 && ran > 60, `${refused} refused, ${ran} ran`);
  }
  for (const [seed, makeParts] of [[14, tinyParts], [15, groupedParts]] as const) {
    const { refused, ran } = await fuzz(seed, 500, makeParts);
    assert(refused > 100 && ran > 10, `${refused} refused, ${ran} ran`);
  }
});

Deno.test("Random bytes in the data part give an error or a program that runs", async () => {
  const next = randomNumbers(21);
  for (let round = 0; round < 200; round++) {
    const { program, data } = smallParts();
    const weights = new Set(program.steps.filter(isConvolution).map(({ constants }) => constants[0]));
    for (const [index, constant] of program.constants.entries()) {
      for (let at = constant.offset; at < constant.offset + constantBytes(constant); at++) {
        // Of packed weights what is zero may be padding, which must be.
        if (next() < 0.1 && !(weights.has(index) && data[at] === 0)) data[at] = next() * 256;
      }
    }
    if (round % 2 === 0) {
      for (const index of stepOf(program, "resize_u8").constants) {
        const { offset, length } = program.constants[index];
        data.fill(0, offset, offset + length * 4);
      }
      new Executor(await readBundle(await writeBundle(program, data))).run();
    } else {
      const bytes = await writeBundle(program, data);
      await assertRejects(() => readBundle(bytes), BundleError, "leaves the input");
    }
  }
});

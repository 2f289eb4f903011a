import { assertEquals, assertRejects } from "@std/assert";
import { MAX_HEADER_BYTES, PREFIX_BYTES } from "../runtime/bundle/format.ts";
import { upgradeProgram } from "../runtime/bundle/upgrade.ts";
import { versionOf } from "../runtime/bundle/versions.ts";
import { readBundle } from "../runtime/bundle/read.ts";
import { writeBundle } from "../runtime/bundle/write.ts";
import { BundleError } from "../runtime/errors.ts";
import { Executor } from "../runtime/executor.ts";
import { bundleOf, fixDigest, groupedParts, randomNumbers, smallParts, tinyParts } from "./support/tiny_bundle.ts";

/** A change of a file's 32-bit word, with the digest made to fit. */
async function readWithWord(offset: number, value: number): Promise<void> {
  const { program, data } = tinyParts();
  const bytes = await writeBundle(program, data);
  new DataView(bytes.buffer).setUint32(offset, value, true);
  await readBundle(await fixDigest(bytes));
}

Deno.test("A bundle that is written and read is the same program with the same constants", async () => {
  for (const { program, data } of [tinyParts(), smallParts(), groupedParts()]) {
    const bytes = await writeBundle(program, data);
    const bundle = await readBundle(bytes);
    const expected = upgradeProgram(program, versionOf(program));
    assertEquals(JSON.parse(JSON.stringify(bundle.program)), JSON.parse(JSON.stringify(expected)));
    assertEquals(bundle.data, data);
    assertEquals(bundle.sizes.header + bundle.sizes.data + 32, bytes.length);
    assertEquals(bundle.sizes.total, bytes.length);
    const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes.subarray(0, -32)));
    assertEquals(bundle.hash, Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join(""));
    assertEquals(bytes.slice(-32), digest);
  }
});

Deno.test("Scales survive the decimal text of a header bit by bit", async () => {
  const next = randomNumbers(1);
  for (let round = 0; round < 50; round++) {
    const scale = Math.fround(next() * 10 ** (next() * 20 - 10));
    const { program, data } = smallParts();
    program.tensors.find((tensor) => tensor.type === "u8")!.scale = scale;
    const { program: read } = await readBundle(await writeBundle(program, data));
    assertEquals(read.tensors.find((tensor) => tensor.type === "u8")!.scale, scale);
  }
});

Deno.test("The same program gives the same bytes twice", async () => {
  const [first, second] = [smallParts(), smallParts()];
  assertEquals(await writeBundle(first.program, first.data), await writeBundle(second.program, second.data));
});

Deno.test("A bundle is read from bytes at any address", async () => {
  const { program, data } = smallParts();
  const bytes = await writeBundle(program, data);
  for (const shift of [1, 2, 3]) {
    const shifted = new Uint8Array(bytes.length + shift).subarray(shift);
    shifted.set(bytes);
    const bundle = await readBundle(shifted);
    assertEquals(bundle.data, data);
    new Executor(bundle).run();
  }
});

Deno.test("Every truncation of a bundle is refused", async () => {
  const { program, data } = tinyParts();
  const bytes = await writeBundle(program, data);
  for (let length = 0; length < bytes.length; length++) {
    await assertRejects(() => readBundle(bytes.subarray(0, length)), BundleError);
  }
});

Deno.test("Bytes after the end of a bundle are refused", async () => {
  const { program, data } = tinyParts();
  const bytes = await writeBundle(program, data);
  const longer = new Uint8Array(bytes.length + 1);
  longer.set(bytes);
  await assertRejects(() => readBundle(longer), BundleError, "Trailing bytes");
});

Deno.test("Every change of a single bit of a bundle is refused", async () => {
  const { program, data } = tinyParts();
  const bytes = await writeBundle(program, data);
  for (let bit = 0; bit < bytes.length * 8; bit++) {
    bytes[bit >> 3] ^= 1 << (bit & 7);
    const expected = bit >= PREFIX_BYTES * 8 ? "SHA-256" : "";
    await assertRejects(() => readBundle(bytes), BundleError, expected);
    bytes[bit >> 3] ^= 1 << (bit & 7);
  }
  await readBundle(bytes);
});

Deno.test("Errors of the file's frame carry the byte offset", async () => {
  const error = await assertRejects(() => readWithWord(8, 2), BundleError, "version 2");
  assertEquals(error.offset, 8);
});

Deno.test("Words of the prefix that contradict the file are refused", async () => {
  await assertRejects(() => readWithWord(8, 0), BundleError, "version 0");
  await assertRejects(() => readWithWord(12, 100_000), BundleError, "Truncated");
  await assertRejects(() => readWithWord(12, 0xffffffff), BundleError, "over the limit");
  await assertRejects(() => readWithWord(16, 0x3fffffc0), BundleError, "Truncated");
  await assertRejects(() => readWithWord(16, 0xffffffff), BundleError, "over the limit");
  await assertRejects(() => readWithWord(20, 1), BundleError, "Reserved word");
  await assertRejects(() => readWithWord(12, 1), BundleError);
});

Deno.test("Headers that are no JSON object of a program are refused", async () => {
  const texts = ["", "{", "null", "[]", "1", '"text"', "{}", '{"arenaBytes":0}', "\u{feff}{}", "{}{}"];
  for (const text of texts) {
    await assertRejects(async () => await readBundle(await bundleOf(text, new Uint8Array(0))), BundleError);
  }
  const notUtf8 = Uint8Array.of(0x22, 0xff, 0x22);
  await assertRejects(async () => await readBundle(await bundleOf(notUtf8, new Uint8Array(0))), BundleError, "UTF-8");
});

Deno.test("Deep and huge headers are refused", async () => {
  const deep = 4_000_000;
  const header = "[".repeat(deep) + "]".repeat(deep);
  await assertRejects(async () => await readBundle(await bundleOf(header, new Uint8Array(0))), BundleError);
  const objects = '{"a":'.repeat(1_000_000) + "1" + "}".repeat(1_000_000);
  await assertRejects(async () => await readBundle(await bundleOf(objects, new Uint8Array(0))), BundleError);
  const huge = " ".repeat(MAX_HEADER_BYTES + 1);
  await assertRejects(
    async () => await readBundle(await bundleOf(huge, new Uint8Array(0))),
    BundleError,
    "over the limit",
  );
});

Deno.test("Non-zero padding after the header is refused", async () => {
  const { program, data } = tinyParts();
  const header = JSON.stringify(program).padEnd(1001);
  const bytes = await bundleOf(header, data);
  bytes[PREFIX_BYTES + 1001] = 1;
  await fixDigest(bytes);
  await assertRejects(() => readBundle(bytes), BundleError, "Padding");
});

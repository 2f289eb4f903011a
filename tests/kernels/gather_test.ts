import { assertEquals } from "@std/assert";
import { gatherF32 } from "../../kernels/reference/gather.ts";
import { instantiateKernels } from "../../runtime/kernels/instance.ts";
import { assertKernel, random } from "./harness.ts";

Deno.test("Rows that are chosen equal the reference, counted from both ends", () => {
  const draw = random(61);
  for (let round = 0; round < 100; round++) {
    const [outer, length, count, inner] = [1, 2, 3, 4].map(() => draw.integer(1, 7));
    const batched = draw.integer(0, 1) === 1;
    const rows = draw.f32(outer * length * inner);
    const indices = Float32Array.from(
      { length: batched ? outer * count : count },
      () => draw.integer(-length, length - 1),
    );
    const expected = gatherF32([rows, indices], { dimensions: [outer, length, count, inner], batched });
    assertKernel("gather_f32", expected, (output) => [
      ...[{ read: rows }, { read: indices }, { write: output }, outer, length, count, inner, Number(batched)],
    ]);
  }
});

Deno.test("An index of no row is refused", () => {
  const { functions, memory, heapBase } = instantiateKernels("simd128");
  const [rows, index, output, block] = [0, 64, 128, 192].map((offset) => heapBase + offset);
  new Int32Array(memory.buffer, block, 8).set([rows, index, output, 1, 3, 1, 2, 0]);
  for (
    const [value, status] of [[2, 0], [-3, 0], [-0, 0], [3, 1], [-4, 1], [0.5, 1], [NaN, 1], [1e30, 1], [-1e30, 1]]
  ) {
    new Float32Array(memory.buffer, index, 1)[0] = value;
    assertEquals(functions.gather_f32(block), status, `${value}`);
  }
});

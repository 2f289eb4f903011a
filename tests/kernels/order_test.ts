import { cumulativeSumF32, topIndicesF32 } from "../../kernels/reference/order.ts";
import { assertKernel, random } from "./harness.ts";

Deno.test("Running sums equal the reference in both directions, with and without the element itself", () => {
  const draw = random(71);
  for (let round = 0; round < 60; round++) {
    const dimensions = [draw.integer(1, 4), draw.integer(1, 20), draw.integer(1, 5)] as const;
    const input = draw.f32(dimensions[0] * dimensions[1] * dimensions[2]);
    if (round % 5 === 0) input.set([-0, Infinity, NaN].slice(0, input.length));
    const [exclusive, reverse] = [round % 2 === 1, round % 4 > 1];
    assertKernel("cumulative_sum_f32", cumulativeSumF32(input, { dimensions, exclusive, reverse }), (output) => [
      ...[{ read: input }, { write: output }, ...dimensions, Number(exclusive), Number(reverse)],
    ]);
  }
});

Deno.test("Places of the greatest and the least numbers equal the reference, of equal numbers and NaN too", () => {
  const draw = random(72);
  for (let round = 0; round < 80; round++) {
    const length = draw.integer(1, 30);
    const dimensions = [draw.integer(1, 4), length, draw.integer(1, length)] as const;
    const input = draw.f32(dimensions[0] * length).map((x) => round % 2 ? Math.round(x * 2) : x);
    if (round % 5 === 0) input.set([NaN, 0, -0, Infinity, NaN, -Infinity].slice(0, input.length));
    const smallest = round % 4 > 1;
    assertKernel("top_indices_f32", topIndicesF32(input, { dimensions, smallest }), (output) => [
      ...[{ read: input }, { write: output }, ...dimensions, Number(smallest)],
    ]);
  }
});

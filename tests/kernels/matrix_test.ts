import { matmulF32 } from "../../kernels/reference/matrix.ts";
import { assertKernel, random } from "./harness.ts";

Deno.test("A matrix product equals the reference, with shared and separate right sides", () => {
  const draw = random(52);
  for (let round = 0; round < 40; round++) {
    const [batch, m, k, n] = [draw.integer(1, 3), draw.integer(1, 11), draw.integer(1, 40), draw.integer(1, 40)];
    const aBatchStride = draw.pick([0, m * k]);
    const bBatchStride = draw.pick([0, k * n]);
    const [a, b] = [draw.f32(batch * m * k), draw.f32(batch * k * n)];
    const options = { batch, m, k, n, aBatchStride, bBatchStride };
    assertKernel("matmul_f32", matmulF32([a, b], options), (output) => [
      ...[{ read: a }, { read: b }, { write: output }, batch, m, k, n, aBatchStride, bBatchStride],
    ]);
  }
});

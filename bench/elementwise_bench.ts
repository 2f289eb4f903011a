/** Element-wise kernels on 56 x 56 x 64 elements: `deno bench -A bench/elementwise_bench.ts`. */

import { quantize } from "../kernels/reference/quantize.ts";
import { softmaxF32 } from "../kernels/reference/rows.ts";
import type { KernelWork, Word } from "./kernel_calls.ts";
import { benchKernel, benchRate } from "./rates.ts";

const COUNT = 56 * 56 * 64;
const unit = "Gelements/s";
const work = (words: Word[], operations = COUNT): KernelWork => ({ words, operations });

const shape: Word[] = [...[1, 1, 1, COUNT], ...[0, 0, 0, 1], ...[0, 0, 0, 1]];
const three = (bytes: number): Word[] => [{ bytes: COUNT * bytes }, { bytes: COUNT * bytes }, { bytes: COUNT * bytes }];
const addU8 = [...three(1), ...shape, 0, 3, 5, { float: 0.02 }, { float: 0.03 }, 7, 0, 255, 1, 0, 0, { float: 20 }];
const addF32 = [...three(4), ...shape, 0, 0, 0, 0];
await benchKernel({ group: "add", name: "float32", baseline: true, unit }, {
  kernel: "binary_f32",
  work: work(addF32),
});
await benchKernel({ group: "add", name: "int8, with relu", unit }, { kernel: "binary_u8", work: work(addU8) });

const pair: Word[] = [{ bytes: COUNT * 4 }, { bytes: COUNT * 4 }];
for (const [name, code] of [["hardSwish", 5], ["sigmoid", 7], ["gelu", 9], ["tanh", 12]] as const) {
  await benchKernel(
    { group: "activation", name: `${name} float32`, baseline: name === "hardSwish", unit },
    { kernel: "activation_f32", work: work([...pair, COUNT, 64, code, 0, 0, 0]) },
  );
}
const lookup = work([...pair, { bytes: 256 }, COUNT]);
await benchKernel({ group: "activation", name: "any, int8, by a table", unit }, { kernel: "lookup", work: lookup });

const floats = Float32Array.from({ length: COUNT }, (_, index) => 1 + (index * 7 & 63) / 64);
const grid = { batch: 1, pixels: COUNT, channels: 1, transposed: false, inverseScale: 10, zeroPoint: 128 };
await benchReference("quantize", COUNT, () => quantize(floats, grid));
await benchKernel(
  { group: "quantize", name: "kernel", unit },
  { kernel: "quantize", work: work([...pair, 1, COUNT, 1, 0, { float: 10 }, 128]) },
);

const ROWS = 196;
const square = `softmax ${ROWS}x${ROWS}`;
await benchReference(square, ROWS ** 2, () => softmaxF32(floats, { rows: ROWS, columns: ROWS }));
await benchKernel(
  { group: square, name: "kernel", unit },
  { kernel: "softmax_f32", work: work([...pair, ROWS, ROWS], ROWS ** 2) },
);

/** Registers the scalar reference of a kernel as the baseline of a group. */
async function benchReference(group: string, operations: number, call: () => void): Promise<void> {
  await benchRate({ group, name: "scalar reference", baseline: true, operations, unit }, call);
}

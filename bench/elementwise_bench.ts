/** Elementwise kernels on 56 x 56 x 64 elements: `deno run bench/elementwise_bench.ts`. */

import { report, type Word } from "./kernel_bench.ts";

const COUNT = 56 * 56 * 64;
const operations = COUNT;
const unit = "Gelements/s";
const shape: Word[] = [...[1, 1, 1, COUNT], ...[0, 0, 0, 1], ...[0, 0, 0, 1]];
const three = (bytes: number): Word[] => [{ bytes: COUNT * bytes }, { bytes: COUNT * bytes }, { bytes: COUNT * bytes }];

const addU8 = [...three(1), ...shape, 0, 3, 5, { float: 0.02 }, { float: 0.03 }, 7, 0, 255, 1, 0, 0, { float: 20 }];
await report("add u8, relu", "binary_u8", { words: addU8, operations, unit });
await report("add f32", "binary_f32", { words: [...three(4), ...shape, 0, 0, 0, 0], operations, unit });
const pair: Word[] = [{ bytes: COUNT * 4 }, { bytes: COUNT * 4 }];
for (const [name, code] of [["hardSwish", 5], ["sigmoid", 7], ["gelu", 9], ["tanh", 12]] as const) {
  await report(`${name} f32`, "activation_f32", { words: [...pair, COUNT, 64, code, 0, 0, 0], operations, unit });
}
const quantize: Word[] = [...pair, 1, COUNT, 1, 0, { float: 10 }, 128];
await report("quantize", "quantize", { words: quantize, operations, unit });
const table: Word[] = [...pair, { bytes: 256 }, COUNT];
await report("lookup", "lookup", { words: table, operations, unit });
await report("softmax 196x196", "softmax_f32", { words: [...pair, 196, 196], operations: 196 * 196, unit });

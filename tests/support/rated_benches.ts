/** Two benches with rates, for `deno bench`. */

import { benchRate } from "../../bench/rates.ts";

const values = new Float64Array(4096);

await benchRate({ group: "sum", name: "slow", baseline: true, operations: 8 * values.length, peak: 1e6 }, () => sum(8));
await benchRate({ group: "sum", name: "fast", operations: values.length, unit: "Gelements/s" }, () => sum(1));

function sum(times: number): number {
  let total = 0;
  for (let round = 0; round < times; round++) for (const value of values) total += value;
  return total;
}

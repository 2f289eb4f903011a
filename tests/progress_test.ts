import { assert, assertEquals } from "@std/assert";
import { createPlainProgress } from "../cli/progress.ts";

Deno.test("without a terminal progress is a line now and then, fewer as the work goes on", () => {
  let time = 0;
  const lines: string[] = [];
  const { update } = createPlainProgress((line) => lines.push(line), () => time);
  for (; time < 9_999; time++) update("Observing", time, 10_000);
  assertEquals(lines, []);
  for (; time < 24 * 3600_000; time += 500) update(time % 3000 === 0 ? "Correcting" : "Observing", time, 24 * 3600_000);
  assert(lines.length > 30 && lines.length < 60, `${lines.length} lines`);
});

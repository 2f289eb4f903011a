import { assertEquals } from "@std/assert";
import { FUZZ_KINDS, type FuzzWord } from "./kinds.ts";
import { runFuzz } from "./run_fuzz.ts";

const SECONDS = 10;

for (const word of Object.keys(FUZZ_KINDS) as FuzzWord[]) {
  Deno.test(`Files of kind "${word}" that are altered are refused or do no harm`, async () => {
    const { counts, findings } = await runFuzz(word, { seconds: SECONDS, seed: 1 });
    assertEquals(findings, []);
    assertEquals(counts.refused > 100 && counts.accepted > 20, true, JSON.stringify(counts));
  });
}

Deno.test("A file is altered in the same way for the same seed", async () => {
  for (const load of Object.values(FUZZ_KINDS)) {
    const kind = await load();
    for (const seed of [3, 4, 5]) {
      const [one, other] = await Promise.all([kind.alter(seed), kind.alter(seed)]);
      const all = Array.from({ length: one.alterations }, (_, index) => index);
      assertEquals(await one.build(all), await other.build(all));
    }
  }
});

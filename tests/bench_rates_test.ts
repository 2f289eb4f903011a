import { assertEquals, assertMatch } from "@std/assert";
import { fileURLToPath } from "node:url";

const BENCHES = fileURLToPath(new URL("support/rated_benches.ts", import.meta.url));

Deno.test("Benches are compared with the baseline of their group, and have their rates beside their times", async () => {
  const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["bench", "-A", "--no-check", "--json", BENCHES],
    env: { NO_COLOR: "1" },
  }).output();
  const errors = new TextDecoder().decode(stderr);
  assertEquals(success, true, errors);
  const { benches } = JSON.parse(new TextDecoder().decode(stdout));
  assertEquals(
    benches.map((bench: Record<string, unknown>) => [bench.group, bench.name, bench.baseline]),
    [["sum", "slow", true], ["sum", "fast", false]],
  );
  assertMatch(errors, /^group +bench +best +median +best rate +median rate +of peak$/m);
  assertMatch(errors, /^sum +slow +\d+\.\d{4} ms +\d+\.\d{4} ms +\d+\.\d+ GMAC\/s +\d+\.\d+ GMAC\/s +0 %$/m);
  assertMatch(errors, /^sum +fast +\d+\.\d{4} ms +\d+\.\d{4} ms +\d+\.\d+ Gelements\/s +\d+\.\d+ Gelements\/s *$/m);
});

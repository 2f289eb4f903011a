import { assertEquals, assertMatch } from "@std/assert";
import { runTask } from "./support/task_command.ts";

Deno.test("demo tells what it does, and refuses what it does not know", async () => {
  const { code, stdout, stderr } = await runTask("demo", ["--help"]);
  assertEquals([code, stderr], [0, ""]);
  assertMatch(stdout, /^Usage: deno task demo\n/);
  const unknown = await runTask("demo", ["--fast"]);
  assertEquals([unknown.code, unknown.stdout, unknown.stderr], [1, "", "error: Unknown option '--fast'\n"]);
});

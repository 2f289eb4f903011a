import { assertEquals } from "@std/assert";
import { readList } from "./node_list.ts";
import { complaints, runSuite } from "./node_results.ts";
import { findSuite } from "./node_suite.ts";

const suite = await findSuite();
const note = suite ? "" : " (skipped: the suite is missing, deno task conformance fetches it)";

Deno.test({
  name: `ONNX's node tests that are listed pass, and no other gives a wrong answer${note}`,
  ignore: !suite,
  async fn() {
    assertEquals(complaints(await runSuite(suite!), readList(), suite!), []);
  },
});

Deno.test("A node test that fails, or passes without being listed, or was not run is a complaint", () => {
  const complete = { folder: "", complete: true };
  const of = (name: string, result: Parameters<typeof complaints>[0][number]["result"]) =>
    ({ name, form: "as written", result }) as const;
  const found = complaints(
    [
      of("listed", { kind: "passed" }),
      of("refused", { kind: "refused", reason: "because" }),
      of("new", { kind: "passed" }),
      of("lost", { kind: "refused", reason: "because" }),
      of("wrong", { kind: "wrong", reason: "1, expected 2" }),
      of("late", { kind: "refused late", reason: "because" }),
      of("broken", { kind: "internal error", reason: "undefined" }),
      of("resize_downsample_scales_linear_align_corners", { kind: "wrong", reason: "known" }),
    ],
    new Set(["listed", "lost", "gone"]),
    complete,
  );
  assertEquals(found, [
    "new passes and is not listed",
    "lost is listed and refused: because",
    "wrong is wrong: 1, expected 2",
    "late is refused late: because",
    "broken is an internal error: undefined",
    "gone is listed and was not run",
  ]);
});

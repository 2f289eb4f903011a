import { assert, assertEquals } from "@std/assert";
import { bundleScript } from "../edge/bundle_script.ts";
import { compileEarly } from "../edge/compile_early.ts";

const CODE = `// runtime/double.ts
var result = double(4) + later();
function double(value) {
  if (value < 0) {
    return half(value);
  }
  return 2 * value;
}
var half = (value) => value / 2;
async function wait() {
  await 1;
}
function* count() {
  yield 1;
}
// runtime/http/later.ts
function later() {
  return 1;
}
export {
  count,
  result,
  wait
};
`;

/** Runs a module and gives what it exports. */
async function imported(code: string): Promise<Record<string, unknown>> {
  return await import(`data:text/javascript,${encodeURIComponent(code)}`);
}

Deno.test("functions of the runtime are expressions in parentheses before all other code", () => {
  const lines = compileEarly(CODE).split("\n");
  assertEquals(lines.slice(0, 10), [
    "var double = (function double(value) {",
    "  if (value < 0) {",
    "    return half(value);",
    "  }",
    "  return 2 * value;",
    "});",
    "var wait = (async function wait() {",
    "  await 1;",
    "});",
    "// runtime/double.ts",
  ]);
});

Deno.test("functions of other files and generators stay declarations", () => {
  const lines = compileEarly(CODE).split("\n");
  assertEquals(lines.filter((line) => /^function/.test(line)), ["function* count() {", "function later() {"]);
});

Deno.test("a module gives the same before and after", async () => {
  const [before, after] = [await imported(CODE), await imported(compileEarly(CODE))];
  assertEquals(after.result, before.result);
  assertEquals(after.result, 9);
  assertEquals(Object.keys(after), Object.keys(before));
});

Deno.test("the runtime's functions are still in parentheses when minified", async () => {
  const code = new TextDecoder().decode(await bundleScript({ entry: "runtime/model.ts" }));
  const early = code.match(/=\((?:async )?function\b/g) ?? [];
  const declared = code.match(/[;}](?:async )?function [\w$]+\(/g) ?? [];
  assert(early.length > 50, `${early.length} functions in parentheses`);
  assert(declared.length < 5, `${declared.length} functions declared`);
});

import { assertEquals, assertMatch } from "@std/assert";
import { fileURLToPath } from "node:url";

/** Runs a command whose main function is the given code, with what errors.ts and the frame export at hand. */
async function run(body: string): Promise<{ code: number; stdout: string; stderr: string }> {
  const path = (file: string) => JSON.stringify(new URL(`../${file}`, import.meta.url).href);
  const source = `
    import * as errors from ${path("runtime/errors.ts")};
    import { ImageError } from ${path("image/image_error.ts")};
    import { OnnxError } from ${path("calibrate/onnx/errors.ts")};
    import { runCommand } from ${path("cli/command.ts")};
    import { fileError } from ${path("cli/file_error.ts")};
    await runCommand(async () => { ${body} });
  `;
  const args = ["eval", "--no-check", `--config=${fileURLToPath(new URL("../deno.json", import.meta.url))}`, source];
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), { args, env: { NO_COLOR: "1" } }).output();
  const decoder = new TextDecoder();
  return { code, stdout: decoder.decode(stdout), stderr: decoder.decode(stderr) };
}

Deno.test("a command tells what is wrong with its input in one sentence, with exit status 1", async () => {
  const thrown = [
    'new errors.InputError("no\\u001b[2J good\\nmore")',
    'new errors.InputRangeError("no\\u001b[2J good")',
    'new errors.FormatError("no\\u001b[2J good")',
    'new errors.BundleError("no\\u001b[2J good")',
    'new ImageError("corrupt", "no\\u001b[2J good")',
    'new OnnxError("no\\u001b[2J good")',
  ];
  for (const error of thrown) {
    assertEquals(await run(`throw ${error};`), { code: 1, stdout: "", stderr: "error: no\\u001b[2J good\n" }, error);
  }
});

Deno.test("a command that fails by a defect shows where, and how to report it, with exit status 70", async () => {
  for (const body of ["undefined.secret;", 'throw new RangeError("no good");', 'throw "no good";']) {
    const { code, stdout, stderr } = await run(body);
    assertEquals([code, stdout], [70, ""], stderr);
    assertMatch(stderr, /^error: Octet has a defect: \w*Error: .*\n(?: {4}at .*\n)+Please report these lines .*\n$/);
  }
});

Deno.test("a defect while a file is read is not told as a fault of the file", async () => {
  const defect = await run('try { undefined.secret } catch (error) { throw fileError("x.bin", error); }');
  assertEquals(defect.code, 70, defect.stderr);
  assertMatch(defect.stderr, /secret/);
  const missing = await run('try { Deno.readFileSync("x.bin") } catch (error) { throw fileError("x.bin", error); }');
  assertEquals([missing.code, missing.stderr], [1, "error: Cannot read x.bin: no such file\n"]);
});

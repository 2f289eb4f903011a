import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { makeFunction } from "../../edge/make_function.ts";
import { writeFiles } from "../../edge/write_files.ts";
import type { EntryOptions } from "../../edge/entry.ts";
import { readBundle } from "../../runtime/bundle/read.ts";
import { writeBundle } from "../../runtime/bundle/write.ts";
import { testInBrowser } from "../support/browser.ts";
import { DEMO_PREPROCESSING, demoBundle } from "../support/demo_bundle.ts";
import { JPEG_FILES, PNG_FILES, WEBP_FILES } from "../support/image_files.ts";
import { askChromium } from "./chromium/run.ts";
import { askDeno, askProject } from "./deno/run.ts";
import { askNode } from "./node/run.ts";
import { findTool, type ToolName } from "./tools.ts";
import { askWorkerd } from "./workerd/run.ts";

const IMAGES = { jpeg: JPEG_FILES[0].base64, png: PNG_FILES.at(-1)!.base64, webp: WEBP_FILES[0].base64 };

async function demo(): Promise<Uint8Array<ArrayBuffer>> {
  const { program, data } = await readBundle(await demoBundle(4));
  return await writeBundle({ ...program, preprocessing: { ...DEMO_PREPROCESSING, resize: 48 } }, data);
}

/** Makes a function of the demo network in a folder that lives as long as `use` runs. */
async function withFunction<T>(
  options: Partial<EntryOptions>,
  use: (folder: string) => Promise<T>,
): Promise<T> {
  const folder = await Deno.makeTempDir();
  try {
    const models = [{ name: "demo", version: "1", bytes: await demo(), url: undefined }];
    const files = await makeFunction(models, { embed: true, target: "module", cache: "auto", ...options });
    await writeFiles(folder, files);
    return await use(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

const embedded = (ask: (script: string) => Promise<Record<string, string>>) => () =>
  withFunction({}, (folder) => ask(`${folder}/edge.js`));

let expected: Promise<Record<string, string>> | undefined;

/** What this Deno answers. */
function expectedAnswers(): Promise<Record<string, string>> {
  return expected ??= embedded((script) => askDeno(Deno.execPath(), script, IMAGES))();
}

const title = (host: string) => `An edge function answers ${host} as in Deno, to the bit`;

function test(host: string, missing: string | undefined, run: () => Promise<Record<string, string>>): void {
  const note = missing === undefined ? "" : ` (skipped: ${missing})`;
  Deno.test({
    name: title(host) + note,
    ignore: missing !== undefined,
    fn: async () => assertEquals(await run(), await expectedAnswers()),
  });
}

/** A test on a host that may be missing. */
function testTool(host: string, tool: ToolName, run: (program: string) => Promise<Record<string, string>>): void {
  const program = findTool(tool);
  const missing = program === undefined ? `${tool} is missing, deno task test:runtimes installs it` : undefined;
  test(host, missing, () => run(program!));
}

Deno.test("An edge function starts in Deno without a flag, a package or a file beside it", async () => {
  const answers = await expectedAnswers();
  assertEquals(answers.ready, '200 application/json {"ready":true}');
  assertStringIncludes(answers.metadata, '"name":"demo"');
  for (const name of ["jpeg", "png", "webp"]) {
    assertEquals(answers[name].match(/"label":"\d+"/g)?.length, 16, answers[name]);
  }
  assert(answers["tensors in binary"].startsWith("200 application/octet-stream "));
  assert(answers["tensors as JSON"].startsWith("200 application/json "));
  assertEquals([answers["no image"].slice(0, 3), answers["no such model"].slice(0, 3)], ["415", "404"]);
});

test(
  "in Deno with the bundle beside it",
  undefined,
  () =>
    withFunction(
      { embed: false },
      (folder) => askDeno(Deno.execPath(), `${folder}/edge.js`, IMAGES, [`--allow-read=${folder}`]),
    ),
);
testTool("in Deno 2.5", "deno-2.5", (program) => embedded((script) => askDeno(program, script, IMAGES))());
testTool("in Deno 2.5, in the project for Deno Deploy,", "deno-2.5", (program) =>
  withFunction({}, async (folder) => {
    for (const name of ["deno.json", "main.ts"]) {
      await Deno.copyFile(new URL(`../../examples/deploy/${name}`, import.meta.url), `${folder}/${name}`);
    }
    return await askProject(program, folder, IMAGES);
  }));
testTool("in Bun", "bun", (program) => embedded((script) => askNode(program, script, IMAGES))());
testTool("in Node 22", "node-22", (program) => embedded((script) => askNode(program, script, IMAGES))());
testTool(
  "in Node 22 with the bundle beside it",
  "node-22",
  (program) => withFunction({ embed: false }, (folder) => askNode(program, `${folder}/edge.js`, IMAGES)),
);
testTool(
  "in workerd",
  "workerd",
  (program) => withFunction({ embed: false, target: "workerd" }, (folder) => askWorkerd(program, folder, IMAGES)),
);
testTool(
  "in workerd with the bundle inside",
  "workerd",
  (program) => withFunction({ target: "workerd" }, (folder) => askWorkerd(program, folder, IMAGES)),
);
testInBrowser(title("in Chromium"), async (browser) => {
  const answers = await embedded((script) => askChromium(browser, script, IMAGES))();
  assertEquals(answers, await expectedAnswers());
});

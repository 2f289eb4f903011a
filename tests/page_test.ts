import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import type { Browser, Page } from "puppeteer-core";
import { buildPage } from "../edge/page/build.ts";
import { readNpy } from "../calibrate/dataset/npy.ts";
import { decodeBase64 } from "../runtime/base64.ts";
import { readBundle } from "../runtime/bundle/read.ts";
import { writeBundle } from "../runtime/bundle/write.ts";
import {
  bundleLoader,
  createHandler,
  createRegistry,
  type HandlerOptions,
  type ModelEntry,
} from "../runtime/http/mod.ts";
import { overflowOf, saveScreenshot, type Screen, testInBrowser, visit } from "./support/browser.ts";
import { DEMO, DEMO_PREPROCESSING, demoBundle } from "./support/demo_bundle.ts";
import { encodePng } from "./support/images.ts";
import { JPEG_FILES } from "./support/image_files.ts";
import { COPY } from "./support/served_models.ts";
import { tinyParts } from "./support/tiny_bundle.ts";

/** A name that is not to become a part of the page. */
const HOSTILE = `<img src=x onerror="document.title='run'">`;

/** The demo network with labels, in one of which is markup. */
async function demoModels(): Promise<ModelEntry[]> {
  const { program, data } = await readBundle(await demoBundle(4));
  const classes = (await Deno.readTextFile(new URL("classes.txt", DEMO))).trim().split("\n");
  const preprocessing = { ...DEMO_PREPROCESSING, resize: 48 };
  const named = await writeBundle({ ...program, preprocessing, labels: classes }, data);
  const hostile = await writeBundle({ ...program, preprocessing, labels: classes.map(() => HOSTILE) }, data);
  return [
    { name: "shapes", version: "1", ...bundleLoader(named) },
    { name: HOSTILE, ...bundleLoader(hostile) },
    { name: "numbers", load: () => Promise.resolve(COPY) },
  ];
}

/** Writes pictures to a folder that lives as long as `use` runs. */
async function withPictures(use: (picture: (name: string) => string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    const images = readNpy(await Deno.readFile(new URL("evaluation_images.npy", DEMO)), "evaluation_images.npy");
    const data = (images.data as Uint8Array).slice(0, 48 * 48 * 3);
    await Deno.writeFile(`${folder}/shape.png`, encodePng({ data, width: 48, height: 48, channels: 3 }));
    await Deno.writeFile(`${folder}/photo.jpg`, decodeBase64(JPEG_FILES[0].base64));
    await Deno.writeTextFile(`${folder}/text.jpg`, "no picture");
    await use((name) => `${folder}/${name}`);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** Shows the page of a server of these models. */
async function withPage(
  browser: Browser,
  screen: Screen,
  models: ModelEntry[],
  use: (page: Page, problems: string[]) => Promise<void>,
  options: HandlerOptions = {},
): Promise<void> {
  const handle = createHandler(createRegistry(models, { onError: () => {} }), options);
  const server = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen: () => {} }, handle);
  const origin = `http://127.0.0.1:${server.addr.port}`;
  try {
    await visit(browser, `${origin}/`, screen, async ({ page, errors, requests }) => {
      await page.waitForSelector("#model option");
      await use(page, errors);
      const foreign = requests.filter((url) => !url.startsWith(`${origin}/`) && !url.startsWith(`blob:${origin}/`));
      assertEquals(foreign, []);
      assertEquals(await overflowOf(page), 0);
    });
  } finally {
    await server.shutdown();
  }
}

async function upload(page: Page, path: string): Promise<void> {
  await (await page.$("input#file"))!.uploadFile(path as `${string}.png`);
  const file = path.split("/").at(-1);
  await page.waitForSelector(`#picture[alt="${file}"]`);
}

const text = async (page: Page, selector: string) =>
  String(await page.evaluate(`document.querySelector(${JSON.stringify(selector)}).textContent`));

/** Waits until a place has its time, and returns the classes with their shares. */
async function classesOf(page: Page, place: "server" | "browser"): Promise<string[]> {
  await page.waitForFunction(`document.getElementById("${place}-time").textContent.endsWith(" ms")`);
  return await page.evaluate(
    `Array.from(document.querySelectorAll("#classes li"), (item) => item.innerText.replace(/\\s+/g, " ").trim())`,
  ) as string[];
}

Deno.test("the page's committed files follow from their sources", async () => {
  const committed = await Deno.readTextFile(new URL("../runtime/http/page/files.ts", import.meta.url));
  assert(committed === await buildPage(), "run deno task page");
});

Deno.test("browsers are shown the page, others a text, and both are forbidden what they do not need", async () => {
  const handle = createHandler(createRegistry(await demoModels()));
  const get = (path: string, headers: Record<string, string> = {}) =>
    handle(new Request(`http://localhost${path}`, { headers }));
  const page = await get("/", { accept: "text/html,*/*" });
  assertEquals(page.headers.get("content-type"), "text/html; charset=utf-8");
  assertMatch(page.headers.get("vary")!, /^accept\b/);
  const policy = page.headers.get("content-security-policy")!;
  assertStringIncludes(policy, "default-src 'none'; script-src 'self';");
  assert(!/unsafe|https?:/.test(policy));
  assertEquals(page.headers.get("permissions-policy"), "camera=(self), geolocation=(), microphone=()");
  for (const name of ["x-content-type-options", "x-frame-options", "referrer-policy"]) assert(page.headers.has(name));
  const source = await page.text();
  assert(!/https?:\/\/(?!www\.w3\.org)|<script>|\s(?:style|on\w+)=/.test(source));
  assertEquals((await get("/", { accept: "*/*" })).headers.get("content-type"), "text/plain; charset=utf-8");

  const parts = [...source.matchAll(/(?:src|href)="(octet\/[^"]+)"/g)].map(([, path]) => `/${path}`);
  assertEquals(parts.length, 2);
  for (const path of [...parts, "/octet/worker.js", "/octet/octet.js", "/octet/relaxed.js", "/octet/webp.wasm"]) {
    const response = await get(path);
    assertEquals([response.status, response.headers.get("x-content-type-options")], [200, "nosniff"], path);
    assertStringIncludes(response.headers.get("content-security-policy")!, "default-src 'none'");
    await response.body?.cancel();
    const etag = response.headers.get("etag")!;
    for (const held of [etag, `"other", W/${etag}`]) {
      assertEquals((await get(path, { "if-none-match": held })).status, 304, path);
    }
  }
  assertEquals((await get("/octet/index.html")).status, 404);
  assertEquals((await get("/octet/..%2fhandler.ts")).status, 404);
});

Deno.test("bundles are given away byte for byte, unless the server keeps them or the page", async () => {
  const { program, data } = tinyParts();
  const bytes = await writeBundle(program, data);
  const models = () =>
    createRegistry([
      { name: "a/b", ...bundleLoader(bytes) },
      { name: "a/b", version: "2", ...bundleLoader(bytes) },
      { name: "none", load: () => Promise.resolve(COPY) },
    ]);
  const open = createHandler(models());
  const get = (handle: typeof open, path: string) => handle(new Request(`http://localhost${path}`));
  const response = await get(open, "/v2/models/a%2Fb/bundle");
  assertEquals(new Uint8Array(await response.clone().arrayBuffer()), bytes);
  assertMatch(response.headers.get("etag")!, /^"[0-9a-f]{64}"$/);
  assertEquals(await (await get(open, "/octet/models.json")).json(), {
    models: [
      { name: "a/b", version: "2", download: true },
      { name: "a/b", version: "1", download: true },
      { name: "none", version: "1", download: false },
    ],
  });
  const closed = createHandler(models(), { downloads: false });
  assertEquals((await get(closed, "/v2/models/a%2Fb/versions/1/bundle")).status, 403);
  const { models: offered } = await (await get(closed, "/octet/models.json")).json();
  assert(offered.every(({ download }: { download: boolean }) => !download));
  const without = createHandler(models(), { page: false });
  assertEquals((await get(without, "/octet/page.js")).status, 404);
  const page = await without(new Request("http://localhost/", { headers: { accept: "text/html" } }));
  assertEquals(page.headers.get("content-type"), "text/plain; charset=utf-8");
});

const SATURATING = "--js-flags=--no-enable-avx-vnni,--no-enable-avx-vnni-int8";

for (
  const [screen, how, flags] of [
    [{ width: 1280, scheme: "light" }, "by the kernels for the host", []],
    [{ width: 390, scheme: "dark" }, "by kernels that are loaded later, without AVX-VNNI", [SATURATING]],
  ] as [Screen, string, string[]][]
) {
  testInBrowser(
    `a picture is classified on the server and in the browser alike, at ${screen.width} px, ${how}`,
    async (browser) => {
      const models = await demoModels();
      await withPictures((picture) =>
        withPage(browser, screen, models, async (page, problems) => {
          await saveScreenshot(page, `page_${screen.width}_empty`);
          await upload(page, picture("shape.png"));
          const served = await classesOf(page, "server");
          assertEquals(served.length, 5);
          for (const line of served) assertMatch(line, /^[\w -]+ \d+\.\d %$/);
          await page.focus("input[value=server]");
          await page.keyboard.press("ArrowRight");
          assertEquals(await classesOf(page, "browser"), served);
          assertStringIncludes(await text(page, "#note"), "Server and browser agree to the last bit.");
          await saveScreenshot(page, `page_${screen.width}_classified`);

          await upload(page, picture("photo.jpg"));
          const here = await classesOf(page, "browser");
          await page.keyboard.press("ArrowLeft");
          assertEquals(await classesOf(page, "server"), here);
          assert(JSON.stringify(here) !== JSON.stringify(served));
          assertEquals(problems, []);
        })
      );
    },
    flags,
  );
}

testInBrowser("names are shown as they are, and what fails is said", async (browser) => {
  const models = await demoModels();
  await withPictures((picture) =>
    withPage(browser, { width: 390, scheme: "light" }, models, async (page, problems) => {
      await page.select("#model", HOSTILE);
      await upload(page, picture("shape.png"));
      assertStringIncludes((await classesOf(page, "server"))[0], HOSTILE);
      assertEquals([await page.title(), (await page.$$("li img")).length], ["Octet: try it", 0]);
      assertMatch(
        await text(page, "#curl"),
        /^curl --data-binary @picture\.jpg 'http:[^' ]+classify\?model=%3Cimg[^' ]+'$/,
      );
      await saveScreenshot(page, "page_390_markup");
      assertEquals(problems, []);

      await upload(page, picture("text.jpg"));
      await page.waitForSelector("#error:not([hidden])");
      assertMatch(await text(page, "#error"), /The image is neither JPEG, PNG nor WebP/);
      await page.select("#model", "numbers");
      await page.waitForFunction(`document.getElementById("error").textContent.includes("takes no images")`);
      assertEquals(await page.evaluate(`document.querySelector("input[value=browser]").disabled`), true);
      await saveScreenshot(page, "page_390_error");
      await page.select("#model", "shapes");
      await upload(page, picture("shape.png"));
      await classesOf(page, "server");
      assertEquals(await page.evaluate(`document.getElementById("error").hidden`), true);
    })
  );
});

testInBrowser("a picture can be dropped, pasted, and taken by the camera", async (browser) => {
  const models = await demoModels();
  await withPage(browser, { width: 1280, scheme: "dark" }, models.slice(0, 1), async (page, problems) => {
    const send = (event: string) =>
      page.evaluate(`(async () => {
        const canvas = new OffscreenCanvas(60, 50);
        canvas.getContext("2d").fillRect(20, 10, 20, 20);
        const data = new DataTransfer();
        data.items.add(new File([await canvas.convertToBlob()], "drawn.png", { type: "image/png" }));
        document.getElementById("server-time").textContent = "";
        document.body.dispatchEvent(${event});
      })()`);
    await send(`new DragEvent("drop", { dataTransfer: data, bubbles: true, cancelable: true })`);
    const dropped = await classesOf(page, "server");
    assertEquals(dropped.length, 5);
    await send(`new ClipboardEvent("paste", { clipboardData: data, bubbles: true })`);
    assertEquals(await classesOf(page, "server"), dropped);

    await page.click("#camera");
    await page.waitForSelector("#shoot:not([hidden])");
    await saveScreenshot(page, "page_1280_camera");
    await page.keyboard.press("Escape");
    await page.waitForSelector("#camera:not([hidden])");
    await page.click("#camera");
    await page.waitForSelector("#shoot:not([hidden])");
    await page.evaluate(`document.getElementById("server-time").textContent = ""`);
    await page.keyboard.press("Enter");
    assertEquals((await classesOf(page, "server")).length, 5);
    assertEquals(await page.evaluate(`document.getElementById("video").srcObject`), null);
    assertEquals(problems, []);
  });
}, ["--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream"]);

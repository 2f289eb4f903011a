/**
 * Pages in headless Chromium, for tests of what people look at.
 *
 * @module
 */

import { fileURLToPath } from "node:url";
import puppeteer, { type Browser, type Page } from "puppeteer-core";

const NAMES = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];
const FOLDERS = [...(Deno.env.get("PATH") ?? "").split(":"), "/Applications/Google Chrome.app/Contents/MacOS"];

/** Where Chromium is: `CHROME_PATH`, else the first in `PATH`; undefined where there is none. */
export const CHROMIUM: string | undefined = [
  Deno.env.get("CHROME_PATH") ?? "",
  ...FOLDERS.flatMap((folder) => [...NAMES, "Google Chrome"].map((name) => `${folder}/${name}`)),
].find(isFile);

/** Folder for what tests leave to be looked at; not under version control. */
export const OUTPUT = new URL("../output/", import.meta.url);

/** How a page is shown. */
export interface Screen {
  /** Width in CSS pixels. */
  width: number;
  /** What the visitor prefers. */
  scheme: "light" | "dark";
  /** Whether scripts run; true by default. */
  scripts?: boolean;
}

/** A page that is open. */
export interface Visit {
  page: Page;
  /** Errors of the page and its console so far. */
  errors: string[];
  /** Addresses asked for so far, but for `data:` and the page's own. */
  requests: string[];
}

/** A test in a browser; skipped, with a message, where there is none. @param flags More flags of the browser. */
export function testInBrowser(name: string, use: (browser: Browser) => Promise<void>, flags: string[] = []): void {
  if (CHROMIUM === undefined) {
    console.log(`Skipped, because there is no Chromium in PATH or at CHROME_PATH: ${name}`);
  }
  Deno.test({
    name,
    ignore: CHROMIUM === undefined,
    async fn() {
      const browser = await puppeteer.launch({
        executablePath: CHROMIUM!,
        args: [
          "--no-sandbox",
          "--disable-gpu",
          "--no-first-run",
          "--disable-background-networking",
          "--disable-sync",
          ...flags,
        ],
      });
      try {
        await use(browser);
      } finally {
        await browser.close();
      }
    },
  });
}

/** Opens a page, and closes it when `use` is done. @param address A URL; of a file too. */
export async function visit(
  browser: Browser,
  address: string | URL,
  { width, scheme, scripts = true }: Screen,
  use: (visit: Visit) => Promise<void>,
): Promise<void> {
  const page = await browser.newPage();
  const opened: Visit = { page, errors: [], requests: [] };
  page.on("console", (message) => {
    if (["error", "warn"].includes(message.type())) opened.errors.push(message.text());
  });
  page.on("pageerror", (error) => opened.errors.push(String(error)));
  page.on("request", (request) => {
    if (request.url() !== String(address) && !request.url().startsWith("data:")) opened.requests.push(request.url());
  });
  try {
    await page.setViewport({ width, height: 900 });
    await page.emulateMediaFeatures([{ name: "prefers-color-scheme", value: scheme }]);
    await page.setJavaScriptEnabled(scripts);
    await page.goto(String(address));
    await use(opened);
  } finally {
    await page.close();
  }
}

/** By how many CSS pixels the page is wider than its window. */
export async function overflowOf(page: Page): Promise<number> {
  return Number(await page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth"));
}

/** Saves a picture of the page below {@linkcode OUTPUT}. @param name Without its ending. */
export async function saveScreenshot(page: Page, name: string, fullPage = true): Promise<void> {
  await Deno.mkdir(OUTPUT, { recursive: true });
  await page.screenshot({ path: `${fileURLToPath(new URL(`${name}.png`, OUTPUT))}` as `${string}.png`, fullPage });
}

function isFile(path: string): boolean {
  try {
    return Deno.statSync(path).isFile;
  } catch {
    return false;
  }
}

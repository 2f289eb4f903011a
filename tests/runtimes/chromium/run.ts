/**
 * Edge functions in a browser.
 *
 * @module
 */

import type { Browser } from "puppeteer-core";

/**
 * Imports a function in a page of headless Chromium and asks it.
 *
 * @param browser The browser.
 * @param script Path of the function.
 * @param images Image files in base64, by name.
 */
export async function askChromium(
  browser: Browser,
  script: string,
  images: Record<string, string>,
): Promise<Record<string, string>> {
  const files: Record<string, string | URL> = { "/edge.js": script, "/ask.js": new URL("../ask.js", import.meta.url) };
  const server = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen: () => {} }, async (request) => {
    const file = files[new URL(request.url).pathname];
    if (file === undefined) return new Response("", { headers: { "content-type": "text/html" } });
    return new Response(await Deno.readFile(file), { headers: { "content-type": "text/javascript" } });
  });
  try {
    const page = await browser.newPage();
    await page.goto(`http://127.0.0.1:${server.addr.port}/`);
    return await page.evaluate(`(async () => {
      const [{ default: edge }, { ask }] = await Promise.all([import("/edge.js"), import("/ask.js")]);
      const send = (path, init) => edge.fetch(new Request(new URL(path, location), init));
      return await ask(send, ${JSON.stringify(images)});
    })()`) as Record<string, string>;
  } finally {
    await server.shutdown();
  }
}

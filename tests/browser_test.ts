import { assertEquals } from "@std/assert";
import { overflowOf, testInBrowser, visit } from "./support/browser.ts";

const PAGE =
  `<style>body { margin: 0; background: white } @media (prefers-color-scheme: dark) { body { background: black } }
</style><div style="width: 500px">x</div><img src="http://127.0.0.1:9/x.png" alt><script>
console.error("said"); document.body.dataset.scripts = "on"; throw new Error("thrown")</script>`;

testInBrowser("The browser of the tests shows widths, schemes, errors and requests of a page", async (browser) => {
  const address = `data:text/html,${encodeURIComponent(PAGE)}`;
  const look = "getComputedStyle(document.body).backgroundColor + ' ' + document.body.dataset.scripts";
  await visit(browser, address, { width: 390, scheme: "dark" }, async ({ page, errors, requests }) => {
    assertEquals(await overflowOf(page), 110);
    assertEquals(await page.evaluate(look), "rgb(0, 0, 0) on");
    assertEquals(requests, ["http://127.0.0.1:9/x.png"]);
    assertEquals(["said", "thrown"].map((word) => errors.some((error) => error.includes(word))), [true, true]);
  });
  await visit(browser, address, { width: 1280, scheme: "light", scripts: false }, async ({ page, errors }) => {
    assertEquals(await overflowOf(page), 0);
    assertEquals(await page.evaluate(look), "rgb(255, 255, 255) undefined");
    assertEquals(errors.filter((error) => /said|thrown/.test(error)), []);
  });
});

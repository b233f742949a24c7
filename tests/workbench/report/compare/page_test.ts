/** The page of a comparison in a browser: that it shows and reacts, and is accessible. */

import { assertEquals, assertStringIncludes } from "@std/assert";
import type { Browser, Page } from "playwright-core";
import { createMachine } from "../../../../lib/workbench/engines/real_machine.ts";
import { compareRuns, comparisonHTML } from "../../../../lib/workbench/report/compare/mod.ts";
import { ROOT } from "../../../../lib/workbench/cli/root.ts";
import { isAccessible, noBrowser, openBrowser, openPage } from "../browser.ts";
import { historyText, writeRun } from "../serve/served_store.ts";

let browser: Browser | undefined;

Deno.test({
  name: `a comparison in a browser${noBrowser === undefined ? "" : `: not tested, ${noBrowser}`}`,
  ignore: noBrowser !== undefined,
  // The browser's streams outlive it for a moment.
  sanitizeOps: false,
  sanitizeResources: false,
  async fn(t) {
    browser = await openBrowser();
    const store = await Deno.makeTempDir();
    try {
      const file = await writePage(store);
      const step = (name: string, use: (page: Page) => Promise<void>, options = {}) =>
        t.step(name, () => withPage(file, use, options));
      await step("it shows figures, curves and faults", shows);
      await step("a chart shows its values under the mouse", hovers);
      await step("quantile and function are chosen", chooses);
      await step("paper is light", async (page) => {
        const background = () => page.evaluate<string>("getComputedStyle(document.body).backgroundColor");
        assertEquals(await background(), "rgb(13, 17, 23)");
        await page.emulateMedia({ media: "print" });
        assertEquals(await background(), "rgb(246, 247, 249)");
      }, { dark: true });
      await step("axe finds nothing in dark", isAccessible, { dark: true });
      await step("axe finds nothing on a phone, which scrolls in one direction", async (page) => {
        await isAccessible(page);
        assertEquals(await page.evaluate("document.documentElement.scrollWidth - innerWidth"), 0);
      }, { width: 390 });
    } finally {
      await browser.close();
      await Deno.remove(store, { recursive: true });
    }
  },
});

/** Compares three runs, and writes the page. */
async function writePage(store: string): Promise<string> {
  const messages = Array.from(
    { length: 50 },
    (_, id) => `{"id":${id},"time":${id * 1e8},"type":"send","message":{}}\n`,
  );
  const folders = [];
  for (const [index, ms] of [10, 15, 30].entries()) {
    const path = `broadcast/20261129T1${index}0000`;
    const latency_ms = { read: { p50: ms, p95: ms, p99: ms, max: ms } };
    await writeRun(store, path, { latency_ms }, {
      "history.jsonl": historyText(60, ms),
      ...index === 2 ? {} : { "messages.jsonl": messages.join("") },
    });
    folders.push(`${store}/${path}`);
  }
  const file = `${store}/compare.html`;
  await Deno.writeTextFile(file, await comparisonHTML(await compareRuns(folders, createMachine(ROOT)), null));
  return file;
}

async function withPage(file: string, use: (page: Page) => Promise<void>, options: object): Promise<void> {
  const { page, problems, close } = await openPage(browser!, file, options);
  try {
    await use(page);
    assertEquals(problems, []);
  } finally {
    await close();
  }
}

async function shows(page: Page): Promise<void> {
  assertEquals(await page.locator("section h2").allTextContents(), ["Runs", "Figures", "Curves", "Faults"]);
  assertEquals(await page.locator(".cards li").count(), 3);
  const row = page.locator(".figures tr").filter({ hasText: "read p99" });
  assertEquals((await row.innerText()).split(/\s*[\n\t]\s*/).filter((text) => text !== "" && text !== "worse"), [
    ...["read p99, ms", "10", "15", "+50 % ✕", "30", "+200 % ✕"],
  ]);
  assertEquals(await page.locator(".chart canvas").count(), 4);
  assertStringIncludes(await page.locator("#faults").innerText(), "partition");
}

async function hovers(page: Page): Promise<void> {
  const chart = page.locator(".chart").first();
  await chart.locator("canvas").hover({ position: { x: 400, y: 100 }, force: true });
  const values = chart.locator(".u-legend .u-value");
  await values.nth(1).filter({ hasText: /^\d/ }).waitFor();
  assertEquals(await values.count(), 4);
}

async function chooses(page: Page): Promise<void> {
  await page.getByLabel("Latency").selectOption("0.5");
  assertEquals(await page.locator(".chart canvas").count(), 4);
  await page.getByLabel("Operations").selectOption("read");
  assertEquals(await page.locator(".chart canvas").count(), 4);
}

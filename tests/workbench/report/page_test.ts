/** The report in a browser: that it shows what it should, reacts, and breaks no rule of accessibility. */

import { assertEquals, assertStringIncludes } from "@std/assert";
import type { Browser, Locator, Page } from "playwright-core";
import { reportHTML } from "../../../lib/workbench/report/html/html.ts";
import type { ReportData } from "../../../lib/workbench/report/html/report_data.ts";
import { WORKLOADS } from "../../../lib/workbench/workloads/mod.ts";
import broadcastWithoutRetry from "../../wrong/broadcast_without_retry.ts";
import { runOptions } from "../run/stand_in.ts";
import { isAccessible, noBrowser, openBrowser, openPage } from "./browser.ts";
import { reportOf } from "./simulated_report.ts";

/** A run of a program that loses values in partitions. */
const FAILING = runOptions({
  workload: WORKLOADS.broadcast!,
  nodes: ["n0", "n1", "n2"],
  concurrency: 3,
  timeLimitSeconds: 5,
  rate: 20,
  latency: { mean: 50, distribution: "exponential" },
  nemesis: ["partition"],
  seed: "1",
});

/** Opens the report of a run as a page, and closes both. */
async function withPage(
  data: ReportData,
  use: (page: Page, problems: string[]) => Promise<void>,
  options: { width?: number; dark?: boolean } = {},
): Promise<void> {
  const file = await Deno.makeTempFile({ suffix: ".html" });
  await Deno.writeTextFile(file, await reportHTML(data));
  const { page, problems, close } = await openPage(browser!, file, options);
  try {
    // The last section.
    await page.locator("#files").waitFor();
    await use(page, problems);
    assertEquals(problems, []);
  } finally {
    await close();
    await Deno.remove(file);
  }
}

let browser: Browser | undefined;

Deno.test({
  name: `a report in a browser${noBrowser === undefined ? "" : `: not tested, ${noBrowser}`}`,
  ignore: noBrowser !== undefined,
  // The browser's streams outlive it for a moment.
  sanitizeOps: false,
  sanitizeResources: false,
  async fn(t) {
    browser = await openBrowser();
    try {
      const data = await reportOf(FAILING, broadcastWithoutRetry as Parameters<typeof reportOf>[1]);
      await t.step("it has all sections", () => withPage(data, hasSections));
      await t.step("hovering over an operation shows it", () => withPage(data, showsTip));
      await t.step("a click on an operation lists its messages, and Escape ends that", () => withPage(data, selects));
      await t.step("the filter says how many messages pass", () => withPage(data, filters));
      await t.step("keys select operations and zoom", () => withPage(data, reactsToKeys));
      await t.step(
        "a mark of an anomaly leads to its operation; axe finds nothing in dark",
        () =>
          withPage(data, async (page) => {
            await page.locator(".mark").first().focus();
            await page.keyboard.press("Enter");
            assertStringIncludes(await page.locator(".inspector").innerText(), "Its messages");
            await isAccessible(page);
          }, { dark: true }),
      );
      await t.step("the pictures say which part of the run they show", () => withPage(data, saysPeriod));
      await t.step(
        "a table that is wider than a phone has a shade where there is more",
        () => withPage(data, hasShade, { width: 390 }),
      );
      await t.step("operations that are in the pictures alone are counted", async () => {
        const counted = { ...data.results.operations!, count: data.operations.index.length - 2 };
        const fewer = { ...data, results: { ...data.results, operations: counted } };
        await withPage(fewer, async (page) => {
          const text = await page.locator("#verdict").innerText();
          assertStringIncludes(text, "2 final operations after the recovery: in the pictures, but not in these");
        });
      });
      await t.step("axe finds nothing on a phone, in light", () => withPage(data, isAccessible, { width: 390 }));
      await t.step("on a phone, nothing is wider than the page", () => withPage(data, fitsWidth, { width: 390 }));
      await t.step("a run without operations has a report, too", async () => {
        await withPage(await reportOf({ ...FAILING, rate: 0, timeLimitSeconds: 1 }, () => {}), isAccessible);
      });
    } finally {
      await browser.close();
    }
  },
});

async function hasSections(page: Page): Promise<void> {
  const titles = await page.locator("section h2").allTextContents();
  assertEquals(titles, [
    "Verdict",
    "Anomalies",
    "Latency and rate",
    "Operations by worker",
    "Messages",
    "Traffic",
    "Files",
  ]);
  const links = await page.locator("nav a").allTextContents();
  assertEquals(links, titles);
  assertStringIncludes(await page.locator("#verdict").innerText(), "✕ invalid");
  assertStringIncludes(await page.locator("#anomalies").innerText(), "lost");
  assertStringIncludes(await page.locator("#operations details").textContent() ?? "", " receives nothing from ");
}

/** Moves the mouse along the first lane until there is something. */
async function findOperation(page: Page): Promise<Locator> {
  const canvas = page.locator("#operations canvas");
  const tip = page.locator("#operations .tip");
  await canvas.scrollIntoViewIfNeeded();
  for (let x = 80; x < 1200; x += 3) {
    await canvas.hover({ position: { x, y: 32 }, force: true });
    // The page shows it with its next picture.
    await page.evaluate("new Promise((resolve) => requestAnimationFrame(resolve))");
    if (await tip.isVisible()) return tip;
  }
  throw new Error("There is no operation in the first lane");
}

async function showsTip(page: Page): Promise<void> {
  const text = await (await findOperation(page)).innerText();
  assertEquals(/^● (broadcast \d+|read)\nok after .*\nprocess 0, \d+\.\d{3} s to/.test(text), true, text);
}

async function selects(page: Page): Promise<void> {
  await findOperation(page);
  await page.mouse.down();
  await page.mouse.up();
  const panel = page.locator(".inspector");
  assertStringIncludes(await panel.innerText(), "Its messages (2)");
  assertEquals(await panel.locator("li").count() >= 2, true);
  await panel.locator("li button").first().click();
  assertStringIncludes(await panel.innerText(), "of operation: ● ");
  await page.keyboard.press("Escape");
  assertEquals(await panel.isVisible(), false);
}

async function filters(page: Page): Promise<void> {
  const shown = page.locator("#messages [aria-live]");
  await page.getByLabel("Kind").selectOption("lost");
  await shown.filter({ hasText: "pass the filter" }).waitFor();
  const lost = await shown.innerText();
  await page.getByLabel("Text").fill("no message has this text");
  await shown.filter({ hasText: "; 0 pass the filter" }).waitFor();
  assertEquals(lost.includes("; 0 pass"), false);
  await page.getByRole("button", { name: "Reset" }).click();
  await shown.filter({ hasNotText: "pass the filter" }).waitFor();
}

async function reactsToKeys(page: Page): Promise<void> {
  const shown = page.locator("#messages [aria-live]");
  const before = await shown.innerText();
  await page.locator("#operations canvas").focus();
  await page.keyboard.press("n");
  const first = await page.locator(".inspector pre").innerText();
  await page.keyboard.press("n");
  assertEquals(await page.locator(".inspector pre").innerText() === first, false);
  await page.keyboard.press("p");
  assertEquals(await page.locator(".inspector pre").innerText(), first);
  for (let i = 0; i < 3; i++) await page.keyboard.press("+");
  await shown.filter({ hasNotText: before }).waitFor();
}

async function saysPeriod(page: Page): Promise<void> {
  const notes = page.locator(".period");
  assertEquals(new Set(await notes.allInnerTexts()), new Set(["Shown: the whole run, 15.000 s"]));
  await page.locator("#operations").getByRole("button", { name: "Zoom in" }).click();
  const [first, second] = await notes.allInnerTexts();
  assertEquals(/^Shown: 3\.\d{3} s to 11\.\d{3} s of 15\.000 s$/.test(first!), true, first);
  assertEquals(second, first);
}

/** Compares the colour at the right edge of a table with that in its middle, and at its end when it is scrolled. */
async function hasShade(page: Page): Promise<void> {
  const table = page.locator("#verdict .scrolls").first();
  await table.scrollIntoViewIfNeeded();
  const [before, middle] = await edges(page, table);
  await table.evaluate((node) => node.scrollLeft = node.scrollWidth);
  const [after] = await edges(page, table);
  assertEquals([before === middle, after === middle], [false, true]);
}

/** Colours of the lowest line of a table: at its right edge, and to the left of that. */
async function edges(page: Page, table: Locator): Promise<string[]> {
  const picture = (await table.screenshot()).toString("base64");
  return await page.evaluate(`(async () => {
    const image = new Image();
    image.src = "data:image/png;base64,${picture}";
    await image.decode();
    const canvas = document.createElement("canvas");
    [canvas.width, canvas.height] = [image.width, image.height];
    const context = canvas.getContext("2d", { willReadFrequently: true });
    context.drawImage(image, 0, 0);
    return [image.width - 2, image.width - 60].map((x) => context.getImageData(x, image.height - 4, 1, 1).data.join());
  })()`);
}

async function fitsWidth(page: Page): Promise<void> {
  const picture = (await page.locator(".evidence").first().boundingBox())!;
  assertEquals(picture.x >= 0 && picture.x + picture.width <= 390, true);
  assertEquals(await page.evaluate("document.documentElement.scrollWidth"), 390);
}

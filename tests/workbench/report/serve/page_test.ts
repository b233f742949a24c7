/** The list of runs in a browser: that it shows, sorts, filters, follows and compares, and is accessible. */

import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import type { Browser, Page } from "playwright-core";
import { createMachine } from "../../../../lib/workbench/engines/real_machine.ts";
import { createStoreServer } from "../../../../lib/workbench/report/serve/handler.ts";
import { ROOT } from "../../../../lib/workbench/cli/root.ts";
import { formatEDNResults } from "../../../../lib/workbench/run/store/results_edn.ts";
import { GOOD_RUN } from "../good_run.ts";
import { isAccessible, noBrowser, openBrowser, openPage } from "../browser.ts";
import { historyText, writeRun, writeRunning } from "./served_store.ts";

const DAY = "20261129T1";

/** Writes four runs and one under way. */
async function fillStore(store: string): Promise<void> {
  const history = { "history.jsonl": historyText(60, 8), "report.html": "<!doctype html><title>A report</title>" };
  const lost = [{ type: "lost" as const, count: 1, explanation: "Lost" }];
  await writeRun(store, `broadcast/${DAY}20000`, { duration_ms: 20_000, ops_per_second: 98.5 }, history);
  await writeRun(store, `broadcast/${DAY}30000`, { valid: false, passed: false, anomalies: lost }, {
    ...history,
    "history.jsonl": historyText(60, 20),
  });
  const seed = "a-seed-as-long-as-nobody-would-give-it-by-hand";
  await writeRun(store, `kafka/${DAY}40000`, { valid: "unknown", passed: false, challenge: "5c", seed });
  await writeRun(store, `echo/${DAY}10000`, { challenge: null, seed: "<b>seed</b>" });
  await writeRunning(store, `broadcast/${DAY}50000`);
}

/** Opens the list of a store as a page. */
async function withPage(
  store: string,
  use: (page: Page) => Promise<void>,
  options: { width?: number; dark?: boolean } = {},
): Promise<void> {
  // However long the steps take, the test under way goes on.
  const machine = { ...createMachine(ROOT), now: () => 0 };
  const server = createStoreServer(store, "127.0.0.1", machine);
  const listener = machine.listen("127.0.0.1", 0, server.handle);
  const address = `http://127.0.0.1:${listener.port}/`;
  const { page, problems, close } = await openPage(browser!, address, options);
  try {
    await page.locator(".muted[role=status]").filter({ hasText: /\d run|There/ }).waitFor();
    await use(page);
    assertEquals(problems, []);
  } finally {
    await close();
    server.close();
    await listener.close();
  }
}

let browser: Browser | undefined;

Deno.test({
  name: `the list of runs in a browser${noBrowser === undefined ? "" : `: not tested, ${noBrowser}`}`,
  ignore: noBrowser !== undefined,
  // The browser's streams outlive it for a moment.
  sanitizeOps: false,
  sanitizeResources: false,
  async fn(t) {
    browser = await openBrowser();
    const store = await Deno.makeTempDir();
    await fillStore(store);
    const step = (name: string, use: (page: Page) => Promise<void>, options = {}) =>
      t.step(name, () => withPage(store, use, options));
    try {
      await step("it shows each run with its verdict", showsRuns);
      await step("a click or a key on a head sorts", sorts);
      await step("text, workload and verdict filter", filters);
      await step("two runs are chosen with the keyboard, and compared", compares);
      await step("a run leads to its report and its files", leadsToFiles);
      await step("a test under way goes on, and becomes a finished run", (page) => follows(page, store));
      await step("axe finds nothing in dark", isAccessible, { dark: true });
      await step("on a screen of 1280 pixels nothing is cut, however long a seed is", async (page) => {
        const table = page.locator(".scrolls");
        assertEquals(await table.evaluate((node) => node.scrollWidth - node.clientWidth), 0);
      });
      await step("on paper it is a table, and light", isPrintable, { dark: true, width: 700 });
      await step("a run of Maelstrom comes with a note on what its results do not have", async (page) => {
        const note = page.locator("p").filter({ hasText: "The results of Maelstrom have no duration" });
        assertEquals(await note.isVisible(), false);
        const folder = `${store}/broadcast/${DAY}20000.000Z`;
        await Deno.mkdir(folder, { recursive: true });
        await Deno.writeTextFile(`${folder}/results.edn`, formatEDNResults(GOOD_RUN));
        await note.waitFor();
        await Deno.remove(folder, { recursive: true });
        await note.waitFor({ state: "hidden" });
      });
      await step("axe finds nothing on a phone, which scrolls in one direction", fitsPhone, { width: 390 });
      await t.step("until the rows come, it says that the store is read", () => showsReading(store));
      await t.step("an empty store says how to begin", async () => {
        const empty = await Deno.makeTempDir();
        await withPage(empty, async (page) => {
          assertStringIncludes(await page.locator("main").innerText(), "There is no run yet. Start one: ");
          await isAccessible(page);
        });
        await Deno.remove(empty);
      });
    } finally {
      await browser.close();
      await Deno.remove(store, { recursive: true });
    }
  },
});

async function showsReading(store: string): Promise<void> {
  const machine = createMachine(ROOT);
  const server = createStoreServer(store, "127.0.0.1", machine);
  const silent = () => new Response(new ReadableStream(), { headers: { "content-type": "text/event-stream" } });
  const isEvents = ({ url }: Request) => new URL(url).pathname === "/events";
  const listener = machine.listen("127.0.0.1", 0, async (request) => {
    return isEvents(request) ? silent() : await server.handle(request);
  });
  const { page, close } = await openPage(browser!, `http://127.0.0.1:${listener.port}/`);
  assertEquals(await page.locator(".muted[role=status]").innerText(), "Reading the store …");
  await close();
  server.close();
  await listener.close();
}

/** The tests that the table shows, from the top. */
async function shown(page: Page): Promise<string[]> {
  const names = await page.locator("tbody tr td:nth-child(3) > :first-child").allTextContents();
  const states = await page.locator("tbody tr td:nth-child(2) > :first-child").allTextContents();
  return names.map((name, at) => `${states[at]} ${name}`);
}

const NEWEST_FIRST = [
  "▶ running 3b broadcast",
  "? unknown 5c kafka",
  "✕ invalid 3e broadcast",
  "✓ valid 3e broadcast",
  "✓ valid echo",
];

async function showsRuns(page: Page): Promise<void> {
  assertEquals(await shown(page), NEWEST_FIRST);
  assertEquals(await page.locator(".muted[role=status]").innerText(), "5 runs, 1 running");
  const [running, , invalid, , echo] = await page.locator("tbody tr").allInnerTexts();
  for (const part of ["⚡ partition", "4 of 20 s", "98.7", "17.4", "1,234/s", "90 %"]) {
    assertStringIncludes(running!, part);
  }
  assertStringIncludes(invalid!, "lost");
  assertStringIncludes(echo!, "seed <b>seed</b>");
}

async function sorts(page: Page): Promise<void> {
  const head = page.getByRole("columnheader", { name: "Test" });
  await head.getByRole("button").click();
  assertEquals(await head.getAttribute("aria-sort"), "ascending");
  assertEquals(await shown(page), [
    "▶ running 3b broadcast",
    "✕ invalid 3e broadcast",
    "✓ valid 3e broadcast",
    "? unknown 5c kafka",
    "✓ valid echo",
  ]);
  await page.keyboard.press("Enter");
  assertEquals(await head.getAttribute("aria-sort"), "descending");
  assertEquals((await shown(page))[0], "✓ valid echo");
  await page.getByRole("columnheader", { name: "Duration" }).getByRole("button").focus();
  await page.keyboard.press("Space");
  assertEquals(await head.getAttribute("aria-sort"), "none");
  assertEquals((await shown(page)).slice(0, 2), ["✓ valid 3e broadcast", "▶ running 3b broadcast"]);
}

async function filters(page: Page): Promise<void> {
  await page.getByLabel("Workload").selectOption("broadcast");
  assertEquals((await shown(page)).length, 3);
  await page.getByLabel("Verdict").selectOption("bad");
  assertEquals(await shown(page), ["✕ invalid 3e broadcast"]);
  assertStringIncludes(await page.locator(".muted[role=status]").innerText(), "1 pass the filter");
  await page.getByLabel("Text").fill("nothing has this");
  assertStringIncludes(await page.locator("main").innerText(), "No run passes the filter.");
  await page.getByRole("button", { name: "Reset" }).click();
  await page.getByLabel("Text").fill("echo <B>");
  assertEquals(await shown(page), ["✓ valid echo"]);
}

async function compares(page: Page): Promise<void> {
  const boxes = page.getByRole("checkbox");
  assertEquals(await boxes.first().isDisabled(), true);
  for (const at of [3, 2]) {
    await boxes.nth(at).focus();
    await page.keyboard.press("Space");
  }
  const link = page.getByRole("link", { name: "Compare 2 runs" });
  await link.focus();
  await page.keyboard.press("Enter");
  await page.locator("#figures").waitFor();
  assertStringIncludes(await page.locator("h1").innerText(), "Comparison of 2 runs");
  await page.getByRole("link", { name: "All runs" }).click();
  await page.locator("tbody tr").first().waitFor();
}

async function leadsToFiles(page: Page): Promise<void> {
  const row = page.locator("tbody tr").nth(3);
  await row.getByRole("link", { name: "files" }).click();
  await page.getByRole("link", { name: "node-logs/n0.log" }).waitFor();
  await isAccessible(page);
  await page.getByRole("link", { name: "All runs" }).click();
  await row.getByRole("link", { name: "3e broadcast" }).click();
  await page.waitForURL(/report\.html$/);
  assertEquals(await page.title(), "A report");
}

async function follows(page: Page, store: string): Promise<void> {
  const row = page.locator("tbody tr").first();
  await writeRunning(store, `broadcast/${DAY}50000`, { elapsed_ms: 9000, faults: [] });
  await row.filter({ hasText: "9 of 20 s" }).waitFor();
  await writeRun(store, `broadcast/${DAY}50000`, { challenge: "3b", duration_ms: 31_400 });
  await row.filter({ hasText: "31.4 s" }).waitFor();
  assertMatch((await shown(page))[0]!, /^✓ valid 3b/);
  await writeRunning(store, `echo/${DAY}60000`, { workload: "echo", challenge: "1" });
  await row.filter({ hasText: "1 echo" }).waitFor();
  await Deno.remove(`${store}/echo/${DAY}60000`, { recursive: true });
  await row.filter({ hasText: "3b broadcast" }).waitFor();
  await writeRunning(store, `broadcast/${DAY}50000`);
}

async function isPrintable(page: Page): Promise<void> {
  const looks = () =>
    page.evaluate<string[]>(`["table.runs", "body"].map((place) => getComputedStyle(document.querySelector(place)))
      .map(({ display, backgroundColor }, at) => at === 0 ? display : backgroundColor)`);
  const [screen] = await looks();
  await page.emulateMedia({ media: "print" });
  assertEquals([screen, await looks()], ["block", ["table", "rgb(246, 247, 249)"]]);
}

async function fitsPhone(page: Page): Promise<void> {
  await isAccessible(page);
  const overflow = await page.evaluate("document.documentElement.scrollWidth - innerWidth");
  assertEquals(overflow, 0);
  await page.getByRole("button", { name: "Verdict" }).click();
  assertEquals(await page.locator("[aria-sort=ascending]").count(), 1);
}

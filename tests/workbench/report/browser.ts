/** Chromium for tests of pages: Debian's, driven by Playwright. */

import { assertEquals } from "@std/assert";
import axe from "axe-core/axe.min.js" with { type: "text" };
import type { Browser, Page } from "playwright-core";

const EXECUTABLE = "/usr/bin/chromium";

/** Reason why pages cannot be tested here; undefined if they can. */
export const noBrowser: string | undefined = await reasonAgainst();

async function reasonAgainst(): Promise<string | undefined> {
  for (const name of ["read", "write", "run", "env", "net", "sys"] as const) {
    if ((await Deno.permissions.query({ name })).state !== "granted") return `it needs --allow-${name}`;
  }
  try {
    await Deno.stat(EXECUTABLE);
    return undefined;
  } catch {
    return `there is no ${EXECUTABLE}`;
  }
}

/** Switches off everything with which a browser reaches the network by itself. */
const FLAGS = [
  ...["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"],
  ...["--disable-component-update", "--disable-sync"],
];

/** Longest wait for the browser, ms. A machine that is busy, or suspended for minutes, breaks no test. */
const PATIENCE = 600_000;

/** Starts a browser. Playwright gives it an empty profile. */
export async function openBrowser(): Promise<Browser> {
  const { chromium } = await import("playwright-core");
  return await chromium.launch({ executablePath: EXECUTABLE, args: FLAGS, timeout: PATIENCE });
}

/** A page, with everything that went wrong in it. */
export interface OpenPage {
  page: Page;
  /** Errors and warnings of the console, uncaught errors, and requests for anything but the page itself. */
  problems: string[];
  close(): Promise<void>;
}

/**
 * Opens a page.
 *
 * @param place Path of a file, beside which nothing may be requested; or address of a page on a server, beside which
 *   no other server may be asked.
 */
export async function openPage(
  browser: Browser,
  place: string,
  options: { width?: number; dark?: boolean } = {},
): Promise<OpenPage> {
  const { width = 1280, dark = false } = options;
  const context = await browser.newContext({
    viewport: { width, height: 900 },
    colorScheme: dark ? "dark" : "light",
    reducedMotion: "reduce",
  });
  context.setDefaultTimeout(PATIENCE);
  const page = await context.newPage();
  const problems: string[] = [];
  const address = place.startsWith("http:") ? place : `file://${place}`;
  const isAllowed = (url: string) => address.startsWith("http:") ? url.startsWith(address) : url === address;
  page.on("console", (message) => {
    if (["error", "warning"].includes(message.type())) problems.push(`${message.type()}: ${message.text()}`);
  });
  page.on("pageerror", (error) => problems.push(String(error)));
  page.on("request", (request) => {
    const url = request.url();
    if (!isAllowed(url) && !/^(data|blob):/.test(url)) problems.push(`request for ${url}`);
  });
  await page.goto(address);
  await page.locator("main").waitFor();
  return { page, problems, close: () => context.close() };
}

/** Asserts that axe finds no violation on a page: contrast, names, roles and the like. */
export async function isAccessible(page: Page): Promise<void> {
  await page.evaluate(axe);
  const violations = await page.evaluate(async () => {
    // deno-lint-ignore no-explicit-any -- a global of the page
    const found = await (globalThis as any).axe.run();
    return found.violations.map((
      { id, nodes }: { id: string; nodes: { target: string[]; failureSummary: string }[] },
    ) => [id, nodes.slice(0, 3).map(({ target, failureSummary }) => [target, failureSummary])]);
  });
  assertEquals(violations, []);
}

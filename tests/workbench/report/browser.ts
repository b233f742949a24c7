/** Chromium for tests of pages: Debian's, driven by Playwright. */

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

/** Starts a browser. Playwright gives it an empty profile. */
export async function openBrowser(): Promise<Browser> {
  const { chromium } = await import("playwright-core");
  return await chromium.launch({ executablePath: EXECUTABLE, args: FLAGS });
}

/** A page, with everything that went wrong in it. */
export interface OpenPage {
  page: Page;
  /** Errors and warnings of the console, uncaught errors, and requests for anything but the page itself. */
  problems: string[];
  close(): Promise<void>;
}

/** Opens a file as a page. */
export async function openPage(
  browser: Browser,
  file: string,
  options: { width?: number; dark?: boolean } = {},
): Promise<OpenPage> {
  const { width = 1280, dark = false } = options;
  const context = await browser.newContext({
    viewport: { width, height: 900 },
    colorScheme: dark ? "dark" : "light",
    reducedMotion: "reduce",
  });
  // A busy machine may take long.
  context.setDefaultTimeout(180_000);
  const page = await context.newPage();
  const problems: string[] = [];
  const address = `file://${file}`;
  page.on("console", (message) => {
    if (["error", "warning"].includes(message.type())) problems.push(`${message.type()}: ${message.text()}`);
  });
  page.on("pageerror", (error) => problems.push(String(error)));
  page.on("request", (request) => {
    const url = request.url();
    if (url !== address && !/^(data|blob):/.test(url)) problems.push(`request for ${url}`);
  });
  await page.goto(address);
  await page.locator("main").waitFor();
  return { page, problems, close: () => context.close() };
}

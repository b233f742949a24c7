/**
 * Makes pages that are one file, such as `report.html` of a report's data: nothing is loaded from anywhere.
 *
 * The page's modules (`report/page/`) are plain JavaScript that Deno and browsers run as it is. They are put into one
 * script: their imports of each other are removed, because a page that is a file cannot import other files. So their
 * names must differ, of which a browser is the judge.
 *
 * The data is in three parts, each compressed with gzip and written as base64: JSON, and the packed columns of
 * operations and of messages (`pack.ts`). So the page can show the verdict before it has read the messages.
 *
 * @module
 */

import plot from "uplot/dist/uPlot.iife.min.js" with { type: "text" };
import plotStyle from "uplot/dist/uPlot.min.css" with { type: "text" };
import { formatExactJSON } from "../../base/json.ts";
import { PAGE_MODULES, PAGE_STYLE } from "../page/mod.ts";
import { packMessages, packOperations } from "./pack.ts";
import type { ReportData } from "./report_data.ts";

/** Makes the page that shows the data. */
export async function reportHTML(data: ReportData): Promise<string> {
  const { operations, messages, ...rest } = data;
  const omitted = [...data.omitted];
  const packedOperations = await packWithin(
    (longest) => packOperations(operations, longest),
    { lengths: [Infinity, 60, 20, 0], budget: OPERATIONS_BUDGET },
    (what) => omitted.push(`Arguments and results of operations have ${what} here; the stored history has them whole`),
  );
  const packedMessages = messages && await packWithin(
    (longest) => packMessages(messages, longest),
    { lengths: [Infinity, 100, 40, 0], budget: BUDGET - packedOperations.length },
    (what) => omitted.push(`Bodies of messages have ${what} here; messages.jsonl has them whole`),
  );
  const packed = { operations: packedOperations, messages: packedMessages };
  const json = formatExactJSON({ ...rest, omitted, messageCount: messages?.id.length ?? null });
  const parts = { data: await compress(new TextEncoder().encode(json)), ...packed };
  return pageHTML({ title: `${data.title}: report`, parts, modules: PAGE_MODULES, style: PAGE_STYLE });
}

/** Parts of a page that is one file. */
export interface PageParts {
  title: string;
  /** HTML that is added to the head. */
  head?: string;
  /** Data for the modules, compressed, by its name; null if there is none. */
  parts: Readonly<Record<string, Uint8Array | null>>;
  /** Texts of modules, in an order in which they can be joined. */
  modules: readonly string[];
  style: string;
}

/** Makes a page that is one file: with its data, its modules and the library for charts. */
export function pageHTML({ title, head = "", parts, modules, style }: PageParts): string {
  return [
    "<!DOCTYPE html>",
    '<html lang="en">',
    '<head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">',
    `${head}<title>${escapeHTML(title)}</title>`,
    // Nothing may be fetched from anywhere, even if a node has written HTML into its messages.
    `<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; ` +
    `script-src 'unsafe-inline'; img-src data:">`,
    '<link rel="icon" href="data:,">',
    `<style>${plotStyle}${style}</style></head>`,
    `<body><div id="page"><p class="loading">Reading the run …</p></div>`,
    "<noscript><p>This page needs JavaScript. The files of the run have the same content.</p></noscript>",
    ...Object.entries(parts).map(([id, bytes]) =>
      `<script type="text/plain" id="packed-${id}">${bytes === null ? "" : toBase64(bytes)}</script>`
    ),
    `<script>${plot}</script>`,
    `<script type="module">${joinModules(modules)}</script>`,
    "</body></html>\n",
  ].join("\n");
}

/**
 * Joins modules to one script: removes their imports of each other, and the word `export`.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { joinModules } from "./html.ts";
 *
 * const modules = ["export const a = 1;\n", 'import { a } from "./a.js";\nconsole.log(a);\n'];
 * assertEquals(joinModules(modules), "const a = 1;\n\nconsole.log(a);\n");
 * ```
 */
export function joinModules(modules: readonly string[]): string {
  return modules.map((text) =>
    text.replaceAll(/^import [^;]*? from "\.\.?\/[\w/.]+";\n/gm, "").replaceAll(
      /^export (?=(async )?(function|const)\b)/gm,
      "",
    )
  ).join("\n");
}

/** Size of the compressed operations and messages, in bytes, above which bodies are shortened. Base64 adds a third. */
const BUDGET = 3_500_000;

/** Part of it that operations may take, so that a million messages without bodies have room. */
const OPERATIONS_BUDGET = 1_500_000;

/**
 * Packs and compresses something, with texts that are short enough for a budget.
 *
 * @param pack Packs it with texts of up to a length.
 * @param limits Lengths from the longest to the shortest, which is taken in any case; and the budget in bytes.
 * @param onShortened Receives words for the length of shortened texts.
 */
async function packWithin(
  pack: (longest: number) => Uint8Array<ArrayBuffer>,
  { lengths, budget }: { lengths: readonly number[]; budget: number },
  onShortened: (what: string) => void,
): Promise<Uint8Array> {
  let packed = new Uint8Array();
  let longest = Infinity;
  for (longest of lengths) {
    packed = new Uint8Array(await compress(pack(longest)));
    if (packed.length <= budget) break;
  }
  if (longest < Infinity) onShortened(longest === 0 ? "no text" : `up to ${longest} characters`);
  return packed;
}

/** Compresses bytes with gzip, for a part of a page. */
export async function compress(bytes: Uint8Array<ArrayBuffer>): Promise<Uint8Array> {
  const stream = new Blob([bytes]).stream().pipeThrough(new CompressionStream("gzip"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

function toBase64(bytes: Uint8Array): string {
  let binary = "";
  for (let at = 0; at < bytes.length; at += CHUNK) {
    binary += String.fromCharCode(...bytes.subarray(at, at + CHUNK));
  }
  return btoa(binary);
}

/** Number of arguments that a call can have without trouble. */
const CHUNK = 1 << 13;

function escapeHTML(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}

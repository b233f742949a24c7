/**
 * Makes `report.html` of a report's data: one file without a link to anything outside of the run's folder.
 *
 * The page's modules (`report/page/`) are plain JavaScript that Deno and browsers run as it is. They are put into one
 * script: their imports of each other are removed, because a page that is a file cannot import other files. So their
 * names must differ, of which a browser is the judge.
 *
 * The data is JSON, compressed with gzip and written as base64.
 *
 * @module
 */

import plot from "uplot/dist/uPlot.iife.min.js" with { type: "text" };
import plotStyle from "uplot/dist/uPlot.min.css" with { type: "text" };
import { formatExactJSON } from "../../base/json.ts";
import { PAGE_MODULES, PAGE_STYLE } from "../page/mod.ts";
import type { ReportData } from "./report_data.ts";

/** Makes the page that shows the data. */
export async function reportHTML(data: ReportData): Promise<string> {
  const title = escapeHTML(`${data.title}: report`);
  // Only results may have numbers that need a slower writer; the columns are large.
  const packed = await compress(JSON.stringify({ ...data, results: JSON.parse(formatExactJSON(data.results)) }));
  return [
    "<!DOCTYPE html>",
    '<html lang="en">',
    '<head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">',
    `<title>${title}</title>`,
    // Nothing may be fetched from anywhere, even if a node has written HTML into its messages.
    `<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; ` +
    `script-src 'unsafe-inline'; img-src data:">`,
    '<link rel="icon" href="data:,">',
    `<style>${plotStyle}${PAGE_STYLE}</style></head>`,
    `<body><div id="page"><p class="loading">Reading the run …</p></div>`,
    "<noscript><p>This report needs JavaScript. The files beside it have the same content.</p></noscript>",
    `<script type="text/plain" id="data">${packed}</script>`,
    `<script>${plot}</script>`,
    `<script type="module">${joinModules(PAGE_MODULES)}</script>`,
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
    text.replaceAll(/^import [^;]*? from "\.\/[\w/.]+";\n/gm, "").replaceAll(
      /^export (?=(async )?(function|const)\b)/gm,
      "",
    )
  ).join("\n");
}

/** Compresses a text with gzip, as base64. */
async function compress(text: string): Promise<string> {
  const stream = new Blob([text]).stream().pipeThrough(new CompressionStream("gzip"));
  const bytes = new Uint8Array(await new Response(stream).arrayBuffer());
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

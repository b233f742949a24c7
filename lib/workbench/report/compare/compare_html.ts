/**
 * The comparison as a page: one file without a link to anything outside.
 *
 * @module
 */

import { compress, pageHTML } from "../html/html.ts";
import { COMPARE_MODULES, COMPARE_STYLE } from "../page/compare/mod.ts";
import type { Comparison, ComparisonPage } from "./comparison.ts";

/** Mark of a page that `compare` has made, in its head. */
export const GENERATOR = '<meta name="generator" content="maelstrom.sh compare">';

/**
 * Makes the page that shows a comparison.
 *
 * @param home Address of the list of all runs; null in a file.
 */
export async function comparisonHTML(comparison: Comparison, home: string | null): Promise<string> {
  const page: ComparisonPage = { ...comparison, home };
  const title = `${comparison.runs.map(({ letter, name }) => `${letter} ${name}`).join(", ")}: comparison`;
  const parts = { data: await compress(new TextEncoder().encode(JSON.stringify(page))) };
  return pageHTML({ title, head: GENERATOR, parts, modules: COMPARE_MODULES, style: COMPARE_STYLE });
}

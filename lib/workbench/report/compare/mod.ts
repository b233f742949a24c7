/**
 * Comparisons of stored runs: reading, the page, the table. `comparison.ts` says how they are made.
 *
 * @module
 */

export { comparisonHTML, GENERATOR } from "./compare_html.ts";
export { compareRuns, MOST_RUNS } from "./compare_runs.ts";
export { formatComparison } from "./compare_text.ts";

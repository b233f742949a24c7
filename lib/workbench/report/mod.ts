/**
 * Reports: everything a person sees of a run, as text for a terminal, as `--json`, and `docs/workloads.md`.
 *
 * - `series_report.ts` decides what is shown when. The other files format one part each: summary, tables, progress …
 * - `html/` and `page/` are `report.html`, `trace/` is what led to an operation, `export/` the forms of other tools.
 *   All read a stored run (`stored/`).
 * - `compare/` compares runs, `serve/` serves the store; their pages are in `page/`, too.
 * - `format…` returns a text without a line feed at its end, `…Lines` an array of lines.
 *
 * Code here reads results and never changes or judges them. All output goes through the machine.
 *
 * @module
 */

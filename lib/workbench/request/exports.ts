/**
 * Names of the forms in which a run can be exported: the values of `--export`.
 *
 * @module
 */

/** Forms in which a run can be exported. */
export const EXPORT_NAMES = ["perfetto", "shiviz", "messages.svg", "timeline.html"] as const;

/** Form in which a run can be exported. */
export type ExportName = typeof EXPORT_NAMES[number];

/**
 * Returns the exports that the values of `--export` ask for, each once. `all` stands for every one.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { exportsOf } from "./exports.ts";
 *
 * assertEquals(exportsOf(["shiviz", "perfetto", "shiviz"]), ["perfetto", "shiviz"]);
 * assertEquals(exportsOf(["all"]).length, 4);
 * ```
 */
export function exportsOf(values: readonly string[] = []): ExportName[] {
  return EXPORT_NAMES.filter((name) => values.some((value) => value === "all" || value === name));
}

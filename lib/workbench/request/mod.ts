/**
 * A test as data: challenges, flags, the arguments of a command line, and the request that an engine runs.
 *
 * - `flags.ts` and `challenges.ts` are the tables. A new flag goes into `flags.ts`, and `request.ts` reads its value.
 * - `arguments.ts` parses words into flag values, `request.ts` turns them into a test, `series_plan.ts` into its runs.
 * - `configuration.ts` makes tests smaller or larger, `infer_workload.ts` recognizes the workload of a history.
 *
 * Code here starts nothing and prints nothing. Files are read only through `Files`.
 *
 * @module
 */

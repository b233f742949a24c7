/**
 * `doc`: shows the reference of the workloads' messages as Markdown. It is `docs/workloads.md`.
 *
 * @module
 */

import { expectedOneOf, UsageError } from "../base/errors.ts";
import type { Machine } from "../engines/machine.ts";
import { workloadDocs } from "../report/workload_docs.ts";
import { WORKLOADS } from "../workloads/mod.ts";
import { EXIT_STATUS } from "../base/exit_status.ts";

/**
 * Shows the reference of some workloads, or of all.
 *
 * @param words Names of workloads.
 * @throws {UsageError} There is no such workload.
 */
export function doc(words: readonly string[], machine: Machine): number {
  const names = words.length === 0 ? Object.keys(WORKLOADS) : words;
  const unknown = names.find((name) => !Object.hasOwn(WORKLOADS, name));
  if (unknown !== undefined) {
    throw new UsageError(`Cannot describe ${unknown}: ${expectedOneOf(unknown, Object.keys(WORKLOADS))}`);
  }
  machine.stdout(workloadDocs(names.map((name) => WORKLOADS[name]!)));
  return EXIT_STATUS.passed;
}

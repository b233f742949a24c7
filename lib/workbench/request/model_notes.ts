/**
 * Consistency models that a test cannot violate.
 *
 * @module
 */

import { proscribedAnomalies } from "../checkers/consistency_model.ts";
import { UsageError } from "../base/errors.ts";

/** The workloads whose histories are judged by consistency models. */
const JUDGED_BY_MODELS: readonly string[] = ["txn-list-append", "txn-rw-register"];

/** The models that Elle's tables name no anomaly for: single-object and session models, and those of replicas. */
function withoutAnomalies(models: readonly string[]): string[] {
  return models.filter((model) => proscribedAnomalies([model]).size === 0);
}

/**
 * Notes on consistency models that were asked for but have no effect.
 *
 * @param workloads The workloads of the tests.
 * @param models Names from `CONSISTENCY_MODELS`; undefined if none were asked for.
 * @throws {UsageError} None of the models proscribes an anomaly: every history would be valid.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { modelNotes } from "./model_notes.ts";
 *
 * assertEquals(modelNotes(["txn-list-append"], ["serializable"]), []);
 * ```
 */
export function modelNotes(workloads: readonly string[], models: readonly string[] | undefined): string[] {
  if (models === undefined) return [];
  if (!workloads.some((workload) => JUDGED_BY_MODELS.includes(workload))) {
    return [`--consistency-models does nothing here: ${workloads.join(", ")} has no transactions to judge by them`];
  }
  const empty = withoutAnomalies(models);
  if (empty.length === 0) return [];
  const names = empty.join(", ");
  if (empty.length < models.length) {
    return [`nothing is looked for under ${names}: no anomaly violates it by Elle's tables; the other models count`];
  }
  throw new UsageError(
    `Cannot check consistency model ${names}: no anomaly violates it by Elle's tables, so every history would be ` +
      "valid; expected a model of transactions, such as read-committed, consistent-view, snapshot-isolation, " +
      "serializable or strict-serializable",
  );
}

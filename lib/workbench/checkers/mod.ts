/**
 * The checkers: each is a pure function from a history to a verdict, as strict as Jepsen's.
 *
 * A history is an array of operations in order of time. Each operation is recorded when it is invoked, and again when
 * it completes: `ok` means that it took effect, `fail` that it did not, `info` that its outcome is unknown.
 *
 * - For one workload: `echo`, `unique_ids`, `counter`, `lock`, `set/`, `kafka/`, `linearizable/`, `txn/`, and
 *   `replicas` (the final reads of transactions). For any history: `availability` and `stats`. Only measurements:
 *   `latency` and `net`.
 * - What they share: `verdict`, `finding_types` (all anomalies, and if Maelstrom looks for them), `explain`
 *   (explanations of anomalies), `attempts` (operations with their outcomes), `cluster_shape` (who talked to which
 *   node), `identify`, `compare_values` and `clojure_set` (values as keys, and their order), `consistency_model`, and
 *   `graph/` (cycles of dependencies).
 *
 * Nothing here reads a file or a clock.
 *
 * @example Linearizability of an object that you model
 * ```ts
 * import { assertEquals, assertStringIncludes } from "@std/assert";
 * import { checkLinearizable, type Model, type Operation } from "./mod.ts";
 *
 * // A lock: it can be acquired if it is free, and released if it is held.
 * const lock: Model<boolean> = {
 *   name: "lock",
 *   init: () => false,
 *   step(held, { f }) {
 *     if (f === "acquire") return held ? undefined : true;
 *     return held ? false : undefined;
 *   },
 *   equal: (a, b) => a === b,
 * };
 * const operation = (index: number, type: Operation["type"], process: number, f: string): Operation => {
 *   return { index, time: index * 1e6, type, process, f, value: null };
 * };
 * const history = [
 *   operation(0, "invoke", 0, "acquire"),
 *   operation(1, "invoke", 1, "acquire"),
 *   operation(2, "ok", 0, "acquire"),
 *   operation(3, "ok", 1, "acquire"),
 * ];
 * const { valid, anomalies } = checkLinearizable(history, lock);
 * assertEquals(valid, false);
 * assertStringIncludes(anomalies![0]!.explanation, "The lock is not linearizable");
 * ```
 *
 * @example A consistency model of transactions
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { checkTxnListAppend, parseEDNHistory } from "./mod.ts";
 *
 * const history = parseEDNHistory(`
 *   {:type :invoke :process 0 :f :txn :value [[:append 1 7]]}
 *   {:type :fail   :process 0 :f :txn :value [[:append 1 7]]}
 *   {:type :invoke :process 1 :f :txn :value [[:r 1 nil]]}
 *   {:type :ok     :process 1 :f :txn :value [[:r 1 [7]]]}`);
 * const verdict = checkTxnListAppend(history, ["read-committed"]);
 * assertEquals([verdict.valid, verdict.anomaly_types], [false, ["G1a"]]);
 * ```
 *
 * @module
 */

export type { Operation, OperationType } from "../history/operation.ts";
export type { OperationCounts } from "./stats.ts";
export { formatHistory, parseEDNHistory, parseHistory, readHistory } from "../history/history.ts";
export type { Anomaly, AnomalyCase, MaelstromView, Validity, Verdict } from "./verdict.ts";
export { mergeValidity } from "./verdict.ts";
export { checkAvailability } from "./availability.ts";
export { CONSISTENCY_MODELS } from "./consistency_model.ts";
export { checkCounter } from "./counter.ts";
export { checkEcho } from "./echo.ts";
export { MalformedHistoryError } from "./explain.ts";
export { checkKafka, type KafkaCheckOptions } from "./kafka/mod.ts";
export {
  checkLinearizable,
  checkLinKV,
  CONFIGURATION_BUDGET,
  type LinearizableOptions,
  type Model,
  type ModelOperation,
  REGISTER,
} from "./linearizable/mod.ts";
export { checkLock } from "./lock.ts";
export type { ClusterShape } from "./cluster_shape.ts";
export { checkSetFull } from "./set/mod.ts";
export { checkStats } from "./stats.ts";
export { checkTxnListAppend, checkTxnRWRegister, type VersionOptions } from "./txn/mod.ts";
export { checkUniqueIds } from "./unique_ids.ts";

/**
 * The checkers, for histories of one's own: what the workbench holds its tests against, each a pure function from a history to a verdict.
 *
 * A history is an array of operations, in order of time: each is recorded when it is invoked, and again when it ends. `ok` means that it
 * took effect, `fail` that it did not, `info` that nobody knows.
 *
 * @example An object of one's own, checked for linearizability
 * ```ts
 * import { assertEquals, assertStringIncludes } from "@std/assert";
 * import { checkLinearizable, type Model, type Operation } from "./mod.ts";
 *
 * // A lock: it can be acquired when nobody has it, and released when somebody has.
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
 * @example Transactions, checked for a consistency model
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
export type { Anomaly, Validity, Verdict } from "./verdict.ts";
export { mergeValidity } from "./verdict.ts";
export { checkAvailability } from "./availability.ts";
export { CONSISTENCY_MODELS } from "./consistency_model.ts";
export { checkCounter } from "./counter.ts";
export { checkEcho } from "./echo.ts";
export { checkKafka, type KafkaOptions } from "./kafka/mod.ts";
export {
  BUDGET,
  checkLinearizable,
  checkLinKV,
  type LinearizableOptions,
  type Model,
  type ModelOperation,
  REGISTER,
} from "./linearizable/mod.ts";
export { checkSetFull, type ClusterShape } from "./set/set_full.ts";
export { checkStats } from "./stats.ts";
export { checkTxnListAppend } from "./txn/list_append.ts";
export { checkTxnRWRegister } from "./txn/rw_register.ts";
export type { VersionOptions } from "./txn/rw_register_versions.ts";
export { checkUniqueIds } from "./unique_ids.ts";

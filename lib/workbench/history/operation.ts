/**
 * Operations: what clients and the nemesis did, and what came of it. A history is an array of them, in order of time.
 *
 * @module
 */

/** What a history records of an operation: that it was begun, that it took effect, that it did not, or that nobody knows. */
export type OperationType = "invoke" | "ok" | "fail" | "info";

/** One entry of a history, as in Jepsen's. */
export interface Operation {
  /** Its place in the history, from 0. */
  index: number;
  /** Nanoseconds since the test began: a whole number. */
  time: number;
  /** What is recorded. */
  type: OperationType;
  /** The client process (a number), or `"nemesis"`. A process has at most one operation open. */
  process: number | "nemesis";
  /** The function: `"read"`, `"send"`, `"txn"`, `"start-partition"` … */
  f: string;
  /** Argument and result, in the shape of the workload. */
  value: unknown;
  /** Why it failed, or why nobody knows: `"net-timeout"`, or `[name, text]` of an error reply. */
  error?: unknown;
  /** Set on the reads of the final phase. */
  final?: boolean;
  /** Whatever else a workload, or a foreign history, records. */
  [field: string]: unknown;
}

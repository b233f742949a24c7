/**
 * Operations of clients and the nemesis. A history is an array of them, in order of time.
 *
 * @module
 */

/** Type of an operation: begun (`invoke`), took effect (`ok`), took no effect (`fail`), or unknown (`info`). */
export type OperationType = "invoke" | "ok" | "fail" | "info";

/** Entry of a history, as in Jepsen. */
export interface Operation {
  /** Position in the history, from 0. */
  index: number;
  /** Nanoseconds since the test began, a whole number. */
  time: number;
  /** Stage of the operation: its invocation, or how it completed. */
  type: OperationType;
  /** Number of the client's logical process, or `"nemesis"`. A process has at most one operation open. */
  process: number | "nemesis";
  /** Function: `"read"`, `"send"`, `"txn"`, `"start-partition"` … */
  f: string;
  /** Argument or result, in the form of the workload. */
  value: unknown;
  /** Reason of `fail` or `info`: `"net-timeout"`, or `[name, text]` of an error reply. */
  error?: unknown;
  /** True for reads of the final phase. */
  final?: boolean;
  /** Other fields of a workload, or of a foreign history. */
  [field: string]: unknown;
}

/**
 * Verdicts. A checker is a pure function from a history (and options) to a {@linkcode Verdict}; it never throws for a
 * bad history.
 *
 * @module
 */

/** True if a history is correct; `"unknown"` if it does not contain enough to decide. */
export type Validity = boolean | "unknown";

/**
 * Maelstrom's view of a finding: it finds it as well, it overlooks it because it does not look for it, or its checker
 * stops there and the verdict is unknown.
 */
export type MaelstromView = "finds" | "overlooks" | "stops";

/** One case of an anomaly, as data. Fields that do not apply are left out. */
export interface AnomalyCase {
  /** Indices of the operations that show it, in the history: their completions, or invocations if they have none. */
  operations?: number[];
  /** Nodes that these operations talked to, or that lack something. */
  nodes?: string[];
  /** Key, of workloads that have keys. */
  key?: unknown;
  /** Values that it is about: elements, messages, ids. */
  values?: unknown[];
}

/** All cases of one anomaly in a history. */
export interface Anomaly {
  /** Its name, as in Jepsen, Elle and Adya: `"lost-write"`, `"G1a"` … */
  type: string;
  /** Number of cases. */
  count: number;
  /** Explanation for a person: a few lines that name operations, values, keys and times. */
  explanation: string;
  /** The cases as data; of more than 1,000 the first. */
  cases?: AnomalyCase[];
  /** True if the test allows it: then it does not invalidate. */
  allowed?: boolean;
  /** Maelstrom's view of these cases. A checker sets it where it is not that of the type (`finding_types.ts`). */
  maelstrom?: MaelstromView;
}

/** The result of a checker. */
export interface Verdict {
  /** True if nothing was found that invalidates. */
  valid: Validity;
  /** One entry for each type of anomaly found. Can contain anomalies that do not invalidate. */
  anomalies?: Anomaly[];
  /** The checker's figures, in snake_case. */
  [field: string]: unknown;
}

/** Merges validities: false takes precedence over unknown, unknown over true. */
export function mergeValidity(validities: Iterable<Validity>): Validity {
  let merged: Validity = true;
  for (const validity of validities) {
    if (validity === false) return false;
    if (validity === "unknown") merged = "unknown";
  }
  return merged;
}

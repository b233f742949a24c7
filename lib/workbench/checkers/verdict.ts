/**
 * Verdicts: what a checker returns. A checker is a pure function from a history (and options) to a {@linkcode Verdict}; it never throws for
 * a bad history.
 *
 * @module
 */

/** Whether a history is right; `"unknown"` where it does not suffice to tell. */
export type Validity = boolean | "unknown";

/** One kind of thing that went wrong, explained. */
export interface Anomaly {
  /** Its name, as in Jepsen, Elle and Adya: `"lost-write"`, `"G1a"` … */
  type: string;
  /** How often it was found. */
  count: number;
  /** What happened, in a sentence or a few lines for a person: names operations, values, keys and times. */
  explanation: string;
  /** Set where the test allows it: it does not invalidate. */
  allowed?: boolean;
}

/** What a checker found. */
export interface Verdict {
  /** The verdict. */
  valid: Validity;
  /** What went wrong, one entry a type; empty where nothing did. May hold anomalies that do not invalidate. */
  anomalies?: Anomaly[];
  /** The figures of the checker, in snake_case. */
  [field: string]: unknown;
}

/** Merges validities: false wins over unknown, unknown over true. */
export function mergeValidity(validities: Iterable<Validity>): Validity {
  let merged: Validity = true;
  for (const validity of validities) {
    if (validity === false) return false;
    if (validity === "unknown") merged = "unknown";
  }
  return merged;
}

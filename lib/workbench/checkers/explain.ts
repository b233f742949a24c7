/**
 * Explanations of anomalies in plain words, as all checkers format them. Their length is bounded, however long the
 * history.
 *
 * @module
 */

import { show } from "../base/text.ts";
import type { Operation } from "../history/operation.ts";
import { type ClusterShape, nodeOf } from "./cluster_shape.ts";
import type { Anomaly, AnomalyCase, Verdict } from "./verdict.ts";

/** Number of cases of one anomaly that are explained. */
export const EXAMPLES = 8;

/** Number of cases of one anomaly that are listed as data. */
const LISTED = 1000;

/** Evidence of one case, from which {@linkcode AnomalyCase} is made. */
export interface CaseEvidence {
  operations?: readonly (Operation | undefined)[];
  nodes?: readonly string[];
  key?: unknown;
  values?: readonly unknown[];
}

/**
 * Summarizes the cases of one anomaly: counts all of them, and explains the first {@linkcode EXAMPLES}, one per line.
 *
 * @param type The anomaly's name.
 * @param cases The worst or the earliest ones first.
 * @param explain Explains one case in a sentence. Its first letter is capitalized.
 * @param evidence Returns what shows one case. Without it, the cases are not listed as data.
 * @returns One anomaly, or none if there are no cases.
 */
export function explainCases<Case>(
  type: string,
  cases: readonly Case[],
  explain: (example: Case) => string,
  evidence?: (example: Case) => CaseEvidence,
): Anomaly[] {
  if (cases.length === 0) return [];
  const lines = cases.slice(0, EXAMPLES).map(explain).map((line) => line[0]!.toUpperCase() + line.slice(1));
  if (cases.length > EXAMPLES) lines.push(`… and ${cases.length - EXAMPLES} more`);
  const anomaly = { type, count: cases.length, explanation: lines.join("\n") };
  return [evidence === undefined ? anomaly : { ...anomaly, cases: cases.slice(0, LISTED).map(evidence).map(toCase) }];
}

function toCase({ operations = [], nodes, key, values }: CaseEvidence): AnomalyCase {
  const indices = operations.flatMap((operation) => operation?.index ?? []);
  return {
    ...indices.length === 0 ? {} : { operations: [...new Set(indices)] },
    ...nodes === undefined ? {} : { nodes: [...nodes] },
    ...key === undefined ? {} : { key },
    ...values === undefined ? {} : { values: [...values] },
  };
}

/** Adds to the cases of anomalies the nodes that their operations talked to. */
export function withNodes(
  anomalies: readonly Anomaly[],
  history: readonly Operation[],
  shape: ClusterShape,
): Anomaly[] {
  const nodeAt = (index: number) => {
    const process = history[index]?.process;
    return process === undefined ? [] : nodeOf(process, shape) ?? [];
  };
  return anomalies.map(({ cases, ...anomaly }) => {
    if (cases === undefined) return anomaly;
    const named = cases.map((each) => {
      const nodes = each.nodes ?? [...new Set((each.operations ?? []).flatMap(nodeAt))];
      return nodes.length === 0 ? each : { ...each, nodes };
    });
    return { ...anomaly, cases: named };
  });
}

/** Formats nanoseconds since the test began as seconds: `3.214 s`. */
export function seconds(nanoseconds: number): string {
  return `${(nanoseconds / 1e9).toFixed(3)} s`;
}

/** Says how and when an operation ended: `failed at 3.214 s with txn-conflict, root has moved`. */
export function outcome({ type, time, error }: Operation): string {
  const reason = Array.isArray(error) ? error.map(showPart).join(", ") : show(error, 80);
  const why = error === undefined || error === null ? "" : ` with ${reason}`;
  if (type === "ok") return `acknowledged at ${seconds(time)}`;
  if (type === "fail") return `failed at ${seconds(time)}${why}`;
  if (type === "info") return `abandoned at ${seconds(time)}${why}, outcome unknown`;
  return `invoked at ${seconds(time)} and never completed`;
}

function showPart(part: unknown): string {
  return typeof part === "string" ? part : show(part, 80);
}

/**
 * Error for a history that does not fit the checker or the model. Any other error of a check is a bug, and is not taken
 * for a malformed history.
 */
export class MalformedHistoryError extends Error {
  /** Name of the class. */
  override name = "MalformedHistoryError";
}

/**
 * Runs a check. If the history is malformed, the verdict is unknown and says why.
 *
 * @param check Throws a {@linkcode MalformedHistoryError} if the history is malformed.
 * @throws Any other error of the check.
 */
export function checkOrUnknown(check: () => Verdict): Verdict {
  try {
    return check();
  } catch (error) {
    if (!(error instanceof MalformedHistoryError)) throw error;
    return {
      valid: "unknown",
      anomalies: [{ type: "malformed-history", count: 1, explanation: error.message }],
    };
  }
}

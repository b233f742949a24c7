/**
 * The checker of unique-ids: no id may be generated twice.
 *
 * @module
 */

import { getOrInsert } from "../base/get_or_insert.ts";
import { show, times } from "../base/text.ts";
import type { Operation } from "../history/operation.ts";
import { type ClusterShape, nameProcess, nodeOf } from "./cluster_shape.ts";
import { compareValues, numberOf } from "./compare_values.ts";
import { explainCases, seconds } from "./explain.ts";
import { identify, type Identity } from "./identify.ts";
import type { Verdict } from "./verdict.ts";

/** Number of duplicated ids that the verdict lists. */
const LISTED = 48;

/** An id and the operations that returned it. */
interface GeneratedId {
  id: unknown;
  operations: Operation[];
}

/**
 * Checks that all ids are distinct, as Jepsen's `unique-ids`. An id can be any JSON value; ids are compared by value.
 *
 * @param history Operations `generate`, each `ok` with the id as its value.
 * @returns Figures: `attempted_count`, `acknowledged_count`, `duplicated_count` (distinct ids generated more than
 *   once), `duplicated` (the 48 most frequent of them, `{ id, count }`), and `range` (the least and the greatest id;
 *   null if there is none).
 */
export function checkUniqueIds(history: readonly Operation[], shape: ClusterShape = {}): Verdict {
  const ids = new Map<Identity, GeneratedId>();
  let attempted = 0;
  let acknowledged = 0;
  for (const operation of history) {
    const { f, type, value } = operation;
    if (f !== "generate") continue;
    if (type === "invoke") attempted++;
    if (type !== "ok") continue;
    acknowledged++;
    getOrInsert(ids, identify(value), () => ({ id: value, operations: [] })).operations.push(operation);
  }
  const duplicated = [...ids.values()].filter(({ operations }) => operations.length > 1)
    .sort((a, b) => b.operations.length - a.operations.length || compareValues(a.id, b.id));
  const incomparable = findIncomparable([...ids.values()].map(({ id }) => id));
  return {
    valid: duplicated.length === 0,
    attempted_count: attempted,
    acknowledged_count: acknowledged,
    duplicated_count: duplicated.length,
    duplicated: duplicated.slice(0, LISTED).map(({ id, operations }) => ({ id, count: operations.length })),
    range: range([...ids.values()].map(({ id }) => id)),
    anomalies: [
      ...explainCases(
        "duplicate-id",
        duplicated,
        (each) => explainDuplicate(each, shape),
        ({ id, operations }) => ({ operations, values: [id] }),
      ),
      ...explainCases("incomparable-ids", incomparable, explainIncomparable, (ids) => ({ values: ids })),
    ],
  };
}

function range(ids: readonly unknown[]): [unknown, unknown] | null {
  if (ids.length === 0) return null;
  return [
    ids.reduce((least, id) => compareValues(id, least) < 0 ? id : least),
    ids.reduce((greatest, id) => compareValues(id, greatest) > 0 ? id : greatest),
  ];
}

/** Finds the first pair of ids that Clojure cannot compare; none if there are none. */
function findIncomparable(ids: readonly unknown[]): [unknown, unknown][] {
  const first = ids.find((id) => id !== null);
  const other = ids.find((id) => id !== first && id !== null && !isComparable(id, first));
  return other === undefined ? [] : [[first, other]];
}

/** True if Clojure can compare two different values that are not null: both of one kind, and no maps. */
function isComparable(a: unknown, b: unknown): boolean {
  if (!Array.isArray(a) || !Array.isArray(b)) return kindOf(a) !== "object" && kindOf(a) === kindOf(b);
  // Only vectors of the same length are compared by their elements.
  return a.length !== b.length || a.every((item, index) =>
    item === null || b[index] === null ||
    identify(item) === identify(b[index]) || isComparable(item, b[index])
  );
}

function kindOf(value: unknown): string {
  if (Array.isArray(value)) return "array";
  return numberOf(value) === undefined ? typeof value : "number";
}

function explainIncomparable([one, other]: [unknown, unknown]): string {
  return `Ids ${show(one)} and ${show(other)} are distinct, but Maelstrom's checker cannot compare them, and stops`;
}

function explainDuplicate({ id, operations }: GeneratedId, shape: ClusterShape): string {
  const receivers = operations.slice(0, 3).map(({ process, time }) =>
    `${nameProcess(process, nodeOf(process, shape))} at ${seconds(time)}`
  );
  if (operations.length > 3) receivers.push(`${operations.length - 3} more`);
  const last = receivers.pop();
  return `Id ${show(id)} was generated ${times(operations.length)}: for ${receivers.join(", ")} and ${last}`;
}

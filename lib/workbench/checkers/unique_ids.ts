/**
 * The checker of unique-ids: no id is given twice.
 *
 * @module
 */

import type { Operation } from "../history/operation.ts";
import { explain, seconds } from "./explain.ts";
import { show } from "../base/text.ts";
import { identify, type Identity } from "./identify.ts";
import { compareValues } from "./compare_values.ts";
import type { Verdict } from "./verdict.ts";

/** How many duplicated ids the verdict lists. */
const LISTED = 48;

/** An id, and the operations that got it. */
interface Given {
  id: unknown;
  operations: Operation[];
}

/**
 * Checks that all ids are different, as Jepsen's `unique-ids`. An id may be any JSON value; ids are compared by value.
 *
 * @param history Operations `generate`, each `ok` with the id as its value.
 * @returns Figures: `attempted_count`, `acknowledged_count`, `duplicated_count` (different ids given more than once), `duplicated` (the 48
 *   most frequent of them, `{ id, count }`), and `range` (the least and the greatest id; null where there is none).
 */
export function checkUniqueIds(history: readonly Operation[]): Verdict {
  const ids = new Map<Identity, Given>();
  let attempted = 0;
  let acknowledged = 0;
  for (const operation of history) {
    if (operation.f !== "generate") continue;
    if (operation.type === "invoke") attempted++;
    if (operation.type !== "ok") continue;
    acknowledged++;
    const identity = identify(operation.value);
    const given = ids.get(identity);
    if (given === undefined) ids.set(identity, { id: operation.value, operations: [operation] });
    else given.operations.push(operation);
  }
  const duplicated = [...ids.values()].filter(({ operations }) => operations.length > 1)
    .sort((a, b) => b.operations.length - a.operations.length || compareValues(a.id, b.id));
  return {
    valid: duplicated.length === 0,
    attempted_count: attempted,
    acknowledged_count: acknowledged,
    duplicated_count: duplicated.length,
    duplicated: duplicated.slice(0, LISTED).map(({ id, operations }) => ({ id, count: operations.length })),
    range: range([...ids.values()].map(({ id }) => id)),
    anomalies: duplicated.length === 0 ? [] : [explain("duplicate-id", duplicated, explainDuplicate)],
  };
}

function range(ids: readonly unknown[]): [unknown, unknown] | null {
  if (ids.length === 0) return null;
  return [
    ids.reduce((least, id) => compareValues(id, least) < 0 ? id : least),
    ids.reduce((greatest, id) => compareValues(id, greatest) > 0 ? id : greatest),
  ];
}

function explainDuplicate({ id, operations }: Given): string {
  const receivers = operations.slice(0, 3).map(({ process, time }) => `process ${process} at ${seconds(time)}`);
  if (operations.length > 3) receivers.push(`${operations.length - 3} more`);
  const last = receivers.pop();
  return `Id ${show(id)} was given ${operations.length} times: to ${receivers.join(", ")} and ${last}`;
}

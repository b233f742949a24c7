/**
 * Keys of registers in histories of lin-kv: in pairs `[key, value]`, in a field `key`, or none.
 *
 * @module
 */

import { UsageError } from "../base/errors.ts";
import { formatExactJSON, isRawNumber } from "../base/json.ts";
import { show } from "../base/text.ts";
import { checkLinearizable, REGISTER, withRequestedValues } from "../checkers/linearizable/mod.ts";
import type { Operation } from "../history/operation.ts";
import type { Workload } from "../workloads/workload.ts";

/**
 * Adapts a workload of registers to the place where a history has its keys:
 *
 * - `:key` beside `:value`, in all invocations; or values such as `{ key, value }` and `{ key, from, to }`;
 * - pairs `[key, value]`, as the workload has them. For a cas, that is `[key, [from, to]]`. A pair may also be the
 *   value that is written to a single register, so reads decide, if there are any: the value of their invocation is a
 *   pair only if it has a key;
 * - none, as in Knossos: then there is one register. Knossos does not require successes.
 *
 * @param clients The operations of clients.
 * @throws {UsageError} It is not clear if the values have keys.
 */
export function withKeysOf(clients: readonly Operation[], workload: Workload): Workload {
  const invocations = clients.filter(({ type }) => type === "invoke");
  const keyed = invocations.filter(hasKeyField);
  if (keyed.length > 0) {
    const other = invocations.find((operation) => !hasKeyField(operation));
    if (other !== undefined) throw unclear(`operation ${keyed[0]!.index} has a key, and operation ${other.index} none`);
    return { ...workload, check: (history, options) => workload.check(withPairs(history), options) };
  }
  if (!isSingleRegister(invocations)) return workload;
  refusePairs(invocations);
  return {
    ...workload,
    mayNeverSucceed: ["read", "write", "cas"],
    check: (history) => checkLinearizable(withRequestedValues(history), REGISTER),
  };
}

function unclear(problem: string): UsageError {
  return new UsageError(
    `Cannot tell the keys of the registers: ${problem}; expected values [key, value], [key, [from, to]] for a cas, ` +
      "and [key, null] for the invocation of a read, or a field key in every invocation",
  );
}

/** Object with a key, as a value or an operation. */
type Keyed = Record<string, unknown> & { key: unknown };

function hasKey(value: unknown): value is Keyed {
  return typeof value === "object" && value !== null && !Array.isArray(value) && !isRawNumber(value) &&
    (value as Partial<Keyed>).key !== undefined;
}

/** True if an operation has a key beside its value, or in it. */
function hasKeyField(operation: Operation): boolean {
  return hasKey(operation) || (hasKey(operation.value) && partsOf(operation.value) !== undefined);
}

/** The key and the value of an object that has both; undefined if it has other fields. */
function partsOf({ key, value, from, to, ...others }: Keyed): [key: unknown, value: unknown] | undefined {
  if (Object.keys(others).length > 0) return undefined;
  return [key, from === undefined && to === undefined ? value ?? null : [from ?? null, to ?? null]];
}

/** Turns values into pairs with their keys. A completion without a key has that of its invocation. */
function withPairs(history: readonly Operation[]): Operation[] {
  const keys = new Map<unknown, unknown>();
  return history.map((operation) => {
    if (operation.process === "nemesis") return operation;
    const parts = hasKey(operation)
      ? [operation.key, operation.value]
      : (hasKey(operation.value) ? partsOf(operation.value) : undefined) ??
        [keys.get(operation.process), operation.value];
    if (operation.type === "invoke") keys.set(operation.process, parts[0]);
    return { ...operation, value: parts };
  });
}

function isSingleRegister(invocations: readonly Operation[]): boolean {
  if (invocations.length === 0) return false;
  const reads = invocations.filter(({ f }) => f === "read");
  return (reads.length > 0 ? reads : invocations).every(({ f, value }) =>
    !isPair(value) || (f === "cas" && !isPair(value[1]))
  );
}

function isPair(value: unknown): value is [unknown, unknown] {
  return Array.isArray(value) && value.length === 2;
}

/** Refuses values of a single register that all look like a key with a value: it may be several registers. */
function refusePairs(invocations: readonly Operation[]): void {
  const writes = invocations.filter(({ f }) => f === "write");
  if (!writes.every(({ value }) => isPair(value))) return;
  const written = new Set(writes.map(({ value }) => formatExactJSON(value)));
  if (written.size < 2) return;
  const [first, second] = writes.filter(({ value }) => written.delete(formatExactJSON(value)));
  throw unclear(
    `the writes ${show(first!.value, 60)} and ${show(second!.value, 60)} look like keys with values, ` +
      "but the invocations of reads have no key",
  );
}

/**
 * The checker of a lock: at any time at most one process holds it.
 *
 * @module
 */

import { pairs } from "../history/history.ts";
import type { Operation } from "../history/operation.ts";
import { type ClusterShape, nameProcess, nodeOf } from "./cluster_shape.ts";
import { explainCases, seconds } from "./explain.ts";
import type { Verdict } from "./verdict.ts";

/** Errors of an `unlock` by which the node says that the process does not hold the lock. */
const NOT_HELD: readonly unknown[] = ["precondition-failed", "key-does-not-exist"];

/** A process got the lock while another one certainly held it. */
interface Conflict {
  /** Completion of the lock that was too early. */
  got: Operation;
  /** Completion of the lock that was still held. */
  held: Operation;
}

/**
 * Checks that the lock was never held by two processes at once.
 *
 * A process certainly holds it from the reply to its `lock` until it sends `unlock`. An `unlock` that failed released
 * nothing, unless the reply says that the process did not hold the lock ({@linkcode isNotHeld}). A `lock` or an
 * `unlock` whose outcome is unknown proves nothing. If these times do not overlap, the history is linearizable: let
 * each `lock` take effect when it is answered, and each `unlock` when it is sent.
 *
 * @param history Operations `lock` and `unlock`, without values.
 * @returns Unknown if nobody got the lock. Figures: `lock_count`, the number of times that the lock was acquired;
 *   `conflict_count`.
 */
export function checkLock(history: readonly Operation[], shape: ClusterShape = {}): Verdict {
  const completions = new Map(pairs(history).map(({ invocation, completion }) => [invocation, completion]));
  /** The locks that are certainly held, by process. */
  const held = new Map<Operation["process"], Operation>();
  const conflicts: Conflict[] = [];
  let lock_count = 0;
  for (const operation of history) {
    const { type, f, process } = operation;
    if (f === "unlock" && releases(operation, completions)) held.delete(process);
    if (f !== "lock" || type !== "ok") continue;
    lock_count++;
    const [other] = held.values();
    if (other !== undefined) conflicts.push({ got: operation, held: other });
    held.set(process, operation);
  }
  return {
    valid: conflicts.length > 0 ? false : lock_count === 0 ? "unknown" : true,
    lock_count,
    conflict_count: conflicts.length,
    anomalies: explainCases("lock-held-twice", conflicts, (each) => explain(each, shape), ({ held, got }) => ({
      operations: [held, got],
    })),
  };
}

/** True if a process no longer holds the lock for certain once this operation of an unlock is recorded. */
function releases(operation: Operation, completions: ReadonlyMap<Operation, Operation | undefined>): boolean {
  if (operation.type === "invoke") return completions.get(operation)?.type !== "fail";
  return isNotHeld(operation);
}

/** True for an `unlock` that failed because the process does not hold the lock. */
export function isNotHeld({ type, error }: Pick<Operation, "type" | "error">): boolean {
  return type === "fail" && Array.isArray(error) && NOT_HELD.includes(error[0]);
}

function explain({ got, held }: Conflict, shape: ClusterShape): string {
  const [one, other] = [got, held].map(({ process }) => nameProcess(process, nodeOf(process, shape)));
  return `${one} got the lock at ${seconds(got.time)}, ` +
    `but ${other} had held it since ${seconds(held.time)}`;
}

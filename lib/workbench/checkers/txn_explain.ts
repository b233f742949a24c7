/**
 * Words for cycles of dependencies: who took part, and why each had to come before the next.
 *
 * @module
 */

import { type Cycle, PROCESS, REALTIME, RW, WR } from "./cycles.ts";
import { found, seconds } from "./explain.ts";
import type { Kinds } from "./graph.ts";
import { showIdentity } from "./identify.ts";
import { tellTransaction, type Transaction } from "./txn.ts";
import type { Reason } from "./txn_graph.ts";
import type { Anomaly } from "./verdict.ts";

/** How many transactions of one cycle are told. */
const TOLD = 8;

/** Tells why one transaction had to come before another. */
export type TellStep = (from: Transaction, to: Transaction, kind: Kinds, names: [from: string, to: string]) => string;

/**
 * Sums up cycles: an anomaly for each type, its shortest cycles told in full.
 *
 * @param tell Tells the step from one transaction to the next.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { explainCycles } from "./txn_explain.ts";
 *
 * assertEquals(explainCycles([], [], () => ""), []);
 * ```
 */
export function explainCycles(
  cycles: readonly Cycle[],
  transactions: readonly Transaction[],
  tell: TellStep,
): Anomaly[] {
  const byType = Map.groupBy(cycles, ({ type }) => type);
  return [...byType].flatMap(([type, ofType]) => {
    const shortestFirst = ofType.toSorted((a, b) => a.vertices.length - b.vertices.length);
    return found(type, shortestFirst, (cycle) => tellCycle(cycle, transactions, tell));
  });
}

function tellCycle({ vertices, kinds }: Cycle, transactions: readonly Transaction[], tell: TellStep): string {
  const members = vertices.map((vertex) => transactions[vertex]!);
  const name = (index: number) => `T${index % members.length + 1}`;
  const last = members.length - 1;
  const steps = kinds.map((kind, index) => {
    const names: [string, string] = [name(index), name(index + 1)];
    const why = tell(members[index]!, members[(index + 1) % members.length]!, kind, names);
    return `${names[0]} < ${names[1]}, because ${why}`;
  });
  const isTold = (index: number) => index < TOLD - 1 || index === last;
  const more = members.length > TOLD ? [`… ${members.length - TOLD} more …`] : [];
  const told = <Item>(items: Item[]) => items.filter((_, index) => isTold(index));
  const who = told(members.map((member, index) => `${name(index)} is ${tellTransaction(member)}`));
  const why = told(steps);
  return [...who.slice(0, -1), ...more, who.at(-1)!, ...why.slice(0, -1), ...more, `But ${why.at(-1)!}`].join("\n");
}

/**
 * Tells a step between transactions that read and write keys.
 *
 * @param write What a write is called, as a noun and as a verb in the past.
 * @param reasonOf Finds the key and versions.
 */
export function tellWith(
  write: { noun: string; past: string },
  reasonOf: (from: Transaction, to: Transaction, kind: Kinds) => Reason | undefined,
): TellStep {
  return (from, to, kind, [first, second]) => {
    if (kind === PROCESS) return `process ${from.operation.process} ran ${first} before ${second}`;
    if (kind === REALTIME) {
      return `${first} was over at ${seconds(from.operation.time)}, before ${second} began at ` +
        seconds(to.invocation.time);
    }
    const reason = reasonOf(from, to, kind);
    if (reason === undefined) return "of their data";
    const key = showIdentity(reason.key);
    const version = reason.version === undefined ? undefined : showIdentity(reason.version);
    if (kind === WR) return `${second} observed ${first}'s ${write.noun} of ${version} to key ${key}`;
    const next = showIdentity(reason.next!);
    if (kind === RW) {
      const state = version === undefined ? "in its initial state" : `as of ${version}`;
      return `${first} read key ${key} ${state}, and ${second}'s ${write.noun} of ${next} came after that version`;
    }
    return `${second} ${write.past} ${next} to key ${key} after ${first}'s ${version}`;
  };
}

/**
 * Words for cycles of dependencies: who took part, and why each had to come before the next.
 *
 * @module
 */

import type { Operation } from "../../history/operation.ts";
import { type Cycle, PROCESS, REALTIME, WR, WW } from "./cycles.ts";
import { found, seconds } from "../explain.ts";
import type { Kinds } from "./graph.ts";
import { showIdentity } from "../identify.ts";
import { tellTransaction, type Transaction } from "../txn/transactions.ts";
import type { Reason } from "../txn/dependencies.ts";
import type { Anomaly } from "../verdict.ts";

/** How many transactions of one cycle are told. */
const TOLD = 8;

/** The words for the members of cycles, whatever they are. */
export interface Words<Member> {
  /** Says who it was, and when. */
  tellMember(member: Member): string;
  /** Says why one had to come before another. */
  tellStep(from: Member, to: Member, kind: Kinds, names: [from: string, to: string]): string;
}

/**
 * Sums up cycles: an anomaly for each type, its shortest cycles told in full.
 *
 * @param members By vertex, who it stands for.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { RW } from "./cycles.ts";
 * import { explainCycles } from "./explain_cycles.ts";
 *
 * const cycles = [{ type: "G2-item", vertices: [0, 1], kinds: [RW, RW] }];
 * const words = { tellMember: (color: string) => color, tellStep: () => "it does" };
 * assertEquals(explainCycles(cycles, ["red", "blue"], words), [{
 *   type: "G2-item",
 *   count: 1,
 *   explanation: "T1 is red\nT2 is blue\nT1 < T2, because it does\nBut T2 < T1, because it does",
 * }]);
 * ```
 */
export function explainCycles<Member>(
  cycles: readonly Cycle[],
  members: readonly Member[],
  words: Words<Member>,
): Anomaly[] {
  const byType = Map.groupBy(cycles, ({ type }) => type);
  return [...byType].flatMap(([type, ofType]) => {
    const shortestFirst = ofType.toSorted((a, b) => a.vertices.length - b.vertices.length);
    return found(type, shortestFirst, (cycle) => tellCycle(cycle, members, words));
  });
}

function tellCycle<Member>({ vertices, kinds }: Cycle, members: readonly Member[], words: Words<Member>): string {
  const { length } = vertices;
  const name = (index: number) => `T${index % length + 1}`;
  const member = (index: number) => members[vertices[index % length]!]!;
  const places = [...vertices.keys()].filter((place) => place < TOLD - 1 || place === length - 1);
  const who = places.map((place) => `${name(place)} is ${words.tellMember(member(place))}`);
  const why = places.map((place) => {
    const [first, second] = [name(place), name(place + 1)];
    const reason = words.tellStep(member(place), member(place + 1), kinds[place]!, [first, second]);
    return `${place === length - 1 ? "But " : ""}${first} < ${second}, because ${reason}`;
  });
  const more = length > TOLD ? [`… ${length - TOLD} more …`] : [];
  return [...who.toSpliced(-1, 0, ...more), ...why.toSpliced(-1, 0, ...more)].join("\n");
}

/** Tells a step that is there because of the order in which things were done; nothing for one of the data. */
export function tellOrder(
  from: { operation: Operation },
  to: { invocation: Operation },
  kind: Kinds,
  [first, second]: [string, string],
): string | undefined {
  if (kind === PROCESS) return `process ${from.operation.process} ran ${first} before ${second}`;
  if (kind !== REALTIME) return undefined;
  const [end, begin] = [seconds(from.operation.time), seconds(to.invocation.time)];
  return `${first} was over at ${end}, before ${second} began at ${begin}`;
}

/**
 * The words for transactions that read and write keys.
 *
 * @param write What a write is called, as a noun and as a verb in the past.
 * @param reasonOf Finds the key and versions.
 */
export function transactionWords(
  write: { noun: string; past: string },
  reasonOf: (from: Transaction, to: Transaction, kind: Kinds) => Reason | undefined,
): Words<Transaction> {
  const tellData = (reason: Reason, kind: Kinds, [first, second]: [string, string]) => {
    const key = showIdentity(reason.key);
    const version = reason.version === undefined ? undefined : showIdentity(reason.version);
    if (kind === WR) return `${second} observed ${first}'s ${write.noun} of ${version} to key ${key}`;
    const next = showIdentity(reason.next!);
    if (kind === WW) return `${second} ${write.past} ${next} to key ${key} after ${first}'s ${version}`;
    const state = version === undefined ? "in its initial state" : `as of ${version}`;
    return `${first} read key ${key} ${state}, and ${second}'s ${write.noun} of ${next} came after that version`;
  };
  return {
    tellMember: tellTransaction,
    tellStep: (from, to, kind, names) =>
      tellOrder(from, to, kind, names) ?? tellData(reasonOf(from, to, kind)!, kind, names),
  };
}

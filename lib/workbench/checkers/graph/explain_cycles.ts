/**
 * Explanations of cycles: the members, and why each must come before the next.
 *
 * @module
 */

import type { Operation } from "../../history/operation.ts";
import { impossibleModels } from "../consistency_model.ts";
import { explainCases, seconds } from "../explain.ts";
import type { Anomaly } from "../verdict.ts";
import type { Cycle } from "./cycles.ts";
import { type Kinds, PROCESS, REALTIME } from "./edge_kinds.ts";

/** Number of members that the explanation of one cycle names. */
const MEMBERS_NAMED = 8;

/** Words for the members of a cycle: what its vertices stand for. */
export interface CycleWords<Member> {
  /** Describes a member: `process 3's transaction [["r",9,2]] (acknowledged at 0.059 s)`. */
  describe(member: Member): string;
  /** Returns the operation that a member is. */
  operation?(member: Member): Operation;
  /** Says why one member must come before another. `names` are T1 and T2 or the like. */
  reason(from: Member, to: Member, kind: Kinds, names: [from: string, to: string]): string;
}

/**
 * Summarizes cycles: one anomaly for each type, with explanations of its shortest cycles.
 *
 * @param members By vertex, what it stands for.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { RW } from "./edge_kinds.ts";
 * import { explainCycles } from "./explain_cycles.ts";
 *
 * const cycles = [{ type: "G2-item", vertices: [0, 1], kinds: [RW, RW] }];
 * const words = { describe: (color: string) => color, reason: () => "it does" };
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
  words: CycleWords<Member>,
): Anomaly[] {
  const byType = Map.groupBy(cycles, ({ type }) => type);
  return [...byType].flatMap(([type, ofType]) => {
    const shortestFirst = ofType.toSorted((a, b) => a.vertices.length - b.vertices.length);
    return explainCases(
      type,
      shortestFirst,
      (cycle) => explainCycle(cycle, members, words),
      words.operation && (({ vertices }) => ({ operations: vertices.map((at) => words.operation!(members[at]!)) })),
    );
  });
}

function explainCycle<Member>(
  { vertices, kinds }: Cycle,
  members: readonly Member[],
  words: CycleWords<Member>,
): string {
  const { length } = vertices;
  const name = (index: number) => `T${index % length + 1}`;
  const member = (index: number) => members[vertices[index % length]!]!;
  const named = [...vertices.keys()].filter((index) => index < MEMBERS_NAMED - 1 || index === length - 1);
  const descriptions = named.map((index) => `${name(index)} is ${words.describe(member(index))}`);
  const reasons = named.map((index) => {
    const [from, to] = [name(index), name(index + 1)];
    const reason = words.reason(member(index), member(index + 1), kinds[index]!, [from, to]);
    return `${index === length - 1 ? "But " : ""}${from} < ${to}, because ${reason}`;
  });
  const omitted = length > MEMBERS_NAMED ? [`… ${length - MEMBERS_NAMED} more …`] : [];
  return [...descriptions.toSpliced(-1, 0, ...omitted), ...reasons.toSpliced(-1, 0, ...omitted)].join("\n");
}

/**
 * Explains a process or real-time edge. Undefined for an edge of another kind. An edge of real time within a process is
 * told as both.
 */
export function explainOrder(
  from: { completion: Operation },
  to: { invocation: Operation },
  kind: Kinds,
  [fromName, toName]: [string, string],
): string | undefined {
  if (kind === PROCESS) return `process ${from.completion.process} ran ${fromName} before ${toName}`;
  if (kind !== REALTIME) return undefined;
  const [end, begin] = [seconds(from.completion.time), seconds(to.invocation.time)];
  const { process } = to.invocation;
  const both = process === from.completion.process ? `, both in process ${process}` : "";
  return `${fromName} completed at ${end}, before ${toName} began at ${begin}${both}`;
}

/**
 * Drops each `-cycle-exists` whose model another anomaly rules out as well.
 *
 * @param others Anomalies that were found in other ways.
 */
export function dropImplied(cycles: readonly Anomaly[], others: readonly Anomaly[] = []): Anomaly[] {
  const suffix = /-cycle-exists$/;
  const named = [...others, ...cycles].map(({ type }) => type).filter((type) => !suffix.test(type));
  const impossible = impossibleModels(named);
  return cycles.filter(({ type }) => !suffix.test(type) || !impossible.has(type.replace(suffix, "")));
}

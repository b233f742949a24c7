/**
 * The checker of replicas: at the end of a test, when all faults have healed, all nodes must read the same values.
 *
 * Maelstrom has no such check. If the order of versions is unknown, as with registers, Elle accepts replicas that never
 * agree.
 *
 * @module
 */

import { getOrInsert } from "../base/get_or_insert.ts";
import { show } from "../base/text.ts";
import type { Operation } from "../history/operation.ts";
import { type ClusterShape, nodeOf } from "./cluster_shape.ts";
import { compareValues } from "./compare_values.ts";
import { checkOrUnknown, explainCases, MalformedHistoryError, seconds } from "./explain.ts";
import { identify, type Identity } from "./identify.ts";
import { mergeValidity, type Verdict } from "./verdict.ts";

/** The final reads of one key. */
interface ReadsOfKey {
  key: unknown;
  reads: FinalRead[];
}

/** A final read of a key at one node. */
interface FinalRead {
  node: string;
  value: unknown;
  /** Nanoseconds since the test began. */
  time: number;
}

/**
 * Checks that the final reads of each key agree on all nodes that answered.
 *
 * @param history Operations `txn`. Of those with `final` that are ok, the reads `["r", key, value]` are compared.
 * @param shape If it has no nodes, each process counts as a node of its own.
 * @returns Valid also if there are no final reads. Figures: `final_keys_compared`, the number of keys that more than
 *   one node has read.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { checkReplicas } from "./replicas.ts";
 *
 * const read = { f: "txn", type: "ok", final: true } as const;
 * const history = [
 *   { ...read, index: 0, time: 1e9, process: 0, value: [["r", 9, 1]] },
 *   { ...read, index: 1, time: 2e9, process: 1, value: [["r", 9, 2]] },
 * ];
 * const { anomalies } = checkReplicas(history, { nodes: ["n0", "n1"], concurrency: 2 });
 * assertEquals(anomalies?.map(({ explanation }) => explanation), [
 *   "The final reads of key 9 differ: 1 on n0 (at 1.000 s) and 2 on n1 (at 2.000 s)",
 * ]);
 * ```
 */
export function checkReplicas(history: readonly Operation[], shape: ClusterShape): Verdict {
  return checkOrUnknown(() => {
    const byKey = finalReads(history, shape).sort((a, b) => compareValues(a.key, b.key));
    const compared = byKey.filter(({ reads }) => new Set(reads.map(({ node }) => node)).size > 1);
    const divergent = compared.filter(({ reads }) => new Set(reads.map(({ value }) => identify(value))).size > 1);
    return {
      valid: divergent.length === 0,
      anomalies: explainCases("divergent-replicas", divergent, explainDivergent, ({ key, reads }) => ({
        key,
        nodes: [...new Set(reads.map(({ node }) => node))],
        values: reads.map(({ value }) => value),
      })),
      final_keys_compared: compared.length,
    };
  });
}

/**
 * Checks a history of transactions in two parts: the main phase with `checkMain`, as Maelstrom would, and the final
 * reads with {@linkcode checkReplicas}. The main phase is checked without the final reads.
 */
export function checkWithReplicas(
  history: readonly Operation[],
  shape: ClusterShape,
  checkMain: (history: readonly Operation[]) => Verdict,
): Verdict {
  const main = checkMain(history.filter(({ final }) => !final));
  const replicas = checkReplicas(history, shape);
  return {
    ...main,
    valid: mergeValidity([main.valid, replicas.valid]),
    anomalies: [...replicas.anomalies ?? [], ...main.anomalies ?? []],
    final_keys_compared: replicas.final_keys_compared,
  };
}

function finalReads(history: readonly Operation[], shape: ClusterShape): ReadsOfKey[] {
  const byKey = new Map<Identity, ReadsOfKey>();
  for (const { type, process, final, value, time, index } of history) {
    if (!final || type !== "ok" || process === "nemesis") continue;
    if (!Array.isArray(value) || !value.every(Array.isArray)) {
      throw new MalformedHistoryError(
        `Cannot check operation ${index}: expected a list of [f, key, value], got ${show(value)}`,
      );
    }
    const node = nodeOf(process, shape) ?? `the node of process ${process}`;
    for (const [f, key, read] of value) {
      if (f !== "r") continue;
      // The initial state of a list can be read as null or as the empty list.
      const content = Array.isArray(read) && read.length === 0 ? null : read;
      getOrInsert(byKey, identify(key), () => ({ key, reads: [] })).reads.push({ node, value: content, time });
    }
  }
  return [...byKey.values()];
}

function explainDivergent({ key, reads }: ReadsOfKey): string {
  // By value, the last node that read it.
  const byValue = new Map(reads.map((read) => [identify(read.value), read]));
  const values = [...byValue.values()].slice(0, 4).map(({ node, value, time }) => {
    return `${show(value)} on ${node} (at ${seconds(time)})`;
  });
  return `The final reads of key ${show(key)} differ: ${values.join(" and ")}`;
}

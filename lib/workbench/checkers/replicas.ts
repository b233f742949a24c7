/**
 * The checker of replicas: when a test is over and the network is whole, all nodes read the same.
 *
 * Maelstrom has no such check. Where the order of versions is not known, as with registers, replicas that never agree pass Elle.
 *
 * @module
 */

import type { Operation } from "../history/operation.ts";
import { entry } from "./entry.ts";
import { checkOrUnknown, found, seconds } from "./explain.ts";
import { show } from "../base/text.ts";
import { identify, type Identity } from "./identify.ts";
import { compareValues } from "./compare_values.ts";
import { mergeValidity, type Verdict } from "./verdict.ts";

/** Which node a process talks to: process p is, or has taken the place of, worker p mod concurrency. No nodes: nobody knows. */
export interface Assignment {
  nodes: readonly string[];
  concurrency: number;
}

/** What one node finally read of one key. */
interface FinalRead {
  node: string;
  value: unknown;
  time: number;
}

/**
 * Checks that the final reads of each key agree on all nodes that have read it. What could not be read says nothing.
 *
 * @param history Operations `txn`; of those with `final` that are ok, the reads `["r", key, value]` are held against each other.
 * @returns Valid, too, where there are no final reads. Figures: `final_keys_compared`, the keys that more than one node has read.
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
 *   "When all was over, key 9 was 1 on n0 (at 1.000 s) and 2 on n1 (at 2.000 s)",
 * ]);
 * ```
 */
export function checkReplicas(history: readonly Operation[], assignment: Assignment): Verdict {
  return checkOrUnknown(() => {
    const byKey = [...finalReads(history, assignment)].sort(([, a], [, b]) => compareValues(a.key, b.key));
    const shared = byKey.map(([, ofKey]) => ofKey).filter(({ reads }) => new Set(reads.map(nodeOf)).size > 1);
    const divergent = shared.filter(({ reads }) => new Set(reads.map(({ value }) => identify(value))).size > 1);
    return {
      valid: divergent.length === 0,
      anomalies: found("divergent-replicas", divergent, ({ key, reads }) => {
        const versions = [...new Map(reads.map((read) => [identify(read.value), read])).values()];
        return `When all was over, key ${show(key)} was ${versions.slice(0, 4).map(tellRead).join(" and ")}`;
      }),
      final_keys_compared: shared.length,
    };
  });
}

/**
 * Checks a history of transactions in two parts: those of the main phase, as Maelstrom would, and the final reads.
 *
 * @param checkMain The check of the main phase.
 */
export function checkWithReplicas(
  history: readonly Operation[],
  assignment: Assignment,
  checkMain: (history: readonly Operation[]) => Verdict,
): Verdict {
  const main = checkMain(history.filter(({ final }) => !final));
  const replicas = checkReplicas(history, assignment);
  return {
    ...main,
    valid: mergeValidity([main.valid, replicas.valid]),
    anomalies: [...replicas.anomalies ?? [], ...main.anomalies ?? []],
    final_keys_compared: replicas.final_keys_compared,
  };
}

function finalReads(history: readonly Operation[], { nodes, concurrency }: Assignment) {
  const byKey = new Map<Identity, { key: unknown; reads: FinalRead[] }>();
  for (const { type, process, final, value, time, index } of history) {
    if (!final || type !== "ok" || process === "nemesis") continue;
    if (!Array.isArray(value)) {
      throw new TypeError(`Cannot check operation ${index}: expected a list, got ${show(value)}`);
    }
    // Where nobody knows the nodes, no two processes are taken to have the same.
    const node = nodes[process % concurrency % nodes.length] ?? `the node of process ${process}`;
    for (const [f, key, read] of value) {
      if (f !== "r") continue;
      // A list that nothing was appended to may be read as null.
      const content = Array.isArray(read) && read.length === 0 ? null : read;
      entry(byKey, identify(key), () => ({ key, reads: [] })).reads.push({ node, value: content, time });
    }
  }
  return byKey;
}

function nodeOf({ node }: FinalRead): string {
  return node;
}

function tellRead({ node, value, time }: FinalRead): string {
  return `${show(value)} on ${node} (at ${seconds(time)})`;
}

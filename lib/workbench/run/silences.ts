/**
 * Silences: requests of clients that nodes have not answered in time. If a test has no faults, they are a mistake of
 * the node, and the report says what it was doing.
 *
 * @module
 */

import type { TestException } from "../base/test_exception.ts";
import { formatJSON } from "../base/json.ts";
import { clip, counted } from "../base/text.ts";
import type { Clock } from "../world/clock.ts";
import type { Silence } from "../world/connection.ts";
import { type Diagnosis, joinLines } from "../world/hosts/node_host.ts";
import type { Cluster } from "./cluster.ts";

/** Collector of the silences of a test. */
export interface Silences {
  /** Notes a request that was not answered. At the first of a node, the node is diagnosed. */
  onSilence(silence: Silence): void;
  /** Notes that a node has answered such a request later. */
  onLateReply(node: string): void;
  /** Returns the silences of each node; then an unfinished line of each other node. */
  report(): Promise<TestException[]>;
}

/** Silences of one node. */
interface SilencesOfNode {
  first: Silence;
  /** Time at which the first request was sent, ms. */
  at: number;
  count: number;
  late: number;
  diagnosis: Promise<Diagnosis> | undefined;
}

/** Creates the collector of a test. */
export function createSilences(
  clock: Clock,
  nodes: readonly string[],
  cluster: Pick<Cluster, "diagnose" | "unfinishedLine">,
): Silences {
  const byNode = new Map<string, SilencesOfNode>();
  return {
    onSilence(silence) {
      const known = byNode.get(silence.node);
      if (known !== undefined) {
        known.count++;
        return;
      }
      const at = clock.now() - silence.timeout;
      const diagnosis = cluster.diagnose(silence.node, silence.request.type);
      byNode.set(silence.node, { first: silence, at, count: 1, late: 0, diagnosis });
    },
    onLateReply(node) {
      const known = byNode.get(node);
      if (known !== undefined) known.late++;
    },
    async report() {
      const silent = await Promise.all(Array.from(byNode.values(), describeSilences));
      const others = nodes.filter((node) => !byNode.has(node));
      return [...silent, ...others.flatMap((node) => describeUnfinished(node, cluster.unfinishedLine(node)))];
    },
  };
}

async function describeSilences({ first, at, count, late, diagnosis }: SilencesOfNode): Promise<TestException> {
  const { node, request, timeout } = first;
  const { cause, activity = [], log = [], advice } = await diagnosis ?? {};
  const seconds = timeout / 1000;
  const begin = count === 1
    ? `Node ${node} did not answer ${request.type} within ${seconds} s`
    : `Node ${node} did not answer ${counted(count, "request")} within ${seconds} s each`;
  const lateWords = late === 0 ? undefined : `It answered ${late === count ? "each" : `${late} of them`} later`;
  const message = joinLines(
    cause === undefined ? begin : `${begin}: ${cause}`,
    `${count === 1 ? "Asked" : "The first, asked"} at ${(at / 1000).toFixed(3)} s:`,
    `  ${clip(formatJSON(request), 240)}`,
    lateWords,
    ...activity,
    ...log,
    late === 0 ? advice : undefined,
  );
  return { type: "no-answer", node, message, count };
}

function describeUnfinished(node: string, line: string | undefined): TestException[] {
  if (line === undefined) return [];
  const message = `Node ${node} ${line}, so what it wrote last was not read\nWrite a line feed after each message`;
  return [{ type: "unfinished-line", node, message, count: 1 }];
}

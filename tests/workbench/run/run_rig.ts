/**
 * Runs of programs in this process, in virtual time.
 *
 * @module
 */

import type { AnyNode } from "../../../lib/node.ts";
import { VirtualClock } from "../../../lib/workbench/world/virtual_clock.ts";
import { inProcessWorld } from "../../../lib/workbench/world/hosts/in_process/in_process.ts";
import { type RunHooks, type RunOptions, runTest } from "../../../lib/workbench/run/run.ts";
import type { Store } from "../../../lib/workbench/run/store/store.ts";
import type { Results } from "../../../lib/workbench/run/results.ts";
import { WORKLOADS } from "../../../lib/workbench/workloads/mod.ts";
import { runOptions } from "./stand_in.ts";

/** A test of echo, of 10 s. */
export const OPTIONS = runOptions({ workload: WORKLOADS.echo!, timeLimitSeconds: 10, rate: 20 });

/** A run and what it has left behind. */
export interface RecordedRun {
  results: Results;
  clock: VirtualClock;
  /** Lines of its log. */
  lines: string[];
  /** The stored files as text. */
  stored: Record<"messages" | "history" | "results", string>;
}

/** Runs a test in virtual time and keeps the stored files as text. */
export async function run(
  program: (node: AnyNode) => void,
  options: Partial<RunOptions> = {},
  hooks: RunHooks = {},
): Promise<RecordedRun> {
  const clock = new VirtualClock();
  const lines: string[] = [];
  const stored = { messages: "", history: "", results: "" };
  const store: Store = {
    path: "store/x",
    message: (entry) => stored.messages += JSON.stringify(entry) + "\n",
    history: (history) => stored.history = JSON.stringify(history),
    results: (results) => stored.results = JSON.stringify(results),
    problem: () => undefined,
    close() {},
  };
  const running = runTest({ ...OPTIONS, ...options }, inProcessWorld({ program, clock }), {
    store,
    log: (line) => lines.push(line),
    ...hooks,
  });
  return { results: await clock.settle(running), clock, lines, stored };
}

/** Program for broadcast that sends each value once to every node and never retries. */
export function flood(node: AnyNode): void {
  const messages = new Set<unknown>();
  node.on("topology", () => ({}));
  node.on("broadcast", ({ message }) => {
    messages.add(message);
    for (const peer of node.peers) node.send(peer, { type: "gossip", message });
    return {};
  });
  node.on("gossip", ({ message }) => void messages.add(message));
  node.on("read", () => ({ messages: [...messages] }));
}

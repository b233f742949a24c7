/**
 * Histories of transactions without invocations, as in the examples of Elle: only what was acknowledged is recorded.
 *
 * @module
 */

import type { Operation } from "./operation.ts";

/**
 * Gives each completion of a history without invocations an invocation. When it began is unknown, and so is which of
 * two transactions came first: so all begin before the first ends, at time 0, and each is of a process of its own.
 * Operations of the nemesis are left out.
 *
 * @returns The invocations, which are marked as `supplied`, and then the completions.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { withInvocations } from "./lone_completions.ts";
 *
 * const ok = { index: 7, time: 5, type: "ok", process: 4, f: "txn", value: [["append", 1, 2]] } as const;
 * assertEquals(withInvocations([ok]), [
 *   { index: 0, time: 0, type: "invoke", process: 0, f: "txn", value: [["append", 1, 2]], supplied: true },
 *   { index: 1, time: 0, type: "ok", process: 0, f: "txn", value: [["append", 1, 2]] },
 * ]);
 * ```
 */
export function withInvocations(completions: readonly Operation[]): Operation[] {
  const ofClients = completions.filter(({ process }) => process !== "nemesis");
  return [
    ...ofClients.map(({ f, value }, process): Operation => {
      return { index: process, time: 0, type: "invoke", process, f, value, supplied: true };
    }),
    ...ofClients.map((each, process) => ({ ...each, index: ofClients.length + process, time: 0, process })),
  ];
}

/** True if a history had no invocations, so that real time and the order within processes are unknown. */
export function lacksInvocations(history: readonly Operation[]): boolean {
  return history[0]?.supplied === true;
}

/**
 * Workload g-counter: a counter that only grows.
 *
 * Source: Maelstrom's `workload/g_counter.clj`.
 *
 * @module
 */

import { filter } from "./generator.ts";
import { pnCounterWorkload } from "./pn_counter.ts";
import type { Workload } from "./workload.ts";

/** Workload g-counter: pn-counter without the negative deltas. */
export const gCounterWorkload: Workload = {
  ...pnCounterWorkload,
  name: "g-counter",
  doc: "A counter to which clients add numbers of 0 or more. After 10 s without faults, every node must read the sum " +
    "of all acknowledged additions; additions of unknown outcome may be part of it or not.",
  generator: (options, random) =>
    filter(({ f, value }) => f !== "add" || value as number >= 0, pnCounterWorkload.generator(options, random)),
};

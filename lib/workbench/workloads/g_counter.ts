/**
 * Workload g-counter: a counter that only goes up.
 *
 * Source: Maelstrom's `workload/g_counter.clj`.
 *
 * @module
 */

import { filter } from "./generator.ts";
import type { Workload } from "./workload.ts";
import { pnCounter } from "./pn_counter.ts";

/** Workload g-counter: pn-counter without the negative deltas. */
export const gCounter: Workload = {
  ...pnCounter,
  name: "g-counter",
  doc:
    "A counter to which clients add, 0 or more at a time. When the network has been whole for a while, every node must read the sum " +
    "of what was added, give or take additions of which nobody knows whether they happened.",
  generator: (options, random) =>
    filter(({ f, value }) => f !== "add" || value as number >= 0, pnCounter.generator(options, random)),
};

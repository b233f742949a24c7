/**
 * The checker of sets (broadcast, g-set).
 *
 * 1. Follow each element through the history: when it became known, and the last reads with and without it
 *    (`timeline.ts`).
 * 2. Classify the elements as stable, lost or never read, and summarize latencies (`set_full.ts`).
 *
 * Source: Jepsen's `set-full` (`jepsen.checker`).
 *
 * @module
 */

export { checkSetFull } from "./set_full.ts";

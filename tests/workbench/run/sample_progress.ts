/** A state of a running test, for tests of what shows it. */

import type { Progress } from "../../../lib/workbench/run/progress.ts";

/** Returns the progress of a test of 20 s after 12.3 s, with some changes. */
export function sampleProgress(changes: Partial<Progress> = {}): Progress {
  return {
    phase: "running",
    elapsed: 12_300,
    total: 20_000,
    ok: 7,
    fail: 1,
    info: 0,
    messages: 20,
    operationsPerSecond: 98.4,
    messagesPerSecond: 2350,
    p99: 412,
    faults: [],
    exceptions: [],
    ...changes,
  };
}

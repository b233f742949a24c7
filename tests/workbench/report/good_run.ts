/** Results of runs of 3e. */

import type { Results } from "../../../lib/workbench/run/results.ts";

/** Valid, and within all limits. */
export const GOOD_RUN: Results = {
  schema: 1,
  challenge: "3e",
  workload: "broadcast",
  engine: "workbench",
  mode: "process",
  seed: "abc",
  valid: true,
  passed: true,
  maelstrom: { valid: true, passed: true },
  decided_by: "strict",
  operations: {
    count: 1974,
    ok: 1974,
    fail: 0,
    info: 0,
    by_f: {
      broadcast: { count: 1012, ok: 1012, fail: 0, info: 0 },
      read: { count: 962, ok: 962, fail: 0, info: 0 },
    },
  },
  availability: { valid: true, ok_fraction: 1 },
  net: {
    all: { send_count: 7487, recv_count: 7487, msg_count: 7487, msgs_per_op: 3.7928 },
    clients: { send_count: 4050, recv_count: 4050, msg_count: 4050 },
    servers: { send_count: 3437, recv_count: 3437, msg_count: 3437, msgs_per_op: 1.7411 },
  },
  latency_ms: {
    broadcast: { p50: 0.41, p95: 0.92, p99: 1.2, max: 5 },
    read: { p50: 0.4, p95: 0.9, p99: 1.19, max: 12.6 },
  },
  result: {
    valid: true,
    attempt_count: 1012,
    lost_count: 0,
    lost: [],
    stale_count: 2,
    stale: [3, 4],
    stable_latencies: { "0": 0, "0.5": 772, "0.95": 1030, "0.99": 1100, "1": 1126 },
    convergence_ms: 48,
  },
  anomalies: [],
  targets: [
    { name: "msgs_per_op", limit: 20, value: 1.7411, met: true },
    { name: "median_latency_ms", limit: 1000, value: 772, met: true },
    { name: "max_latency_ms", limit: 2000, value: 1126, met: true },
  ],
  exceptions: [],
  store: "store/broadcast/20261122T120000",
};

/** Changes the good run. Unless `changes` say so, Maelstrom agrees with the strict verdict. */
export function resultsWith(changes: Partial<Results>): Results {
  const { valid = true, passed = true } = changes;
  return { ...GOOD_RUN, maelstrom: { valid, passed }, ...changes };
}

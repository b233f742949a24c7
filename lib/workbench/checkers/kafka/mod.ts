/**
 * The checker of kafka: append-only logs, one per key, to which clients send and which they poll.
 *
 * 1. Read the operations, and infer each key's log from them: the order of its messages (`kafka_history.ts`).
 * 2. Check single messages: lost, unseen, duplicated, aborted … (`message_anomalies.ts`).
 * 3. Check the order in which messages were sent and polled against the logs (`order_anomalies.ts`).
 * 4. Find cycles of dependencies between operations (`cycle_anomalies.ts`, with `../graph/`).
 * 5. Measure how far polls lag behind the logs (`realtime_lag.ts`).
 * 6. Decide: some anomalies are allowed.
 *
 * Semantics are those of `jepsen.tests.kafka` as Maelstrom runs it: single sends and polls, clients that assign keys
 * and crash. Garbage reads are an addition: Jepsen's checker stops at one.
 *
 * @module
 */

import type { Operation } from "../../history/operation.ts";
import type { ClusterShape } from "../cluster_shape.ts";
import { checkOrUnknown, EXAMPLES } from "../explain.ts";
import { identify, type Identity } from "../identify.ts";
import type { Verdict } from "../verdict.ts";
import { findKafkaCycles } from "./cycle_anomalies.ts";
import { readKafkaHistory } from "./kafka_history.ts";
import { findMessageAnomalies } from "./message_anomalies.ts";
import { findOrderAnomalies } from "./order_anomalies.ts";
import { worstRealtimeLag } from "./realtime_lag.ts";

/** Options for {@linkcode checkKafka}. */
export interface KafkaCheckOptions extends ClusterShape {
  /**
   * Way in which clients get their keys. With `"subscribe"` the system may move keys between clients at any time, so
   * skips and reversals between polls are allowed. `@default "subscribe"` if the history has such operations, else
   * `"assign"`, as in Maelstrom.
   */
  subVia?: "assign" | "subscribe";
  /**
   * True if the send of a message depends on the send of the message before it in the log. The sends of transactions
   * interleave, so cycles of such dependencies are allowed. `@default false`, as in Maelstrom.
   */
  wwDeps?: boolean;
}

/** The anomalies that are always allowed: the sends of different transactions interleave. */
const ALLOWED: readonly string[] = [
  "int-send-skip",
  "G0",
  "G0-realtime",
  "PL-1-cycle-exists",
  "strong-PL-1-cycle-exists",
];

/** The anomalies that are allowed if sends depend on one another. */
const ALLOWED_WITH_WW: readonly string[] = ["G1c", "G1c-realtime", "strong-PL-2-cycle-exists"];

/** The anomalies that are allowed if clients subscribe to keys. */
const ALLOWED_WITH_SUBSCRIBE: readonly string[] = ["poll-skip", "nonmonotonic-poll"];

/**
 * Checks a history of `send`, `poll`, `assign` and `crash` (and `txn` and `subscribe`) operations.
 *
 * Values: `[["send", key, value]]`, completed as `[["send", key, [offset, value]]]`; `[["poll"]]`, completed as
 * `[["poll", { key: [[offset, value], …], … }]]`; of an assign, the list of keys. Every message sent to a key has a
 * distinct value.
 *
 * @returns Figures: `error_types` (all anomalies), `bad_error_types` (those that are not allowed), `worst_realtime_lag`
 *   (see `RealtimeLag`), and `info_txn_causes` (the errors of operations with unknown outcome).
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { checkKafka } from "./mod.ts";
 *
 * const history = [
 *   { index: 0, time: 0, type: "invoke", process: 0, f: "send", value: [["send", "k1", 7]] },
 *   { index: 1, time: 1e6, type: "ok", process: 0, f: "send", value: [["send", "k1", [0, 7]]] },
 * ] as const;
 * const { valid, bad_error_types } = checkKafka(history);
 * assertEquals(valid, false);
 * assertEquals(bad_error_types, ["unseen"]);
 * ```
 */
export function checkKafka(
  history: readonly Operation[],
  { subVia = viaOf(history), wwDeps = false, ...shape }: KafkaCheckOptions = {},
): Verdict {
  return checkOrUnknown(() => {
    const kafka = readKafkaHistory(history, shape);
    const allowed = [
      ...ALLOWED,
      ...wwDeps ? ALLOWED_WITH_WW : [],
      ...subVia === "subscribe" ? ALLOWED_WITH_SUBSCRIBE : [],
    ];
    const cycles = findKafkaCycles(kafka, wwDeps);
    const anomalies = [...findMessageAnomalies(kafka), ...findOrderAnomalies(kafka), ...cycles].map((anomaly) =>
      allowed.includes(anomaly.type) ? { ...anomaly, allowed: true } : anomaly
    );
    const error_types = anomalies.map(({ type }) => type).sort();
    const bad_error_types = error_types.filter((type) => !allowed.includes(type));
    return {
      valid: bad_error_types.length === 0,
      anomalies,
      error_types,
      bad_error_types,
      worst_realtime_lag: worstRealtimeLag(kafka.operations),
      info_txn_causes: infoCauses(history),
    };
  });
}

/** Way in which the clients of a history get their keys. */
function viaOf(history: readonly Operation[]): "assign" | "subscribe" {
  return history.some(({ f, process }) => f === "subscribe" && process !== "nemesis") ? "subscribe" : "assign";
}

/** The distinct errors of sends, polls and transactions with unknown outcome; the first few. */
function infoCauses(history: readonly Operation[]): unknown[] {
  const causes = new Map<Identity, unknown>();
  for (const { type, f, error } of history) {
    if (type === "info" && ["send", "poll", "txn"].includes(f)) causes.set(identify(error), error ?? null);
  }
  return [...causes.values()].slice(0, EXAMPLES);
}

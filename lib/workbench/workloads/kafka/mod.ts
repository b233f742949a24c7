/**
 * Workload kafka: logs to which clients append messages and from which they poll.
 *
 * Operations are drawn by `generator.ts` and performed by `client.ts` with the RPCs of `rpcs.ts`; `convergence.ts`
 * checks that all nodes have all messages. The checker is in `checkers/kafka/`: lost messages in
 * `message_anomalies.ts`, polls that skip a message or go back in `order_anomalies.ts`.
 *
 * Source: Maelstrom's `workload/kafka.clj`.
 *
 * @module
 */

import { checkKafka } from "../../checkers/kafka/mod.ts";
import type { Workload } from "../workload.ts";
import { kafkaClient } from "./client.ts";
import { kafkaConvergence } from "./convergence.ts";
import { kafkaFinalPolls, kafkaOperations } from "./generator.ts";
import { COMMIT_OFFSETS_RPC, LIST_COMMITTED_OFFSETS_RPC, POLL_RPC, SEND_RPC } from "./rpcs.ts";

/** Workload kafka. */
export const kafkaWorkload: Workload = {
  name: "kafka",
  doc: "Logs like those of Kafka, one for each key. Clients append messages. They poll the logs that are assigned to " +
    "them, each from the offset after the last one polled, and commit the offsets. No acknowledged message may be " +
    "lost, and every client must see the messages of a log in the order of their offsets, without skipping any. " +
    "Now and then clients are assigned other logs, or crash and are replaced.",
  rpcs: [SEND_RPC, POLL_RPC, COMMIT_OFFSETS_RPC, LIST_COMMITTED_OFFSETS_RPC],
  mayNeverSucceed: ["crash", "debug-topic-partitions"],
  reusable: false,
  client: kafkaClient,
  generator: kafkaOperations,
  final: {
    generator: (options, _random, history) => kafkaFinalPolls(options, history),
    timeLimitSeconds: 10,
    ratePerWorker: 5,
  },
  convergence: kafkaConvergence,
  check: (history, { nodes, concurrency }) => checkKafka(history, { nodes, concurrency }),
};

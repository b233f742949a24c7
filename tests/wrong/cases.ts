/**
 * The wrong programs: how each is tested, which anomaly must show its mistake, and its right twin.
 *
 * @module
 */

import broadcast from "../../challenges/broadcast.ts";
import { gCounter } from "../../challenges/g_counter.ts";
import { kafka } from "../../challenges/kafka.ts";
import { kafkaLinKV } from "../../challenges/kafka_lin_kv.ts";
import { txn } from "../../challenges/txn.ts";
import uniqueIds from "../../challenges/unique_ids.ts";
import type { AnyNode } from "../../lib/node.ts";
import type { Anomaly } from "../../lib/workbench/checkers/verdict.ts";
import type { Results } from "../../lib/workbench/run/results.ts";
import type { RunOptions } from "../../lib/workbench/run/run.ts";
import { runVirtualTest } from "../../lib/workbench/engines/virtual_run.ts";
import { WORKLOADS } from "../../lib/workbench/workloads/mod.ts";
import txnPrimary from "../right/txn_primary.ts";
import broadcastLosesOutbox from "./broadcast_loses_outbox.ts";
import broadcastWithoutAcks from "./broadcast_without_acks.ts";
import broadcastWithoutRetry from "./broadcast_without_retry.ts";
import counterStaleRead from "./counter_stale_read.ts";
import counterWithoutCas from "./counter_without_cas.ts";
import idsFromClock from "./ids_from_clock.ts";
import logAnswersBeforeCas from "./log_answers_before_cas.ts";
import logLastWriterWins from "./log_last_writer_wins.ts";
import txnDirtyReads from "./txn_dirty_reads.ts";
import txnFracturedReads from "./txn_fractured_reads.ts";
import txnWithoutTimestamp from "./txn_without_timestamp.ts";
import { runOptions } from "../workbench/run/stand_in.ts";

/** A program with any messages. */
type AnyProgram = (node: AnyNode) => void;

/** One wrong program. */
export interface Case {
  /** The name of its file in this folder, without `.ts`. */
  file: string;
  /** The mistake, in a few words. */
  mistake: string;
  wrong: AnyProgram;
  /** A program without the mistake: our own solution, if there is one. */
  right: AnyProgram;
  /** Type of the anomaly that must show the mistake. */
  anomaly: string;
  /** Options of both tests besides {@linkcode OPTIONS}. */
  options: Partial<RunOptions>;
}

/** Latency between nodes, at which messages overtake each other. */
const LATENCY = { mean: 50, distribution: "exponential" } as const;

const OPTIONS = runOptions({ workload: WORKLOADS.echo!, timeLimitSeconds: 5, rate: 20, latency: LATENCY });

const BROADCAST = { workload: WORKLOADS.broadcast!, nemesis: ["partition"] };
const KAFKA = { workload: WORKLOADS.kafka!, rate: 50 };
const TRANSACTIONS = {
  workload: WORKLOADS["txn-rw-register"]!,
  consistencyModels: ["read-committed"],
  timeLimitSeconds: 3,
  rate: 40,
};

/** All wrong programs. */
export const CASES: readonly Case[] = [
  {
    file: "broadcast_without_retry",
    mistake: "broadcast without retry",
    wrong: broadcastWithoutRetry as AnyProgram,
    right: broadcast as AnyProgram,
    anomaly: "lost",
    options: BROADCAST,
  },
  {
    file: "broadcast_without_acks",
    mistake: "broadcast that resends, but without acknowledgements",
    wrong: broadcastWithoutAcks as AnyProgram,
    right: broadcast as AnyProgram,
    anomaly: "lost",
    options: BROADCAST,
  },
  {
    file: "broadcast_loses_outbox",
    mistake: "broadcast that drops its outbox after a pause",
    wrong: broadcastLosesOutbox as AnyProgram,
    right: broadcast as AnyProgram,
    anomaly: "lost",
    options: { ...BROADCAST, nemesis: ["pause"], nemesisIntervalSeconds: 1 },
  },
  {
    file: "ids_from_clock",
    mistake: "ids from the clock alone",
    wrong: idsFromClock as AnyProgram,
    right: uniqueIds as AnyProgram,
    anomaly: "duplicate-id",
    options: { workload: WORKLOADS["unique-ids"]!, rate: 100 },
  },
  {
    file: "counter_without_cas",
    mistake: "counter by read, add, write, without compare-and-set",
    wrong: counterWithoutCas as AnyProgram,
    right: gCounter as AnyProgram,
    anomaly: "wrong-sum",
    options: { workload: WORKLOADS["g-counter"]! },
  },
  {
    file: "counter_stale_read",
    mistake: "counter that reads a stale seq-kv",
    wrong: counterStaleRead as AnyProgram,
    right: gCounter as AnyProgram,
    anomaly: "wrong-sum",
    options: { workload: WORKLOADS["g-counter"]!, rate: 50, latency: { mean: 0, distribution: "constant" } },
  },
  {
    file: "log_last_writer_wins",
    mistake: "log whose offsets go to the last writer",
    wrong: logLastWriterWins as AnyProgram,
    right: kafka as AnyProgram,
    anomaly: "inconsistent-offsets",
    options: KAFKA,
  },
  {
    file: "log_answers_before_cas",
    mistake: "log that answers before its compare-and-set",
    wrong: logAnswersBeforeCas as AnyProgram,
    right: kafkaLinKV as AnyProgram,
    anomaly: "lost-write",
    options: KAFKA,
  },
  {
    file: "txn_without_timestamp",
    mistake: "last-writer-wins transactions without timestamps",
    wrong: txnWithoutTimestamp as AnyProgram,
    right: txn as AnyProgram,
    anomaly: "divergent-replicas",
    options: { ...TRANSACTIONS, availability: "total" },
  },
  {
    file: "txn_dirty_reads",
    mistake: "dirty reads",
    wrong: txnDirtyReads as AnyProgram,
    right: txn as AnyProgram,
    anomaly: "G1a",
    options: { ...TRANSACTIONS, nemesis: ["partition"] },
  },
  {
    file: "txn_fractured_reads",
    mistake: "fractured reads",
    wrong: txnFracturedReads as AnyProgram,
    right: txnPrimary as AnyProgram,
    anomaly: "G-single-item",
    options: { ...TRANSACTIONS, workload: WORKLOADS["txn-list-append"]!, consistencyModels: ["serializable"] },
  },
];

/** Seeds with which each program is tested: 1, 2, … 50. */
export const SEEDS: readonly number[] = Array.from({ length: 50 }, (_, i) => i + 1);

/** Tests a program of a case with a seed. */
export function test(program: AnyProgram, { options }: Pick<Case, "options">, seed: number): Promise<Results> {
  return runVirtualTest({ ...OPTIONS, ...options, seed: String(seed) }, program);
}

/** Returns the anomaly that shows the mistake, if it was found and makes the result invalid. */
export function findMistake({ anomaly }: Case, { valid, anomalies }: Results): Anomaly | undefined {
  return valid === false ? anomalies.find(({ type, allowed }) => type === anomaly && !allowed) : undefined;
}

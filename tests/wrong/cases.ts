/**
 * The wrong programs with their right twins. `request/wrong_programs.ts` says how each is tested.
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
import { DEFAULTS, flagValues, parseArguments } from "../../lib/workbench/request/arguments.ts";
import { testOptions } from "../../lib/workbench/request/request.ts";
import { WRONG_PROGRAMS, type WrongProgram } from "../../lib/workbench/request/wrong_programs.ts";
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

/** One wrong program, with its right twin. */
export interface Case extends WrongProgram {
  wrong: AnyProgram;
  /** A program without the mistake: our own solution, if there is one. */
  right: AnyProgram;
}

/** The wrong programs and their twins, by the name of the wrong one. */
const TWINS: Readonly<Record<string, readonly [wrong: unknown, right: unknown]>> = {
  broadcast_without_retry: [broadcastWithoutRetry, broadcast],
  broadcast_without_acks: [broadcastWithoutAcks, broadcast],
  broadcast_loses_outbox: [broadcastLosesOutbox, broadcast],
  ids_from_clock: [idsFromClock, uniqueIds],
  counter_without_cas: [counterWithoutCas, gCounter],
  counter_stale_read: [counterStaleRead, gCounter],
  log_last_writer_wins: [logLastWriterWins, kafka],
  log_answers_before_cas: [logAnswersBeforeCas, kafkaLinKV],
  txn_without_timestamp: [txnWithoutTimestamp, txn],
  txn_dirty_reads: [txnDirtyReads, txn],
  txn_fractured_reads: [txnFracturedReads, txnPrimary],
};

/** All wrong programs. */
export const CASES: readonly Case[] = WRONG_PROGRAMS.map((program) => {
  const [wrong, right] = TWINS[program.file]! as readonly AnyProgram[];
  return { ...program, wrong: wrong!, right: right! };
});

/** Seeds with which each program is tested: 1, 2, … 50. */
export const SEEDS: readonly number[] = Array.from({ length: 50 }, (_, i) => i + 1);

/** Tests a program of a case with a seed. */
export function test(program: AnyProgram, { workload, flags }: WrongProgram, seed: number): Promise<Results> {
  const { texts } = parseArguments(flags.split(" "));
  const options = testOptions(flagValues(new Map([...DEFAULTS, ...texts])), { readTextFile: Deno.readTextFileSync });
  return runVirtualTest(runOptions({ workload: WORKLOADS[workload]!, ...options, seed: String(seed) }), program);
}

/** Returns the anomaly that shows the mistake, if it was found and makes the result invalid. */
export function findMistake({ anomaly }: Case, { valid, anomalies }: Results): Anomaly | undefined {
  return valid === false ? anomalies.find(({ type, allowed }) => type === anomaly && !allowed) : undefined;
}

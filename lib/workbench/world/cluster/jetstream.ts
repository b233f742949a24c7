/**
 * JetStream, the part of NATS that keeps the data of lww-kv. Its servers elect a leader: when they start, when machines
 * fail, and when they are cut off. Until then it does nothing, which passes by itself, so it is waited for.
 *
 * @module
 */

import { jetstream, jetstreamManager } from "@nats-io/jetstream";
import type { NatsConnection } from "@nats-io/transport-node";
import { delay } from "@std/async/delay";
import { FailedError, messageOf } from "../../base/errors.ts";

/** Status of JetStream while it has no leader, and its code while too few servers are connected. */
export const UNAVAILABLE = 503;
const NO_SUITABLE_PEERS = 10_005;

/** Codes of servers without JetStream, and of accounts without it. */
const NOT_ENABLED = [10_076, 10_039];

/** Code for a bucket that does not exist. */
const NOT_FOUND = 10_059;

/** Time between two attempts, ms. */
const RETRY_DELAY = 250;

/** Time for one attempt, ms. One without a leader may give no answer. */
const ATTEMPT_TIMEOUT = 2000;

/** Time that servers which others have started have to elect a leader, ms. It took them 12 s at most. */
export const LEADER_PATIENCE = 20_000;

/** Options for waiting until JetStream has a leader. */
export interface LeaderWait {
  /**
   * Time after which it is given up, ms.
   *
   * @default Infinity
   */
  patience?: number;
  /** Called with the reason when the wait begins, and whenever there is another one. */
  onWait?: (reason: string) => void;
  /** Time, which a test may have one of its own of. */
  time?: { now(): number; sleep(ms: number): Promise<void> };
}

const REAL_TIME = { now: () => performance.now(), sleep: (ms: number) => delay(ms) };

/**
 * Asks JetStream until it has a leader.
 *
 * @throws Any other error of the request, and the last one at the end of the patience.
 */
export async function untilAvailable<T>(
  ask: () => Promise<T>,
  { patience = Infinity, onWait, time = REAL_TIME }: LeaderWait = {},
): Promise<T> {
  const deadline = time.now() + patience;
  for (let told = "";; await time.sleep(RETRY_DELAY)) {
    try {
      return await ask();
    } catch (error) {
      if (!isUnavailable(error) || time.now() >= deadline) throw error;
      const { message } = error as Error;
      if (message !== told) onWait?.(`JetStream has no leader yet, or too few servers: ${message}`);
      told = message;
    }
  }
}

/** Error of JetStream, as its client has them. */
interface JetStreamError extends Error {
  status?: number;
  code?: number;
}

/** True for the error of a JetStream that has no leader, or does not answer, and may do so later. */
export function isUnavailable(error: unknown): boolean {
  const { name, status, code } = error as JetStreamError;
  return !isNotEnabled(error) && (name === "TimeoutError" || status === UNAVAILABLE || code === NO_SUITABLE_PEERS);
}

function isNotEnabled(error: unknown): boolean {
  const { name, code } = error as JetStreamError;
  return name === "JetStreamNotEnabled" || NOT_ENABLED.includes(code!);
}

/**
 * Waits until JetStream answers.
 *
 * @param addresses Addresses of its servers, without logins.
 * @throws {FailedError} It is not enabled, or has no leader in time.
 */
export async function requireJetStream(
  connection: NatsConnection,
  addresses: readonly string[],
  wait: LeaderWait,
): Promise<void> {
  try {
    await untilAvailable(() => jetstreamManager(connection, { timeout: ATTEMPT_TIMEOUT }), wait);
  } catch (error) {
    throw new FailedError(`JetStream of NATS at ${addresses.join(", ")} ${explainJetStream(error, wait)}`);
  }
}

/**
 * Removes a bucket. One that does not exist needs no removal.
 *
 * @throws {FailedError} JetStream has no leader in time, or refuses it.
 */
export async function removeBucket(connection: NatsConnection, name: string, wait: LeaderWait): Promise<void> {
  const { Kvm } = await import("@nats-io/kv");
  const buckets = new Kvm(jetstream(connection, { timeout: ATTEMPT_TIMEOUT }));
  const destroy = async () => await (await buckets.open(name)).destroy();
  try {
    await untilAvailable(destroy, wait);
  } catch (error) {
    if ((error as JetStreamError).code === NOT_FOUND) return;
    throw new FailedError(
      `Cannot remove the data of lww-kv, the bucket ${name}: JetStream ${explainJetStream(error, wait)}`,
    );
  }
}

/** Says for a person what is wrong, and what was expected. */
function explainJetStream(error: unknown, { patience = Infinity }: LeaderWait): string {
  if (isNotEnabled(error)) {
    return `is not enabled: ${messageOf(error)}; expected nats-server -js, and an account with it`;
  }
  if (!isUnavailable(error)) return `refuses that: ${messageOf(error)}`;
  const time = patience > 0 ? ` within ${patience / 1000} s` : "";
  return `has no leader${time}: ${messageOf(error)}; expected most of its servers to run, and to reach each other`;
}

/**
 * A key of etcd that is there as long as its owner runs: its lease ends when nobody renews it.
 *
 * 1. The owner creates the key with a lease. If another one has it, the owner waits until that one's lease has ended.
 * 2. It renews the lease three times in its length. While etcd does not answer, it goes on trying.
 * 3. If the lease has ended meanwhile, it creates the key once more. If another owner has it, the key is lost for good.
 * 4. At its end it revokes the lease, so that the key is gone at once.
 *
 * A lease is no lock: an owner that stands still for longer than its lease learns only afterwards that it has ended.
 *
 * @module
 */

import { delay as realDelay } from "@std/async/delay";
import type { Etcd } from "./etcd.ts";

/** Options for {@linkcode holdKey}. */
export interface HoldKeyOptions {
  etcd: Pick<Etcd, "create" | "grantLease" | "renewLease" | "revokeLease">;
  key: string;
  /** Value of the key. It must differ from that of every other owner, those before included. */
  value: string;
  /**
   * Length of the lease, seconds.
   *
   * @default 10
   */
  ttlSeconds?: number;
  /** Ends waiting for the key. */
  signal?: AbortSignal;
  /** Called once when the key is found to be somebody else's. */
  onWait?: (value: string) => void;
  /** Called when the key was lost to another owner. */
  onLost?: (value: string) => void;
  /**
   * Waits between two requests.
   *
   * @default delay of `@std/async`
   */
  delay?: (ms: number, options: { signal: AbortSignal }) => Promise<void>;
}

/** Key that is held. */
export interface HeldKey {
  /** Ends the lease, and thereby the key. It does not throw: if etcd does not answer, the lease ends by itself. */
  release(): Promise<void>;
}

/** Time between two looks at a key that another owner has, ms. */
const WAIT_INTERVAL = 250;

/** A key and its present lease. */
interface Holding extends Required<Pick<HoldKeyOptions, "etcd" | "key" | "value" | "ttlSeconds" | "delay">> {
  /** The last one that was granted; it may have ended. */
  lease: string | undefined;
}

/**
 * Creates a key with a lease, waiting for it if another owner has it, and keeps it until it is released.
 *
 * @throws The error of etcd, if it cannot be asked at the start.
 * @throws The reason of the signal.
 */
export async function holdKey(options: HoldKeyOptions): Promise<HeldKey> {
  const { etcd, key, value, ttlSeconds = 10, delay = realDelay, onWait, onLost = () => {} } = options;
  const holding: Holding = { etcd, key, value, ttlSeconds, delay, lease: undefined };
  const { signal = new AbortController().signal } = options;
  let owner = await take(holding);
  if (owner !== undefined) onWait?.(owner);
  while (owner !== undefined) {
    await delay(WAIT_INTERVAL, { signal });
    owner = await take(holding);
  }
  const releasing = new AbortController();
  const renewing = renew(holding, releasing.signal, onLost);
  return {
    async release() {
      releasing.abort();
      await renewing;
      await etcd.revokeLease(holding.lease!).catch(() => {});
    },
  };
}

/** Renews the lease, and creates the key if it is not there; returns the value of its owner if that is another one. */
async function take(holding: Holding): Promise<string | undefined> {
  const { etcd, key, value, ttlSeconds } = holding;
  if (holding.lease === undefined || !(await etcd.renewLease(holding.lease))) {
    holding.lease = await etcd.grantLease(ttlSeconds);
  }
  const { isDone, value: present } = await etcd.create(key, value, holding.lease);
  return isDone || present === value ? undefined : present;
}

/** Keeps the key until the signal, or until another owner has it. */
async function renew(holding: Holding, signal: AbortSignal, onLost: (value: string) => void): Promise<void> {
  const interval = holding.ttlSeconds * 1000 / 3;
  for (;;) {
    await holding.delay(interval, { signal }).catch(() => {});
    if (signal.aborted) return;
    // While etcd does not answer, the key may still be there.
    const owner = await take(holding).catch(() => undefined);
    if (owner !== undefined) return onLost(owner);
  }
}

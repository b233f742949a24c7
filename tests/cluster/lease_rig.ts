/** An etcd in memory, with leases and a clock that a test moves. */

import type { Etcd } from "../../lib/cluster/etcd.ts";
import type { HoldKeyOptions } from "../../lib/cluster/lease.ts";
import { RPCError } from "../../lib/protocol.ts";

/** The requests that leases need. */
export type LeaseEtcd = Pick<Etcd, "create" | "grantLease" | "list" | "renewLease" | "revokeLease">;

/** An etcd, and its clock. */
export interface LeaseRig {
  etcd: LeaseEtcd;
  /** Ways to break it, and the number of leases that were granted. */
  rig: { isBroken: boolean; granted: number; losesReplies: boolean };
  keys: Map<string, { value: string; lease: string | undefined }>;
  /** Waits until the test moves the clock. */
  delay: NonNullable<HoldKeyOptions["delay"]>;
  /** Ends all waits, whatever their length; the time stays. */
  step(): Promise<void>;
  /** Moves the clock: waits and leases end in their order. */
  advance(ms: number): Promise<void>;
  /** Ends all leases. */
  endLeases(): void;
  /** Runs all callbacks of promises. */
  settle(): Promise<void>;
}

/** Creates an etcd without keys. */
export function createLeaseRig(): LeaseRig {
  /** Time at which each lease ends, and its length, ms. */
  const leases = new Map<string, { end: number; length: number }>();
  const keys: LeaseRig["keys"] = new Map();
  const waiting: { due: number; end: () => void }[] = [];
  let now = 0;
  const rig = { isBroken: false, granted: 0, losesReplies: false };
  const endLease = (lease: string) => {
    leases.delete(lease);
    for (const [key, held] of keys) if (held.lease === lease) keys.delete(key);
  };
  const delay: LeaseRig["delay"] = (ms, { signal }) =>
    new Promise((resolve, reject) => {
      if (signal.aborted) return reject(signal.reason);
      signal.addEventListener("abort", () => reject(signal.reason));
      waiting.push({ due: now + ms, end: resolve });
    });
  const settle = () => new Promise<void>((resolve) => setTimeout(resolve));
  const endLeasesUntil = (time: number) => {
    for (const [lease, { end }] of leases) if (end <= time) endLease(lease);
  };
  return {
    rig,
    keys,
    delay,
    settle,
    etcd: createMemoryEtcd({ rig, leases, keys, endLease, now: () => now }),
    async step() {
      await settle();
      for (const { end } of waiting.splice(0)) end();
      await settle();
    },
    async advance(ms) {
      const until = now + ms;
      for (;;) {
        await settle();
        waiting.sort((a, b) => a.due - b.due);
        if ((waiting[0]?.due ?? Infinity) > until) break;
        const { due, end } = waiting.shift()!;
        now = due;
        endLeasesUntil(now);
        end();
      }
      now = until;
      endLeasesUntil(now);
      await settle();
    },
    endLeases: () => endLeasesUntil(Infinity),
  };
}

/** State of an etcd in memory. */
interface Memory extends Pick<LeaseRig, "rig" | "keys"> {
  leases: Map<string, { end: number; length: number }>;
  endLease(lease: string): void;
  now(): number;
}

function createMemoryEtcd({ rig, leases, keys, endLease, now }: Memory): LeaseEtcd {
  const requireEtcd = () =>
    rig.isBroken ? Promise.reject(new RPCError("temporarily-unavailable", "etcd does not answer")) : Promise.resolve();
  return {
    async create(key, value, lease) {
      await requireEtcd();
      if (!leases.has(lease!)) throw new RPCError("timeout", "requested lease not found");
      const present = keys.get(key);
      if (present === undefined) keys.set(key, { value, lease });
      if (rig.losesReplies) throw new RPCError("timeout", "the reply was lost");
      return { isDone: present === undefined, value: present?.value, revision: 1 };
    },
    async grantLease(ttlSeconds) {
      await requireEtcd();
      const lease = String(++rig.granted);
      leases.set(lease, { end: now() + ttlSeconds * 1000, length: ttlSeconds * 1000 });
      return lease;
    },
    async list(prefix) {
      await requireEtcd();
      const found = [...keys].filter(([key]) => key.startsWith(prefix)).map(([key, { value }]) => ({ key, value }));
      return found.sort((a, b) => a.key < b.key ? -1 : 1);
    },
    async renewLease(lease) {
      await requireEtcd();
      const found = leases.get(lease);
      if (found !== undefined) found.end = now() + found.length;
      return found !== undefined;
    },
    async revokeLease(lease) {
      await requireEtcd();
      endLease(lease);
    },
  };
}

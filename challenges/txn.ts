/**
 * Challenges 6a to 6c: transactions on registers, always available. See `docs/txn.md`.
 *
 * @module
 */
import type { Node, Program } from "../mod.ts";
import type { TxnRWRegisterMessages } from "../lib/messages.ts";
import { replicate } from "../lib/replication.ts";
import { readMilliseconds, serveWithArguments } from "./shared/arguments.ts";
import { TXN } from "./shared/requests.ts";

/**
 * When a transaction happened, in an order on which all nodes agree: by time, then by writer, which is another one for each life of each
 * node. The time is Lamport's: whatever a node has seen, its own next transaction comes after that, whatever the clocks show. It runs
 * along with the clock only so that it goes on growing where a node that was killed starts again, and has not seen anything yet.
 */
type Stamp = [time: number, writer: number];

/** A value, and the stamp of the transaction that wrote it. */
type Version = [value: unknown, stamp: Stamp];

/** The writes of one transaction: what it leaves in each key. They are shipped and taken in together. */
interface Transaction {
  stamp: Stamp;
  writes: [key: unknown, value: unknown][];
}

/** The transaction program. */
export function txn({ period = 50 }: { period?: number } = {}): Program<TxnRWRegisterMessages> {
  return (node: Node<TxnRWRegisterMessages>) => {
    /** The latest version of each key; keys are any JSON, so they stand as text. */
    const versions = new Map<string, Version>();
    let time = 0;
    const [life] = node.getRandomValues(new Uint32Array(1));

    /** Of two versions the one with the later stamp wins, whichever comes first: so all nodes end with the same. */
    function write(key: string, value: unknown, stamp: Stamp): void {
      const present = versions.get(key);
      if (present === undefined || isLater(stamp, present[1])) versions.set(key, [value, stamp]);
      time = Math.max(time, stamp[0]);
    }

    const replication = replicate<Transaction, [string, Version][]>(node, {
      topology: "hub",
      period,
      apply: ({ stamp, writes }) => writes.forEach(([key, value]) => write(JSON.stringify(key), value, stamp)),
      snapshot: () => [...versions],
      restore: (others) => others.forEach(([key, [value, stamp]]) => write(key, value, stamp)),
    });

    node.on("txn", ({ txn: operations }) => {
      // Nothing else happens on this node while this runs: every read sees the same state, and what the transaction itself has written.
      const own = new Map<string, [key: unknown, value: unknown]>();
      const done = operations.map(([f, key, value]) => {
        const name = JSON.stringify(key);
        if (f === "w") own.set(name, [key, value]);
        else if (own.has(name)) value = own.get(name)![1] as number;
        else value = (versions.get(name)?.[0] ?? null) as number | null;
        return [f, key, value] as typeof operations[number];
      });
      if (own.size > 0) {
        const writer = life! * node.nodeIds.length + node.nodeIds.indexOf(node.id);
        const stamp: Stamp = [Math.max(time + 1, Math.floor(1000 * node.now())), writer];
        for (const [name, [, value]] of own) write(name, value, stamp);
        replication.append({ stamp, writes: [...own.values()] });
      }
      return { txn: done };
    }, TXN);
  };
}

function isLater([time, writer]: Stamp, [otherTime, otherWriter]: Stamp): boolean {
  return time > otherTime || (time === otherTime && writer > otherWriter);
}

/** The program with the options that the arguments name. */
export default function main(node: Node<TxnRWRegisterMessages>, args: readonly string[]): void {
  txn({ period: readMilliseconds(args, "period", 50) })(node);
}

if (import.meta.main) await serveWithArguments(main);

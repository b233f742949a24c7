/**
 * Challenges 6a to 6c: transactions on registers, always available and causally consistent. See `docs/txn.md`.
 *
 * 1. A transaction runs at once on the state of its node. Nothing else runs on the node meanwhile. So its reads see one
 *    state, and its own writes on top of that.
 * 2. A transaction that writes gets a timestamp of a hybrid logical clock: above all timestamps that the node has seen,
 *    and not behind the node's physical clock.
 * 3. Its last write of each key is stored with that timestamp. The register of a key keeps the version with the highest
 *    timestamp: it is a last-writer-wins register.
 * 4. Replication carries the writes to the other nodes: those of a transaction as a whole, and transactions in causal
 *    order.
 * 5. Nodes that have applied the same transactions have the same values, in whatever order they applied them.
 *
 * A kill loses transactions that no other node had, although they were acknowledged. Read committed (6c) still holds.
 * It forbids two things: to read what a failed transaction wrote, and to read what its own transaction has overwritten.
 * It allows a read that misses acknowledged writes. After a restart of its node, a client may miss even its own.
 *
 * @module
 */
import { formatJSON } from "../lib/json.ts";
import type { TxnRWRegisterMessages } from "../lib/messages.ts";
import { isObject } from "../lib/protocol.ts";
import { replicate } from "./replication/mod.ts";
import type { Node } from "../mod.ts";
import { readArguments, readMilliseconds, serveWithArguments } from "./shared/arguments.ts";
import { isArrayOf, isNatural, isPresent, isString, isTuple, TXN } from "./shared/requests.ts";

/** Options of the transaction program. */
export interface TxnOptions {
  /** Time between two rounds of replication, ms. */
  period?: number;
}

/**
 * Timestamp of a hybrid logical clock. Timestamps are ordered by time (µs since 1970), then by writer. The writer is an
 * incarnation of a node, which is drawn at random, so practically no two transactions share a timestamp. A restarted
 * node has seen no timestamps yet; the physical clock makes its new ones higher than its old ones.
 */
type Timestamp = [time: number, writer: string];

/** A value of a register, and the timestamp of the transaction that wrote it. */
type Version = [value: unknown, timestamp: Timestamp];

/** The writes of one transaction: the last of each key. */
interface Transaction {
  timestamp: Timestamp;
  writes: [key: unknown, value: unknown][];
}

/** A list of reads and writes, as clients send it. */
type Operations = TxnRWRegisterMessages["txn"]["request"]["txn"];

/** State of a node. */
interface State {
  /** The current version of each register. As keys may be any JSON, they are kept as JSON text. */
  readonly registers: Map<string, Version>;
  /** The highest time of all timestamps seen, µs since 1970. */
  time: number;
}

const isTimestamp = isTuple(isNatural, isString);
const isWrites = isArrayOf(isTuple(isPresent, isPresent));

function isTransaction(entry: unknown): boolean {
  return isObject(entry) && isTimestamp(entry.timestamp) && isWrites(entry.writes);
}

/** The transaction program. */
export function txn(node: Node<TxnRWRegisterMessages>, { period = 50 }: TxnOptions = {}): void {
  const state: State = { registers: new Map(), time: 0 };
  const writer = node.incarnation;

  const replication = replicate<Transaction, [string, Version][]>(node, {
    topology: "hub",
    period,
    isEntry: isTransaction,
    isSnapshot: isArrayOf(isTuple(isString, isTuple(isPresent, isTimestamp))),
    apply: (transaction) => applyWrites(state, transaction),
    snapshot: () => [...state.registers],
    restore: (registers) => registers.forEach(([key, version]) => write(state, key, version)),
  });

  node.on("txn", ({ txn: operations }) => {
    const { results, writes } = run(state, operations);
    if (writes.length > 0) {
      const time = Math.max(state.time + 1, Math.floor(1000 * node.now()));
      const transaction: Transaction = { timestamp: [time, writer], writes };
      applyWrites(state, transaction);
      replication.append(transaction);
    }
    return { txn: results };
  }, TXN);
}

/** Runs a transaction, without changing the state: returns its operations with the values read, and its writes. */
function run({ registers }: State, operations: Operations): { results: Operations; writes: Transaction["writes"] } {
  const own = new Map<string, [key: unknown, value: number | null]>();
  const results: Operations = [];
  for (const [f, key, value] of operations) {
    const name = formatJSON(key);
    if (f === "w") {
      own.set(name, [key, value]);
      results.push([f, key, value]);
    } else {
      const current = own.has(name) ? own.get(name)![1] : registers.get(name)?.[0];
      results.push([f, key, (current ?? null) as number | null]);
    }
  }
  return { results, writes: [...own.values()] };
}

function applyWrites(state: State, { timestamp, writes }: Transaction): void {
  for (const [key, value] of writes) write(state, formatJSON(key), [value, timestamp]);
}

/** Writes a version to a register, unless the register has a later one. */
function write(state: State, key: string, version: Version): void {
  const current = state.registers.get(key);
  if (current === undefined || isLater(version[1], current[1])) state.registers.set(key, version);
  state.time = Math.max(state.time, version[1][0]);
}

function isLater([time, writer]: Timestamp, [otherTime, otherWriter]: Timestamp): boolean {
  return time > otherTime || (time === otherTime && writer > otherWriter);
}

/** The transaction program with the options that the arguments name. */
export default function main(node: Node<TxnRWRegisterMessages>, args: readonly string[]): void {
  txn(node, { period: readMilliseconds(readArguments(args, ["period"]), "period", 50) });
}

if (import.meta.main) await serveWithArguments(main);

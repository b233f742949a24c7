/**
 * Challenge 4: a grow-only counter (a G-counter, which is a CRDT). See `docs/g_counter.md`.
 *
 * 1. Every node has a slot in seq-kv, which holds the sum of all adds at that node. Only that node writes it.
 * 2. An add joins the batch of adds that wait to be written. While one batch is being written, the next one gathers.
 * 3. The node adds the batch to its slot by compare-and-set, exactly once. Then it acknowledges the adds of the batch.
 *    (With `--acknowledge at-once` it acknowledges each add when it comes, and writes a batch every 450 ms. A kill
 *    loses the adds that are not written yet.)
 * 4. Replication carries the new total to the other nodes. A total only grows, so of two totals of a slot the larger is
 *    the newer. Only written totals are replicated. Otherwise a node that is killed could come back with a smaller
 *    total than others know, and they would ignore what is added to it next.
 * 5. A read returns the sum of all totals known here, and of the adds of this node that are not written yet.
 * 6. A node that starts reads all slots first. So after a kill it continues where it was.
 *
 * Totals and sums may be of any size. Where a number would not be exact, they are bigints.
 *
 * @module
 */
import { addIntegers, type Integer, largerInteger } from "../lib/integers.ts";
import { showJSON } from "../lib/json.ts";
import type { GCounterMessages } from "../lib/messages.ts";
import { isObject } from "../lib/protocol.ts";
import { replicate, type Replication } from "./replication/mod.ts";
import { type KV, type Node, RETRY_UNTIL_ANSWERED, RPCError, seqKV } from "../mod.ts";
import { readArguments, readChoice, serveWithArguments } from "./shared/arguments.ts";
import { ADD, isArrayOf, isNaturalOfAnySize, isString, isTuple } from "./shared/requests.ts";
import { createWorker } from "./shared/worker.ts";

/** Messages of clients. */
type Messages = GCounterMessages<Integer>;

/** Options of the counter. */
export interface GCounterOptions {
  /** Moment at which an add is acknowledged: once it is in seq-kv, or when it comes. */
  acknowledge?: "written" | "at-once";
}

/** Value of a node in seq-kv. */
interface NodeSlot {
  /** Sum of all adds at the node that have been written. It never decreases. */
  total: Integer;
  /** Name of the write that last set the slot. No two writes share a name. */
  lastWrite: string;
}

/** Adds that are written together. */
interface AddBatch {
  /** Sum of the adds. */
  delta: Integer;
  /** Fulfilled once the batch is in seq-kv. */
  written: PromiseWithResolvers<void>;
}

/** Total of the slot of a node: what nodes replicate. */
type Total = [node: string, total: Integer];

/** State of a node. */
interface Counter {
  readonly node: Node<Messages>;
  readonly kv: KV<NodeSlot>;
  readonly replication: Replication<Total>;
  /** The largest total known of each slot. Another node may have read this node's own slot before this node knows. */
  readonly totals: Map<string, Integer>;
  /** Fulfilled once all slots have been read. Until then nothing is read or written. */
  readonly recovered: PromiseWithResolvers<void>;
  /** This node's slot as it was last read or written; {@linkcode NO_SLOT} if there is none in seq-kv. */
  slot: NodeSlot;
  /** The batch that gathers adds. */
  gathering: AddBatch;
  /**
   * The batch that is being written, with the name of its write. It stays until it is in seq-kv, whatever fails
   * meanwhile.
   */
  underWay: (AddBatch & { name: string }) | undefined;
  /** Number of this incarnation's writes. A write is named after the incarnation and this number. */
  writes: number;
}

/**
 * Stands for a slot that does not exist. A compare-and-set from it creates the slot. If the slot exists, it fails: the
 * write of a slot always has a name.
 */
const NO_SLOT: NodeSlot = { total: 0, lastWrite: "" };

/** With `at-once`: time between two writes, ms. */
const WRITE_PERIOD = 450;
/** Pause before a slot is read again after a malformed answer, ms. */
const READ_PAUSE = 1000;
/** Time between two rounds of replication, ms. */
const REPLICATION_PERIOD = 520;

/** The counter program. */
export function gCounter(node: Node<Messages>, { acknowledge = "written" }: GCounterOptions = {}): void {
  const totals = new Map<string, Integer>();
  const counter: Counter = {
    node,
    kv: seqKV<NodeSlot>(node),
    replication: startReplication(node, totals),
    totals,
    recovered: Promise.withResolvers(),
    slot: NO_SLOT,
    gathering: createBatch(),
    underWay: undefined,
    writes: 0,
  };
  const wakeRecovery = createWorker(node, "read the slots of the counter", () => recover(counter));
  const wakeWriter = createWorker(node, "write to the counter", () => writeBatches(counter));
  node.onInit(wakeRecovery);
  if (acknowledge === "at-once") node.every(WRITE_PERIOD, wakeWriter);

  node.on("add", async ({ delta }) => {
    if (delta === 0) return {};
    const { gathering } = counter;
    gathering.delta = addIntegers(gathering.delta, delta);
    if (acknowledge === "at-once") return {};
    wakeWriter();
    await gathering.written.promise;
    return {};
  }, ADD);

  node.on("read", async () => {
    await counter.recovered.promise;
    return { value: sum(counter) };
  });
}

function startReplication(node: Node<Messages>, totals: Map<string, Integer>): Replication<Total> {
  return replicate<Total, Total[]>(node, {
    topology: "hub",
    period: REPLICATION_PERIOD,
    askInterval: 2 * REPLICATION_PERIOD,
    isEntry: isTotal,
    isSnapshot: isArrayOf(isTotal),
    apply: (total) => merge(totals, total),
    snapshot: () => [...totals],
    restore: (others) => others.forEach((total) => merge(totals, total)),
  });
}

const isTotal = isTuple(isString, isNaturalOfAnySize);

/** Keeps the larger of two totals: the merge of the CRDT. Totals may come twice and in any order. */
function merge(totals: Map<string, Integer>, [id, total]: Total): void {
  totals.set(id, largerInteger(total, totals.get(id) ?? 0));
}

/** Merges a total that was found or written in seq-kv, and sends it to the other nodes. */
function publish({ totals, replication }: Counter, total: Total): void {
  merge(totals, total);
  replication.append(total);
}

/** The value of the counter, as far as this node knows. Each add counts once, at every moment. */
function sum({ node, slot, totals, gathering, underWay }: Counter): Integer {
  const unwritten = underWay === undefined || slot.lastWrite === underWay.name ? 0 : underWay.delta;
  // If the batch is in the slot, and only others know that yet, their total contains it, too: so the larger one counts.
  const own = largerInteger(totals.get(node.id) ?? 0, addIntegers(slot.total, unwritten));
  const others = [...totals].filter(([id]) => id !== node.id).map(([, total]) => total);
  return [own, ...others, gathering.delta].reduce(addIntegers);
}

/** Reads all slots. */
async function recover(counter: Counter): Promise<void> {
  const { node, kv } = counter;
  // seq-kv may answer a read with an old state, but not with one from before this node's last change. So we change
  // something first; the new value is never read. `kv.readLatest` does the same for every read, and one is enough here.
  await kv.write(`${keyOf(node.id)}/started`, { total: 0, lastWrite: node.incarnation }, RETRY_UNTIL_ANSWERED);
  const ids = [node.id, ...node.peers];
  const slots = await Promise.all(ids.map((id) => readSlot(counter, id)));
  counter.slot = slots[0]!;
  for (const [i, { total }] of slots.entries()) {
    // The node that wrote a slot may have been killed before it sent the total to anyone.
    if (total > 0) publish(counter, [ids[i]!, total]);
  }
  counter.recovered.resolve();
}

/** Writes all that waits, batch after batch. */
async function writeBatches(counter: Counter): Promise<void> {
  await counter.recovered.promise;
  while (counter.underWay !== undefined || counter.gathering.delta > 0) {
    if (counter.underWay === undefined) {
      counter.underWay = { ...counter.gathering, name: `${counter.node.incarnation}/${++counter.writes}` };
      counter.gathering = createBatch();
    }
    const { delta, name, written } = counter.underWay;
    await addToSlot(counter, delta, name);
    publish(counter, [counter.node.id, counter.slot.total]);
    counter.underWay = undefined;
    written.resolve();
  }
}

/**
 * Adds to this node's slot exactly once, and sets `slot` to the result.
 *
 * Compare-and-set rejects delayed writes of an earlier incarnation and our own retries. A compare-and-set that fails
 * may repeat one that succeeded, so we read the slot again and look for the name of this write.
 */
async function addToSlot(counter: Counter, delta: Integer, name: string): Promise<void> {
  const { kv, node: { id } } = counter;
  while (counter.slot.lastWrite !== name) {
    const { slot } = counter;
    const next = { total: addIntegers(slot.total, delta), lastWrite: name };
    try {
      await kv.cas(keyOf(id), slot, next, { createIfNotExists: slot === NO_SLOT, ...RETRY_UNTIL_ANSWERED });
      counter.slot = next;
    } catch (error) {
      if (!isMismatch(error)) throw error;
      counter.slot = await readSlot(counter, id);
    }
  }
}

/** Reads the slot of a node. After a malformed answer it asks again: otherwise adds would never be written. */
async function readSlot({ node, kv }: Counter, id: string): Promise<NodeSlot> {
  for (;;) {
    const slot = await kv.readOr(keyOf(id), NO_SLOT, RETRY_UNTIL_ANSWERED);
    if (isSlot(slot)) return slot;
    node.log.warn(`Cannot read ${keyOf(id)}, asking again: expected a total and a lastWrite, got ${showJSON(slot)}`);
    await node.sleep(READ_PAUSE);
  }
}

function isSlot(value: unknown): boolean {
  return isObject(value) && isNaturalOfAnySize(value.total) && isString(value.lastWrite);
}

/** True if a compare-and-set failed because the slot was not the expected one, or did not exist. */
function isMismatch(error: unknown): boolean {
  return error instanceof RPCError && ["precondition-failed", "key-does-not-exist"].includes(error.errorName);
}

function keyOf(node: string): string {
  return `counter/${node}`;
}

function createBatch(): AddBatch {
  return { delta: 0, written: Promise.withResolvers() };
}

/** The counter program with the options that the arguments name. */
export default function main(node: Node<Messages>, args: readonly string[]): void {
  const given = readArguments(args, ["acknowledge"]);
  gCounter(node, { acknowledge: readChoice(given, "acknowledge", ["written", "at-once"]) });
}

if (import.meta.main) await serveWithArguments(main);

/**
 * Challenge 5c: replicated logs to which every node appends without asking another, in the manner of Kafka. See
 * `docs/kafka.md`.
 *
 * 1. Every node owns every n-th offset: of three nodes, n0 owns 0, 3, 6, … So no two nodes give out the same offset.
 * 2. A send gets the lowest offset that its node owns above all messages of the key that the node has.
 * 3. Replication carries the message to all nodes. When all have it, it is fully replicated, and every node is told.
 * 4. The high watermark of a key is the offset of its first message that is not known to be fully replicated. A poll
 *    returns the messages below it, or all if there is no such message. So a message that some node may lack hides all
 *    later ones, all nodes return prefixes of the same log, and a message that was read has been on every node.
 * 5. A send is acknowledged when its node has the message (`--acks one`: a kill of that node soon after can lose
 *    it), or when the message is fully replicated (`--acks all`: it is lost only if all nodes are killed, the last of
 *    them before a restarted one has everything again).
 * 6. Consumer offsets that clients commit are replicated, too. They only move forward, so the highest wins.
 *
 * Why a poll misses nothing: once a message is fully replicated, nothing can appear below it any more.
 *
 * - A node that has the message gives out only offsets above it for that key.
 * - Replication is in causal order: the news that a node has the message arrives after everything that the node had
 *   appended below it, or together with that. So a node that is told that all have the message has all that is below.
 *
 * A node that was killed has forgotten its messages, and the offsets that it gave out. Therefore:
 *
 * - One limit for all nodes and keys, in lin-kv, is above every offset that was given out. Nodes raise it before they
 *   reach it. A node that starts again raises it and begins at the old limit (`shared/kafka_offsets.ts`). So it need
 *   not have the messages back before it accepts sends.
 * - To know that it starts again, a node counts its incarnations in lin-kv. Until lin-kv has answered, sends wait, and
 *   the node does not replicate.
 * - A node that knows of the restart drops what it receives from the earlier incarnation (fencing): that may contain a
 *   message below the high watermark.
 * - Nothing new counts as fully replicated until all nodes know of the restart. Until then, one of them could still
 *   accept and pass on such a message.
 * - The messages come back from the other nodes, in a snapshot. Until then, polls of the restarted node return less.
 *
 * The price: while one node is down or cut off, no new message reaches all nodes. The high watermark stops for all
 * nodes, and so do the acknowledgements of `--acks all`, until that node is back.
 *
 * @module
 */
import type { KafkaMessages } from "../lib/messages.ts";
import { isObject } from "../lib/protocol.ts";
import { replicate, type Replication } from "./replication/mod.ts";
import type { Node } from "../mod.ts";
import { readArguments, readChoice, readMilliseconds, serveWithArguments } from "./shared/arguments.ts";
import { commit, insert, type KeyLog, listCommitted, type Offsets, poll, readFrom } from "./shared/kafka_log.ts";
import { createOwnOffsets, type OwnOffsets } from "./shared/kafka_offsets.ts";
import {
  isArrayOf,
  isNatural,
  isPresent,
  isRecordOf,
  isString,
  isTuple,
  KEYS,
  OFFSETS,
  SEND,
} from "./shared/requests.ts";

/** Options of the log program. */
export interface KafkaOptions {
  /** Nodes that must have a message before its send is acknowledged: the one that received it, or all. */
  acks?: "one" | "all";
  /** Time between two rounds of replication, ms. */
  period?: number;
}

/** The messages of one key that this node has. */
interface KeyState {
  readonly log: KeyLog;
  /** Offsets of messages in `log` that are not known to be fully replicated. */
  readonly pending: Set<number>;
  /**
   * Number of messages below the high watermark, which are the first in `log` and all that polls return. It never
   * decreases, and no message is inserted among them. `0 <= readable <= log.length`.
   */
  readable: number;
}

/** A message that a node has appended. */
interface AppendedMessage {
  key: string;
  offset: number;
  msg: unknown;
}

/** Entry that nodes replicate: a message, or consumer offsets that have moved. */
type ReplicatedEntry = AppendedMessage | { commits: Offsets };

/** All that a node has, for one that lacks entries which the others have forgotten: a restarted one. */
interface Snapshot {
  keys: Record<string, { log: KeyLog; pending: number[] }>;
  committed: Offsets;
}

/** State of a node. */
interface State {
  readonly keys: Map<string, KeyState>;
  /** Consumer offsets by key. */
  readonly committed: Map<string, number>;
  /**
   * With `--acks all`: for each message of this node that is not fully replicated, the function that acknowledges it.
   * The key is the object that was appended: replication reports the same one.
   */
  readonly unacknowledged: Map<ReplicatedEntry, () => void>;
}

/** The log program. */
export function kafka(node: Node<KafkaMessages<unknown>>, { acks = "one", period = 50 }: KafkaOptions = {}): void {
  const state: State = { keys: new Map(), committed: new Map(), unacknowledged: new Map() };
  const ownOffsets = createOwnOffsets(node);
  const replication = startReplication(node, state, period, ownOffsets);

  node.on("send", async ({ key, msg }) => {
    const { log } = keyStateOf(state, key);
    let offset = ownOffsets.next(lastOffset(log));
    while (offset === undefined) {
      await ownOffsets.waitForLimit();
      offset = ownOffsets.next(lastOffset(log));
    }
    const message = { key, offset, msg };
    // There is no `await` between the choice of the offset and this, so no other send can choose the same.
    addMessage(state, message);
    const acknowledged = acks === "one"
      ? Promise.resolve()
      : new Promise<void>((resolve) => state.unacknowledged.set(message, resolve));
    replication.append(message);
    await acknowledged;
    return { offset };
  }, SEND);

  node.on("poll", ({ offsets }) => poll(offsets, (key, from) => readReplicated(state, key, from)), OFFSETS);

  node.on("commit_offsets", ({ offsets }) => {
    const commits = commit(state.committed, offsets);
    if (Object.keys(commits).length > 0) replication.append({ commits });
    return {};
  }, OFFSETS);

  node.on("list_committed_offsets", ({ keys }) => listCommitted(state.committed, keys), KEYS);
}

const isOffsets = isRecordOf(isNatural);
const isKeyState = (state: unknown) =>
  isObject(state) && isArrayOf(isTuple(isNatural, isPresent))(state.log) && isArrayOf(isNatural)(state.pending);

function isEntry(entry: unknown): boolean {
  if (!isObject(entry)) return false;
  if ("commits" in entry) return isOffsets(entry.commits);
  return isString(entry.key) && isNatural(entry.offset) && isPresent(entry.msg);
}

function isSnapshot(state: unknown): boolean {
  return isObject(state) && isRecordOf(isKeyState)(state.keys) && isOffsets(state.committed);
}

function startReplication(
  node: Node<KafkaMessages<unknown>>,
  state: State,
  period: number,
  ownOffsets: OwnOffsets,
): Replication<ReplicatedEntry> {
  return replicate<ReplicatedEntry, Snapshot>(node, {
    topology: "hub",
    period,
    // A late acknowledgement delays the high watermark. So none is held back until there are entries to send with it.
    ackDelay: 0,
    // Replication keeps entries until all nodes have them, as `onFullyReplicated` requires.
    keep: Infinity,
    // Replication starts once this is fulfilled.
    incarnations: ownOffsets.countIncarnation,
    isEntry,
    isSnapshot,
    apply(entry) {
      if ("commits" in entry) commit(state.committed, entry.commits);
      else addMessage(state, entry);
    },
    onFullyReplicated(entry) {
      if ("commits" in entry) return;
      markReplicated(state, entry.key, entry.offset);
      state.unacknowledged.get(entry)?.();
      state.unacknowledged.delete(entry);
    },
    snapshot: () => createSnapshot(state),
    restore: (snapshot) => restore(state, snapshot),
  });
}

function keyStateOf({ keys }: State, key: string): KeyState {
  let keyState = keys.get(key);
  if (keyState === undefined) {
    keyState = { log: [], pending: new Set(), readable: 0 };
    keys.set(key, keyState);
  }
  return keyState;
}

function lastOffset(log: KeyLog): number {
  return log.at(-1)?.[0] ?? -1;
}

function addMessage(state: State, { key, offset, msg }: AppendedMessage): void {
  const { log, pending } = keyStateOf(state, key);
  if (insert(log, offset, msg)) pending.add(offset);
}

/** Marks a message as fully replicated and advances the high watermark. */
function markReplicated(state: State, key: string, offset: number): void {
  const keyState = keyStateOf(state, key);
  const { log, pending } = keyState;
  pending.delete(offset);
  while (keyState.readable < log.length && !pending.has(log[keyState.readable]![0])) keyState.readable++;
}

/** Reads the messages of a key below its high watermark; all if there is none, as all are fully replicated then. */
function readReplicated({ keys }: State, key: string, from: number): KeyLog {
  const keyState = keys.get(key);
  if (keyState === undefined) return [];
  const highWatermark = keyState.log[keyState.readable]?.[0];
  return readFrom(keyState.log, from, highWatermark);
}

function createSnapshot(state: State): Snapshot {
  const keys: Snapshot["keys"] = Object.fromEntries(
    Array.from(state.keys, ([key, { log, pending }]) => [key, { log, pending: [...pending] }]),
  );
  return { keys, committed: Object.fromEntries(state.committed) };
}

function restore(state: State, { keys, committed }: Snapshot): void {
  commit(state.committed, committed);
  for (const [key, { log, pending }] of Object.entries(keys)) {
    for (const [offset, msg] of log) addMessage(state, { key, offset, msg });
    const stillPending = new Set(pending);
    for (const [offset] of log) if (!stillPending.has(offset)) markReplicated(state, key, offset);
  }
}

/** The log program with the options that the arguments name. */
export default function main(node: Node<KafkaMessages<unknown>>, args: readonly string[]): void {
  const given = readArguments(args, ["acks", "period"]);
  kafka(node, { acks: readChoice(given, "acks", ["one", "all"]), period: readMilliseconds(given, "period", 50) });
}

if (import.meta.main) await serveWithArguments(main);

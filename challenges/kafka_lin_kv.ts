/**
 * Challenge 5b: logs in lin-kv, which survive every kill. See `docs/kafka.md`.
 *
 * 1. All sends go into one shared log in lin-kv, which all nodes apply in the same order (`shared/slot_log.ts`).
 * 2. So all nodes agree on every offset: it is the number of messages of the same key before the message.
 * 3. A send is acknowledged when its message is in lin-kv and applied here.
 * 4. A poll is answered from memory, or, with `--polls latest`, after this node has applied all that is in lin-kv.
 * 5. Consumer offsets that clients commit travel with the next send, or alone after a second.
 *
 * @module
 */
import type { KafkaMessages } from "../lib/messages.ts";
import { isObject } from "../lib/protocol.ts";
import type { Node } from "../mod.ts";
import { readArguments, readChoice, serveWithArguments } from "./shared/arguments.ts";
import { commit, insert, type KeyLog, listCommitted, type Offsets, poll, readFrom } from "./shared/kafka_log.ts";
import { isNatural, isPresent, isRecordOf, isString, isTuple, KEYS, OFFSETS, SEND } from "./shared/requests.ts";
import { createSlotLog } from "./shared/slot_log.ts";

/** Options of the log program. */
export interface KafkaLinKVOptions {
  /**
   * Messages that a poll returns. `"local"`: those that this node has applied, which may miss the last moment.
   * `"latest"`: every message that was acknowledged before the poll; this costs two messages more.
   */
  polls?: "local" | "latest";
}

/** An entry of the shared log: a message, and the consumer offsets that were committed here since the last entry. */
interface SharedEntry {
  send?: [key: string, message: unknown];
  commits: Offsets;
}

function isEntry(value: unknown): boolean {
  if (!isObject(value) || !isRecordOf(isNatural)(value.commits)) return false;
  return value.send === undefined || isTuple(isString, isPresent)(value.send);
}

/** State of a node. */
interface State {
  /** Messages by key, as applied from the shared log. */
  logs: Map<string, KeyLog>;
  /** Consumer offsets by key. */
  committed: Map<string, number>;
  /** Consumer offsets that were committed here and are not in the shared log yet. */
  commits: Offsets;
}

/** Longest wait of a commit for a send to travel with, ms. */
const COMMIT_PERIOD = 1000;

/** The log program on lin-kv. */
export function kafkaLinKV(
  node: Node<KafkaMessages<unknown>>,
  { polls = "local" }: KafkaLinKVOptions = {},
): void {
  const state: State = { logs: new Map(), committed: new Map(), commits: {} };
  const slotLog = createSlotLog<SharedEntry, number>(node, (entry) => apply(state, entry), isEntry);

  /** Puts an entry with all commits so far into the shared log. */
  function share(send?: [key: string, message: unknown]): Promise<number> {
    const entry = { send, commits: state.commits };
    state.commits = {};
    return slotLog.append(entry);
  }

  node.on("send", async ({ key, msg }) => ({ offset: await share([key, msg]) }), SEND);

  node.on("poll", async ({ offsets }) => {
    if (polls === "latest") await slotLog.catchUp();
    return poll(offsets, (key, from) => readFrom(state.logs.get(key) ?? [], from));
  }, OFFSETS);

  // Acknowledged at once: if a commit is lost with its node, clients read some messages again, and nothing worse
  // happens.
  node.on("commit_offsets", ({ offsets }) => {
    state.commits = { ...state.commits, ...commit(state.committed, offsets) };
    return {};
  }, OFFSETS);
  node.every(COMMIT_PERIOD, async () => {
    if (Object.keys(state.commits).length > 0) await share();
  });

  node.on("list_committed_offsets", ({ keys }) => listCommitted(state.committed, keys), KEYS);
}

/** Applies an entry of the shared log, and returns the offset of its message, or -1 if it has none. */
function apply({ logs, committed }: State, { send, commits }: SharedEntry): number {
  commit(committed, commits);
  return send === undefined ? -1 : append(logs, ...send);
}

/** Appends a message to the log of its key, and returns its offset. */
function append(logs: Map<string, KeyLog>, key: string, message: unknown): number {
  const log = logs.get(key) ?? [];
  logs.set(key, log);
  const offset = log.length;
  insert(log, offset, message);
  return offset;
}

/** The log program with the options that the arguments name. */
export default function main(node: Node<KafkaMessages<unknown>>, args: readonly string[]): void {
  kafkaLinKV(node, { polls: readChoice(readArguments(args, ["polls"]), "polls", ["local", "latest"]) });
}

if (import.meta.main) await serveWithArguments(main);

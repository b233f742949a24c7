/**
 * Challenge 5b: logs that are kept in lin-kv. See `docs/kafka.md`.
 *
 * @module
 */
import type { Node, Program } from "../mod.ts";
import type { KafkaMessages } from "../lib/messages.ts";
import { readChoice, serveWithArguments } from "./shared/arguments.ts";
import { commit, insert, listCommitted, type Log, type Offsets, poll, readFrom } from "./shared/kafka_log.ts";
import { KEYS, OFFSETS, SEND } from "./shared/requests.ts";
import { createSlotLog } from "./shared/slot_log.ts";

/** How the program goes about its business. */
export interface KafkaLinKVOptions {
  /**
   * What a poll shows. `"local"`: what this node has been told of, which may be a moment old. `"latest"`: everything that was
   * acknowledged before the poll, for two messages more.
   */
  polls?: "local" | "latest";
}

/** What is kept: a message, and whatever was committed since the last one. */
interface Entry {
  send?: [key: string, message: unknown];
  commits: Offsets;
}

/** How long commits wait for a send to go with, ms. */
const COMMIT_PERIOD = 1000;

/** The log program. */
export function kafkaLinKV({ polls = "local" }: KafkaLinKVOptions = {}): Program<KafkaMessages<unknown>> {
  return (node: Node<KafkaMessages<unknown>>) => {
    const logs = new Map<string, Log>();
    const committed = new Map<string, number>();
    /** What was committed here and is not kept yet. */
    let commits: Offsets = {};

    // All nodes take in the same entries in the same order, so all give a message the same offset.
    const slots = createSlotLog(node, (entry: Entry): number => {
      commit(committed, entry.commits);
      if (entry.send === undefined) return -1;
      const [key, message] = entry.send;
      if (!logs.has(key)) logs.set(key, []);
      const log = logs.get(key)!;
      insert(log, log.length, message);
      return log.length - 1;
    });

    function append(send?: [string, unknown]): Promise<number> {
      const entry = { send, commits };
      commits = {};
      return slots.append(entry);
    }

    node.on("send", async ({ key, msg }) => ({ offset: await append([key, msg]) }), SEND);

    node.on("poll", async ({ offsets }) => {
      if (polls === "latest") await slots.catchUp();
      return poll(offsets, (key, from) => readFrom(logs.get(key) ?? [], from));
    }, OFFSETS);

    // A commit that is lost with its node only means that something is read twice, so it need not be waited for.
    node.on("commit_offsets", ({ offsets }) => {
      Object.assign(commits, commit(committed, offsets));
      return {};
    }, OFFSETS);
    node.every(COMMIT_PERIOD, async () => {
      if (Object.keys(commits).length > 0) await append();
    });

    node.on("list_committed_offsets", ({ keys }) => listCommitted(committed, keys), KEYS);
  };
}

/** The program with the options that the arguments name. */
export default function main(node: Node<KafkaMessages<unknown>>, args: readonly string[]): void {
  kafkaLinKV({ polls: readChoice<"local" | "latest">(args, "polls", ["local", "latest"]) })(node);
}

if (import.meta.main) await serveWithArguments(main);

/**
 * Challenge 5c: logs that any node appends to without asking anybody. See `docs/kafka.md`.
 *
 * @module
 */
import type { Node, Program } from "../mod.ts";
import type { KafkaMessages } from "../lib/messages.ts";
import { replicate } from "../lib/replication.ts";
import { readChoice, readMilliseconds, serveWithArguments } from "./shared/arguments.ts";
import { commit, insert, listCommitted, type Log, type Offsets, poll, readFrom } from "./shared/kafka_log.ts";
import { openOffsets } from "./shared/kafka_offsets.ts";
import { KEYS, OFFSETS, SEND } from "./shared/requests.ts";

/** How the program goes about its business. */
export interface KafkaOptions {
  /** Who must have a message before its send is acknowledged: the node that it was sent to, or all nodes. */
  acks?: "one" | "all";
  /** How long messages are gathered before they go to the other nodes, ms. */
  period?: number;
}

/** The messages of one key, as far as this node has them. */
interface Partition {
  log: Log;
  /** Offsets of messages which perhaps not all nodes have. */
  pending: Set<number>;
  /** How many messages, from the first on, are shown: those before the first pending one. */
  shown: number;
}

/** What nodes tell each other. */
type Entry = { key: string; offset: number; msg: unknown } | { commits: Offsets };

/** Everything, for a node that has missed too much. */
interface Snapshot {
  partitions: Record<string, { log: Log; pending: number[] }>;
  committed: Offsets;
}

/** The log program. */
export function kafka({ acks = "one", period = 50 }: KafkaOptions = {}): Program<KafkaMessages<unknown>> {
  return (node: Node<KafkaMessages<unknown>>) => {
    const partitions = new Map<string, Partition>();
    const committed = new Map<string, number>();
    const offsets = openOffsets(node);
    /** Sends that are acknowledged when all nodes have the message. */
    const unacknowledged = new Map<Entry, () => void>();

    function partitionOf(key: string): Partition {
      let partition = partitions.get(key);
      if (partition === undefined) partitions.set(key, partition = { log: [], pending: new Set(), shown: 0 });
      return partition;
    }

    function add(key: string, offset: number, msg: unknown): void {
      const { log, pending } = partitionOf(key);
      if (insert(log, offset, msg)) pending.add(offset);
    }

    /**
     * Notes that all nodes have a message, and shows what that allows. Whatever they add from now on goes beyond it; and whatever they
     * had added below it before they had it, is here by now. So nothing new will ever come before it.
     */
    function settle(key: string, offset: number): void {
      const partition = partitionOf(key);
      const { log, pending } = partition;
      pending.delete(offset);
      while (partition.shown < log.length && !pending.has(log[partition.shown]![0])) partition.shown++;
    }

    const replication = replicate<Entry, Snapshot>(node, {
      topology: "hub",
      period,
      acknowledge: 0,
      // The log keeps all messages anyway.
      keep: Infinity,
      lives: { begin: offsets.begin, announcement: { commits: {} } },
      apply(entry) {
        if ("commits" in entry) commit(committed, entry.commits);
        else add(entry.key, entry.offset, entry.msg);
      },
      onStable(entry) {
        if ("commits" in entry) return;
        settle(entry.key, entry.offset);
        unacknowledged.get(entry)?.();
        unacknowledged.delete(entry);
      },
      snapshot: () => ({
        partitions: Object.fromEntries(Array.from(partitions, ([key, { log, pending }]) => {
          return [key, { log, pending: [...pending] }];
        })),
        committed: Object.fromEntries(committed),
      }),
      restore(snapshot) {
        commit(committed, snapshot.committed);
        for (const [key, { log, pending }] of Object.entries(snapshot.partitions)) {
          for (const [offset, msg] of log) add(key, offset, msg);
          const stillPending = new Set(pending);
          for (const [offset] of log) if (!stillPending.has(offset)) settle(key, offset);
        }
      },
    });

    node.on("send", async ({ key, msg }) => {
      const { log } = partitionOf(key);
      const nextOffset = () => offsets.next(log.at(-1)?.[0] ?? -1);
      let offset = nextOffset();
      while (offset === undefined) {
        await offsets.more();
        offset = nextOffset();
      }
      // It is taken at once, before any other send can look for one.
      add(key, offset, msg);
      const entry = { key, offset, msg };
      const known = acks === "one" || new Promise<void>((resolve) => unacknowledged.set(entry, resolve));
      replication.append(entry);
      await known;
      return { offset };
    }, SEND);

    node.on("poll", ({ offsets }) =>
      poll(offsets, (key, from) => {
        const partition = partitions.get(key);
        return partition === undefined ? [] : readFrom(partition.log, from, partition.log[partition.shown]?.[0]);
      }), OFFSETS);

    node.on("commit_offsets", ({ offsets }) => {
      const commits = commit(committed, offsets);
      if (Object.keys(commits).length > 0) replication.append({ commits });
      return {};
    }, OFFSETS);

    node.on("list_committed_offsets", ({ keys }) => listCommitted(committed, keys), KEYS);
  };
}

/** The program with the options that the arguments name. */
export default function main(node: Node<KafkaMessages<unknown>>, args: readonly string[]): void {
  const acks = readChoice<"one" | "all">(args, "acks", ["one", "all"]);
  kafka({ acks, period: readMilliseconds(args, "period", 50) })(node);
}

if (import.meta.main) await serveWithArguments(main);

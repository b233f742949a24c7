/**
 * Challenge 5c: logs that any node appends to without asking anybody. See `docs/kafka.md`.
 *
 * @module
 */
import type { KafkaMessages, Node, Program } from "../mod.ts";
import { replicate } from "../lib/replication.ts";
import { choice, milliseconds, serveWith } from "./arguments.ts";
import { commit, insert, listCommitted, type Log, type Offsets, poll, readFrom } from "./kafka_log.ts";

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
  /** The highest offset that this node has seen. */
  top: number;
  /** Below this offset nothing will ever be added. */
  final: number;
}

/** What nodes tell each other. */
type Entry = { key: string; offset: number; msg: unknown } | { commits: Offsets };

/** Everything, for a node that has missed too much. */
interface Snapshot {
  partitions: Record<string, Pick<Partition, "log" | "final">>;
  committed: Offsets;
}

/** The log program. */
export function kafka({ acks = "one", period = 50 }: KafkaOptions = {}): Program<KafkaMessages<unknown>> {
  return (node: Node<KafkaMessages<unknown>>) => {
    const partitions = new Map<string, Partition>();
    const committed = new Map<string, number>();
    /** Sends that are acknowledged when all nodes have the message. */
    const unacknowledged = new Map<Entry, () => void>();

    function partitionOf(key: string): Partition {
      let partition = partitions.get(key);
      if (partition === undefined) partitions.set(key, partition = { log: [], top: -1, final: 0 });
      return partition;
    }

    function add(key: string, offset: number, msg: unknown): void {
      const partition = partitionOf(key);
      insert(partition.log, offset, msg);
      partition.top = Math.max(partition.top, offset);
    }

    /**
     * The next offset for this node. Each node has offsets of its own (of three, n0 has 0, 3, 6, …), so no two nodes can ever choose the
     * same; and each goes beyond all that it has seen.
     */
    function nextOffset(top: number): number {
      const count = node.nodeIds.length;
      const first = top + 1;
      return first + (node.nodeIds.indexOf(node.id) - first % count + count) % count;
    }

    const replication = replicate<Entry, Snapshot>(node, {
      topology: "hub",
      period,
      acknowledge: 0,
      // The log keeps all messages anyway.
      keep: Infinity,
      apply(entry) {
        if ("commits" in entry) commit(committed, entry.commits);
        else add(entry.key, entry.offset, entry.msg);
      },
      // When all nodes have seen an offset, whatever they add from now on goes beyond it; and whatever they had added below it before
      // they saw it, is here by now. So up to there the log is final, and may be shown.
      onStable(entry) {
        if ("commits" in entry) return;
        const partition = partitionOf(entry.key);
        partition.final = Math.max(partition.final, entry.offset + 1);
        unacknowledged.get(entry)?.();
        unacknowledged.delete(entry);
      },
      snapshot: () => ({
        partitions: Object.fromEntries(Array.from(partitions, ([key, { log, final }]) => [key, { log, final }])),
        committed: Object.fromEntries(committed),
      }),
      restore(snapshot) {
        commit(committed, snapshot.committed);
        for (const [key, { log, final }] of Object.entries(snapshot.partitions)) {
          for (const [offset, msg] of log) add(key, offset, msg);
          partitionOf(key).final = Math.max(partitionOf(key).final, final);
        }
      },
    });

    node.on("send", ({ key, msg }) => {
      const offset = nextOffset(partitionOf(key).top);
      add(key, offset, msg);
      const entry = { key, offset, msg };
      const reply = acks === "one"
        ? { offset }
        : new Promise<{ offset: number }>((resolve) => unacknowledged.set(entry, () => resolve({ offset })));
      replication.append(entry);
      return reply;
    });

    node.on("poll", ({ offsets }) =>
      poll(offsets, (key, from) => {
        const partition = partitions.get(key);
        return partition === undefined ? [] : readFrom(partition.log, from, partition.final);
      }));

    node.on("commit_offsets", ({ offsets }) => {
      const commits = commit(committed, offsets);
      if (Object.keys(commits).length > 0) replication.append({ commits });
      return {};
    });

    node.on("list_committed_offsets", ({ keys }) => listCommitted(committed, keys));
  };
}

/** The program that these arguments ask for. */
export function createProgram(args: readonly string[]): Program<KafkaMessages<unknown>> {
  const acks = choice<"one" | "all">(args, "acks", ["one", "all"]);
  return kafka({ acks, period: milliseconds(args, "period", 50) });
}

if (import.meta.main) await serveWith(createProgram);

/**
 * Challenge 5b: logs that are kept in lin-kv. See `docs/kafka.md`.
 *
 * @module
 */
import { type KafkaMessages, linKV, type Node, type Program, RPCError, serve } from "../mod.ts";
import { choice } from "./arguments.ts";
import { commit, insert, listCommitted, type Log, type Offsets, poll, readFrom } from "./kafka_log.ts";

/** How the program goes about its business. */
export interface KafkaLinKVOptions {
  /**
   * What a poll shows. `"local"`: what this node has been told of, which may be a moment old. `"latest"`: everything that was
   * acknowledged before the poll, for two messages more.
   */
  polls?: "local" | "latest";
}

/** What is written into one slot: whatever was waiting at a node. Nobody ever changes a slot. */
interface Batch {
  /** No two batches have the same, whichever node they are from. */
  name: string;
  sends: [key: string, msg: unknown][];
  commits: Offsets;
}

type Messages = KafkaMessages<unknown> & {
  /** Tells the other nodes what a slot contains. */
  written: { request: { slot: number; batch: Batch } };
};

/** How long a node waits to be told what is in a slot that another one has taken, before it reads it, ms. */
const GRACE = 5;
/** How long commits wait for sends to go with, and a node for news before it looks for itself, ms. */
const IDLE_PERIOD = 1000;
/** How many slots are read at once, at most. */
const MAX_WINDOW = 64;
/** Reads go on until they are answered. */
const PATIENT = { retry: { attempts: Infinity, maxBackoff: 1000 } };

/** The log program. */
export function kafkaLinKV({ polls = "local" }: KafkaLinKVOptions = {}): Program<Messages> {
  return (node: Node<Messages>) => {
    const kv = linKV<Batch | null>(node);
    const logs = new Map<string, Log>();
    const committed = new Map<string, number>();
    /** The first slot whose content is unknown here, and what is known of those behind it. */
    let next = 0;
    const ahead = new Map<number, Batch>();
    /** The next batch of this node's, and those that are in no slot yet: called with the offsets of their sends when they are. */
    let waiting = newWaiting();
    const unwritten = new Map<string, (offsets: number[]) => void>();
    let appending = false;
    let search: Promise<void> | undefined;
    let learnedAt = 0;

    /** Takes in a slot when its turn has come. All nodes do so in the same order, so all give a message the same offset. */
    function learn(slot: number, batch: Batch): void {
      learnedAt = node.now();
      if (slot >= next) ahead.set(slot, batch);
      for (let found = ahead.get(next); found !== undefined; found = ahead.get(next)) {
        ahead.delete(next++);
        const offsets = found.sends.map(([key, msg]) => append(key, msg));
        commit(committed, found.commits);
        unwritten.get(found.name)?.(offsets);
        unwritten.delete(found.name);
      }
    }

    function append(key: string, msg: unknown): number {
      if (!logs.has(key)) logs.set(key, []);
      const log = logs.get(key)!;
      insert(log, log.length, msg);
      return log.length - 1;
    }

    /** Reads slots from the first unknown one on, until one is empty: several at once if there turn out to be many. */
    async function readOn(): Promise<void> {
      for (let window = 1;; window = Math.min(2 * window, MAX_WINDOW)) {
        const slots = Array.from({ length: window }, (_, i) => next + i);
        const found = await Promise.all(slots.map((slot) => kv.readOr(keyOf(slot), null, PATIENT)));
        found.forEach((batch, i) => batch !== null && learn(slots[i]!, batch));
        if (found.includes(null)) return;
      }
    }

    /** Reads on, together with whoever else wants to just now. */
    function catchUp(): Promise<void> {
      return search ??= readOn().finally(() => search = undefined);
    }

    /** Learns every slot that was taken before this call: a search that is under way may have passed some. */
    async function catchUpFromNow(): Promise<void> {
      await search;
      await catchUp();
    }

    /** Writes what is waiting, batch after batch, each into the first free slot. */
    async function appendAll(): Promise<void> {
      if (appending) return;
      appending = true;
      while (waiting.sends.length > 0 || Object.keys(waiting.commits).length > 0) {
        const { written, ...batch } = waiting;
        waiting = newWaiting();
        unwritten.set(batch.name, written.resolve);
        while (unwritten.has(batch.name)) await tryAppend(next, batch);
      }
      appending = false;
    }

    async function tryAppend(slot: number, batch: Batch): Promise<void> {
      try {
        await kv.cas(keyOf(slot), null, batch, { createIfNotExists: true });
      } catch (error) {
        if (!(error instanceof RPCError)) throw error;
        // The slot is somebody else's, who will say what is in it; or there was no answer, and it may even be this batch that is there.
        if (error.definite) await node.sleep(GRACE);
        if (next <= slot) await catchUpFromNow();
        return;
      }
      learn(slot, batch);
      for (const peer of node.peers) node.send(peer, { type: "written", slot, batch });
    }

    function newWaiting(): Batch & { written: PromiseWithResolvers<number[]> } {
      const name = Array.from(node.getRandomValues(new Uint32Array(3)), (word) => word.toString(36)).join("");
      return { name, sends: [], commits: {}, written: Promise.withResolvers() };
    }

    node.onInit(() => void catchUp());
    node.every(IDLE_PERIOD, async () => {
      if (node.now() - learnedAt > IDLE_PERIOD) await catchUp();
      await appendAll();
    });

    node.on("written", ({ slot, batch }) => {
      learn(slot, batch);
      // Something is missing: perhaps it is just late.
      if (ahead.size > 0) node.after(GRACE, () => ahead.size > 0 ? catchUp() : undefined);
    });

    node.on("send", async ({ key, msg }) => {
      const { sends, written } = waiting;
      const index = sends.push([key, msg]) - 1;
      void appendAll();
      const offsets = await written.promise;
      return { offset: offsets[index]! };
    });

    node.on("poll", async ({ offsets }) => {
      if (polls === "latest") await catchUpFromNow();
      return poll(offsets, (key, from) => readFrom(logs.get(key) ?? [], from));
    });

    // A commit that is lost with its node only means that something is read twice, so it need not be waited for.
    node.on("commit_offsets", ({ offsets }) => {
      Object.assign(waiting.commits, commit(committed, offsets));
      return {};
    });

    node.on("list_committed_offsets", ({ keys }) => listCommitted(committed, keys));
  };
}

function keyOf(slot: number): string {
  return `slot/${slot}`;
}

if (import.meta.main) await serve(kafkaLinKV({ polls: choice<"local" | "latest">("polls", ["local", "latest"]) }));

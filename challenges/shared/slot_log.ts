/**
 * One log for all nodes, kept in lin-kv: a list of slots, each written once, so that all nodes see the same entries in the same order.
 *
 * A slot is taken by compare-and-set, which succeeds only where there is nothing yet: whoever comes second finds out what is there and
 * tries the next. So as not to get in each other's way, the nodes leave the writing to the first of them, and write themselves only if
 * it does not answer. That is a matter of cost: it is right whoever writes.
 *
 * @module
 */
import { type AnyNode, type KV, linKV, RETRY_UNTIL_ANSWERED, RPCError } from "../../mod.ts";

/** The log, as one node sees it. */
export interface SlotLog<E, R> {
  /** Adds an entry; fulfilled when it is in lin-kv and has been taken in here, with what came of that. */
  append(entry: E): Promise<R>;
  /** Takes in all that was in the log before this call. */
  catchUp(): Promise<void>;
}

/** What was waiting at one node. */
interface Batch<E> {
  /** Which node it is from, and which of its lives. */
  from: string;
  /** Its how-manieth. A node's batches get into slots in this order, so one whose number has been passed has been there before. */
  number: number;
  entries: E[];
}

/** What is in one key of lin-kv. */
type Slot<E> = Batch<E>[];

/**
 * How long the writer may take for a batch, ms, or twice as long as it took for the last one; and twice as long after each batch that it
 * was too slow for. Then a node writes for itself, until it hears from the writer again.
 */
const WRITER_TIMEOUT = 250;
/** Where the writer needs longer than this, ms, a node is better off by itself: clients do not wait much longer. */
const MAX_WRITER_TIMEOUT = 4000;
/** How long a node writes for itself at most before it tries the writer again, ms. */
const MAX_ALONE = 64_000;
/** How long a node waits to be told what is in a slot that another one has taken, before it reads it, ms. */
const GRACE = 5;
/** How long a node waits for news before it looks for itself, ms. */
const IDLE_PERIOD = 1000;
/** How many slots are read at once, at most. */
const MAX_WINDOW = 64;

/**
 * Opens the log; to be called once, when the program sets up its node. Nodes tell each other of it in messages of types `append` and
 * `written`.
 *
 * @param apply Takes in an entry; called for the same entries in the same order on all nodes. What it returns, `append` gives.
 */
export function openSlotLog<E, R>(node: AnyNode, apply: (entry: E) => R): SlotLog<E, R> {
  const kv = linKV<Slot<E> | null>(node);
  const reader = openReader(node, kv, takeIn);
  /** The number of the last batch from each node. */
  const passed = new Map<string, number>();
  /** Batches that other nodes want written. */
  const queue: Batch<E>[] = [];
  /** This node's next batch, and the one before it until that is in a slot. */
  let waiting = newBatch<E, R>("", 1);
  let sent: OwnBatch<E, R> | undefined;
  let writer = "";
  let writerIsThere = true;
  let writerTimeout = WRITER_TIMEOUT;
  /** Until when it is not asked. */
  let aloneUntil = -Infinity;
  let busy = false;

  node.onInit(() => {
    waiting = newBatch(`${node.id}.${node.getRandomValues(new Uint32Array(1))[0]!.toString(36)}`, 1);
    writer = node.nodeIds[0]!;
    void reader.catchUp();
  });
  node.every(IDLE_PERIOD, reader.catchUpIfIdle);
  node.on("append", ({ batch }) => {
    queue.push(batch as Batch<E>);
    void work();
  });
  node.on("written", ({ index, slot }, { src }) => {
    if (src === writer) writerIsThere = true;
    reader.learn(index as number, slot as Slot<E>);
  });

  function takeIn(slot: Slot<E>): void {
    for (const batch of slot) {
      if (isWritten(batch)) continue;
      passed.set(batch.from, batch.number);
      const results = batch.entries.map(apply);
      if (sent !== undefined && batch.from === sent.from) sent.results.resolve(results);
    }
  }

  function isWritten({ from, number }: Batch<E>): boolean {
    return number <= (passed.get(from) ?? 0);
  }

  /** Sees to it that what is waiting gets into slots; this node's batches one after another, so that their order is kept. */
  async function work(): Promise<void> {
    if (busy) return;
    busy = true;
    while (waiting.entries.length > 0 || queue.length > 0) {
      const batches = queue.splice(0);
      sent = undefined;
      if (waiting.entries.length > 0) {
        sent = waiting;
        waiting = newBatch(sent.from, sent.number + 1);
        const { from, number, entries } = sent;
        if (!await forward({ from, number, entries }, sent.results.promise)) batches.push({ from, number, entries });
      }
      while (!batches.every(isWritten)) await write(batches);
    }
    busy = false;
  }

  /** Has the writer write a batch. Returns whether it did; if not, it may still do so, which does no harm. */
  async function forward(batch: Batch<E>, written: Promise<unknown>): Promise<boolean> {
    const began = node.now();
    if (writer === node.id || !writerIsThere || began < aloneUntil) return false;
    node.send(writer, { type: "append", batch });
    await Promise.race([written, node.sleep(Math.min(writerTimeout, MAX_WRITER_TIMEOUT))]);
    writerIsThere = isWritten(batch);
    if (writerIsThere) {
      writerTimeout = Math.max(WRITER_TIMEOUT, 2 * (node.now() - began));
    } else {
      if (writerTimeout > MAX_WRITER_TIMEOUT) aloneUntil = node.now() + writerTimeout;
      writerTimeout = Math.min(2 * writerTimeout, MAX_ALONE);
    }
    return writerIsThere;
  }

  /** Tries to put batches into the next slot. */
  async function write(slot: Slot<E>): Promise<void> {
    const index = reader.next;
    try {
      await kv.cas(keyOf(index), null, slot, { createIfNotExists: true, ...RETRY_UNTIL_ANSWERED });
    } catch (error) {
      if (!(error instanceof RPCError && error.errorName === "precondition-failed")) throw error;
      // The slot is somebody else's, who will say what is in it; or there was no answer at first, and it is ours.
      if (reader.next <= index) await Promise.race([reader.news(), node.sleep(GRACE)]);
      if (reader.next > index) return;
      const news = reader.news();
      void reader.catchUp();
      return await news;
    }
    reader.learn(index, slot);
    for (const peer of node.peers) node.send(peer, { type: "written", index, slot });
  }

  return {
    async append(entry) {
      const { entries, results } = waiting;
      const index = entries.push(entry) - 1;
      void work();
      return (await results.promise)[index]!;
    },
    catchUp: reader.catchUp,
  };
}

/** A batch of this node's, and what comes of it. */
interface OwnBatch<E, R> extends Batch<E> {
  results: PromiseWithResolvers<R[]>;
}

function newBatch<E, R>(from: string, number: number): OwnBatch<E, R> {
  return { from, number, entries: [], results: Promise.withResolvers() };
}

function keyOf(index: number): string {
  return `slot/${index}`;
}

/** What a node knows of the slots. */
interface Reader<E> {
  /** The first slot whose content is unknown. */
  readonly next: number;
  /** Takes note of what is in a slot. */
  learn(index: number, slot: Slot<E>): void;
  /** Fulfilled when one more slot has been taken in. */
  news(): Promise<void>;
  /** Reads all slots that are taken before this call. */
  catchUp(): Promise<void>;
  /** Does so if there has been no news for long. */
  catchUpIfIdle(): Promise<void>;
}

/** Takes in slots in their order, whichever it hears of first. */
function openReader<E>(node: AnyNode, kv: KV<Slot<E> | null>, takeIn: (slot: Slot<E>) => void): Reader<E> {
  let next = 0;
  /** Slots that are known although one before them is not. */
  const ahead = new Map<number, Slot<E>>();
  let newsAt = 0;
  let news = Promise.withResolvers<void>();
  let search: Promise<void> | undefined;

  function learn(index: number, slot: Slot<E>): void {
    if (index >= next) ahead.set(index, slot);
    for (let found = ahead.get(next); found !== undefined; found = ahead.get(next)) {
      ahead.delete(next++);
      takeIn(found);
      newsAt = node.now();
      news.resolve();
      news = Promise.withResolvers();
    }
    // Something is missing: perhaps it is just late.
    if (ahead.size > 0) node.after(GRACE, () => ahead.size > 0 ? readOn() : undefined);
  }

  /** Reads on from the first unknown slot, together with whoever else wants to just now. */
  function readOn(): Promise<void> {
    return search ??= readUntilEmpty().finally(() => search = undefined);
  }

  /** Reads several slots at once if there turn out to be many. */
  async function readUntilEmpty(): Promise<void> {
    for (let window = 1;; window = Math.min(2 * window, MAX_WINDOW)) {
      const indexes = Array.from({ length: window }, (_, i) => next + i);
      const found = await Promise.all(
        indexes.map((index) => kv.readOr(keyOf(index), null, RETRY_UNTIL_ANSWERED)),
      );
      found.forEach((slot, i) => slot !== null && learn(indexes[i]!, slot));
      if (found.includes(null)) return;
    }
  }

  return {
    get next() {
      return next;
    },
    learn,
    news: () => news.promise,
    async catchUp() {
      // One that is under way may have passed slots that have been taken since.
      await search;
      await readOn();
    },
    async catchUpIfIdle() {
      if (node.now() - newsAt > IDLE_PERIOD) await readOn();
    },
  };
}

/**
 * Challenge 4: a counter that only grows. See `docs/g_counter.md`.
 *
 * @module
 */
import { ERRORS, type GCounterMessages, type Node, type Program, RPCError, seqKV } from "../mod.ts";
import { replicate } from "../lib/replication.ts";
import { choice, serveWith } from "./arguments.ts";

/** When an add is acknowledged: when seq-kv has it, or as soon as this node has it (it is in seq-kv within half a second). */
export type GCounterAcknowledgement = "written" | "at-once";

/** What a node keeps in seq-kv: the sum of all that was added at it, and the name of the write, which no other write shares. */
interface Slot {
  total: number;
  write: string;
}

/** Adds that go into the slot together. */
interface Batch {
  delta: number;
  written: PromiseWithResolvers<void>;
}

/** How long adds that are acknowledged already are gathered before they are written, ms. */
const WRITE_PERIOD = 450;
/** How long totals are gathered before they are sent to the other nodes, ms. */
const GOSSIP_PERIOD = 520;

/** The counter program. */
export function gCounter(acknowledge: GCounterAcknowledgement = "written"): Program<GCounterMessages> {
  return (node: Node<GCounterMessages>) => {
    const kv = seqKV<Slot>(node);
    /** What each node has written, as far as is known here. */
    const totals = new Map<string, number>();
    /** This node's slot as it stands in seq-kv. */
    let slot: Slot | undefined;
    /** What is to be written next, and what is being written. */
    let waiting = newBatch();
    let writing: Batch | undefined;
    let writes = 0;
    let incarnation = "";

    /** Totals only grow: of two, the larger is the later, so that they may come doubled and in any order. */
    function learn([id, total]: [string, number]): void {
      totals.set(id, Math.max(total, totals.get(id) ?? 0));
    }

    const replication = replicate<[string, number], [string, number][]>(node, {
      topology: "hub",
      period: GOSSIP_PERIOD,
      probe: 2 * GOSSIP_PERIOD,
      apply: learn,
      snapshot: () => [...totals],
      restore: (others) => others.forEach(learn),
    });

    /** Takes up again where the node may have been before it was killed. */
    node.onInit(async () => {
      incarnation = Array.from(node.getRandomValues(new Uint32Array(2)), (word) => word.toString(36)).join("");
      // As long as anybody waits for a node to start.
      const patient = { retry: { attempts: 8, maxBackoff: 200, idempotent: true } };
      slot = await orMissing(kv.readLatest(keyOf(node.id), patient));
      // After a latest read, plain reads are no older.
      const others = await Promise.all(node.peers.map((id) => orMissing(kv.read(keyOf(id), patient))));
      [node.id, ...node.peers].forEach((id, i) => {
        const total = [slot, ...others][i]?.total;
        if (total === undefined) return;
        // Nobody may have heard of it yet.
        learn([id, total]);
        replication.append([id, total]);
      });
    });

    /** Writes what is waiting, batch after batch. */
    async function writeAll(): Promise<void> {
      if (writing !== undefined) return;
      while (waiting.delta > 0) {
        writing = waiting;
        waiting = newBatch();
        slot = await write(writing.delta);
        learn([node.id, slot.total]);
        replication.append([node.id, slot.total]);
        writing.written.resolve();
        writing = undefined;
      }
    }

    /**
     * Adds to this node's slot, exactly once, and returns the slot. Compare-and-set makes sure that a write on its way from an earlier
     * life of this node, or a repeated one of this, is not taken back or counted twice: one that is not answered is looked for.
     */
    async function write(delta: number): Promise<Slot> {
      const name = `${incarnation}/${++writes}`;
      while (true) {
        const next = { total: (slot?.total ?? 0) + delta, write: name };
        try {
          // A value that no slot ever has: where there should be none, the write fails if there is one.
          await kv.cas(keyOf(node.id), slot ?? { total: -1, write: "" }, next, {
            createIfNotExists: slot === undefined,
          });
          return next;
        } catch (error) {
          if (!(error instanceof RPCError)) throw error;
        }
        try {
          slot = await orMissing(kv.read(keyOf(node.id)));
          if (slot?.write === name) return slot;
        } catch (error) {
          if (!(error instanceof RPCError)) throw error;
          await node.sleep(100);
        }
      }
    }

    node.on("add", async ({ delta }) => {
      if (delta === 0) return {};
      const batch = waiting;
      batch.delta += delta;
      if (acknowledge === "at-once") return {};
      void writeAll();
      await batch.written.promise;
      return {};
    });
    if (acknowledge === "at-once") node.every(WRITE_PERIOD, writeAll);

    node.on("read", () => {
      let value = waiting.delta + (writing?.delta ?? 0);
      for (const total of totals.values()) value += total;
      return { value };
    });
  };
}

function keyOf(node: string): string {
  return `counter/${node}`;
}

function newBatch(): Batch {
  return { delta: 0, written: Promise.withResolvers() };
}

/** What a read gives, or nothing where the key does not exist. */
async function orMissing<T>(read: Promise<T>): Promise<T | undefined> {
  try {
    return await read;
  } catch (error) {
    if (error instanceof RPCError && error.code === ERRORS["key-does-not-exist"].code) return undefined;
    throw error;
  }
}

/** The program that these arguments ask for. */
export function createProgram(args: readonly string[]): Program<GCounterMessages> {
  return gCounter(choice<GCounterAcknowledgement>(args, "acknowledge", ["written", "at-once"]));
}

if (import.meta.main) await serveWith(createProgram);

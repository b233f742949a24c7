/**
 * Challenge 4: a counter that only grows. See `docs/g_counter.md`.
 *
 * @module
 */
import { type Node, type Program, RETRY_UNTIL_ANSWERED, RPCError, seqKV } from "../mod.ts";
import type { GCounterMessages } from "../lib/messages.ts";
import { replicate } from "../lib/replication.ts";
import { readChoice, serveWithArguments } from "./shared/arguments.ts";
import { ADD } from "./shared/requests.ts";

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
    let busy = false;
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

    /** Takes up again where the node may have been before it was killed; until then nothing is read or written. */
    async function recover(): Promise<void> {
      incarnation = Array.from(node.getRandomValues(new Uint32Array(2)), (word) => word.toString(36)).join("");
      // Whoever changes seq-kv sees its newest state from then on.
      await kv.write(`${keyOf(node.id)}/started`, { total: 0, write: incarnation }, RETRY_UNTIL_ANSWERED);
      const ids = [node.id, ...node.peers];
      const slots = await Promise.all(
        ids.map((id) => kv.readOr(keyOf(id), undefined, RETRY_UNTIL_ANSWERED)),
      );
      slot = slots[0];
      slots.forEach((found, i) => {
        if (found === undefined) return;
        // Nobody may have heard of it yet.
        learn([ids[i]!, found.total]);
        replication.append([ids[i]!, found.total]);
      });
    }
    const recovered = Promise.withResolvers<void>();
    node.onInit(() => void recover().then(recovered.resolve, recovered.reject));

    /** Writes what is waiting, batch after batch. */
    async function writeAll(): Promise<void> {
      if (busy) return;
      busy = true;
      await recovered.promise;
      while (waiting.delta > 0) {
        writing = waiting;
        waiting = newBatch();
        slot = await write(writing.delta);
        learn([node.id, slot.total]);
        replication.append([node.id, slot.total]);
        writing.written.resolve();
        writing = undefined;
      }
      busy = false;
    }

    /**
     * Adds to this node's slot, exactly once, and returns the slot. Compare-and-set makes sure that a write on its way from an earlier
     * life of this node, or a repeated one of this, is not taken back or counted twice: where it fails, it may have succeeded before.
     */
    async function write(delta: number): Promise<Slot> {
      const name = `${incarnation}/${++writes}`;
      while (true) {
        const next = { total: (slot?.total ?? 0) + delta, write: name };
        try {
          // A value that no slot ever has: where there should be none, the write fails if there is one.
          const from = slot ?? { total: -1, write: "" };
          await kv.cas(keyOf(node.id), from, next, {
            createIfNotExists: slot === undefined,
            ...RETRY_UNTIL_ANSWERED,
          });
          return next;
        } catch (error) {
          if (!(error instanceof RPCError && error.definite)) throw error;
        }
        slot = await kv.readOr(keyOf(node.id), undefined, RETRY_UNTIL_ANSWERED);
        if (slot?.write === name) return slot;
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
    }, ADD);
    if (acknowledge === "at-once") node.every(WRITE_PERIOD, writeAll);

    node.on("read", async () => {
      await recovered.promise;
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

/** The program with the options that the arguments name. */
export default function main(node: Node<GCounterMessages>, args: readonly string[]): void {
  gCounter(readChoice<GCounterAcknowledgement>(args, "acknowledge", ["written", "at-once"]))(node);
}

if (import.meta.main) await serveWithArguments(main);

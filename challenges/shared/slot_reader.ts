/**
 * Reading a shared log: applies its slots in order, whether a node is told of them or reads them from lin-kv.
 *
 * @module
 */
import { showJSON } from "../../lib/json.ts";
import { type AnyNode, type KV, RETRY_UNTIL_ANSWERED } from "../../mod.ts";

/** State of a reader of slots with content `S`. All functions of this module take it. */
export interface SlotReader<S> {
  readonly node: AnyNode;
  readonly kv: KV<S | null>;
  /** Applies the next slot. */
  readonly apply: (slot: S) => void;
  /** True for the content of a slot. */
  readonly isSlot: (value: unknown) => boolean;
  /** Index of the first slot that is unknown. All slots below it have been applied. */
  next: number;
  /** Slots above `next` that are already known. */
  readonly ahead: Map<number, S>;
  /** Time at which `next` last increased. */
  progressAt: number;
  /** Fulfilled when `next` increases, and then replaced. */
  progress: PromiseWithResolvers<void>;
  /** The search for unknown slots that is under way. */
  search: Promise<void> | undefined;
}

/** Time that the message about a taken slot is given, ms. After that this node reads the slot. */
export const GRACE = 5;
/** Time without progress after which a node looks for new slots, ms. */
const IDLE_PERIOD = 1000;
/** Most slots that are read at once. */
const MAX_WINDOW = 64;

/** Creates a reader, which looks for new slots when nothing has happened for a second. */
export function createSlotReader<S>(
  node: AnyNode,
  kv: KV<S | null>,
  apply: (slot: S) => void,
  isSlot: (value: unknown) => boolean,
): SlotReader<S> {
  const reader: SlotReader<S> = {
    node,
    kv,
    apply,
    isSlot,
    next: 0,
    ahead: new Map(),
    progressAt: 0,
    progress: Promise.withResolvers(),
    search: undefined,
  };
  node.every(IDLE_PERIOD, async () => {
    if (node.now() - reader.progressAt > IDLE_PERIOD) await findSlots(reader);
  });
  return reader;
}

/** Learns the content of a slot, and applies it if all slots before it have been applied. */
export function learn<S>(reader: SlotReader<S>, index: number, slot: S): void {
  const { ahead, node } = reader;
  if (index >= reader.next) ahead.set(index, slot);
  for (let known = ahead.get(reader.next); known !== undefined; known = ahead.get(reader.next)) {
    ahead.delete(reader.next++);
    reader.apply(known);
    noteProgress(reader);
  }
  // A slot is missing. The message about it may just be late.
  if (ahead.size > 0) node.after(GRACE, () => ahead.size > 0 ? findSlots(reader) : undefined);
}

function noteProgress<S>(reader: SlotReader<S>): void {
  reader.progressAt = reader.node.now();
  reader.progress.resolve();
  reader.progress = Promise.withResolvers();
}

/** Applies all slots that were taken before this call. */
export async function catchUp<S>(reader: SlotReader<S>): Promise<void> {
  // A search that is under way may have passed slots that have been taken since.
  await reader.search;
  await findSlots(reader);
}

/** Reads from the first unknown slot up to the first empty one. Calls at the same time share one search. */
function findSlots<S>(reader: SlotReader<S>): Promise<void> {
  return reader.search ??= readUntilEmpty(reader).finally(() => reader.search = undefined);
}

/** Reads one slot, then 2, 4, … at once, so that a long log takes few round trips. */
async function readUntilEmpty<S>(reader: SlotReader<S>): Promise<void> {
  for (let window = 1;; window = Math.min(2 * window, MAX_WINDOW)) {
    const indexes = Array.from({ length: window }, (_, i) => reader.next + i);
    const slots = await Promise.all(indexes.map((index) => readSlot(reader, index)));
    for (const [i, slot] of slots.entries()) {
      if (slot !== null) learn(reader, indexes[i]!, slot);
    }
    if (slots.includes(null)) return;
  }
}

/** Reads a slot. A malformed answer would leave a gap in the log of this node alone, so it asks again. */
async function readSlot<S>({ node, kv, isSlot }: SlotReader<S>, index: number): Promise<S | null> {
  for (;;) {
    const slot = await kv.readOr(keyOf(index), null, RETRY_UNTIL_ANSWERED);
    if (slot === null || isSlot(slot)) return slot;
    node.log.warn(`Cannot read ${keyOf(index)}, asking again: expected an array of batches, got ${showJSON(slot)}`);
    await node.sleep(IDLE_PERIOD);
  }
}

/** The key of a slot in lin-kv. */
export function keyOf(index: number): string {
  return `slot/${index}`;
}

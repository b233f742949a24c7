/**
 * A shared log in lin-kv: a row of slots, each written once, so that all nodes apply the same entries in the same
 * order.
 *
 * 1. Entries that are appended at a node gather in a batch. A node has one batch under way; meanwhile the next one
 *    gathers.
 * 2. The node sends its batch to the leader, which is the first of all nodes. The leader puts all batches that it has
 *    into the next free slot, and tells every node what is in the slot.
 * 3. If the leader is late, the node writes its batch into a slot itself. That costs more messages, but is as correct.
 * 4. A slot is written by compare-and-set, which succeeds only on an empty slot. The loser learns what is in the slot
 *    and tries the next.
 * 5. Every node applies the slots in order. A batch that is in two slots is applied once, because the batches of a node
 *    are numbered.
 * 6. An append is fulfilled when its own node has applied the entry.
 *
 * Messages between nodes: `append` carries a batch to the leader, `written` says what is in a slot.
 *
 * @module
 */
import { type AnyNode, linKV, RETRY_UNTIL_ANSWERED, RPCError } from "../../mod.ts";
import { expectPeer, slotLogSchemas } from "./requests.ts";
import { catchUp, createSlotReader, GRACE, keyOf, learn, type SlotReader } from "./slot_reader.ts";
import { createWorker } from "./worker.ts";

/** A shared log as one node sees it. */
export interface SlotLog<E, R> {
  /** Appends an entry. Fulfilled when the entry is in lin-kv and applied here, with what applying it returned. */
  append(entry: E): Promise<R>;
  /** Applies all entries that were in the log before this call. */
  catchUp(): Promise<void>;
}

/** Entries of one node, in order. */
interface Batch<E> {
  /** The node and its incarnation. */
  from: string;
  /**
   * Sequence number within `from`, from 1. Batches get into slots in this order; a number up to the last one applied is
   * a duplicate.
   */
  number: number;
  entries: E[];
}

/** Value of one key of lin-kv. */
type Slot<E> = Batch<E>[];

/** A batch of this node. */
interface OwnBatch<E, R> extends Batch<E> {
  /** Fulfilled when the batch has been applied, with a result for each entry. */
  results: PromiseWithResolvers<R[]>;
}

/** Knowledge of one node about the leader. */
interface Leader {
  id: string;
  /** False after the leader was late with a batch, until it announces a slot again. */
  isResponsive: boolean;
  /**
   * Time that it is given for a batch, ms: twice as long as the last one took. It doubles with each batch for which it
   * was too short.
   */
  timeout: number;
  /** Time before which it gets no batch. */
  avoidedUntil: number;
}

/** State of a node. */
interface State<E, R> {
  readonly node: AnyNode;
  readonly reader: SlotReader<Slot<E>>;
  readonly leader: Leader;
  /** For each sender, the number of its last batch that was applied. */
  readonly applied: Map<string, number>;
  /** Batches that other nodes have sent to this one as the leader. */
  queue: Batch<E>[];
  /** Batches that this node is putting into slots. They stay until all of them have been applied. */
  underWay: Batch<E>[];
  /** This node's batch that gathers entries. */
  gathering: OwnBatch<E, R>;
  /** This node's batch that is under way, or was the last to be. */
  sent: OwnBatch<E, R> | undefined;
}

/** Least time that the leader is given for a batch, ms. */
const MIN_LEADER_TIMEOUT = 250;
/**
 * Most time that it is given, ms: clients do not wait much longer. If that is not enough, the leader is avoided for a
 * while.
 */
const MAX_LEADER_TIMEOUT = 4000;
/** Longest time for which the leader is avoided, ms. */
const MAX_AVOIDED = 64_000;

/**
 * Creates a shared log. A program calls it once, when it sets up its node.
 *
 * @param apply Applies an entry. It is called for the same entries in the same order on all nodes.
 * @param isEntry True for an entry that `apply` takes. Messages of other nodes with others are refused.
 */
export function createSlotLog<E, R>(
  node: AnyNode,
  apply: (entry: E) => R,
  isEntry: (entry: unknown) => boolean,
): SlotLog<E, R> {
  const schemas = slotLogSchemas(isEntry);
  const isSlot = (slot: unknown) => schemas.written.schema({ index: 0, slot }) === true && (slot as []).length > 0;
  const reader = createSlotReader<Slot<E>>(node, linKV(node), (slot) => applySlot(state, slot, apply), isSlot);
  const state: State<E, R> = {
    node,
    reader,
    leader: { id: "", isResponsive: true, timeout: MIN_LEADER_TIMEOUT, avoidedUntil: -Infinity },
    applied: new Map(),
    queue: [],
    underWay: [],
    gathering: createBatch("", 1),
    sent: undefined,
  };
  const wakeReader = createWorker(node, "read the slots of the log", () => catchUp(reader));
  const wakeWriter = createWorker(node, "write to the log", () => writeBatches(state));
  node.onInit(() => {
    state.gathering = createBatch(`${node.id}.${node.incarnation}`, 1);
    state.leader.id = node.nodeIds[0]!;
    wakeReader();
  });
  handleMessages(state, schemas, wakeWriter);

  return {
    async append(entry) {
      const { entries, results } = state.gathering;
      const index = entries.push(entry) - 1;
      wakeWriter();
      return (await results.promise)[index]!;
    },
    catchUp: () => catchUp(reader),
  };
}

function handleMessages<E, R>(
  state: State<E, R>,
  schemas: ReturnType<typeof slotLogSchemas>,
  wakeWriter: () => void,
): void {
  const { leader, node, reader } = state;
  node.on("append", ({ batch }, { src }) => {
    expectPeer(node, src);
    state.queue.push(batch as Batch<E>);
    wakeWriter();
  }, schemas.append);
  node.on("written", ({ index, slot }, { src }) => {
    expectPeer(node, src);
    if (src === leader.id) leader.isResponsive = true;
    learn(reader, index as number, slot as Slot<E>);
  }, schemas.written);
}

function createBatch<E, R>(from: string, number: number): OwnBatch<E, R> {
  return { from, number, entries: [], results: Promise.withResolvers() };
}

function isApplied<E, R>({ applied }: State<E, R>, { from, number }: Batch<E>): boolean {
  return number <= (applied.get(from) ?? 0);
}

function applySlot<E, R>(state: State<E, R>, slot: Slot<E>, apply: (entry: E) => R): void {
  for (const batch of slot) {
    if (isApplied(state, batch)) continue;
    state.applied.set(batch.from, batch.number);
    const results = batch.entries.map(apply);
    // A batch of this node is the sent one, since it has one under way at a time.
    if (batch.from === state.sent?.from) state.sent.results.resolve(results);
  }
}

/** Gets all batches into slots: those of other nodes that wait here, and this node's own, one after another. */
async function writeBatches<E, R>(state: State<E, R>): Promise<void> {
  while (true) {
    while (!state.underWay.every((batch) => isApplied(state, batch))) await writeSlot(state, state.underWay);
    if (state.queue.length === 0 && state.gathering.entries.length === 0) return;
    state.underWay = state.queue;
    state.queue = [];
    const own = takeOwnBatch(state);
    if (own !== undefined && !await forward(state, own)) state.underWay.push(own);
  }
}

/** Takes this node's batch if there is anything in it, and begins the next one. */
function takeOwnBatch<E, R>(state: State<E, R>): Batch<E> | undefined {
  const { from, number, entries } = state.gathering;
  if (entries.length === 0) return undefined;
  state.sent = state.gathering;
  state.gathering = createBatch(from, number + 1);
  return { from, number, entries };
}

/** Has the leader write a batch. Returns false if the leader is late; it does no harm if it still writes the batch. */
async function forward<E, R>(state: State<E, R>, batch: Batch<E>): Promise<boolean> {
  const { node, leader, sent } = state;
  const startedAt = node.now();
  if (leader.id === node.id || !leader.isResponsive || startedAt < leader.avoidedUntil) return false;
  node.send(leader.id, { type: "append", batch });
  await Promise.race([sent!.results.promise, node.sleep(Math.min(leader.timeout, MAX_LEADER_TIMEOUT))]);
  leader.isResponsive = isApplied(state, batch);
  if (leader.isResponsive) {
    leader.timeout = Math.max(MIN_LEADER_TIMEOUT, 2 * (node.now() - startedAt));
  } else {
    if (leader.timeout > MAX_LEADER_TIMEOUT) leader.avoidedUntil = node.now() + leader.timeout;
    leader.timeout = Math.min(2 * leader.timeout, MAX_AVOIDED);
  }
  return leader.isResponsive;
}

/** Tries to put batches into the next slot. Afterwards that slot is known, even if another node has written it. */
async function writeSlot<E, R>({ node, reader }: State<E, R>, slot: Slot<E>): Promise<void> {
  const index = reader.next;
  try {
    await reader.kv.cas(keyOf(index), null, slot, { createIfNotExists: true, ...RETRY_UNTIL_ANSWERED });
  } catch (error) {
    if (!(error instanceof RPCError && error.errorName === "precondition-failed")) throw error;
    return await learnTakenSlot(reader, index);
  }
  learn(reader, index, slot);
  for (const peer of node.peers) node.send(peer, { type: "written", index, slot });
}

/**
 * Waits until the node that has taken a slot says what is in it, or else reads the slot. It may be ours, if the first
 * answer was lost.
 */
async function learnTakenSlot<E>(reader: SlotReader<Slot<E>>, index: number): Promise<void> {
  if (reader.next <= index) await Promise.race([reader.progress.promise, reader.node.sleep(GRACE)]);
  if (reader.next > index) return;
  await Promise.race([reader.progress.promise, catchUp(reader)]);
}

/**
 * Clients of a replicated log, for its tests: they send and poll, and what they saw is held against what the nodes show
 * in the end.
 *
 * @module
 */

import { assert, assertEquals, assertGreater } from "@std/assert";
import type { SimulatedWorld } from "../../lib/workbench/engines/simulate.ts";
import { load } from "../worlds.ts";

/** Some of one log, in order. */
export type Pairs = [offset: number, message: number][];
/** By key. */
export type Logs = Record<string, Pairs>;

/** Those that the clients use. */
export const KEYS = ["a", "b", "c"];

/** Everything that clients did, for the invariants. */
export interface ClientRecord {
  /** Every message that was sent, and the offset that was acknowledged, if any. */
  sends: { key: string; message: number; offset: number | undefined; node: string; began: number; ended: number }[];
  /** For each client, what it has polled of each key, in order. */
  polled: Map<string, Pairs>[];
}

/** Polls a node once, and checks that the reply keeps to what was asked: offsets that grow, from those given on. */
export async function poll(world: SimulatedWorld, node: string, offsets: Record<string, number>): Promise<Logs> {
  const { msgs } = await world.client().rpc(node, { type: "poll", offsets });
  for (const [key, pairs] of Object.entries(msgs as Logs)) {
    assertGreater(pairs.length, 0, "a key without messages is left out");
    pairs.forEach(([offset], i) => assert(offset >= (i === 0 ? offsets[key]! : pairs[i - 1]![0] + 1)));
  }
  return msgs as Logs;
}

/** Has clients send and poll, two for each node. Each polls on from where it left off, and commits. */
export function useLogs(world: SimulatedWorld, interval: number, duration: number): ClientRecord {
  const record: ClientRecord = { sends: [], polled: [] };
  const { rpc } = world.client();
  const clients = world.nodes.flatMap((node) =>
    [0, 1].map(() => ({ node, busy: false, next: Object.fromEntries(KEYS.map((key) => [key, 0])), polled: new Map() }))
  );
  for (const { polled } of clients) record.polled.push(polled);
  let message = 0;
  load(world, interval, duration, async () => {
    const client = world.random.pick(clients);
    if (client.busy) return;
    client.busy = true;
    try {
      await (world.random.float() < 0.5 ? send(client.node) : pollOn(client));
    } finally {
      client.busy = false;
    }
  });

  async function send(node: string): Promise<void> {
    const key = world.random.pick(KEYS);
    const entry: ClientRecord["sends"][number] = {
      key,
      message: message++,
      offset: undefined,
      node,
      began: world.now,
      ended: Infinity,
    };
    record.sends.push(entry);
    const { offset } = await rpc(node, { type: "send", key, msg: entry.message });
    entry.offset = offset as number;
    entry.ended = world.now;
  }

  async function pollOn({ node, next, polled }: (typeof clients)[number]): Promise<void> {
    const logs = await poll(world, node, next);
    for (const [key, pairs] of Object.entries(logs)) {
      polled.set(key, [...polled.get(key) ?? [], ...pairs]);
      next[key] = pairs.at(-1)![0] + 1;
    }
    const offsets = Object.fromEntries(Object.entries(logs).map(([key, pairs]) => [key, pairs.at(-1)![0]]));
    if (Object.keys(offsets).length === 0) return;
    await rpc(node, { type: "commit_offsets", offsets });
    const committed = await rpc(node, { type: "list_committed_offsets", keys: KEYS });
    for (const [key, offset] of Object.entries(offsets)) {
      assert((committed.offsets as Record<string, number>)[key]! >= offset);
    }
  }

  return record;
}

/** All of every log, as each of some nodes shows it. */
export async function readLogs(world: SimulatedWorld, nodes = world.nodes): Promise<Logs[]> {
  const logs: Logs[] = nodes.map(() => Object.fromEntries(KEYS.map((key) => [key, []])));
  while (true) {
    let more = false;
    for (const [i, node] of nodes.entries()) {
      const offsets = Object.fromEntries(KEYS.map((key) => [key, (logs[i]![key]!.at(-1)?.[0] ?? -1) + 1]));
      const polled = await poll(world, node, offsets);
      for (const [key, pairs] of Object.entries(polled)) more = logs[i]![key]!.push(...pairs) > 0;
    }
    if (!more) return logs;
  }
}

/** Waits until all nodes show the same, with all that was acknowledged; returns that. */
export async function settled(world: SimulatedWorld, { sends }: ClientRecord, limit: number): Promise<Logs> {
  let logs: Logs[] = [];
  await world.until(async () => {
    logs = await readLogs(world);
    const acknowledged = sends.filter(({ offset }) => offset !== undefined);
    const shown = new Set(Object.values(logs[0]!).flatMap((pairs) => pairs.map(([, message]) => message)));
    return logs.every((each) => JSON.stringify(each) === JSON.stringify(logs[0])) &&
      acknowledged.every(({ message }) => shown.has(message));
  }, { timeout: limit });
  return logs[0]!;
}

/** Checks the invariants of every log. */
export function checkLogs(logs: Logs, { sends, polled }: ClientRecord): void {
  for (const [key, pairs] of Object.entries(logs)) {
    assertEquals(new Set(pairs.map(([, message]) => message)).size, pairs.length, `a message of ${key} is there twice`);
    for (const client of polled) {
      const seen = client.get(key) ?? [];
      assertEquals(seen, pairs.slice(0, seen.length), `a client has polled other messages of ${key} than the log has`);
    }
  }
  for (const { key, message, offset } of sends) {
    const pair = logs[key]!.find(([, each]) => each === message);
    if (offset !== undefined) assertEquals(pair?.[0], offset, `message ${message} is not where it was said to be`);
  }
}

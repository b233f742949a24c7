import { assert, assertEquals, assertGreater } from "@std/assert";
import { txn } from "../../challenges/txn.ts";
import { checkTxnListAppend } from "../../lib/workbench/checkers/txn/mod.ts";
import type { Operation as HistoryOperation } from "../../lib/workbench/history/operation.ts";
import { simulate, type SimulatedWorld } from "../../lib/workbench/engines/simulate.ts";
import { askAll, KINDS_OF_PARTITION, load, partitionAtRandom, shake, simulateBadNetwork } from "../worlds.ts";

type Operation = [f: "r" | "w", key: unknown, value: unknown];

const program = txn;

async function run(world: SimulatedWorld, node: string, operations: Operation[]): Promise<unknown[]> {
  const began = world.now;
  const reply = await world.client().rpc(node, { type: "txn", txn: operations });
  assertEquals(world.now, began, "a transaction waits for no other node");
  return (reply.txn as Operation[]).map(([, , value]) => value);
}

async function readEverywhere(world: SimulatedWorld, keys: unknown[]): Promise<unknown[][]> {
  const replies = await askAll(world, { type: "txn", txn: keys.map((key) => ["r", key, null]) });
  return replies.map((reply) => (reply.txn as Operation[]).map(([, , value]) => value));
}

function allAgree(world: SimulatedWorld, keys: unknown[]): () => Promise<boolean> {
  return async () => new Set((await readEverywhere(world, keys)).map((values) => JSON.stringify(values))).size === 1;
}

Deno.test("txn reads what it has written itself, and nothing where there is nothing", async () => {
  const world = simulate({ program, nodes: 1 });
  const [reply] = await askAll(world, {
    type: "txn",
    txn: [["r", 1, null], ["w", 1, 5], ["r", 1, null], ["w", 1, 6], ["r", 1, null], ["r", 2, null]],
  });
  assertEquals(reply!.txn, [["r", 1, null], ["w", 1, 5], ["r", 1, 5], ["w", 1, 6], ["r", 1, 6], ["r", 2, null]]);
  assertEquals(await readEverywhere(world, [1, "1", { a: 1 }]), [[6, null, null]]);
  await askAll(world, { type: "txn", txn: [["w", { a: 1 }, [1]], ["w", "1", null]] });
  assertEquals(await readEverywhere(world, [1, "1", { a: 1 }]), [[6, null, [1]]]);
  assertEquals(world.messages.servers.msg_count, 0);
});

Deno.test("txn never shows half a transaction, an intermediate value, or an effect without its cause", async () => {
  for (let seed = 0; seed < 50; seed++) {
    const { world } = simulateBadNetwork(program, seed);
    let count = 0;
    let seen = 0;
    load(world, 15, 10_000, async (node) => {
      const value = ++count;
      // Every node writes both keys of a pair, with another write in between that no read may return.
      if (value % 2) await run(world, node, [["w", "x", -1], ["w", "y", value], ["w", "x", value]]);
      const [x, y] = await run(world, node, [["r", "x", null], ["r", "y", null]]);
      assertEquals(x, y);
      // One node counts. Each notes the count that it has seen. A node that sees a note must see that count, too.
      if (node === "n0") await run(world, "n0", [["w", "count", value]]);
      const [before] = await run(world, node, [["r", "count", null], ["w", `note ${node}`, null]]);
      await run(world, node, [["w", `note ${node}`, before]]);
      const other = world.random.pick(world.nodes);
      const [note, now] = await run(world, node, [["r", `note ${other}`, null], ["r", "count", null]]);
      assert(Number(now) >= Number(note), `${node} saw ${other}'s note of ${note}, but a count of ${now}`);
      seen++;
    });
    await shake(world, 10_000);
    assertEquals(seen, count);
    await world.until(allAgree(world, ["x", "y", "count", ...world.nodes.map((node) => `note ${node}`)]), {
      timeout: 3000,
    });
  }
});

/**
 * Has clients read lists and append to them, each of them written at one node only: there the next list is known, and
 * is written as a value. So a history of list appends comes about, from which much more can be inferred than from one
 * of registers.
 */
function appendToLists(world: SimulatedWorld, duration: number): HistoryOperation[] {
  const history: HistoryOperation[] = [];
  const lists = new Map<string, number[]>();
  let count = 0;
  load(world, 15, duration, async (node) => {
    const { random } = world;
    const key = () => `${random.pick(world.nodes)}/${random.integer(2)}`;
    const own = `${node}/${random.integer(2)}`;
    const asked: Operation[] = [["r", key(), null], ["r", key(), null]];
    if (random.float() < 0.5) {
      lists.set(own, [...lists.get(own) ?? [], ++count]);
      asked.push(["w", own, lists.get(own)], ["r", own, null]);
    }
    const elements = (values: unknown[]) =>
      asked.map(([f, key, value], i) =>
        f === "w" ? ["append", key, (value as number[]).at(-1)] : ["r", key, values[i]]
      );
    const common = { time: world.now * 1e6, process: world.nodes.indexOf(node), f: "txn" };
    history.push({ ...common, index: history.length, type: "invoke", value: elements([]) });
    const values = await run(world, node, asked);
    history.push({ ...common, index: history.length, type: "ok", value: elements(values) });
  });
  return history;
}

Deno.test("txn is causally consistent where Elle can tell: no cycle has fewer than two anti-dependencies", async () => {
  const found = new Set<string>();
  let seen = 0;
  for (let seed = 0; seed < 30; seed++) {
    const { world } = simulateBadNetwork(program, seed);
    const history = appendToLists(world, 5000);
    await shake(world, 5000);
    const { valid } = checkTxnListAppend(history, ["consistent-view"]);
    assertEquals([seed, valid], [seed, true]);
    seen += history.filter(({ type, value }) => type === "ok" && (value as Operation[])[0]![2] !== null).length;
    for (const { type } of checkTxnListAppend(history, ["strong-session-serializable"]).anomalies ?? []) {
      found.add(type);
    }
  }
  // Not even if the order within a session counts. Those with two, write skew and long fork, are there to be found.
  const two = ["G-nonadjacent-item", "G-nonadjacent-item-process", "G2-item", "G2-item-process"];
  assertEquals([...found].toSorted(), two);
  assertGreater(seen, 5000, "this would prove little");
});

Deno.test("txn makes all nodes agree, and keeps the last write of a node that is alone with its key", async () => {
  for (let seed = 0; seed < 50; seed++) {
    const { world } = simulateBadNetwork(program, seed);
    const last = new Map<string, number>();
    let count = 0;
    load(world, 10, 10_000, async (node) => {
      const value = ++count;
      last.set(node, value);
      await run(world, node, [["w", node, value], ["w", value % 7, value]]);
    });
    await shake(world, 10_000);
    const keys = [0, 1, 2, 3, 4, 5, 6, ...world.nodes];
    await world.until(allAgree(world, keys), { timeout: 3000 });
    const [values] = await readEverywhere(world, keys);
    assertEquals(values!.slice(7), world.nodes.map((node) => last.get(node) ?? null));
  }
});

Deno.test("txn converges within a second of the end of a partition, and later writes win", async () => {
  for (const kind of KINDS_OF_PARTITION) {
    const world = simulate({ program, nodes: 6, latency: 100 });
    load(world, 10, 13_000, async (node) => {
      await run(world, node, [["w", world.random.integer(20), world.now]]);
    });
    await world.run(3000);
    partitionAtRandom(world, kind);
    await world.run(10_000);
    world.heal();
    const keys = Array.from({ length: 20 }, (_, i) => i);
    await world.until(allAgree(world, keys), { timeout: 1000 });
    const [values] = await readEverywhere(world, keys);
    assert(values!.every((value) => Number(value) > 11_000), `${values}`);
  }
});

Deno.test("txn has a later write win over what it had seen, whatever the clocks say", async () => {
  for (const ahead of ["n0", "n1", "n2"]) {
    const world = simulate({ program, nodes: 3 });
    world.skew(ahead, 3_600_000);
    for (const [i, node] of ["n0", "n1", "n2", "n1", "n0"].entries()) {
      const [before] = await run(world, node, [["r", "k", null], ["w", "k", i + 1]]);
      assertEquals(before ?? 0, i);
      await world.run(1000);
      assertEquals(await readEverywhere(world, ["k"]), [[i + 1], [i + 1], [i + 1]]);
    }
  }
});

Deno.test("txn has nodes agree that write at the same moment", async () => {
  const world = simulate({ program, nodes: 5 });
  await Promise.all(world.nodes.map((node, i) => run(world, node, [["w", "k", i]])));
  await world.run(1000);
  const [winner, ...others] = await readEverywhere(world, ["k"]);
  assertEquals(typeof winner![0], "number");
  assertEquals(others, others.map(() => winner));
});

Deno.test("txn gives a restarted node what the others have, and its new writes win", async () => {
  const world = simulate({ program, nodes: 3 });
  load(world, 5, 1000, (node) => run(world, node, [["w", "k", 1]]).then(() => {}));
  await world.run(2000);
  world.crash("n0");
  await world.restart("n0");
  await Promise.all([run(world, "n0", [["w", "k", 2], ["w", "l", 2]]), world.run(1)]);
  await world.until(allAgree(world, ["k", "l"]), { timeout: 7000 });
  assertEquals(await readEverywhere(world, ["k", "l"]), [[2, 2], [2, 2], [2, 2]]);
});

Deno.test("txn costs a few messages a second, however many transactions there are", async () => {
  for (const [nodes, most] of [[2, 0.05], [5, 0.2]] as const) {
    const world = simulate({ program, nodes });
    let count = 0;
    load(world, 1, 10_000, async (node) => {
      await run(world, node, [["w", ++count % 10, count]]);
    });
    await world.run(20_000);
    assert(
      world.messages.servers.msg_count / count < most,
      `${world.messages.servers.msg_count} messages for ${count} transactions`,
    );
  }
});

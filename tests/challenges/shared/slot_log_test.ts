import { assert, assertEquals } from "@std/assert";
import { createSlotLog, type SlotLog } from "../../../challenges/shared/slot_log.ts";
import type { AnyNode } from "../../../lib/node.ts";
import { simulate } from "../../../lib/workbench/engines/simulate.ts";
import { askAll } from "../../worlds.ts";
import { BAD_REPLIES, simulateFailing } from "../failing_service.ts";

const LATENCY = { mean: 5, distribution: "constant" } as const;

/** A program that appends what it is sent, and shows what it has applied. */
function slotLog(node: AnyNode): void {
  const applied: unknown[] = [];
  const log: SlotLog<unknown, number> = createSlotLog(
    node,
    (entry) => applied.push(entry),
    (entry) => typeof entry === "string",
  );
  node.on("add", async ({ entry }) => ({ position: await log.append(entry) }));
  node.on("read", () => ({ applied }));
}

for (const [name, reply] of BAD_REPLIES) {
  Deno.test(`a shared log has every entry once, in one order, despite ${name} from lin-kv`, async () => {
    const failing = simulateFailing(slotLog, "lin-kv", { nodes: 3, latency: LATENCY });
    const { world } = failing;
    const client = world.client();
    await world.run(100);
    const adds: Promise<unknown>[] = [];
    const addEverywhere = (round: number) => {
      for (const node of world.nodes) adds.push(client.rpc(node, { type: "add", entry: `${node} ${round}` }));
    };
    addEverywhere(0);
    // Some writes are on their way.
    await world.run(8);
    failing.fail(reply);
    for (let round = 1; round <= 5; round++) {
      addEverywhere(round);
      await world.run(300);
    }
    failing.fail(undefined);
    await Promise.all(adds);
    await world.run(2000);
    const [first, ...others] = (await askAll(world, { type: "read" })).map(({ applied }) => applied as string[]);
    for (const other of others) assertEquals(other, first);
    assertEquals([first!.length, new Set(first).size], [18, 18]);
    assert(failing.failed > 0);
  });

  Deno.test(`a node reads the shared log at its start when lin-kv answers with ${name} for a while`, async () => {
    const failing = simulateFailing(slotLog, "lin-kv", { nodes: 2 });
    const { world } = failing;
    await askAll(world, { type: "add", entry: "x" });
    world.nodes.forEach((node) => world.crash(node));
    failing.fail(reply);
    for (const node of world.nodes) await world.restart(node);
    await world.run(3000);
    failing.fail(undefined);
    await world.run(2500);
    assertEquals((await askAll(world, { type: "read" })).map(({ applied }) => applied), [["x", "x"], ["x", "x"]]);
  });
}

const BATCH = { from: "n1.x", number: 1 };

/** Messages with entries that the program of these tests cannot apply. */
const MALFORMED = [
  { type: "append", batch: { ...BATCH, entries: [null] } },
  { type: "append", batch: { ...BATCH, entries: ["x", 7] } },
  { type: "append", batch: { ...BATCH, entries: 7 } },
  { type: "append", batch: { ...BATCH, entries: null } },
  { type: "append", batch: { from: "n1.x", entries: [] } },
  { type: "append", batch: { ...BATCH, number: 2n ** 60n, entries: [] } },
  { type: "written", index: 0, slot: [{ ...BATCH, entries: [null] }] },
];

Deno.test("a shared log ignores messages of clients and refuses malformed ones of nodes", async () => {
  const world = simulate({ program: slotLog, nodes: 2 });
  const batch = { from: "n7.x", number: 1, entries: ["forged"] };
  const forged = [{ type: "written", index: 0, slot: [batch] }, { type: "append", batch }];
  const client = world.client();
  const unanswered = Promise.allSettled(forged.map((body) => client.rpc("n0", body)));
  for (
    const body of [
      { type: "append" },
      { type: "written", index: 0, slot: [5] },
      { type: "written", slot: [] },
      ...MALFORMED,
    ]
  ) {
    world.send({ src: "n1", dest: "n0", body });
  }
  await askAll(world, { type: "add", entry: "x" });
  await world.run(1000);
  assertEquals((await askAll(world, { type: "read" })).map(({ applied }) => applied), [["x", "x"], ["x", "x"]]);
  assertEquals((await unanswered).map(({ status }) => status), ["rejected", "rejected"]);
});

Deno.test("a node whose slot is taken agrees with the others, also if the reply about it is malformed", async () => {
  let isChanged = false;
  const world = simulate({ program: slotLog, nodes: 3, latency: LATENCY });
  // Nodes learn of slots from lin-kv alone.
  world.intercept(({ src, dest, body }) => {
    if (body.type === "append" || body.type === "written") return true;
    if (body.code !== 22 || dest !== "n1" || isChanged) return false;
    isChanged = true;
    world.send({ src, dest, body: { type: "other_ok", in_reply_to: body.in_reply_to } });
    return true;
  });
  const client = world.client();
  await Promise.all(world.nodes.map((node) => client.rpc(node, { type: "add", entry: node })));
  await world.run(3000);
  const logs = (await askAll(world, { type: "read" })).map(({ applied }) => applied as string[]);
  assertEquals(logs, [logs[0], logs[0], logs[0]]);
  assertEquals(logs[0]!.toSorted(), ["n0", "n1", "n2"]);
  assert(isChanged);
});

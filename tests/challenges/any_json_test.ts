/** Programs keep any JSON of clients whole: large integers, -0, floats, and keys with a meaning in JavaScript. */
import { assertEquals } from "@std/assert";
import broadcast from "../../challenges/broadcast.ts";
import { broadcastEfficient } from "../../challenges/broadcast_efficient.ts";
import echo from "../../challenges/echo.ts";
import { kafka } from "../../challenges/kafka.ts";
import { kafkaLinKV } from "../../challenges/kafka_lin_kv.ts";
import kafkaSingle from "../../challenges/kafka_single.ts";
import { txn } from "../../challenges/txn.ts";
import { formatJSON, parseJSON } from "../../lib/json.ts";
import type { AnyNode } from "../../lib/node.ts";
import { simulate, type SimulatedWorld } from "../../lib/workbench/engines/simulate.ts";
import { askAll } from "../worlds.ts";

const TEXTS = [
  "9007199254740992",
  "9007199254740993",
  "-18446744073709551616",
  "0",
  "0.5",
  "1e+21",
  "null",
  '"__proto__"',
  '{"__proto__":{"x":1}}',
  '{"constructor":[9007199254740993]}',
  '{"toString":null,"hasOwnProperty":1}',
];
const VALUES = TEXTS.map(parseJSON);
/** Equal to 0 in JSON. */
const SAME_AS_ZERO = -0;

/** Asks all nodes, and checks that their replies are the same JSON; returns the first. */
async function askAlike(world: SimulatedWorld, body: { type: string; [field: string]: unknown }) {
  const replies = (await askAll(world, body)).map(({ in_reply_to: _, ...reply }) => reply);
  for (const reply of replies) assertEquals(formatJSON(reply), formatJSON(replies[0]));
  return replies[0]!;
}

Deno.test("echo returns any JSON", async () => {
  const world = simulate({ program: echo, nodes: 1 });
  for (const [i, value] of VALUES.entries()) {
    assertEquals(formatJSON((await askAlike(world, { type: "echo", echo: value })).echo), TEXTS[i]);
  }
});

for (const [name, program] of Object.entries({ "broadcast": broadcast, "broadcast-efficient": broadcastEfficient })) {
  Deno.test(`${name} brings any JSON to all nodes, each value once`, async () => {
    const world = simulate({ program, nodes: 2 });
    for (const message of [...VALUES, SAME_AS_ZERO, ...VALUES]) {
      await world.client().rpc("n0", { type: "broadcast", message });
    }
    await world.run(5000);
    for (const { messages } of await askAll(world, { type: "read" })) {
      assertEquals((messages as unknown[]).map(formatJSON), TEXTS);
    }
  });
}

const LOGS: Record<string, [program: (node: AnyNode) => void, nodes: number]> = {
  "kafka-single": [kafkaSingle, 1],
  "kafka-lin-kv": [kafkaLinKV, 2],
  "kafka": [kafka, 2],
};

for (const [name, [program, nodes]] of Object.entries(LOGS)) {
  Deno.test(`${name} keeps any messages, under any keys`, async () => {
    const world = simulate({ program, nodes });
    for (const key of ["__proto__", "constructor"]) {
      for (const msg of VALUES) await world.client().rpc("n0", { type: "send", key, msg });
    }
    await world.client().rpc("n0", parseJSON('{"type":"commit_offsets","offsets":{"__proto__":3}}') as never);
    await world.run(3000);
    const poll = '{"type":"poll","offsets":{"__proto__":0,"constructor":-0,"toString":0}}';
    const { msgs } = await askAlike(world, parseJSON(poll) as never);
    assertEquals(Object.keys(msgs as object), ["__proto__", "constructor"]);
    for (const log of Object.values(msgs as Record<string, [number, unknown][]>)) {
      assertEquals(log.map(([, msg]) => formatJSON(msg)), TEXTS);
    }
    const { offsets } = await askAlike(world, { type: "list_committed_offsets", keys: ["__proto__", "toString"] });
    assertEquals(formatJSON(offsets), '{"__proto__":3}');
  });
}

Deno.test("txn keeps any values, under any keys", async () => {
  const world = simulate({ program: txn, nodes: 2 });
  const writes = VALUES.map((value) => ["w", value, value]);
  await world.client().rpc("n0", { type: "txn", txn: writes });
  await world.run(3000);
  const reads = [...VALUES, SAME_AS_ZERO].map((key) => ["r", key, null]);
  const { txn: results } = await askAlike(world, { type: "txn", txn: reads });
  assertEquals((results as unknown[][]).map(([, , value]) => formatJSON(value)), [...TEXTS, "0"]);
});

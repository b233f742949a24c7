/**
 * No message of a client breaks a node: malformed requests, unknown types, and messages that only nodes send each
 * other.
 */
import { assertEquals } from "@std/assert";
import broadcast from "../../challenges/broadcast.ts";
import { broadcastEfficient } from "../../challenges/broadcast_efficient.ts";
import echo from "../../challenges/echo.ts";
import { gCounter } from "../../challenges/g_counter.ts";
import { kafka } from "../../challenges/kafka.ts";
import { kafkaLinKV } from "../../challenges/kafka_lin_kv.ts";
import kafkaSingle from "../../challenges/kafka_single.ts";
import { txn } from "../../challenges/txn.ts";
import uniqueIds from "../../challenges/unique_ids.ts";
import type { AnyNode } from "../../lib/node.ts";
import type { Body } from "../../lib/protocol.ts";
import { simulate } from "../../lib/workbench/engines/simulate.ts";
import { askAll } from "../worlds.ts";
import { nested } from "../nested.ts";

const TYPES: Record<string, string[]> = {
  echo: ["echo"],
  generate: ["generate"],
  broadcast: ["topology", "broadcast", "deliver", "read", "replicate"],
  counter: ["add", "read", "replicate"],
  log: ["send", "poll", "commit_offsets", "list_committed_offsets", "append", "written", "replicate"],
  txn: ["txn", "replicate"],
};
const FIELDS = ["message", "values", "delta", "key", "msg", "offsets", "keys", "txn", "batch", "index", "slot"];
const VALUES = [
  null,
  0,
  -0,
  -1,
  0.5,
  1e300,
  Infinity,
  2 ** 53 - 1,
  2n ** 64n,
  "x",
  [],
  [null],
  [["r"]],
  {},
  JSON.parse('{ "__proto__": 1, "constructor": 2 }'),
  { from: "n0", number: 1, entries: [1] },
];

/** Values at and around the limits of depth: of a request, of JSON.stringify, and far beyond. */
const DEEP = [490, 600, 5000, 100_000].map(nested);

const SEND = { type: "send", key: "k", msg: 1 };
const PROGRAMS: Record<string, [program: (node: AnyNode) => void, types: string[], request: Body]> = {
  "echo": [echo, TYPES.echo!, { type: "echo", echo: "hi" }],
  "unique-ids": [uniqueIds, TYPES.generate!, { type: "generate" }],
  "broadcast": [broadcast, TYPES.broadcast!, { type: "broadcast", message: 1000 }],
  "broadcast-efficient": [broadcastEfficient, TYPES.broadcast!, { type: "broadcast", message: 1000 }],
  "g-counter": [gCounter, TYPES.counter!, { type: "add", delta: 1 }],
  "kafka-single": [kafkaSingle, TYPES.log!, SEND],
  "kafka-lin-kv": [kafkaLinKV, TYPES.log!, SEND],
  "kafka": [(node) => kafka(node, { acks: "all" }), TYPES.log!, SEND],
  "txn": [txn, TYPES.txn!, { type: "txn", txn: [["w", 1, 2], ["r", 1, null]] }],
};

function* hostileBodies(types: string[]): Generator<Body> {
  for (const type of [...types, "constructor", "__proto__", ""]) {
    yield { type };
    for (const value of VALUES) yield { type, ...Object.fromEntries(FIELDS.map((field) => [field, value])) };
    for (const field of FIELDS) yield { type, [field]: VALUES };
    for (const value of DEEP) yield { type, ...Object.fromEntries(FIELDS.map((field) => [field, value])) };
    for (const value of DEEP) yield { type, key: "k", txn: [["w", value, value], ["r", value, null]], msg: value };
  }
}

for (const [name, [program, types, request]] of Object.entries(PROGRAMS)) {
  Deno.test(`${name} works on whatever clients have sent before`, async () => {
    const world = simulate({ program, nodes: 2 });
    const client = world.client();
    await Promise.allSettled([...hostileBodies(types)].map((body) => client.rpc("n0", body)));
    await world.run(2000);
    const replies = await askAll(world, request);
    assertEquals(replies.map(({ type }) => type), [`${request.type}_ok`, `${request.type}_ok`]);
    assertEquals(world.logs.filter(({ level }) => level === "error"), []);
  });
}

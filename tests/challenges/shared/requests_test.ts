import { assertEquals, assertMatch } from "@std/assert";
import broadcast from "../../../challenges/broadcast.ts";
import { broadcastEfficient } from "../../../challenges/broadcast_efficient.ts";
import { gCounter } from "../../../challenges/g_counter.ts";
import { kafka } from "../../../challenges/kafka.ts";
import { kafkaLinKV } from "../../../challenges/kafka_lin_kv.ts";
import kafkaSingle from "../../../challenges/kafka_single.ts";
import { txn } from "../../../challenges/txn.ts";
import type { AnyNode } from "../../../lib/node.ts";
import { RPCError } from "../../../lib/protocol.ts";
import { simulate } from "../../../lib/workbench/engines/simulate.ts";
import { askAll } from "../../worlds.ts";

const LOGS = [
  [{ type: "send", msg: 1 }, "Malformed send: expected key to be a string, got nothing"],
  [{ type: "send", key: "a" }, "Malformed send: expected msg to be a message, got nothing"],
  [{ type: "send", key: 5, msg: 1 }, "Malformed send: expected key to be a string, got 5"],
  [
    { type: "poll", offsets: ["a"] },
    'Malformed poll: expected offsets to be an object of integers from 0 to 2^53 - 1, got ["a"]',
  ],
  [{ type: "poll", offsets: { a: -1 } }, "Malformed poll: expected offsets"],
  [{ type: "poll", offsets: { a: 2n ** 53n } }, "Malformed poll: expected offsets"],
  [{ type: "commit_offsets", offsets: { a: "b" } }, "Malformed commit_offsets: expected offsets"],
  [{ type: "commit_offsets", offsets: { a: 2n ** 64n } }, "Malformed commit_offsets: expected offsets"],
  [
    { type: "list_committed_offsets", keys: "a" },
    "Malformed list_committed_offsets: expected keys to be an array of strings",
  ],
] as const;

const BROADCASTS = [[
  { type: "broadcast" },
  "Malformed broadcast: expected message to be a value, got nothing",
]] as const;

const CASES = {
  "broadcast": [broadcast, [
    ...BROADCASTS,
    [{ type: "deliver", values: 5 }, "Malformed deliver: expected values to be an array, got 5"],
    [{ type: "deliver", values: [5] }, "expected another node, got c"],
  ]],
  "broadcast-efficient": [broadcastEfficient, BROADCASTS],
  "kafka-single": [kafkaSingle, LOGS],
  "kafka-lin-kv": [kafkaLinKV, [
    ...LOGS,
    [{ type: "append" }, "Malformed append: expected batch to be a batch"],
    [{ type: "append", batch: { from: "n0.x", entries: [] } }, "Malformed append: expected batch to be a batch"],
    [{ type: "append", batch: { from: "n0.x", number: 1, entries: [] } }, "expected another node, got c"],
    [{ type: "written", index: 0, slot: [] }, "expected another node, got c"],
  ]],
  "kafka": [kafka, LOGS],
  "g-counter": [gCounter, [
    [{ type: "add" }, "Malformed add: expected delta to be an integer, 0 or more, got nothing"],
    [{ type: "add", delta: -1 }, "Malformed add: expected delta to be an integer, 0 or more, got -1"],
    [{ type: "add", delta: 1.5 }, "Malformed add: expected delta"],
  ]],
  "txn": [txn, [
    [{ type: "txn" }, "Malformed txn: expected txn to be an array"],
    [{ type: "txn", txn: [["x", 1, 1]] }, "Malformed txn: expected txn to be an array"],
    [{ type: "txn", txn: [["r", 1]] }, "Malformed txn: expected txn to be an array"],
  ]],
} as const;

for (const [name, [program, requests]] of Object.entries(CASES)) {
  Deno.test(`${name} refuses malformed requests, and says what was expected`, async () => {
    const world = simulate({ program: program as (node: AnyNode) => void, nodes: 1 });
    for (const [request, text] of requests) {
      const error = await askAll(world, { ...request }).catch((error) => error) as RPCError;
      assertEquals([error instanceof RPCError, error.code], [true, 12]);
      assertMatch(error.message, new RegExp(text.replace(/[[\]"^]/g, ".")));
    }
  });
}

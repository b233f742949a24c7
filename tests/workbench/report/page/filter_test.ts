import { assertEquals } from "@std/assert";
import { applyFilter, type Filter, lateness, NO_FILTER } from "../../../../lib/workbench/report/page/filter.js";
import { lanesOf } from "../../../../lib/workbench/report/page/lanes.js";
import { decodeMessages, mergeBands } from "../../../../lib/workbench/report/page/run_data.js";

/** c1 → n0, n0 → n1, n0 → seq-kv (lost), n1 → n0 (late), n0 → c1. */
const MESSAGES = decodeMessages({
  names: ["c1", "n0", "n1", "seq-kv", "c2"],
  types: ["read", "gossip"],
  id: [0, 1, 2, 3, 4, 5],
  sent: [0, 1000, 1000, 1000, 1000, 1000],
  delay: [0, 1000, -1, 90_000, 0, 0],
  src: [0, 1, 1, 2, 1, 4],
  dest: [1, 2, 3, 1, 0, 2],
  type: [0, 1, 0, 1, 0, 0],
  reply: [0, 0, 0, 0, 4, 0],
  operation: [0, -1, -1, -1, 0, -1],
  body: ['{"key":"Apple"}', "", "", "", "", ""],
  size: [17, 10, 0, 30, 0, 0],
  copies: [],
});

function rows(filter: Partial<Filter>): number[] {
  const { passes, count } = applyFilter(MESSAGES, { ...NO_FILTER, ...filter }, lateness(MESSAGES));
  const found = [...passes.keys()].filter((row) => passes[row] === 1);
  assertEquals(found.length, count);
  return found;
}

Deno.test("messages are filtered by type, node, kind, period and text, and by several of them", () => {
  assertEquals(rows({}), [0, 1, 2, 3, 4, 5]);
  assertEquals(rows({ type: "gossip" }), [1, 3]);
  assertEquals(rows({ name: "n1" }), [1, 3, 5]);
  assertEquals(rows({ kind: "servers" }), [1, 2, 3]);
  assertEquals(rows({ kind: "clients" }), [0, 4, 5]);
  assertEquals(rows({ kind: "lost" }), [2]);
  assertEquals(rows({ kind: "late" }), [3]);
  assertEquals(rows({ from: 1000, to: 2000 }), [1, 2]);
  assertEquals(rows({ text: "apple" }), [0]);
  assertEquals(rows({ text: "n0 → n1" }), [1]);
  assertEquals(rows({ type: "gossip", name: "n1", from: 2000 }), [3]);
});

Deno.test("nodes come first, then services, then workers; a client without operations is in the last lane", () => {
  const operations = { worker: [7] } as Parameters<typeof lanesOf>[1];
  const { labels, laneOf } = lanesOf(MESSAGES, operations, ["n0", "n1"]);
  assertEquals(labels, ["n0", "n1", "seq-kv", "worker 7", "setup"]);
  assertEquals(laneOf, [3, 0, 1, 2, 4]);
});

Deno.test("faults that overlap are one band with their names", () => {
  const fault = (name: string, start: number, end: number) => ({ name, start, end, nodes: [], text: "" });
  const faults = [fault("loss", 0, 5), fault("kill", 4, 9), fault("loss", 7, 8), fault("pause", 12, 13)];
  assertEquals(mergeBands(faults), [
    { names: ["loss", "kill"], start: 0, end: 9 },
    { names: ["pause"], start: 12, end: 13 },
  ]);
});

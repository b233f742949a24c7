import { assertEquals } from "@std/assert";
import { decodeMessages } from "../../../../lib/workbench/report/page/run_data.js";
import { mergeLogs } from "../../../../lib/workbench/report/page/logs.js";
import { countTraffic } from "../../../../lib/workbench/report/page/traffic.js";

Deno.test("traffic is counted by type, node and pair; clients count together, lost messages not as received", () => {
  const none = [0, 0, 0, 0];
  const messages = decodeMessages({
    names: ["c1", "c2", "n0", "n1"],
    types: ["read", "gossip"],
    id: none,
    sent: none,
    reply: none,
    operation: none,
    body: ["", "", "", ""],
    copies: [],
    delay: [0, 0, 5, -1],
    src: [0, 1, 2, 2],
    dest: [2, 2, 3, 3],
    type: [0, 0, 1, 1],
    size: [10, 20, 30, 40],
  });
  const { types, nodes, pairs } = countTraffic(messages);
  assertEquals(Object.fromEntries(types), {
    read: { sent: 2, lost: 0, bytes: 30 },
    gossip: { sent: 2, lost: 1, bytes: 70 },
  });
  assertEquals(Object.fromEntries(nodes), {
    clients: { sent: 2, received: 0 },
    n0: { sent: 2, received: 2 },
    n1: { sent: 0, received: 1 },
  });
  assertEquals(pairs.get("clients")?.get("n0"), 2);
  assertEquals(pairs.get("n0")?.get("n1"), 2);
});

Deno.test("logs are merged by time; a line without one stays behind the line before it", () => {
  const lines = mergeLogs([
    { node: "n0", time: [5, -1, 20], text: ["a", "  at b", "c"] },
    { node: "n1", time: [10, -1], text: ["d", ""] },
  ]);
  assertEquals(lines.map(({ node, time, text }) => `${node} ${time} ${text}`), [
    "n0 5 a",
    "n0 5   at b",
    "n1 10 d",
    "n0 20 c",
  ]);
});

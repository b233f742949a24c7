/** A malformed message changes nothing, and the sender is told what was expected. */
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { replicate } from "../../../challenges/replication/mod.ts";
import type { AnyNode } from "../../../lib/node.ts";
import type { Body, Message } from "../../../lib/protocol.ts";
import { simulate } from "../../../lib/workbench/engines/simulate.ts";
import { askAll } from "../../worlds.ts";
import { PROGRAMS } from "./programs.ts";

/** A node with a set of values, which talks to a peer that the test speaks for. */
function openSet(topology: "mesh" | "hub" = "mesh") {
  const values: unknown[] = [];
  const sent: Message[] = [];
  const program = (node: AnyNode) => {
    const { append } = replicate<unknown, unknown[]>(node, {
      topology,
      period: 0,
      isEntry: (entry) => typeof entry === "string",
      isSnapshot: Array.isArray,
      apply(entry) {
        if (node.id === "n0") values.push(entry);
      },
      snapshot: () => values,
      restore: (others) => void values.push(...others),
    });
    node.on("add", ({ value }) => {
      append(value);
      return {};
    });
  };
  const world = simulate({ program, nodes: 2 });
  world.intercept((message) => message.dest === "n1" && sent.push(message) > 0);
  const logged = () => world.logs.filter(({ node }) => node === "n0").map(({ level, text }) => `${level}: ${text}`);
  const say = async (fields: Record<string, unknown>) => {
    const body: Body = { type: "replicate", from: "n1.x", seq: 1, have: {}, ...fields };
    world.send({ src: "n1", dest: "n0", body });
    await world.run(1);
    return sent.splice(0).map(({ body }) => body);
  };
  return { world, values, logged, say };
}

const MALFORMED: [field: string, value: unknown][] = [
  ["from", undefined],
  ["from", 7],
  ["from", null],
  ["seq", undefined],
  ["seq", -1],
  ["seq", 0.5],
  ["seq", "1"],
  ["seq", 2 ** 53],
  ["ack", "n0.a"],
  ["ack", ["n0.a"]],
  ["ack", [7, 1, 0]],
  ["ack", ["n0.a", "1", 0]],
  ["ack", ["n0.a", 1, -1]],
  ["ack", ["n0.a", 1, 0, 0]],
  ["base", -1],
  ["base", {}],
  ["have", undefined],
  ["have", null],
  ["have", []],
  ["have", { "n1.x": -1 }],
  ["have", { "n1.x": "1" }],
  ["entries", []],
  ["entries", "x"],
  ["entries", { "n1.x": [0] }],
  ["entries", { "n1.x": ["0", [1]] }],
  ["entries", { "n1.x": [-1, [1]] }],
  ["entries", { "n1.x": [0, "abc"] }],
  ["entries", { "n1.x": [0, { length: 4294967296 }] }],
  ["entries", { "n1.x": { 0: 0, 1: [1], length: 2 } }],
  ["snapshot", {}],
  ["snapshot", [{ "n1.x": "1" }, []]],
  ["snapshot", [[], []]],
  ["hub", 0],
  ["next", -1],
  ["next", "soon"],
  ["question", false],
  ["question", 1],
];

Deno.test("a malformed message changes nothing, and is answered with error 12 and what was expected", async () => {
  const { world, values, say } = openSet();
  await say({ question: true });
  for (const [field, value] of MALFORMED) {
    const entries = { "n1.x": [0, ["applied"]] };
    const replies = await say({ entries, have: { "n1.x": 1 }, seq: 5, question: true, [field]: value, msg_id: 1 });
    assertEquals(replies.map(({ type, code }) => [type, code]), [["error", 12]], `${field}: ${JSON.stringify(value)}`);
    assertStringIncludes(replies[0]!.text as string, `Malformed replicate: expected ${field} to be `);
    assertEquals(values, []);
  }
  const [answer] = await say({ seq: 2, question: true });
  assertEquals([answer!.have, answer!.ack], [{}, ["n1.x", 2, 0]], "no vector and no acknowledgement has moved");
  await world.run(10_000);
});

Deno.test("a malformed message without a msg_id is logged", async () => {
  const { logged, say } = openSet();
  assertEquals(await say({ entries: [] }), []);
  assertEquals(logged().length, 1);
  assert(/^warn: Cannot handle .*: Malformed replicate: expected entries to be /.test(logged()[0]!), logged()[0]);
});

Deno.test("a log that is not named after a node of the cluster is refused, whatever else its name means", async () => {
  const { values, say } = openSet("hub");
  const names = ["toString", "__proto__", "constructor", "", "n1", "n9.x", "n1.", "n1.X", `n1.${"x".repeat(21)}`];
  for (const name of names) {
    // Parsed, as from a line: a literal would set the prototype.
    const counts = JSON.parse(`{${JSON.stringify(name)}: 1}`);
    const entries = JSON.parse(`{${JSON.stringify(name)}: [0, ["entry"]]}`);
    const base = JSON.parse(`[${JSON.stringify(counts)}, ["state"]]`);
    for (const fields of [{ from: name }, { have: counts }, { entries }, { snapshot: base }]) {
      const replies = await say({ ...fields, msg_id: 1 });
      assertEquals(replies.map(({ code }) => code), [12], JSON.stringify(fields));
    }
  }
  assertEquals(values, []);
});

/** Entries that each program refuses; broadcast takes any. */
const MALFORMED_ENTRIES: Record<string, unknown[]> = {
  "g-counter": [null, 7, {}, [], ["n1"], ["n1", "7"], ["n1", -7], ["n1", 0.5], ["n1", 1e300], [7, 7]],
  kafka: [
    null,
    [],
    {},
    { key: "k", offset: "7", msg: 7 },
    { key: "k", offset: 1e300, msg: 7 },
    { key: 7, offset: 7, msg: 7 },
    { key: "k", offset: 7 },
    { commits: { k: "7" } },
    { commits: null },
    { fullyReplicated: { "n0.1e9": 0 } },
    { fullyReplicated: null },
  ],
  txn: [
    null,
    [],
    {},
    { timestamp: ["7", "n1"], writes: [] },
    { timestamp: [7], writes: [] },
    { timestamp: [7, "n1"], writes: [[8, 55], null] },
    { timestamp: [7, "n1"], writes: [[8]] },
    { timestamp: [7, "n1"] },
  ],
};

for (const { name, program, read, stateOf, write } of PROGRAMS.filter(({ name }) => name in MALFORMED_ENTRIES)) {
  Deno.test(`${name}: a malformed entry changes nothing on any node`, async () => {
    const sent: Message[] = [];
    const world = simulate({ program, nodes: 3 });
    world.intercept((message) => {
      const isRefusal = message.src === "n0" && message.dest === "n1" && message.body.type === "error";
      if (isRefusal) sent.push(message);
      return isRefusal;
    });
    await world.client().rpc("n0", write);
    await world.run(5000);
    const states = async () => (await askAll(world, read)).map(stateOf);
    const before = await states();
    for (const entry of MALFORMED_ENTRIES[name]!) {
      const from = name === "kafka" ? "n1.1" : "n1.x";
      const body: Body = { type: "replicate", msg_id: 1, from, seq: 1e6, have: {}, entries: { [from]: [0, [entry]] } };
      world.send({ src: "n1", dest: "n0", body });
      await world.run(1);
      assertEquals(sent.splice(0).map(({ body }) => body.code), [12], JSON.stringify(entry));
    }
    await world.run(5000);
    assertEquals(await states(), before);
  });
}

Deno.test("an entry that the program throws on counts neither as applied nor as acknowledged", async () => {
  const applied: unknown[] = [];
  const sent: Message[] = [];
  const program = (node: AnyNode) =>
    void replicate<unknown, unknown[]>(node, {
      topology: "mesh",
      period: 0,
      isEntry: (entry) => typeof entry === "string",
      isSnapshot: Array.isArray,
      apply(entry) {
        if (entry === "bad") throw new Error("no such entry");
        applied.push(entry);
      },
      snapshot: () => [],
      restore() {},
    });
  const world = simulate({ program, nodes: 2 });
  world.intercept((message) => message.dest === "n1" && sent.push(message) > 0);
  const say = async (fields: Record<string, unknown>) => {
    world.send({
      src: "n1",
      dest: "n0",
      body: { type: "replicate", from: "n1.x", have: {}, seq: 1, ...fields },
    });
    await world.run(1);
  };
  await say({ entries: { "n1.x": [0, ["good", "bad", "later"]] } });
  assertEquals(applied, ["good"]);
  await say({ seq: 2, question: true });
  const { have, entries } = sent.at(-1)!.body;
  assertEquals([have, entries], [{}, { "n1.x": [0, ["good"]] }]);
});

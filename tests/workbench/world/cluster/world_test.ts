import { assertEquals } from "@std/assert";
import type { NatsConnection } from "@nats-io/transport-node";
import type { Message } from "../../../../lib/protocol.ts";
import { VirtualClock } from "../../../../lib/workbench/world/virtual_clock.ts";
import { openConnection } from "../../../../lib/workbench/world/connection.ts";
import { clusterWorld } from "../../../../lib/workbench/world/cluster/world.ts";
import type { NodeState } from "../../../../lib/workbench/world/cluster/state.ts";
import type { JournalEntry } from "../../../../lib/workbench/world/network/journal.ts";
import { createNetwork } from "../../../../lib/workbench/world/network/network.ts";
import { seededRandom } from "../../../../lib/workbench/world/random.ts";

/** A world on a NATS and a supervisor that the test plays. */
function createRig() {
  const clock = new VirtualClock();
  const published: [subject: string, text: string][] = [];
  const actions: string[] = [];
  const failures: string[] = [];
  type Callback = (error: null, message: { subject: string; string(): string }) => void;
  const callbacks: Record<string, Callback> = {};
  const connection = {
    publish: (subject: string, text: string) => void published.push([subject, text]),
    subscribe(subject: string, { callback }: { callback: Callback }) {
      callbacks[subject] = callback;
      return { unsubscribe: () => void actions.push("unsubscribe") };
    },
  };
  const nodes: NodeState[] = [{ id: "n0", state: "paused", pid: 7, end: null, log: "/c/n0.log", logStart: 5 }];
  const world = clusterWorld({
    clock,
    cluster: "test",
    connection: connection as unknown as NatsConnection,
    control: {
      node(id, action) {
        actions.push(`${action} ${id}`);
        return action === "pause" && id === "n9" ? Promise.reject(new Error("no n9")) : Promise.resolve(nodes[0]!);
      },
      report: () => Promise.resolve({ nodes, servers: [] }),
      log: () => Promise.resolve({ pieces: [], next: 0, now: 0 }),
    },
    openLog: () => ({ path: "", isWhole: true, write: () => {}, close: () => void actions.push("close log") }),
  });
  const entries: JournalEntry[] = [];
  const random = seededRandom("dune");
  const latency = { mean: 0, distribution: "constant" } as const;
  const sink = (entry: JournalEntry) => void entries.push(entry);
  const network = createNetwork({ clock, random, latency, sink, onCut: world.cut });
  return {
    clock,
    world,
    network,
    published,
    actions,
    failures,
    entries,
    hear: (message: Message | string) =>
      callbacks["test.*"]!(null, {
        subject: "",
        string: () => typeof message === "string" ? message : JSON.stringify(message),
      }),
    tellBadLine: (node: string, text: string) =>
      callbacks["test.*.bad-line"]!(null, { subject: `test.${node}.bad-line`, string: () => text }),
    start: (id: string) => world.startNode(id, network, random, ({ type }) => void failures.push(type)),
  };
}

Deno.test("a client's request is published for its node, and the node's reply reaches the client", async () => {
  const { clock, world, network, start, published, hear } = createRig();
  await start("n0");
  const client = openConnection(network, clock);
  const reply = client.call("n0", { type: "echo", echo: 1 });
  await clock.run(() => published.length > 0);
  assertEquals(published.map(([subject]) => subject), ["test.n0"]);
  const { src, body } = JSON.parse(published[0]![1]);
  hear({ src: "n0", dest: src, body: { type: "echo_ok", echo: 1, in_reply_to: body.msg_id } });
  await clock.run();
  assertEquals((await reply).echo, 1);
  assertEquals(network.journal.counts.clients, { send_count: 2, recv_count: 2, msg_count: 2 });
  world.close();
});

Deno.test("messages between nodes and services are recorded only, those for unknown clients not at all", async () => {
  const { world, network, start, published, hear, entries } = createRig();
  hear({ src: "n0", dest: "n1", body: { type: "early" } });
  await Promise.all(["n0", "n1"].map(start));
  hear({ src: "n0", dest: "n1", body: { type: "hello" } });
  hear({ src: "n0", dest: "lin-kv", body: { type: "read", key: "x", msg_id: 1 } });
  hear({ src: "n0", dest: "c99", body: { type: "hello" } });
  hear("nonsense");
  assertEquals(entries.map(({ type, message: { id, dest } }) => [type, id, dest]), [
    ["send", 0, "n1"],
    ["recv", 0, "n1"],
    ["send", 1, "lin-kv"],
  ]);
  assertEquals([published, network.journal.counts.servers.msg_count], [[], 2]);
  world.close();
});

Deno.test("a line of a node that is not a message is a failure, also while the node starts", async () => {
  const { world, start, tellBadLine, failures } = createRig();
  tellBadLine("n0", "Node n0 printed nonsense");
  const started = start("n0");
  tellBadLine("n0", "Node n0 printed nonsense");
  const node = await started;
  assertEquals(failures, ["bad-line"]);
  await node.stop();
  tellBadLine("n0", "Node n0 printed nonsense");
  assertEquals(failures, ["bad-line"]);
  world.close();
});

Deno.test("a partition is told to the nodes, once each, and again to one that starts later", async () => {
  const { world, network, start, published, hear, entries } = createRig();
  const [, n1] = await Promise.all(["n0", "n1"].map(start));
  await start("n2");
  for (const src of ["n1", "n2"]) network.drop(src, "n0", "partition");
  await Promise.resolve();
  assertEquals(published, [["test.n0.cut", '["n1","n2"]']]);
  hear({ src: "n1", dest: "n0", body: { type: "cut" } });
  assertEquals(entries.map(({ type }) => type), ["send"]);
  network.drop("n0", "n1", "partition");
  await n1!.stop();
  await start("n1");
  network.heal("partition");
  await Promise.resolve();
  assertEquals(published.slice(1), [
    ["test.n1.cut", '["n0"]'],
    ["test.n1.cut", '["n0"]'],
    ["test.n0.cut", "[]"],
    ["test.n1.cut", "[]"],
  ]);
  world.close();
});

Deno.test("faults of nodes are actions of the supervisor, in order", async () => {
  const { world, start, actions, hear, entries } = createRig();
  const node = await start("n0");
  node.pause();
  node.resume();
  await node.stop();
  hear({ src: "n1", dest: "n0", body: { type: "late" } });
  assertEquals(actions, ["start n0", "pause n0", "resume n0", "kill n0", "close log"]);
  assertEquals(entries.map(({ type }) => type), ["send"]);
  world.close();
});

Deno.test("an action that fails ends the test; a diagnosis says what the supervisor knows", async () => {
  const { world, start, failures } = createRig();
  const node = await start("n9");
  node.pause();
  await node.stop();
  assertEquals(failures, ["node-unreachable"]);
  assertEquals((await (await start("n0")).diagnose("echo")).activity, ["It is paused (7)"]);
  world.close();
});

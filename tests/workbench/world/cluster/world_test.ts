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
  const notes: string[] = [];
  /** Number of requests that get no answer before the next one does. */
  let lostRequests = 0;
  const statuses = new TransformStream<{ type: string }>();
  const status = statuses.writable.getWriter();
  type Callback = (error: null, message: { subject: string; string(): string }) => void;
  const callbacks: Record<string, Callback> = {};
  const logged: string[] = [];
  const connection = {
    publish: (subject: string, text: string) => void published.push([subject, text]),
    subscribe(subject: string, { callback }: { callback: Callback }) {
      callbacks[subject] = callback;
      return { unsubscribe: () => void actions.push("unsubscribe") };
    },
    request(subject: string, text: string) {
      published.push([subject, text]);
      return lostRequests-- > 0 ? Promise.reject(new Error("no responders")) : Promise.resolve();
    },
    status: () => statuses.readable,
  };
  const nodes: NodeState[] = [{ id: "n0", state: "paused", pid: 7, end: null, log: "/c/n0.log", logStart: 5 }];
  const world = clusterWorld({
    clock,
    cluster: "test",
    servers: { "nats-server": [], "etcd": ["etcd0"] },
    connection: connection as unknown as NatsConnection,
    control: {
      node(id, action) {
        actions.push(`${action} ${id}`);
        return action === "pause" && id === "n9" ? Promise.reject(new Error("no n9")) : Promise.resolve(nodes[0]!);
      },
      server(name, action) {
        actions.push(`${action} ${name}`);
        return action === "start" ? Promise.reject(new Error("no space")) : Promise.resolve("killed");
      },
      report: () => Promise.resolve({ nodes, servers: [] }),
      log: (id, from) => {
        actions.push(`log ${id} from ${from}`);
        // The clock of its machine is at 1000 when that of the test is at 0.
        const pieces = from === 5 ? [{ time: 900, base64: btoa("a\n") }, { time: 990, base64: btoa("b\n") }] : [];
        return Promise.resolve({ pieces, next: 9, now: 1000 });
      },
    },
    openLog: (_id, now) => ({
      path: "",
      isWhole: true,
      write: (bytes) => void logged.push(`${now()} ${new TextDecoder().decode(bytes).trim()}`),
      close: () => void actions.push("close log"),
    }),
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
    notes,
    logged,
    nodes,
    entries,
    loseRequests: (count: number) => void (lostRequests = count),
    tell: async (type: string) => {
      await status.write({ type });
      await Promise.resolve();
    },
    hear: (message: Message | string) =>
      callbacks["test.*"]!(null, {
        subject: "",
        string: () => typeof message === "string" ? message : JSON.stringify(message),
      }),
    tellBadLine: (node: string, text: string) =>
      callbacks["test.*.bad-line"]!(null, { subject: `test.${node}.bad-line`, string: () => text }),
    start: (id: string) =>
      world.startNode(id, network, random, ({ type }) => void failures.push(type), ({ type }) => void notes.push(type)),
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
  const logs = ["log n0 from 5", "log n0 from 9", "close log"];
  assertEquals(actions, ["start n0", "pause n0", "resume n0", "kill n0", ...logs]);
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

Deno.test("a node that does not confirm its cuts is told again, until it does or has others", async () => {
  const { clock, world, network, start, published, loseRequests } = createRig();
  const n0 = await start("n0");
  loseRequests(2);
  network.drop("n1", "n0", "partition");
  await clock.run();
  assertEquals(published, Array(3).fill(["test.n0.cut", '["n1"]']));
  loseRequests(1);
  network.heal("partition");
  await Promise.resolve();
  network.drop("n2", "n0", "partition");
  await clock.run();
  assertEquals(published.slice(3).map(([, text]) => text), ["[]", '["n2"]']);
  loseRequests(1);
  network.heal("partition");
  await Promise.resolve();
  await n0.stop();
  await clock.run();
  assertEquals(published.length, 6);
  world.close();
});

Deno.test("without a connection, requests are lost, and a note says that messages are not seen", async () => {
  const { clock, world, network, start, published, notes, tell } = createRig();
  await tell("disconnect");
  assertEquals(notes, []);
  await tell("reconnect");
  await start("n0");
  const client = openConnection(network, clock);
  const ask = async () => {
    const before = published.length;
    void client.call("n0", { type: "echo", echo: 1 }, 10).catch(() => {});
    await clock.run();
    return published.length - before;
  };
  assertEquals(await ask(), 1);
  await tell("disconnect");
  assertEquals([await ask(), notes], [0, ["messages-unseen"]]);
  await tell("reconnect");
  assertEquals(await ask(), 1);
  world.close();
});

Deno.test("faults of servers are actions of the supervisor; one that fails ends the test", async () => {
  const { world, start, actions, failures } = createRig();
  await start("n0");
  const { names, act } = world.servers!;
  assertEquals(names, { "nats-server": [], "etcd": ["etcd0"] });
  assertEquals([await act("etcd0", "kill"), failures], ["killed", []]);
  assertEquals([await act("etcd0", "start"), failures], ["no space", ["server-unreachable"]]);
  assertEquals(actions, ["start n0", "kill etcd0", "start etcd0"]);
  world.close();
});

Deno.test("the log of a node is stored with times of the test, whatever the clock of its machine says", async () => {
  const { world, start, clock, logged } = createRig();
  const node = await start("n0");
  clock.schedule(40, () => {});
  await clock.run();
  await node.stop();
  // The test is at 40 ms when the machine is at 1000.
  assertEquals(logged, ["0 a", "30 b"]);
  world.close();
});

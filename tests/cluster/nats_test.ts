import { assertEquals, assertMatch, assertRejects, assertStringIncludes } from "@std/assert";
import { connect, type NatsConnection } from "@nats-io/transport-node";
import { type NatsNodeStatus, serveNats, type ServeNatsOptions } from "../../lib/cluster/nats.ts";
import { fixedMembers, type Membership } from "../../lib/cluster/membership.ts";
import type { Node, Program } from "../../lib/node.ts";
import type { Body, Message } from "../../lib/protocol.ts";
import { findServer } from "../../lib/workbench/world/cluster/servers/find.ts";
import { testWithServers } from "../servers.ts";

const echo: Program = (node) => node.on("echo", ({ echo }) => ({ echo }));

/** A client on NATS, and the nodes that a test has started. */
interface Rig {
  url: string;
  connection: NatsConnection;
  /** Starts a node. Its entries of the log go to `logged`. */
  serve(program: Program, options?: Partial<ServeNatsOptions>): { ended: Promise<void>; end(): void };
  logged: string[];
  /** Publishes a text on the subject of a node. */
  publish(node: string, text: string): void;
  /** Sends a request as c1, and returns the body of the reply. */
  ask(node: string, body: Body): Promise<Body>;
  status(node: string): Promise<NatsNodeStatus>;
}

function test(name: string, fn: (rig: Rig, restart: () => Promise<void>) => Promise<void>): void {
  testWithServers(name, ["nats-server"], async ({ start }) => {
    const server = await start("nats-server");
    const { url } = server;
    const connection = await connect({ servers: url, reconnectTimeWait: 50, maxReconnectAttempts: -1 });
    const replies = new Map<number, (body: Body) => void>();
    connection.subscribe("test.c1", {
      callback: (_error, message) => {
        const { body } = message.json<Message>();
        replies.get(body.in_reply_to!)?.(body);
      },
    });
    const nodes: { ended: Promise<void>; end(): void }[] = [];
    const rig = createRig(url, connection, replies, nodes);
    try {
      await fn(rig, async () => {
        await server.act("kill");
        await server.act("start");
      });
    } finally {
      for (const { end } of nodes) end();
      await Promise.allSettled(nodes.map(({ ended }) => ended));
      await connection.close();
    }
  });
}

function createRig(
  url: string,
  connection: NatsConnection,
  replies: Map<number, (body: Body) => void>,
  nodes: { ended: Promise<void>; end(): void }[],
): Rig {
  const logged: string[] = [];
  const publish = (node: string, text: string) => connection.publish(`test.${node}`, text);
  return {
    url,
    connection,
    logged,
    publish,
    serve(program, options) {
      const ending = new AbortController();
      const ended = serveNats(program, {
        servers: url,
        cluster: "test",
        id: "n0",
        nodes: ["n0"],
        signal: ending.signal,
        log: (level, text) => void logged.push(`${level} ${text}`),
        ...options,
      });
      ended.catch(() => {});
      const node = { ended, end: () => ending.abort() };
      nodes.push(node);
      return node;
    },
    ask(node, body) {
      const msg_id = replies.size + 1;
      const { promise, resolve } = Promise.withResolvers<Body>();
      replies.set(msg_id, resolve);
      publish(node, JSON.stringify({ src: "c1", dest: node, body: { ...body, msg_id } }));
      return promise;
    },
    async status(node) {
      for (;;) {
        try {
          return (await connection.request(`test.${node}.status`, "", { timeout: 1000 })).json();
        } catch {
          // It has not subscribed yet.
          await new Promise((resolve) => setTimeout(resolve, 10));
        }
      }
    },
  };
}

test("a node answers a client on the client's subject", async ({ serve, ask, status }) => {
  serve(echo);
  await status("n0");
  assertEquals(await ask("n0", { type: "echo", echo: "hi" }), { type: "echo_ok", echo: "hi", in_reply_to: 1 });
});

test("nodes call each other, and know all nodes", async ({ serve, ask, status }) => {
  const program: Program = (node) => {
    node.on("echo", ({ echo }) => ({ echo: `${node.id}: ${echo}` }));
    node.on("ask", async ({ peer }) => ({ echo: (await node.rpc(peer as string, { type: "echo", echo: "hi" })).echo }));
  };
  for (const id of ["n0", "n1"]) serve(program, { id, nodes: ["n0", "n1"] });
  assertEquals((await status("n0")).nodes, ["n0", "n1"]);
  await status("n1");
  assertEquals((await ask("n0", { type: "ask", peer: "n1" })).echo, "n1: hi");
});

test("messages that arrive before init is answered wait", async ({ serve, ask, connection }) => {
  const { promise, resolve } = Promise.withResolvers<void>();
  const started = Promise.withResolvers<void>();
  serve((node) => {
    echo(node);
    node.onInit(() => {
      started.resolve();
      return promise;
    });
  });
  await started.promise;
  await connection.flush();
  const reply = ask("n0", { type: "echo", echo: 1 });
  await connection.flush();
  resolve();
  assertEquals((await reply).echo, 1);
});

test("a text that is not a message is logged, and skipped", async ({ serve, ask, status, publish, logged }) => {
  serve(echo);
  await status("n0");
  publish("n0", "nonsense");
  publish("n0", '{"src":"c1","dest":"n0"}');
  assertEquals((await ask("n0", { type: "echo", echo: 1 })).type, "echo_ok");
  assertMatch(logged[0]!, /^error Cannot parse message: .*nonsense$/);
  assertStringIncludes(logged[1]!, "expected body to be an object");
});

test("a node that is cut off from another drops its messages, until the cut ends", async (rig) => {
  const { serve, ask, status, connection } = rig;
  serve(echo);
  await status("n0");
  const cut = (sources: string[]) => connection.request("test.n0.cut", JSON.stringify(sources), { timeout: 60_000 });
  for (const text of ["n1", "", '{"n1":true}', "[1]"]) {
    const answer = await connection.request("test.n0.cut", text, { timeout: 60_000 });
    assertEquals(answer.string(), 'Cannot cut: expected a list of names, such as ["n1"]');
  }
  await cut(["n1", "c1"]);
  const lost = ask("n0", { type: "echo", echo: "lost" });
  await connection.flush();
  await cut(["n1"]);
  assertEquals((await ask("n0", { type: "echo", echo: "heard" })).echo, "heard");
  assertEquals(await Promise.race([lost, "no reply"]), "no reply");
});

test("a second init, as the workbench sends it, is answered", async ({ serve, ask, status }) => {
  serve(echo);
  await status("n0");
  assertEquals((await ask("n0", { type: "init", node_id: "n0", node_ids: ["n0"] })).type, "init_ok");
});

test("at the end handlers finish, and their replies arrive", async ({ serve, ask, status, connection }) => {
  const { promise, resolve } = Promise.withResolvers<void>();
  const started = Promise.withResolvers<void>();
  const node = serve((node) =>
    node.on("slow", async () => {
      started.resolve();
      await promise;
      return {};
    })
  );
  await status("n0");
  const reply = ask("n0", { type: "slow" });
  await started.promise;
  node.end();
  await connection.flush();
  resolve();
  assertEquals((await reply).type, "slow_ok");
  await node.ended;
});

test("a node connects again after the server was killed, and says what was lost", async (rig, restart) => {
  const { serve, ask, status, logged } = rig;
  let started: Node | undefined;
  serve((node) => {
    started = node;
    echo(node);
  });
  await status("n0");
  await restart();
  // The node may not be connected yet: then the message is lost.
  started!.send("c9", { type: "hello" });
  await status("n0");
  assertEquals((await ask("n0", { type: "echo", echo: 2 })).echo, 2);
  assertMatch(logged[0]!, /^warn Lost the connection to NATS at 127\.0\.0\.1:\d+: messages are lost until/);
  assertMatch(logged[1]!, /^info Connected to NATS at 127\.0\.0\.1:\d+ again; [01] messages were lost$/);
});

testWithServers("a node that waits for a server starts as soon as there is one", ["nats-server"], async ({ start }) => {
  const server = await start("nats-server");
  await server.act("kill");
  const ending = new AbortController();
  const started = Promise.withResolvers<void>();
  const options = { ...OPTIONS, servers: server.url, waitsForServer: true, signal: ending.signal, log: () => {} };
  const ended = serveNats((node) => node.onInit(started.resolve), options);
  await server.act("start");
  await Promise.race([started.promise, ended]);
  ending.abort();
  await ended;
});

test("a message that cannot be sent is logged, and the node goes on", async ({ serve, ask, status, logged }) => {
  serve((node) => {
    echo(node);
    node.on("big", () => ({ text: "x".repeat(9_000_000) }));
    node.on("odd", () => node.send("a b", { type: "hello" }));
  });
  await status("n0");
  void ask("n0", { type: "odd" });
  void ask("n0", { type: "big" });
  await ask("n0", { type: "echo", echo: 1 });
  assertEquals(logged.length, 2);
  assertStringIncludes(logged[0]!, 'error Cannot send a message to "a b": it cannot be a part of a subject');
  assertMatch(logged[1]!, /^error Cannot send big_ok of 90000\d\d characters to c1: .*takes 8388608 bytes/);
});

test("a flood of requests is answered to the last one", async ({ serve, ask, status }) => {
  serve(echo);
  await status("n0");
  const text = "x".repeat(1000);
  const replies = await Promise.all(Array.from({ length: 5000 }, () => ask("n0", { type: "echo", echo: text })));
  assertEquals(replies.filter(({ echo }) => echo === text).length, 5000);
  assertEquals((await status("n0")).lost, 0);
});

test("a node that waits for others keeps messages, but lets no client initialize it", async (rig) => {
  const { serve, ask, connection, logged } = rig;
  const joined = Promise.withResolvers<Membership>();
  const nodes = { register: () => joined.promise };
  serve(echo, { nodes });
  // It may not have subscribed yet.
  while (logged.length === 0) {
    void ask("n0", { type: "init", node_id: "n0", node_ids: ["n0", "x"] });
    await connection.flush();
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  assertEquals(logged[0], "warn Ignored an init of c1");
  const reply = ask("n0", { type: "echo", echo: 1 });
  await connection.flush();
  joined.resolve(await fixedMembers(["n0", "n1"]).register());
  assertEquals((await reply).echo, 1);
  assertEquals((await rig.status("n0")).nodes, ["n0", "n1"]);
});

test("a node that waits for others ends at the signal, and leaves", async ({ serve }) => {
  const left: string[] = [];
  const waiting = serve(echo, {
    nodes: {
      async register({ id, signal }) {
        if (!signal.aborted) await new Promise((resolve) => signal.addEventListener("abort", resolve));
        return { ...await fixedMembers([id]).register(), leave: () => Promise.resolve(void left.push(id)) };
      },
    },
  });
  waiting.end();
  await waiting.ended;
  assertEquals(left, ["n0"]);
  const refused = serve(echo, { nodes: { register: () => Promise.reject(new Error("no room")) } });
  await assertRejects(() => refused.ended, Error, "no room");
});

test("an init that fails ends the node with the reason", async ({ serve }) => {
  const { ended } = serve((node) =>
    node.onInit(() => {
      throw new Error("no disk");
    })
  );
  await assertRejects(() => ended, Error, "Cannot start n0: its init failed: ");
});

test("a rejection that nothing handles ends the node", async ({ serve, logged }) => {
  const { ended } = serve((node) => {
    node.onInit(() => {
      void Promise.reject(new Error("lost"));
    });
  });
  await assertRejects(() => ended, Error, "lost");
  assertStringIncludes(logged.join(), "error The node ends: it did not handle a rejection: Error: lost");
});

const OPTIONS = { servers: "nats://me:secret@127.0.0.1:1", cluster: "test", id: "n0", nodes: ["n0"] };

Deno.test("names that cannot be parts of a subject are refused", async () => {
  for (const name of ["", "a.b", "a b", "*", ">"]) {
    for (const bad of [{ cluster: name }, { id: name, nodes: [name] }, { nodes: ["n0", name] }]) {
      await assertRejects(() => serveNats(echo, { ...OPTIONS, ...bad }), TypeError, "without spaces, dots, * and >");
    }
  }
  // As of a program that was started without its argument.
  const nameless = { ...OPTIONS, id: undefined as unknown as string };
  await assertRejects(() => serveNats(echo, nameless), TypeError, "Cannot use the name nothing on NATS");
  const strange = { ...OPTIONS, nodes: ["n1"] };
  await assertRejects(() => serveNats(echo, strange), TypeError, 'expected nodes to include it, got ["n1"]');
});

testWithServers("without a server, the error names its address, but no password", ["nats-server"], async () => {
  await assertRejects(() => serveNats(echo, OPTIONS), Error, "Cannot connect to NATS at nats://127.0.0.1:1: ");
});

testWithServers("a node that is not let in any more ends with the reason", ["nats-server"], async (servers) => {
  const allow = (password: string) =>
    Deno.writeTextFile(`${servers.folder}/more.conf`, `authorization { user: "me", password: "${password}" }`);
  await allow("s3cret");
  const server = await servers.startPlainNats();
  const started = Promise.withResolvers<void>();
  const ending = new AbortController();
  const ended = serveNats((node) => node.onInit(started.resolve), {
    ...OPTIONS,
    servers: server.url.replace("//", "//me:s3cret@"),
    signal: ending.signal,
    log() {},
  });
  await Promise.race([started.promise, ended]);
  await allow("other");
  await server.act("kill");
  await server.act("start");
  await assertRejects(() => ended, Error, "The connection to NATS is closed for good: Authorization Violation");
});

testWithServers("a login in the address is the node's", ["nats-server"], async ({ folder, start }) => {
  const bin = `${folder}/server`;
  const script = `#!/bin/sh\nexec ${findServer("nats-server")} "$@" --user me --pass s/3cret\n`;
  await Deno.writeTextFile(bin, script, { mode: 0o755 });
  const server = await start("nats-server", bin);
  const ending = new AbortController();
  const servers = server.url.replace("//", "//me:s/3cret@");
  try {
    const started = Promise.withResolvers<void>();
    const ended = serveNats((node) => node.onInit(started.resolve), {
      ...OPTIONS,
      servers,
      signal: ending.signal,
      log() {},
    });
    await Promise.race([started.promise, ended]);
    ending.abort();
    await ended;
  } finally {
    await server.stop();
  }
});

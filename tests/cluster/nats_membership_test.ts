import { assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { connect } from "@nats-io/transport-node";
import { createEtcd } from "../../lib/cluster/etcd.ts";
import { etcdMembers, type NatsNodeStatus, serveNats } from "../../lib/cluster/nats.ts";
import type { Node } from "../../lib/node.ts";
import { type TestServers, testWithServers } from "../servers.ts";

/** Nodes of a cluster on a real NATS and a real etcd. */
async function startRig({ start }: TestServers) {
  const [nats, etcd] = await Promise.all([start("nats-server"), start("etcd")]);
  const connection = await connect({ servers: nats.url });
  const nodes: { ended: Promise<void>; end(): void }[] = [];
  const told: string[] = [];
  const logged: string[] = [];
  /** Keeps a list of members, as the nemesis of the same name expects. */
  const program = (node: Node) => {
    for (const type of ["add_member", "remove_member"]) {
      node.on(type, ({ node_id }) => {
        told.push(`${node.id}: ${type} ${node_id}`);
        return {};
      });
    }
  };
  return {
    told,
    logged,
    connection,
    etcd: createEtcd([etcd.url]),
    serve(id: string, handles = true) {
      const ending = new AbortController();
      const ended = serveNats(handles ? program : () => {}, {
        servers: nats.url,
        cluster: "prod",
        id,
        signal: ending.signal,
        nodes: etcdMembers({ urls: etcd.url, count: 2, ttlSeconds: 2 }),
        log: (level, text) => void logged.push(`${level} ${id}: ${text}`),
      });
      ended.catch(() => {});
      const node = { ended, end: () => ending.abort() };
      nodes.push(node);
      return node;
    },
    async status(id: string): Promise<NatsNodeStatus> {
      return (await connection.request(`prod.${id}.status`, "", { timeout: 30_000 })).json();
    },
    async close() {
      for (const { end } of nodes) end();
      await Promise.allSettled(nodes.map(({ ended }) => ended));
      await connection.close();
    },
  };
}

/** Repeats a question until it is answered by true. */
async function until(ask: () => boolean | Promise<boolean>): Promise<void> {
  while (!await Promise.resolve(ask()).catch(() => false)) await new Promise((resolve) => setTimeout(resolve, 10));
}

testWithServers(
  "nodes find each other by etcd, and their programs learn of those that come and go",
  ["nats-server", "etcd"],
  async (servers) => {
    const { serve, status, told, logged, etcd, close } = await startRig(servers);
    try {
      serve("n0");
      await until(() => logged.some((line) => line.startsWith("info n0: Waiting until there are 2 nodes")));
      serve("n1", false);
      await until(() => status("n0").then(({ nodes }) => nodes.length === 2));
      const { nodes, members, incarnation } = await status("n0");
      assertEquals([nodes, members], [["n0", "n1"], ["n0", "n1"]]);
      const keys = await etcd.list("prod/members/");
      assertEquals(keys[0], { key: "prod/members/n0", value: JSON.stringify({ incarnation }) });
      const n2 = serve("n2");
      await until(() => told.includes("n0: add_member n2"));
      assertEquals((await status("n2")).nodes, ["n0", "n1", "n2"]);
      assertEquals((await status("n1")).members, ["n0", "n1", "n2"]);
      n2.end();
      await n2.ended;
      await until(() => told.includes("n0: remove_member n2"));
      // A node that crashes: nobody renews its lease.
      await etcd.create("prod/members/n3", "{}", await etcd.grantLease(2));
      await until(() => told.includes("n0: remove_member n3"));
      assertEquals(told.filter((line) => line.startsWith("n0")), [
        ...["n0: add_member n2", "n0: remove_member n2"],
        ...["n0: add_member n3", "n0: remove_member n3"],
      ]);
      assertStringIncludes(logged.join("\n"), "warn n1: The program does not handle add_member");
      assertEquals((await status("n0")).nodes, ["n0", "n1"]);
    } finally {
      await close();
    }
    assertEquals(await etcd.list("prod/members/"), []);
  },
);

testWithServers(
  "a second node with the name of one that runs is refused; one that ends while it waits leaves nothing",
  ["nats-server", "etcd"],
  async (servers) => {
    const { serve, logged, etcd, close } = await startRig(servers);
    try {
      const first = serve("n0");
      await until(() => logged.length > 0);
      await assertRejects(() => serve("n0").ended, Error, "Cannot join as n0: another node has that name, and runs");
      first.end();
      await first.ended;
      assertEquals(await etcd.list("prod/members/"), []);
    } finally {
      await close();
    }
  },
);

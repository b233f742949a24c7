import { assertEquals } from "@std/assert";
import { connect, type NatsConnection } from "@nats-io/transport-node";
import { ROOT } from "../../lib/workbench/cli/root.ts";
import { testWithServers } from "../servers.ts";
import { blocksOf } from "./page.ts";

testWithServers(
  "the example of docs/library.md runs on NATS and etcd",
  ["nats-server", "etcd"],
  async ({ folder, start }) => {
    const [nats, etcd] = await Promise.all([start("nats-server"), start("etcd")]);
    const page = await Deno.readTextFile(`${ROOT}/docs/library.md`);
    const { text, path } = blocksOf(page).find(({ path }) => path !== undefined)!;
    const addresses = { "nats://127.0.0.1:4222": nats.url, "http://127.0.0.1:2379": etcd.url };
    const module = text.replaceAll(/"(\w+:\/\/[^"]+)"/g, (_, url) => `"${addresses[url as keyof typeof addresses]}"`);
    await Deno.writeTextFile(`${folder}/${path}`, module);
    const [, flags] = new RegExp(`deno run (.*) ${path} n0`).exec(page)!;
    const run = (id: string) => {
      const args = ["run", "--quiet", "--config", `${ROOT}/deno.json`, ...flags!.split(" "), `${folder}/${path}`, id];
      return new Deno.Command(Deno.execPath(), { args, stdout: "null" }).spawn();
    };
    const nodes = ["n0", "n1"].map(run);
    const connection = await connect({ servers: nats.url });
    try {
      const replies = connection.subscribe("prod.c1", { max: 1 });
      const served = untilServed(connection, "prod.n0.status");
      await Promise.race([served, ...nodes.map(({ status }) => status.then(() => Promise.reject(new Error("ended"))))]);
      const [, request] = /nats pub prod\.n0 '(.*)'/.exec(page)!;
      connection.publish("prod.n0", request);
      for await (const reply of replies) {
        const body = { type: "hello_ok", in_reply_to: 1, from: "n0", members: ["n0", "n1"] };
        assertEquals(reply.json(), { src: "n0", dest: "c1", body });
      }
    } finally {
      for (const node of nodes) node.kill("SIGTERM");
      const statuses = await Promise.all(nodes.map(({ status }) => status));
      await connection.close();
      assertEquals(statuses.map(({ code }) => code), [0, 0]);
    }
  },
);

/** Waits until something answers requests on a subject. */
async function untilServed(connection: NatsConnection, subject: string): Promise<void> {
  while (!await connection.request(subject, "").then(() => true, () => false)) {
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

import { assertEquals, assertNotEquals, assertRejects, assertStringIncludes, assertThrows } from "@std/assert";
import { jetstreamManager } from "@nats-io/jetstream";
import { Kvm } from "@nats-io/kv";
import { connect } from "@nats-io/transport-node";
import { createEtcd } from "../../../../../lib/cluster/etcd.ts";
import { FailedError } from "../../../../../lib/workbench/base/errors.ts";
import { etcdCommands } from "../../../../../lib/workbench/world/cluster/servers/etcd_member.ts";
import { findServer, requireServer } from "../../../../../lib/workbench/world/cluster/servers/find.ts";
import { natsCommands } from "../../../../../lib/workbench/world/cluster/servers/nats_server.ts";
import { freePort } from "../../../../../lib/workbench/world/cluster/servers/ports.ts";
import type { Server } from "../../../../../lib/workbench/world/cluster/servers/server.ts";
import { testWithServers } from "../../../../servers.ts";

/** Writes a script that takes the place of a server's program. */
async function writeScript(path: string, lines: readonly string[]): Promise<string> {
  await Deno.writeTextFile(path, `#!/bin/sh\n${lines.join("\n")}\n`, { mode: 0o755 });
  return path;
}

/** Repeats an action until it succeeds. */
async function untilDone<T>(action: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await action();
    } catch {
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }
}

const urlsOf = (servers: readonly Server[]) => servers.map(({ url }) => url);

testWithServers("a server is killed, starts with its data, is paused and resumed", ["etcd"], async ({ start }) => {
  const server = await start("etcd");
  const etcd = createEtcd([server.url]);
  await etcd.write("x", "1");
  const { pid } = server.state();
  assertEquals(await server.act("kill"), "killed");
  assertEquals(server.state(), { name: "etcd0", state: "down", pid: null, end: null });
  for (const action of ["kill", "pause"] as const) assertEquals(await server.act(action), "not-running");
  assertEquals(await server.act("start"), "started");
  assertNotEquals(server.state().pid, pid);
  assertEquals((await etcd.read("x", false)).value, "1");
  const outcomes = ["start", "pause", "pause", "start", "resume", "resume"] as const;
  assertEquals(await Promise.all(outcomes.map((action) => server.act(action))), [
    ...["already-running", "paused", "already-paused", "already-running", "resumed", "not-paused"],
  ]);
  Deno.kill(server.state().pid!, "SIGKILL");
  while (server.state().state === "running") await new Promise((resolve) => setTimeout(resolve, 10));
  assertEquals([server.state().state, server.state().end], ["crashed", "was ended by signal SIGKILL"]);
  assertEquals(await server.act("start"), "started");
});

testWithServers("of three members of etcd, two go on without the third", ["etcd"], async ({ startGroup }) => {
  const members = await startGroup("etcd", 3);
  assertEquals(members.map(({ name }) => name), ["etcd0", "etcd1", "etcd2"]);
  const first = createEtcd(urlsOf(members.slice(0, 1)));
  // A busy machine may elect another leader at any time.
  await untilDone(() => first.write("x", "1"));
  await members[2]!.act("kill");
  const rest = createEtcd(urlsOf(members.slice(1, 2)));
  // If it was the leader, a read under way fails: another one is elected.
  assertEquals((await untilDone(() => rest.read("x", false))).value, "1");
  await members[2]!.act("start");
  const third = createEtcd(urlsOf(members.slice(2)));
  assertEquals((await untilDone(() => third.read("x", false))).value, "1");
});

testWithServers("of three nats-servers, two go on without the third", ["nats-server"], async ({ startGroup }) => {
  const servers = await startGroup("nats-server", 3);
  const [first, second] = await Promise.all(
    urlsOf(servers).slice(0, 2).map((url) => connect({ servers: url, reconnectTimeWait: 50 })),
  );
  try {
    first!.subscribe("x", { callback: (_error, message) => void message.respond("hello") });
    // The interest of the first one's client has to reach the second one.
    const answer = await untilDone(() => second!.request("x", "", { timeout: 1000 }));
    assertEquals(answer.string(), "hello");
    await untilDone(() => jetstreamManager(first!, { timeout: 1000 }));
    const kv = await new Kvm(first!).create("test", { replicas: 3 });
    await kv.put("x", "1");
    await servers[2]!.act("kill");
    assertEquals((await untilDone(() => kv.get("x")))?.string(), "1");
  } finally {
    await Promise.all([first!.close(), second!.close()]);
  }
});

testWithServers("a server that does not start is told with the end of its log", ["nats-server"], async (servers) => {
  const { folder, start } = servers;
  const bin = await writeScript(`${folder}/server`, ["echo no room >&2", "exit 3"]);
  await assertRejects(() => start("nats-server", bin), FailedError, "nats-server exited with status 3; the end of");
  const error = await assertRejects(() => start("etcd", bin), FailedError, "etcd exited with status 3");
  assertStringIncludes(error.message, "  no room");
  await assertRejects(() => start("etcd", `${folder}/none`), FailedError, "Cannot run ");
});

testWithServers(
  "if another process has taken its port, a server gets another one",
  ["nats-server"],
  async (servers) => {
    const { folder, start } = servers;
    const count = `echo x >>${folder}/starts`;
    const taken = ["echo 'listen tcp 127.0.0.1:1: bind: address already in use' >&2", "exit 1"];
    const starts = async () => (await Deno.readTextFile(`${folder}/starts`)).length / 2;
    const once = await writeScript(`${folder}/once`, [
      count,
      `[ "$(wc -l <${folder}/starts)" -gt 1 ] && exec ${findServer("nats-server")} "$@"`,
      ...taken,
    ]);
    const server = await start("nats-server", once);
    assertEquals([server.state().state, await starts()], ["running", 2]);
    const always = await writeScript(`${folder}/always`, [count, ...taken]);
    await assertRejects(() => start("nats-server", always), FailedError, "bind: address already in use");
    assertEquals(await starts(), 7);
  },
);

testWithServers("a server on the port of another is not taken for it", ["nats-server", "etcd"], async (servers) => {
  const { folder, start } = servers;
  const [nats, etcd] = [await start("nats-server"), await start("etcd")];
  const memberAt = ({ name, url }: Server) => [{ name, folder, port: Number(new URL(url).port), peerPort: freePort() }];
  const options = { folder, bin: "", env: {} };
  const [natsCommand] = natsCommands(memberAt(nats), "mine", options);
  await assertRejects(() => natsCommand!.ask(), Error, "belongs to the server nats0-");
  const [etcdCommand] = etcdCommands(memberAt(etcd), "mine", options);
  await assertRejects(() => etcdCommand!.ask(), Error, "belongs to the member etcd0-");
});

Deno.test({
  name: "a listener that is silent, or sends something else, is no nats-server",
  ignore: Deno.permissions.querySync({ name: "net" }).state !== "granted" ||
    Deno.permissions.querySync({ name: "write" }).state !== "granted",
  async fn() {
    const folder = await Deno.makeTempDir();
    for (const text of ["220 hello\r\n", ""]) {
      const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
      const { port } = listener.addr as Deno.NetAddr;
      const [command] = natsCommands([{ name: "nats0", folder, port, peerPort: 1 }], "mine", {
        folder,
        bin: "",
        env: {},
      });
      const accepted = listener.accept();
      const asked = assertRejects(() => command!.ask());
      const connection = await accepted;
      await connection.write(new TextEncoder().encode(text));
      connection.closeWrite();
      await asked;
      connection.close();
      listener.close();
    }
    await Deno.remove(folder, { recursive: true });
  },
});

testWithServers("a server that is not installed is told with the ways to get it", ["nats-server"], async (servers) => {
  const folders = [`${servers.folder}/bin`];
  await Deno.mkdir(folders[0]!);
  assertEquals(findServer("etcd", folders), undefined);
  const find = () => requireServer("etcd", "etcd", folders);
  const error = assertThrows(find, FailedError, "Cannot find etcd on PATH: install it with apt install etcd-server");
  assertStringIncludes(error.message, "or name one that runs with --etcd URL");
});

import { assertEquals, assertStringIncludes } from "@std/assert";
import { FailedError } from "../../../../lib/workbench/base/errors.ts";
import { EXIT_STATUS } from "../../../../lib/workbench/base/exit_status.ts";
import type { Clusters } from "../../../../lib/workbench/engines/clusters.ts";
import { assertRejected, command } from "../../engines/fake_command.ts";
import { type FakeMachine, fakeMachine } from "../../engines/fake_machine.ts";
import { fakeClusters, STATE, unreachable } from "./fake_clusters.ts";

Deno.test("up starts the program of a challenge on three nodes, with servers of its own", async () => {
  const { clusters, planned, done } = fakeClusters(undefined);
  const { status, out, err } = await command("up kafka", { clusters });
  assertEquals([status, done], [0, []]);
  assertStringIncludes(out, "Challenge 5c runs on n0, n1, n2");
  assertStringIncludes(err, "Started etcd");
  const { nats, etcd, natsServers, etcdMembers, access, ...plan } = planned[0]!;
  assertEquals(access, {});
  assertEquals([nats, etcd, natsServers, etcdMembers], [undefined, undefined, undefined, undefined]);
  const { root, folder, cluster, challenge, program, nodes, here, listen, isForeground } = STATE;
  assertEquals(plan, { root, folder, cluster, challenge, program, nodes, here, listen, isForeground });
});

Deno.test("up --bin starts a program of one's own, with its arguments", async () => {
  const { clusters, planned } = fakeClusters(undefined);
  const { out } = await command("up --bin ./node --nodes 2 -- --fan-out 4", { clusters });
  assertStringIncludes(out, "/home/node runs on n0, n1");
  assertStringIncludes(out, "./maelstrom.sh test -w WORKLOAD --bin ./node --engine cluster -- --fan-out 4   tests it");
  await command("up kafka --bin ./node", { clusters });
  await command("up 3d -- --period 100", { clusters });
  assertEquals(planned.map(({ challenge, program }) => ({ challenge, ...program })), [
    { challenge: null, path: "/home/node", args: ["--fan-out", "4"], kind: "executable" },
    { challenge: "5c", path: "/home/node", args: [], kind: "executable" },
    {
      challenge: "3d",
      path: "/project/challenges/broadcast_efficient.ts",
      args: ["--profile", "fast", "--period", "100"],
      kind: "export",
    },
  ]);
});

Deno.test("up prints commands that work in the folder that it was called in", async () => {
  const { clusters } = fakeClusters(undefined);
  const { files } = fakeMachine();
  const inspect: typeof files.inspect = (path) =>
    path === "." ? { kind: "folder", path: "/home/me" } : files.inspect(path);
  const { out } = await command("up kafka", { clusters, files: { ...files, inspect } });
  assertStringIncludes(out, "  /project/maelstrom.sh 5c --engine cluster   tests it\n  /project/maelstrom.sh status ");
  assertStringIncludes(out, "  /project/maelstrom.sh down ");
});

Deno.test("up takes addresses from flags, else from variables", async () => {
  const { clusters, planned } = fakeClusters(undefined);
  const variables: Record<string, string> = {
    NATS_URL: "nats://me:secret@a:1,nats://b:2",
    NATS_CA: "ca.pem",
    NATS_CERT: "",
    ETCD_URL: "http://c:3",
    ETCD_USER: "me:secret",
  };
  const env = (name: string) => variables[name];
  const { files } = fakeMachine();
  const inspect: typeof files.inspect = (path) =>
    path === "ca.pem" ? { kind: "file", path: `/here/${path}` } : files.inspect(path);
  await command("up 3e --nodes 2 --etcd http://d:4 --cluster blue", { clusters, env, files: { ...files, inspect } });
  const { nats, etcd, access, cluster, nodes, program } = planned[0]!;
  assertEquals(access, { NATS_CA: "/here/ca.pem", ETCD_USER: "me:secret" });
  assertEquals([nats, etcd], [["nats://me:secret@a:1", "nats://b:2"], ["http://d:4"]]);
  assertEquals([cluster, nodes], ["blue", ["n0", "n1"]]);
  assertEquals(program.path, "/project/challenges/broadcast_efficient.ts");
});

Deno.test("up starts as many servers as are asked for, but none beside those that run", async () => {
  const { clusters, planned } = fakeClusters(undefined);
  await command("up kafka --nats-servers 3 --etcd-members 5", { clusters });
  const { natsServers, etcdMembers } = planned[0]!;
  assertEquals([natsServers, etcdMembers], [3, 5]);
  await assertRejected(
    "up kafka --nats-servers 3 --nats nats://a:1",
    "Cannot use --nats-servers with servers that run: --nats or $NATS_URL names them",
  );
  await assertRejected("up kafka --etcd-members 3 --etcd http://a:1", "--etcd or $ETCD_URL names them");
  await assertRejected("up kafka --etcd-members 8", "expected a whole number from 1 to 7");
});

Deno.test("up refuses bad arguments", async () => {
  await assertRejected("up", "Missing challenge: expected up CHALLENGE");
  await assertRejected("up --bin ./none", "Cannot find --bin ./none: expected the program that runs a node");
  await assertRejected("up --bin ./notes.txt", "it is not executable; try chmod +x ./notes.txt");
  await assertRejected("up --bin /tmp", "it is a folder, expected the program");
  await assertRejected("up kafak", "did you mean kafka?");
  await assertRejected("up kafka 5", "Cannot use 5 with up: expected one challenge");
  await assertRejected("up kafka --nodes 0", "expected a whole number from 1 to 100");
  await assertRejected("up kafka --nats localhost", 'Cannot use the address "localhost" for nats: expected nats://');
  await assertRejected("up kafka --etcd etcd://a", "expected http://HOST:PORT");
  await assertRejected("up kafka --cluster a.b", "expected letters, digits, - and _");
  await assertRejected("up kafka --nats me:secret@h", 'Cannot use the address "h" for nats: expected nats://');
  await assertRejected("up kafka --etcd http://me:secret@h:1", "set $ETCD_USER to user:password");
  await assertRejected("up nats://me:secret@h", "Cannot find nats://…@h: expected one of");
  await assertRejected("swarm nats://me:s/cret@h", "Cannot use nats://…@h with swarm");
  await assertRejected("swarm --coordinator nats://h --seeds 0", "expected a whole number from 1 to 100000000");
  const shown = "up kafka --nats nats://me:secret@a:1";
  await assertRejected(
    shown,
    "Cannot use --nats with a password: other users of this machine can see it; set $NATS_URL",
  );
});

/** Words for one of two machines. */
const PART = "up kafka --nats nats://a:1 --etcd http://a:2 --nodes n0,n1,n2";

Deno.test("up starts the nodes of this machine", async () => {
  const { clusters, planned } = fakeClusters(undefined);
  const { out } = await command(`${PART} --here n2,n0 --listen 10.0.0.1:7000`, { clusters });
  const { nodes, here, listen } = planned[0]!;
  assertEquals([nodes, here, listen], [["n0", "n1", "n2"], ["n0", "n2"], "10.0.0.1:7000"]);
  assertStringIncludes(out, "Challenge 5c runs on n0, n2; n1 on other machines");
  assertStringIncludes(out, "tests the whole cluster");
  assertStringIncludes(out, "ends this part of it");
  await command("up kafka --nodes b,a --listen ::1", { clusters });
  assertEquals([planned[1]!.nodes, planned[1]!.here, planned[1]!.listen], [["b", "a"], ["b", "a"], "::1"]);
});

Deno.test("up refuses nodes and addresses that cannot be", async () => {
  await assertRejected("up kafka --nodes 101", "expected a whole number from 1 to 100, or names");
  await assertRejected("up kafka --nodes -1", "expected a whole number from 1 to 100, or names");
  await assertRejected("up kafka --nodes a,a", "Cannot name two nodes a");
  await assertRejected("up kafka --nodes c1", "Cannot name a node c1");
  await assertRejected("up kafka --nodes lin-kv,a", "Cannot name a node lin-kv");
  await assertRejected("up kafka --nodes a.b", "Cannot name a node a.b: expected no dot");
  await assertRejected("up kafka --nodes ../a", 'Cannot name a node "../a"');
  await assertRejected(`up kafka --nodes ${Array.from({ length: 101 }, (_, n) => `a${n}`)}`, "Cannot use 101 nodes");
  await assertRejected(
    `${PART} --here n3 --listen 10.0.0.1`,
    "Cannot use --here n3, which --nodes does not have: expected one of n0, n1, n2",
  );
  await assertRejected(`${PART} --here ,`, "expected a comma-separated list");
  await assertRejected(`${PART} --here n1`, "Cannot use --here without --listen ADDRESS");
  const noEtcd = "up kafka --here n0 --nats nats://a:1 --listen 10.0.0.1";
  await assertRejected(noEtcd, "Cannot use --here without --etcd URLS or $ETCD_URL");
  await assertRejected("up kafka --here n0", "Cannot use --here without --nats URLS or $NATS_URL");
  await assertRejected("up kafka --listen a:b", 'Cannot use --listen "a:b": expected HOST or HOST:PORT');
  await assertRejected("up kafka --listen 10.0.0.1:70000", "expected HOST or HOST:PORT");
  await assertRejected("up kafka --listen 0.0.0.0", "expected one address, at which the other machines reach");
});

Deno.test("up --foreground ends with status 0 when it is asked to, and with 1 after a crash", async () => {
  const { clusters, planned, done } = fakeClusters(undefined);
  const { status, out } = await command("up kafka --foreground", { clusters });
  assertEquals([status, planned[0]!.isForeground, done], [0, true, ["remove"]]);
  assertStringIncludes(out, "Ctrl-C");
  const start = () => Promise.resolve("n0 exited with status 3");
  const crashed = await command("up kafka --foreground", { clusters: { ...clusters, start } });
  assertEquals(crashed.status, 1);
  assertStringIncludes(crashed.err, "n0 exited with status 3\n");
  assertStringIncludes(crashed.err, "its logs are in /project/.cluster");
  assertEquals(done, ["remove"]);
});

Deno.test("up refuses to start a cluster while one is being started", async () => {
  const starting = fakeClusters({ ...STATE, isReady: false, control: "" });
  const { status, err } = await command("up echo", { clusters: starting.clusters });
  assertEquals([status, starting.planned], [255, []]);
  assertStringIncludes(
    err,
    "one is being started here, challenge 5c, /project/challenges/kafka.ts on 3 nodes; end it with ./maelstrom.sh down",
  );
});

Deno.test("up refuses to start a second cluster, but takes the place of one that has ended", async () => {
  const running = fakeClusters(STATE);
  const refused = await command("up echo", { clusters: running.clusters });
  assertEquals([refused.status, running.planned], [255, []]);
  assertStringIncludes(
    refused.err,
    "one runs here already, challenge 5c, /project/challenges/kafka.ts on 3 nodes; end it with ./maelstrom.sh down",
  );
  const one = fakeClusters({ ...STATE, here: ["n0"] });
  assertStringIncludes((await command("up echo", { clusters: one.clusters })).err, "kafka.ts on 1 node; end it");
  const ended = fakeClusters(STATE, unreachable);
  assertEquals((await command("up echo", { clusters: ended.clusters })).status, 0);
  assertEquals(ended.planned.length, 1);
});

Deno.test("up tells why a cluster cannot be started", async () => {
  const { clusters } = fakeClusters(undefined);
  const start = () => Promise.reject(new FailedError("Cannot find etcd on PATH"));
  const { status, out, err } = await command("up echo", { clusters: { ...clusters, start } });
  assertEquals([status, out, err], [255, "", "Cannot find etcd on PATH\n"]);
});

Deno.test("up ends the start on Ctrl-C", async () => {
  const { clusters } = fakeClusters(undefined);
  let machine: FakeMachine | undefined;
  const start: Clusters["start"] = (_plan, _tell, signal) =>
    new Promise((_, reject) => {
      signal.addEventListener("abort", () => reject(new FailedError("it was interrupted")));
      machine!.interrupt();
    });
  const changes: Partial<FakeMachine> = {
    clusters: { ...clusters, start },
    onInterrupt(interrupt) {
      machine = { interrupt: () => interrupt("SIGINT") } as FakeMachine;
      return () => {};
    },
  };
  const { status, err } = await command("up echo", changes);
  assertEquals([status, err.trimEnd().split("\n").at(-1)], [EXIT_STATUS.interrupted, "it was interrupted"]);
});

import { assertEquals, assertStringIncludes } from "@std/assert";
import type { Clusters } from "../../../../lib/workbench/engines/clusters.ts";
import { FailedError } from "../../../../lib/workbench/base/errors.ts";
import { type ClusterControl, UnreachableError } from "../../../../lib/workbench/world/cluster/control.ts";
import type { ClusterPlan, ClusterReport, ClusterState } from "../../../../lib/workbench/world/cluster/state.ts";
import { assertRejected, command } from "../../engines/fake_command.ts";
import type { FakeMachine } from "../../engines/fake_machine.ts";

const STATE: ClusterState = {
  root: "/project",
  folder: "/project/.cluster",
  cluster: "maelstrom",
  challenge: "5c",
  program: { path: "/project/challenges/kafka.ts", args: [] },
  nodes: ["n0", "n1", "n2"],
  nats: ["nats://me:secret@10.0.0.1:4222"],
  etcd: ["http://127.0.0.1:2379"],
  pid: 100,
  control: "http://127.0.0.1:9999",
  token: "t",
};

const REPORT: ClusterReport = {
  servers: [{ name: "services", pid: 101, end: null }],
  nodes: [
    { id: "n0", state: "running", pid: 102, end: null },
    { id: "n1", state: "crashed", pid: null, end: "exited with status 1" },
  ],
};

/** A cluster that a test makes up, and what was done to it. */
function fakeClusters(state: ClusterState | undefined, report: () => ClusterReport = () => REPORT) {
  const planned: ClusterPlan[] = [];
  const done: string[] = [];
  const control: ClusterControl = {
    report: () => new Promise((resolve) => resolve(report())),
    reset: () => Promise.resolve(),
    node: () => Promise.resolve(),
    async stop() {
      await control.report();
      done.push("stop");
      state = undefined;
    },
  };
  const clusters: Clusters = {
    state: () => state,
    control: () => control,
    start(plan, tell) {
      planned.push(plan);
      tell("Started etcd");
      return Promise.resolve();
    },
    remove: () => void done.push("remove"),
  };
  return { clusters, planned, done };
}

const unreachable = () => {
  throw new UnreachableError("Cannot reach the cluster's supervisor");
};

Deno.test("up starts the program of a challenge on three nodes, with servers of its own", async () => {
  const { clusters, planned } = fakeClusters(undefined);
  const { status, out, err } = await command("up kafka", { clusters });
  assertEquals(status, 0);
  assertStringIncludes(out, "Challenge 5c runs on n0, n1, n2");
  assertStringIncludes(err, "Started etcd");
  const { nats, etcd, ...plan } = planned[0]!;
  assertEquals([nats, etcd], [undefined, undefined]);
  const { root, folder, cluster, challenge, program, nodes } = STATE;
  assertEquals(plan, { root, folder, cluster, challenge, program, nodes });
});

Deno.test("up takes addresses from flags, else from variables", async () => {
  const { clusters, planned } = fakeClusters(undefined);
  const env = (name: string) => name === "NATS_URL" ? "nats://me:secret@a:1,nats://b:2" : "http://c:3";
  await command("up 3e --nodes 2 --etcd http://d:4 --cluster blue", { clusters, env });
  const { nats, etcd, cluster, nodes, program } = planned[0]!;
  assertEquals([nats, etcd], [["nats://me:secret@a:1", "nats://b:2"], ["http://d:4"]]);
  assertEquals([cluster, nodes], ["blue", ["n0", "n1"]]);
  assertEquals(program.path, "/project/challenges/broadcast_efficient.ts");
});

Deno.test("up refuses bad arguments", async () => {
  await assertRejected("up", "Missing challenge: expected up CHALLENGE");
  await assertRejected("up kafak", "did you mean kafka?");
  await assertRejected("up kafka 5", "Cannot use 5 with up: expected one challenge");
  await assertRejected("up kafka --nodes 0", "expected a whole number from 1 to 100");
  await assertRejected("up kafka --nats localhost", 'Cannot use the address "localhost" for nats: expected nats://');
  await assertRejected("up kafka --etcd etcd://a", "expected http://HOST:PORT");
  await assertRejected("up kafka --cluster a.b", "expected letters, digits, - and _");
  await assertRejected("up kafka --nats me:secret@h", 'Cannot use the address "…@h" for nats: expected nats://');
  await assertRejected("up nats://me:secret@h", "Cannot find nats://…@h: expected one of");
  await assertRejected("swarm nats://me:s/cret@h", "Cannot use nats://…@h with swarm");
  await assertRejected("swarm --coordinator nats://h --seeds 0", "expected a whole number from 1 to 100000000");
  const shown = "up kafka --nats nats://me:secret@a:1";
  await assertRejected(
    shown,
    "Cannot use --nats with a password: other users of this machine can see it; set $NATS_URL",
  );
});

Deno.test("up refuses to start a second cluster, but takes the place of one that has ended", async () => {
  const running = fakeClusters(STATE);
  const refused = await command("up echo", { clusters: running.clusters });
  assertEquals([refused.status, running.planned], [255, []]);
  assertStringIncludes(refused.err, "one runs here already, challenge 5c on 3 nodes; end it with ./maelstrom.sh down");
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
  assertStringIncludes((await command("up echo", changes)).err, "it was interrupted");
});

Deno.test("down ends the cluster, and removes its files", async () => {
  const { clusters, done } = fakeClusters(STATE);
  const { status, out } = await command("down", { clusters });
  assertEquals([status, out, done], [0, "The cluster has ended\n", ["stop", "remove"]]);
});

Deno.test("down removes what is left of a cluster that has ended, and does nothing without one", async () => {
  const ended = fakeClusters(STATE, unreachable);
  const { status, out } = await command("down", { clusters: ended.clusters });
  assertEquals([status, out, ended.done], [0, "The cluster had ended already; removed its files\n", ["remove"]]);
  const none = fakeClusters(undefined);
  const nothing = await command("down", { clusters: none.clusters });
  assertEquals([nothing.status, nothing.err, none.done], [0, "No cluster runs here\n", []]);
  await assertRejected("down now", "Cannot use now with down");
});

Deno.test("status shows all processes, hides passwords, and is 1 if one has ended", async () => {
  const { clusters } = fakeClusters(STATE);
  const { status, out } = await command("status", { clusters });
  assertEquals(status, 1);
  assertEquals(out.includes("secret"), false);
  assertEquals(out.split("\n").slice(0, 1), [
    "Cluster maelstrom, challenge 5c, NATS nats://10.0.0.1:4222, etcd http://127.0.0.1:2379",
  ]);
  assertEquals(out.split("\n").slice(2).map((line) => line.trim().split(/\s{2,}/)), [
    ["process", "state", "pid"],
    ["supervisor", "running", "100"],
    ["services", "running", "101"],
    ["n0", "running", "102"],
    ["n1", "exited with status 1"],
    [""],
  ]);
  const whole = { ...REPORT, nodes: REPORT.nodes.slice(0, 1) };
  const json = await command("status --json", { clusters: fakeClusters(STATE, () => whole).clusters });
  assertEquals([json.status, JSON.parse(json.out).nodes], [0, whole.nodes]);
});

Deno.test("status fails without a cluster, and with one that does not answer", async () => {
  const none = await command("status");
  assertEquals([none.status, none.out], [255, ""]);
  assertStringIncludes(none.err, "No cluster runs here: start one with ./maelstrom.sh up CHALLENGE");
  assertEquals((await command("status", { clusters: fakeClusters(STATE, unreachable).clusters })).status, 255);
});

Deno.test("--engine cluster tests the nodes of the cluster", async () => {
  const { clusters } = fakeClusters(STATE);
  const { ran, status } = await command("kafka --engine cluster", { clusters });
  assertEquals([status, ran.map(({ engine }) => engine)], [0, ["cluster"]]);
  const { options, deviations } = ran[0]!.request;
  assertEquals([options.nodes, options.concurrency], [["n0", "n1", "n2"], 6]);
  assertEquals(deviations, ["--node-count 3 (official 2)"]);
  const named = await command("kafka --engine cluster --node-count 2", { clusters });
  assertEquals(named.ran[0]!.request.options.nodes, ["n0", "n1"]);
});

Deno.test("--engine cluster says that there is no latency of its own", async () => {
  const { clusters } = fakeClusters(STATE);
  assertStringIncludes((await command("3e --engine cluster", { clusters })).err, "Note: --latency does nothing here");
  assertEquals((await command("kafka --engine cluster", { clusters })).err.includes("--latency"), false);
});

Deno.test("--engine cluster needs a cluster, and does not simulate", async () => {
  const { status, err, ran } = await command("kafka --engine cluster");
  assertEquals([status, ran], [255, []]);
  assertStringIncludes(err, "No cluster runs here");
  await assertRejected("kafka --engine cluster --sim", "Cannot use --sim with --engine cluster");
});

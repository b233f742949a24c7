import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { FailedError } from "../../../../lib/workbench/base/errors.ts";
import { command } from "../../engines/fake_command.ts";
import type { AddressState } from "../../../../lib/workbench/world/cluster/state.ts";
import { fakeClusters, nodeState, REPORT, STATE, unreachable } from "./fake_clusters.ts";

Deno.test("status shows all processes, hides passwords, and is 1 if one has ended", async () => {
  const { clusters } = fakeClusters(STATE);
  const { status, out } = await command("status", { clusters });
  assertEquals(status, 1);
  assertEquals(out.includes("secret"), false);
  assertEquals(out.split("\n").slice(0, 1), [
    "Cluster maelstrom, challenge 5c, /project/challenges/kafka.ts, NATS nats://10.0.0.1:4222, " +
    "etcd http://127.0.0.1:2379",
  ]);
  assertEquals(out.split("\n").slice(2).map((line) => line.trim().split(/\s{2,}/)), [
    ["process", "state", "pid"],
    ["supervisor", "running", "100"],
    ["services", "running", "101"],
    ["n0", "running", "102"],
    ["n1", "exited with status 1"],
    [""],
    ["Does not run: n1"],
    [""],
  ]);
  const [services] = REPORT.servers;
  const faulty = [
    { name: "etcd0", state: "paused", pid: 99, end: null },
    { name: "etcd1", state: "down", pid: null, end: null },
    services!,
  ] as const;
  const servers = await command("status", {
    clusters: fakeClusters(STATE, () => ({ ...REPORT, servers: faulty.slice() })).clusters,
  });
  assertEquals(servers.out.split("\n").slice(4, 6).map((line) => line.trim().split(/\s{2,}/)), [
    ["etcd0", "paused", "99"],
    ["etcd1", "down"],
  ]);
  assertStringIncludes(servers.out, "\nDoes not run: etcd0, etcd1, n1\n");
  const whole = { ...REPORT, nodes: REPORT.nodes.slice(0, 1) };
  const json = await command("status --json", { clusters: fakeClusters(STATE, () => whole).clusters });
  const { nodes, stopped, addresses } = JSON.parse(json.out);
  assertEquals([json.status, nodes], [0, [{ ...nodeState("n0"), machine: "127.0.0.1:9999" }]]);
  assertEquals([stopped, addresses], [[], []]);
});

Deno.test("status is 1 if nodes or servers are down or paused, though none has ended by itself", async () => {
  const down = { state: "down", pid: null } as const;
  const running = { pid: 100, servers: REPORT.servers, nodes: ["n0", "n1", "n2"].map((id) => nodeState(id)) };
  const ask = async (changes: Partial<typeof REPORT>, line = "status") =>
    await command(line, { clusters: fakeClusters(STATE, () => ({ ...running, ...changes })).clusters });
  assertEquals((await ask({})).status, 0);
  assertEquals((await ask({})).out.includes("Does not run"), false);
  const allDown = await ask({ nodes: running.nodes.map((node) => ({ ...node, ...down })) });
  assertEquals(allDown.status, 1);
  assertStringIncludes(allDown.out, "\nDoes not run: n0, n1, n2\n");
  const paused = await ask({ nodes: [nodeState("n0", { state: "paused" })] }, "status --json");
  assertEquals([paused.status, JSON.parse(paused.out).stopped], [1, ["n0"]]);
  const services = await ask({ servers: [{ name: "services", end: null, ...down }] });
  assertEquals(services.status, 1);
  assertStringIncludes(services.out, "\nDoes not run: services\n");
});

Deno.test("status asks servers that up has not started, and says which cannot be used and why", async () => {
  const whole = { ...REPORT, nodes: [nodeState("n0")] };
  const nats = { address: "nats://10.0.0.1:4222", problem: null };
  const etcd = { address: "http://127.0.0.1:2379", problem: "etcd at http://127.0.0.1:2379 does not answer" };
  const ask = async (addresses: readonly AddressState[], line: string) =>
    await command(line, { clusters: fakeClusters(STATE, () => whole, [], addresses).clusters });
  assertEquals((await ask([nats], "status")).status, 0);
  const { status, out } = await ask([nats, etcd], "status");
  assertEquals(status, 1);
  assertMatch(out, /\nnats:\/\/10.0.0.1:4222 +answers\nhttp:\/\/127.0.0.1:2379 +cannot be used\n/);
  assertStringIncludes(out, `\n127.0.0.1:9999: ${etcd.problem}\n`);
  assertStringIncludes(out, "\nDoes not run: http://127.0.0.1:2379\n");
  const json = JSON.parse((await ask([nats, etcd], "status --json")).out);
  assertEquals([json.stopped, json.addresses[1]], [[etcd.address], { ...etcd, machine: "127.0.0.1:9999" }]);
});

Deno.test("status fails without a cluster, and with one that does not answer", async () => {
  const none = await command("status");
  assertEquals([none.status, none.out], [255, ""]);
  assertStringIncludes(none.err, "No cluster runs here: start one with ./maelstrom.sh up CHALLENGE");
  assertEquals((await command("status", { clusters: fakeClusters(STATE, unreachable).clusters })).status, 255);
});

/** Place of a second machine. */
const OTHER = { control: "http://10.0.0.2:7000", token: "u", nodes: ["n1"] };

Deno.test("status shows the processes of all machines, and the nodes that run on none", async () => {
  const reports = (control: string) => ({ ...REPORT, nodes: [nodeState(control === OTHER.control ? "n1" : "n0")] });
  const { clusters } = fakeClusters({ ...STATE, here: ["n0"] }, reports, [OTHER]);
  const { status, out } = await command("status", { clusters });
  assertEquals(status, 1);
  assertEquals(out.split("\n").slice(2).map((line) => line.trim().split(/\s{2,}/)), [
    ["machine", "process", "state", "pid"],
    ["127.0.0.1:9999", "supervisor", "running", "100"],
    ["127.0.0.1:9999", "services", "running", "101"],
    ["127.0.0.1:9999", "n0", "running", "102"],
    ["10.0.0.2:7000", "supervisor", "running", "100"],
    ["10.0.0.2:7000", "services", "running", "101"],
    ["10.0.0.2:7000", "n1", "running", "102"],
    ["n2", "runs on no machine"],
    [""],
    ["Does not run: n2"],
    [""],
  ]);
  const { nodes, missing } = JSON.parse((await command("status --json", { clusters })).out);
  assertEquals(nodes.map(({ id, machine }: Record<string, string>) => [id, machine]), [
    ["n0", "127.0.0.1:9999"],
    ["n1", "10.0.0.2:7000"],
  ]);
  assertEquals(missing, ["n2"]);
});

Deno.test("status says which machine does not answer, and why the others are not known", async () => {
  const reports = (control: string) => control === OTHER.control ? unreachable() : { ...REPORT, nodes: [] };
  const state = { ...STATE, nodes: ["n0", "n1"], here: ["n0"] };
  const { clusters } = fakeClusters(state, reports, [OTHER]);
  const { status, out } = await command("status", { clusters });
  assertEquals(status, 1);
  assertMatch(out, /10\.0\.0\.2:7000 +n1 +unknown/);
  assertStringIncludes(out, "10.0.0.2:7000: Cannot reach the cluster's supervisor");
  const machines = () => Promise.reject(new FailedError("etcd does not answer"));
  const alone = await command("status", { clusters: { ...clusters, machines } });
  assertEquals(alone.status, 1);
  assertMatch(alone.out, /other machines +n1 +unknown\n\nother machines: etcd does not answer/);
  assertEquals(JSON.parse((await command("status --json", { clusters })).out).missing, ["n1"]);
});

Deno.test("status says that a cluster has ended or starts, and what to do", async () => {
  const { err } = await command("status", { clusters: fakeClusters(STATE, unreachable).clusters });
  assertStringIncludes(err, "its supervisor (process 100) does not run any more");
  assertStringIncludes(err, "./maelstrom.sh down removes its files, up starts it again");
  const starting = await command("status", { clusters: fakeClusters({ ...STATE, control: "" }).clusters });
  assertEquals(starting.status, 255);
  assertStringIncludes(starting.err, "A cluster is being started here");
  const half = await command("status", { clusters: fakeClusters({ ...STATE, isReady: false }).clusters });
  assertStringIncludes(half.out, "This machine's part of it still starts");
  assertEquals(half.status, 1);
});

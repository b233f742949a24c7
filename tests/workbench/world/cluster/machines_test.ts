import { assert, assertEquals, assertMatch, assertRejects, assertStringIncludes } from "@std/assert";
import { connect } from "@nats-io/transport-node";
import { Kvm } from "@nats-io/kv";
import { createEtcd } from "../../../../lib/cluster/etcd.ts";
import type { NatsNodeStatus } from "../../../../lib/cluster/nats.ts";
import { FailedError } from "../../../../lib/workbench/base/errors.ts";
import { runOnCluster } from "../../../../lib/workbench/engines/cluster_engine.ts";
import { createClusters } from "../../../../lib/workbench/engines/clusters.ts";
import { composeControl, createControl } from "../../../../lib/workbench/world/cluster/control.ts";
import { listMachines } from "../../../../lib/workbench/world/cluster/machines.ts";
import { freePort } from "../../../../lib/workbench/world/cluster/servers/ports.ts";
import { type ClusterState, readState, type StartedPlan } from "../../../../lib/workbench/world/cluster/state.ts";
import { supervise } from "../../../../lib/workbench/world/cluster/supervisor.ts";
import { nodeEnvironment } from "../../../../lib/workbench/world/hosts/process/environment.ts";
import { type TestServers, testWithServers } from "../../../servers.ts";
import { HOOKS, planFor, requestFor, ROOT, withCluster } from "./rig.ts";

/** Starts the servers that all machines share; returns a function for the plans of machines. */
async function startShared({ start, folder }: TestServers) {
  const [nats, etcd] = [await start("nats-server"), await start("etcd")];
  const kafka = { path: `${ROOT}/challenges/kafka_lin_kv.ts`, args: [], kind: "export" as const };
  const planOf = (name: string, here: string[], changes: Partial<StartedPlan> = {}) => {
    Deno.mkdirSync(`${folder}/${name}`, { recursive: true });
    const servers = { nats: [nats.url], etcd: [etcd.url] };
    const nodes = ["n0", "n1", "n2"];
    return planFor(`${folder}/${name}`, { challenge: "5b", program: kafka, nodes, here, ...servers, ...changes });
  };
  return { nats, etcd, planOf };
}

/** Runs a supervisor that does not start; returns the reason. */
async function refusal(plan: StartedPlan): Promise<string> {
  const told: string[] = [];
  await supervise(plan, nodeEnvironment(), (line) => told.push(line), new AbortController());
  return told.at(-1)!;
}

testWithServers(
  "machines with some of the nodes each are one cluster, and a test on one tests all",
  ["nats-server", "etcd"],
  async (servers) => {
    const { planOf, nats, etcd } = await startShared(servers);
    const [first, second] = [planOf("first", ["n0", "n2"]), planOf("second", ["n1"])];
    await withCluster(first, async ({ state }) => {
      const partial = () =>
        runOnCluster(first.folder, requestFor("5b", "--node-count 3 --rate 1", `${first.folder}/store`), HOOKS);
      await assertRejects(
        partial,
        FailedError,
        "no machine runs n1; start it there with up 5b --nodes n0,n1,n2 --here n1",
      );
      await withCluster(second, async ({ told, control, state: { control: url } }) => {
        assertStringIncludes(told.join("\n"), `Other machines: n0, n2 at ${state.control}`);
        const places = await listMachines(state);
        assertEquals(places.map(({ nodes }) => nodes), [["n0", "n2"], ["n1"]]);
        const whole = composeControl(places.map((place) => ({ nodes: place.nodes, control: createControl(place) })));
        await whole.node("n1", "pause");
        assertEquals((await control.report()).nodes.map(({ state }) => state), ["paused"]);
        const { nodes, servers } = await whole.report();
        assertEquals(nodes.map(({ id, state }) => [id, state]), [["n0", "running"], ["n2", "running"], [
          "n1",
          "paused",
        ]]);
        assertEquals(servers.map(({ name }) => name), ["services", "services"]);
        for (const { folder } of [first, second]) {
          const request = requestFor("5b", "--node-count 3 --time-limit 2 --rate 50", `${folder}/store`);
          const results = await runOnCluster(folder, request, HOOKS);
          assertEquals([results.valid, results.operations!.fail], [true, 0], JSON.stringify(results.anomalies));
          assert(results.net!.servers.msg_count > 0);
        }
        assertEquals(await refusal(planOf("third", ["n1"])), `failed n1 runs at ${url} already: ${ADVICE}`);
        assertEquals(await refusal(planOf("third", ["n1", "n2"])), `failed n1 runs at ${url} already: ${ADVICE}`);
        assertMatch(await refusal(planOf("third", ["n0"])), /^failed n0 runs at http/);
        const other = planOf("third", ["n2"], { nodes: ["n2", "n3"] });
        assertMatch(await refusal(other), /^failed n2 runs at http/);
        await control.stop();
      });
      const more = planOf("third", ["n3"], { nodes: ["n0", "n3"] });
      assertMatch(
        await refusal(more),
        /^failed The cluster test has challenge 5b, kafka_lin_kv.ts on the nodes n0, n1, n2, as its .* n0, n3; or/,
      );
      assertEquals((await createEtcd([etcd.url]).list("test/run")).length, 1);
      await createControl(state).stop();
    });
    assertEquals(await createEtcd([etcd.url]).list("test/"), []);
    const connection = await connect({ servers: nats.url });
    const buckets = await Array.fromAsync(new Kvm(connection).list());
    await connection.close();
    assertEquals(buckets.map(({ bucket }) => bucket), []);
  },
);

const ADVICE = "name the nodes of this machine with --here, or another cluster with --cluster";

/** Kills the supervisor that a test has left. */
function killLeft({ folder }: StartedPlan): void {
  const state = readState(folder);
  try {
    if (state !== undefined) Deno.kill(state.pid, "SIGKILL");
  } catch {
    // It has ended.
  }
}

/** Sends a request to lin-kv in the name of a node, and returns the reply. */
async function askLinKV(url: string, src: string, body: Record<string, unknown>): Promise<Record<string, unknown>> {
  const connection = await connect({ servers: url });
  const replies = connection.subscribe(`test.${src}`);
  await connection.flush();
  connection.publish("test.lin-kv", JSON.stringify({ src, dest: "lin-kv", body: { ...body, msg_id: 77 } }));
  for await (const reply of replies) {
    const { src: from, body } = reply.json<{ src: string; body: Record<string, unknown> }>();
    if (from !== "lin-kv" || body.in_reply_to !== 77) continue;
    await connection.close();
    return body;
  }
  throw new Error("The connection has ended");
}

/** Returns the numbers of requests that a service on two machines has got, by its clients, without those of init. */
async function receivedBy(url: string, service: string): Promise<Record<string, number>> {
  const connection = await connect({ servers: url });
  const options = { strategy: "count", maxMessages: 2, maxWait: 60_000 } as const;
  const replies = await Array.fromAsync(await connection.requestMany(`test.${service}.status`, "", options));
  await connection.close();
  const statuses = replies.map((reply) => reply.json<NatsNodeStatus>());
  return Object.fromEntries(statuses.map(({ nodes, stats }) => [nodes.slice(1).join(), stats.received - 1]));
}

testWithServers(
  "a machine whose supervisor was killed starts again in its place, and finds the data",
  ["nats-server", "etcd"],
  async (servers) => {
    const { planOf, nats, etcd } = await startShared(servers);
    const places = async () => (await createEtcd([etcd.url]).list("test/machines/")).length;
    // Its nodes ask no service.
    const echo = { challenge: "1", program: planFor("").program };
    await withCluster(planOf("first", ["n0", "n2"], echo), async () => {
      const plan = planOf("second", ["n1"], { ...echo, listen: `127.0.0.1:${freePort()}` });
      const clusters = createClusters(ROOT);
      const start = async () => {
        const told: string[] = [];
        await clusters.start(plan, (line) => told.push(line), new AbortController().signal);
        return { told, state: readState(plan.folder) as ClusterState };
      };
      try {
        const { state } = await start();
        assertEquals((await askLinKV(nats.url, "n1", { type: "write", key: "k", value: 7 })).type, "write_ok");
        assertEquals(await receivedBy(nats.url, "lin-kv"), { n1: 1, "n0,n2": 0 });
        Deno.kill(state.pid, "SIGKILL");
        while (await clusters.isRunning(state)) await new Promise((resolve) => setTimeout(resolve, 10));
        assertEquals(await places(), 2);
        const again = await start();
        assertStringIncludes(again.told.join("\n"), "The lease of an earlier n1 has to end first");
        assertEquals(await places(), 2);
        assertEquals((await askLinKV(nats.url, "n1", { type: "read", key: "k" })).value, 7);
        await createControl(again.state).stop();
        while (readState(plan.folder) !== undefined) await new Promise((resolve) => setTimeout(resolve, 10));
        assertEquals(await places(), 1);
      } finally {
        killLeft(plan);
      }
    });
  },
);

testWithServers(
  "a machine whose supervisor starts again during a test does not keep the others' nodes down",
  ["nats-server", "etcd"],
  async (servers) => {
    const { planOf } = await startShared(servers);
    const [first, second] = [planOf("first", ["n0", "n2"]), planOf("second", ["n1"])];
    await withCluster(first, async ({ control }) => {
      let test: Promise<unknown>;
      await withCluster(second, async () => {
        let ask: (() => { ok: number }) | undefined;
        const request = requestFor("5b", "--node-count 3 --rate 10 --time-limit 5", `${servers.folder}/store`);
        test = runOnCluster(first.folder, request, { ...HOOKS, progress: (present) => void (ask = present) });
        while ((ask?.().ok ?? 0) === 0) await new Promise((resolve) => setTimeout(resolve, 50));
      });
      await withCluster({ ...second, token: crypto.randomUUID() }, async () => {
        await test;
        const { nodes, servers } = await control.report();
        assertEquals([...nodes, ...servers].map(({ state }) => state), ["running", "running", "running"]);
      });
    });
  },
);

/** Program that logs requests, and whose node n1 fails after the second one. */
const FAILING = `
export default (node) => {
  let count = 0;
  node.on("echo", ({ echo }) => {
    console.error("request " + ++count);
    if (node.id === "n1" && count === 2) setTimeout(() => { throw new Error("no such luck"); });
    return { echo };
  });
};
`;

testWithServers(
  "a node that crashes on another machine is told with the end of its log, and its log is stored with times",
  ["nats-server", "etcd"],
  async (servers) => {
    const { planOf } = await startShared(servers);
    const program = { kind: "export", path: `${servers.folder}/failing.ts`, args: [] } as const;
    await Deno.writeTextFile(program.path, FAILING);
    const nodes = ["n0", "n1"];
    const [first, second] = [["n0"], ["n1"]].map((here) => planOf(here[0]!, here, { challenge: "1", nodes, program }));
    await withCluster(first!, async () => {
      await withCluster(second!, async () => {
        const store = `${servers.folder}/store`;
        const flags = `--bin ${program.path} --node-count 2 --time-limit 3 --rate 20`;
        const { exceptions } = await runOnCluster(first!.folder, requestFor("1", flags, store), HOOKS);
        const crash = exceptions.find(({ node }) => node === "n1")!;
        assertEquals([crash.type, crash.count], ["node-crashed", 1]);
        assertStringIncludes(crash.message, "Node n1 exited with status 1");
        assertStringIncludes(crash.message, `The end of 127.0.0.1:${second!.folder}/n1.log:`);
        assertStringIncludes(crash.message, "no such luck");
        const read = (name: string) => Deno.readTextFile(`${store}/latest/node-logs/${name}`);
        const [log, times] = [await read("n1.log"), await read("n1.times")];
        assertMatch(log, /request 1\n[^]*request 2\n[^]*no such luck/);
        assertEquals(times.split("\n").length, log.split("\n").length);
        const seconds = times.trimEnd().split("\n").map(Number);
        assert(seconds.every((time, index) => time >= (seconds[index - 1] ?? 0) && time < 30), times);
      });
    });
  },
);

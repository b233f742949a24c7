import { existsSync } from "node:fs";
import { assert, assertEquals, assertMatch, assertRejects, assertStringIncludes } from "@std/assert";
import { createEtcd } from "../../../../lib/cluster/etcd.ts";
import { FailedError } from "../../../../lib/workbench/base/errors.ts";
import { runOnCluster } from "../../../../lib/workbench/engines/cluster_engine.ts";
import { isSurvived } from "../../../../lib/workbench/run/survives.ts";
import { createControl, UnreachableError } from "../../../../lib/workbench/world/cluster/control.ts";
import { type AddressState, readState, remainsPath } from "../../../../lib/workbench/world/cluster/state.ts";
import { supervise } from "../../../../lib/workbench/world/cluster/supervisor.ts";
import { nodeEnvironment } from "../../../../lib/workbench/world/hosts/process/environment.ts";
import { testWithServers } from "../../../servers.ts";
import { HOOKS, planFor, requestFor, ROOT, withCluster } from "./rig.ts";

testWithServers("a supervisor runs a cluster, and takes it down whole", ["nats-server", "etcd"], async ({ folder }) => {
  await withCluster(planFor(folder), async ({ state, control, told, ended }) => {
    assertMatch(
      told.join("\n"),
      /Started nats0 \d+, etcd0 \d+\n.*\n.* no data\nStarted the services \d+.*\nStarted the nodes/,
    );
    assertEquals((await Deno.stat(`${folder}/state.json`)).mode! & 0o777, 0o600);
    const states = async () => (await control.report()).nodes.map(({ state }) => state);
    assertEquals(await states(), ["running", "running"]);
    await control.node("n0", "pause");
    await control.node("n1", "kill");
    assertEquals(await states(), ["paused", "down"]);
    await control.node("n0", "resume");
    await control.node("n1", "start");
    const { nodes, servers } = await control.report();
    Deno.kill(nodes[0]!.pid!, "SIGKILL");
    while ((await states())[0] === "running") await new Promise((resolve) => setTimeout(resolve, 10));
    assertEquals((await control.report()).nodes[0]!.end, "was ended by signal SIGKILL");
    await control.node("n0", "start");
    assertEquals(await states(), ["running", "running"]);
    await assertRejects(() => control.node("n7", "kill"), FailedError, "There is no node n7, expected one of n0, n1");
    await assertRejects(() => createControl({ ...state, token: "x" }).report(), FailedError, "Wrong token");
    const pids = [...servers, ...(await control.report()).nodes].map(({ pid }) => pid!);
    await control.stop();
    await ended;
    assertEquals(pids.filter(isRunning), []);
    assertEquals(readState(folder), undefined);
    await assertRejects(() => control.report(), UnreachableError, "Cannot reach the cluster's supervisor");
  });
});

testWithServers(
  "a test on a cluster begins without data, and leaves it running",
  ["nats-server", "etcd"],
  async (servers) => {
    const { folder } = servers;
    const program = { path: `${ROOT}/challenges/kafka_lin_kv.ts`, args: [], kind: "export" as const };
    await withCluster(planFor(folder, { challenge: "5b", program }), async ({ control }) => {
      for (let run = 0; run < 2; run++) {
        const waits: (string | undefined)[] = [];
        const request = requestFor("5b", "--time-limit 1 --rate 100", `${folder}/store`);
        const results = await runOnCluster(folder, request, { ...HOOKS, waiting: (what) => waits.push(what) });
        assertEquals(waits.map((what) => what?.replace("waiting for ", "")), [
          "the supervisors of the cluster",
          "the nodes of the cluster to end",
          "the services' data to be removed",
          "the services to start",
          "NATS",
          undefined,
          "the supervisors of the cluster",
          "the nodes of the cluster to end",
          "the services' data to be removed",
          "the services to start",
          "the nodes to start again",
        ]);
        assertEquals([results.valid, results.mode], [true, "cluster"], JSON.stringify(results.anomalies));
        assert(results.net!.servers.msg_count > 0);
        assert(results.operations!.ok > 0);
      }
      assertEquals((await control.report()).nodes.map(({ state }) => state), ["running", "running"]);
      const refused = (id: string, flags: string) =>
        runOnCluster(folder, requestFor(id, flags, `${folder}/store`), HOOKS);
      await assertRejects(() => refused("5c", "--rate 1"), Error, "the cluster runs challenge 5b, ");
      await assertRejects(() => refused("5b", "--node-count 3"), Error, "the cluster has n0, n1");
      await assertRejects(() => refused("5b", "--nemesis loss"), Error, "Cannot cause loss on a cluster");
    });
  },
);

testWithServers(
  "a test survives nats-server and members of etcd that are killed and paused, and leaves them running",
  ["nats-server", "etcd"],
  async ({ folder }) => {
    const program = { kind: "export", path: `${ROOT}/challenges/kafka_lin_kv.ts`, args: [] } as const;
    const plan = planFor(folder, { challenge: "5b", program, etcdMembers: 3 });
    await withCluster(plan, async ({ control, told, state }) => {
      assertMatch(told.join("\n"), /Started nats0 \d+, etcd0 \d+, etcd1 \d+, etcd2 \d+\n/);
      assertEquals(state.servers, { "nats-server": ["nats0"], "etcd": ["etcd0", "etcd1", "etcd2"] });
      const flags = "--time-limit 4 --rate 20 --nemesis kill-nats,kill-etcd,pause-etcd --nemesis-interval 1";
      const results = await runOnCluster(folder, requestFor("5b", flags, `${folder}/store`), HOOKS);
      assert(isSurvived({ ...results, exceptions: [] }), JSON.stringify(results.anomalies));
      assertEquals(results.exceptions.map(({ type }) => type), ["messages-unseen"]);
      const { servers } = await control.report();
      assertEquals(servers.map(({ name, state }) => [name, state]), [
        ...["nats0", "etcd0", "etcd1", "etcd2", "services"].map((name) => [name, "running"]),
      ]);
      await assertRejects(
        () => control.server("etcd3", "kill"),
        FailedError,
        "There is no server etcd3, expected one of",
      );
    });
  },
);

testWithServers("a test begins while one member of etcd is paused", ["nats-server", "etcd"], async ({ folder }) => {
  const program = { kind: "export", path: `${ROOT}/challenges/g_counter.ts`, args: [] } as const;
  await withCluster(planFor(folder, { challenge: "4", program, etcdMembers: 3 }), async ({ control }) => {
    const { pid } = (await control.report()).servers.find(({ name }) => name === "etcd0")!;
    Deno.kill(pid!, "SIGSTOP");
    try {
      for (const step of ["clear", "renew", "begin", "fill"] as const) await control.step(step);
    } finally {
      Deno.kill(pid!, "SIGCONT");
    }
  });
});

testWithServers("a cluster runs one test at a time", ["nats-server", "etcd"], async ({ folder }) => {
  await withCluster(planFor(folder), async ({ control, state }) => {
    await control.step("clear");
    const other = async (path: string) => {
      const headers = { authorization: `Bearer ${state.token}`, "x-owner": "somebody else" };
      return await (await fetch(`${state.control}/${path}`, { method: "POST", headers })).text();
    };
    assertStringIncludes(await other("clear"), "Another test runs on this cluster, or has ended without a");
    await control.step("clear");
    await control.server("etcd0", "kill");
    await assertRejects(() => control.step("renew"), FailedError, "All nodes are down until the next test");
    // The turn of a test that a failed step has ended is over; the next one starts the server again.
    assertEquals(await other("clear"), "null");
    await assertRejects(() => control.step("clear"), FailedError, "Another test runs on this cluster");
    assertEquals(await other("fill"), "null");
    await control.step("clear");
    await control.step("renew");
    await control.step("begin");
    await control.step("fill");
    assertEquals(await other("clear"), "null");
    await assertRejects(() => control.step("clear"), FailedError, "Another test runs on this cluster");
  });
});

testWithServers(
  "with servers of one's own, a cluster goes on with its data after SIGTERM, and leaves none when it is taken down",
  ["nats-server", "etcd"],
  async (servers) => {
    const { folder } = servers;
    const [nats, etcd] = [await servers.start("nats-server"), await servers.start("etcd")];
    const plan = planFor(folder, { nats: [nats.url], etcd: [etcd.url] });
    await withCluster(plan, async ({ told, control }) => {
      assertStringIncludes(told.join("\n"), "Your servers are used");
      assertEquals((await control.report()).servers.map(({ name }) => name), ["services"]);
    });
    const keys = async () => (await createEtcd([etcd.url]).list("test/")).map(({ key }) => key);
    assertEquals(await keys(), ["test/run"]);
    await withCluster(plan, async ({ told, control, ended }) => {
      assertStringIncludes(told.join("\n"), "The cluster goes on with its data");
      await control.stop();
      await ended;
    });
    assertEquals(await keys(), []);
    assertEquals(existsSync(remainsPath(folder)), false);
    await withCluster(plan, async ({ told, control, ended }) => {
      assertEquals(await control.addresses(), [nats, etcd].map(({ url }) => ({ address: url, problem: null })));
      await etcd.act("kill");
      const [, { problem }] = await control.addresses() as [AddressState, AddressState];
      assertStringIncludes(problem!, `etcd at ${etcd.url} does not answer: `);
      await control.stop();
      await ended;
      const remains = await Deno.readTextFile(remainsPath(folder));
      assertMatch(
        remains,
        /^The data of the cluster stays on its servers: etcd at http.*; .*up and then down removes it$/,
      );
      assertEquals(told.at(-1), remains);
    });
    await etcd.act("start");
    assertEquals(await keys(), ["test/machines/n0", "test/run"]);
    assertEquals([nats, etcd].map((server) => server.state().state), ["running", "running"]);
  },
);

testWithServers(
  "a cluster that cannot start says why, and leaves no process",
  ["nats-server", "etcd"],
  async ({ folder }) => {
    const told: string[] = [];
    const program = { path: `${folder}/broken.ts`, args: [], kind: "export" as const };
    await Deno.writeTextFile(program.path, 'export default () => { throw new Error("no such luck"); };');
    await supervise(planFor(folder, { program }), nodeEnvironment(), (line) => told.push(line), new AbortController());
    assertMatch(told.at(-1)!, /^failed n[01] exited with status 1; the end of its log:\n.*no such luck/s);
    assertEquals(startedProcesses(told).filter(isRunning), []);
    assertEquals(readState(folder), undefined);
  },
);

testWithServers(
  "a NATS without JetStream is refused, without its login",
  ["nats-server", "etcd"],
  async ({ folder, startPlainNats }) => {
    const { url } = await startPlainNats("--user me --pass s3cret");
    const told: string[] = [];
    const plan = planFor(folder, { nats: [url.replace("//", "//me:s3cret@")] });
    await supervise(plan, nodeEnvironment(), (line) => told.push(line), new AbortController());
    assertMatch(
      told.at(-1)!,
      /^failed JetStream of NATS at nats:\/\/127\S* is not enabled: .*; expected nats-server -js, and/,
    );
  },
);

testWithServers(
  "of two clusters started at the same time, one remains",
  ["nats-server", "etcd"],
  async ({ folder }) => {
    const told: string[] = [];
    await withCluster(planFor(folder), async ({ control, state }) => {
      const second = `${folder}/second`;
      await Deno.mkdir(second);
      await Deno.copyFile(`${folder}/state.json`, `${second}/state.json`);
      await supervise(planFor(second), nodeEnvironment(), (line) => told.push(line), new AbortController());
      assertEquals(readState(second), state);
      assertEquals((await control.report()).nodes.map(({ state }) => state), ["running", "running"]);
    });
    assertEquals(told, ["failed another one was started here at the same time"]);
  },
);

testWithServers("a start that is interrupted leaves no process", ["nats-server", "etcd"], async ({ folder }) => {
  const told: string[] = [];
  const stopping = new AbortController();
  const tell = (line: string) => {
    told.push(line);
    if (line.startsWith("Started the services")) stopping.abort();
  };
  await supervise(planFor(folder), nodeEnvironment(), tell, stopping);
  assertEquals(told.at(-1), "failed it was interrupted");
  assertEquals(startedProcesses(told).filter(isRunning), []);
});

/** The processes that a start has told of. Other lines name folders, whose random names have numbers. */
function startedProcesses(told: readonly string[]): number[] {
  const pids = told.filter((line) => line.startsWith("Started ")).flatMap((line) =>
    line.match(/(?<= )\d+(?=[,:]|$)/g)!
  );
  assert(pids.length > 0, told.join("\n"));
  return pids.map(Number);
}

/** True while a process runs; one that has ended but was not waited for does not count. */
function isRunning(pid: number): boolean {
  try {
    return !/^State:\s+Z/m.test(Deno.readTextFileSync(`/proc/${pid}/status`));
  } catch {
    return false;
  }
}

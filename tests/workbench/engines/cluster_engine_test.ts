import { assertRejects } from "@std/assert";
import { ROOT } from "../../../lib/workbench/cli/root.ts";
import { UsageError } from "../../../lib/workbench/base/errors.ts";
import { runOnCluster } from "../../../lib/workbench/engines/cluster_engine.ts";
import { createMachine } from "../../../lib/workbench/engines/real_machine.ts";
import { parseArguments } from "../../../lib/workbench/request/arguments.ts";
import { findChallenge } from "../../../lib/workbench/request/challenges.ts";
import { createRequest } from "../../../lib/workbench/request/request.ts";
import type { ClusterState } from "../../../lib/workbench/world/cluster/state.ts";

const HOOKS = { signal: new AbortController().signal, log: () => {}, output: () => {}, progress: () => {} };

/** State of a cluster that has started an etcd, and uses a NATS that runs. */
function stateIn(folder: string): ClusterState {
  return {
    root: ROOT,
    folder,
    cluster: "test",
    challenge: "1",
    program: { kind: "export", path: `${ROOT}/challenges/echo.ts`, args: [] },
    nodes: ["n0"],
    here: ["n0"],
    listen: "127.0.0.1",
    isForeground: false,
    isReady: true,
    nats: ["nats://127.0.0.1:1"],
    etcd: ["http://127.0.0.1:2"],
    access: {},
    servers: { "nats-server": [], "etcd": ["etcd0"] },
    pid: 1,
    control: "http://127.0.0.1:3",
    token: "",
  };
}

Deno.test({
  name: "a fault is refused that a cluster cannot have, and one of servers that up has not started",
  ignore: Deno.permissions.querySync({ name: "write" }).state !== "granted",
  async fn() {
    const folder = await Deno.makeTempDir();
    await Deno.writeTextFile(`${folder}/state.json`, JSON.stringify(stateIn(folder)));
    const run = (faults: string) => {
      const words = ["--nemesis", faults, "--node-count", "1", "--engine", "cluster", "--store", `${folder}/store`];
      const request = createRequest(findChallenge("1")!, parseArguments(words), createMachine(ROOT));
      return runOnCluster(folder, request, HOOKS);
    };
    await assertRejects(
      () => run("kill,kill-nats"),
      UsageError,
      "Cannot cause kill-nats on this cluster: up has not started its nats-server, which may have other users",
    );
    const possible = "partition, one-way-partition, pause, kill, pause-nats, kill-nats, pause-etcd, kill-etcd";
    await assertRejects(() => run("loss"), UsageError, `Cannot cause loss on a cluster: expected some of ${possible}`);
    // The etcd is its own, so that only the supervisor is missing.
    await assertRejects(() => run("kill-etcd"), Error, "The cluster has ended without down");
    await Deno.remove(folder, { recursive: true });
  },
});

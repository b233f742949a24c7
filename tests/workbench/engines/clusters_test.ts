import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { FailedError } from "../../../lib/workbench/base/errors.ts";
import { createClusters } from "../../../lib/workbench/engines/clusters.ts";
import { createControl } from "../../../lib/workbench/world/cluster/control.ts";
import { type ClusterState, readState } from "../../../lib/workbench/world/cluster/state.ts";
import { testWithServers } from "../../servers.ts";
import { planFor, ROOT } from "../world/cluster/rig.ts";

const clusters = createClusters(ROOT);
const { signal } = new AbortController();
const wait = () => new Promise((resolve) => setTimeout(resolve, 10));

function exists(path: string): boolean {
  try {
    return Deno.statSync(path).isDirectory;
  } catch {
    return false;
  }
}

testWithServers("a start that fails says why, and leaves no folder", ["nats-server", "etcd"], async ({ folder }) => {
  const program = { kind: "export", path: `${folder}/broken.ts`, args: [] } as const;
  await Deno.writeTextFile(program.path, 'export default () => { throw new Error("no such luck"); };');
  const plan = planFor(`${folder}/cluster`, { program });
  const start = (changes = {}) => clusters.start({ ...plan, ...changes }, () => {}, signal);
  for (const isForeground of [false, true]) {
    const error = await assertRejects(() => start({ isForeground }), FailedError, "Cannot start the cluster: n");
    assertStringIncludes(error.message, "no such luck");
    assertEquals(exists(plan.folder), false);
  }
  const elsewhere = { listen: "203.0.113.7" };
  await assertRejects(() => start(elsewhere), FailedError, "Cannot listen on 203.0.113.7: Cannot assign requested");
  await Deno.writeTextFile(`${folder}/deno.json`, "{ no JSON");
  const lost = await assertRejects(() => start({ root: folder }), FailedError, "its supervisor ended; the end of its");
  assert(lost.message.includes("\n  "), lost.message);
  assertEquals(exists(plan.folder), false);
  await assertRejects(
    () => start({ folder: "/dev/null/x" }),
    FailedError,
    "Cannot remove /dev/null/x: Not a directory",
  );
});

testWithServers("a start that is interrupted at once says so", ["nats-server", "etcd"], async ({ folder }) => {
  const plan = planFor(`${folder}/cluster`);
  for (const isEarly of [true, false]) {
    const stopping = new AbortController();
    if (isEarly) stopping.abort();
    const started = clusters.start(plan, () => {}, stopping.signal);
    // The supervisor has been spawned, but has not read its program yet.
    stopping.abort();
    const error = await assertRejects(() => started, FailedError);
    assertEquals([error.message, exists(plan.folder)], ["Cannot start the cluster: it was interrupted", false]);
  }
});

testWithServers("a cluster that starts can be ended", ["nats-server", "etcd"], async ({ folder }) => {
  const plan = planFor(`${folder}/cluster`);
  const started = clusters.start(plan, () => {}, signal);
  const refused = assertRejects(() => started, FailedError, "Cannot start the cluster: it was interrupted");
  const claim = readState(plan.folder)!;
  assertEquals([claim.control, claim.isReady, await clusters.isRunning(claim)], ["", false, true]);
  let state: ClusterState | undefined;
  while ((state = readState(plan.folder))?.control === "") await wait();
  assertEquals([state!.isReady, await clusters.isRunning(state!)], [false, true]);
  const control = createControl(state!);
  await assertRejects(() => control.step("clear"), FailedError, "This part of the cluster still starts, or ends");
  await assertRejects(() => control.node("n0", "kill"), FailedError, "still starts");
  await control.stop();
  await refused;
  assertEquals([exists(plan.folder), await clusters.isRunning(state!)], [false, false]);
  // Its process does not run any more.
  assertEquals(await clusters.isRunning({ ...claim, pid: state!.pid }), false);
});

testWithServers(
  "a cluster in the foreground runs until the signal, or until a process crashes",
  ["nats-server", "etcd"],
  async ({ folder }) => {
    const plan = planFor(`${folder}/cluster`, { isForeground: true });
    const run = async (fn: (state: ClusterState, stopping: AbortController) => Promise<void>) => {
      const stopping = new AbortController();
      const ready = Promise.withResolvers<void>();
      const ended = clusters.start(plan, (line) => line === "ready" && ready.resolve(), stopping.signal);
      await Promise.race([ready.promise, ended]);
      const state = readState(plan.folder)!;
      assertEquals([state.pid, state.isReady], [Deno.pid, true]);
      await fn(state, stopping);
      const problem = await ended;
      assertEquals([readState(plan.folder), await clusters.isRunning(state)], [undefined, false]);
      return problem;
    };
    const asked = await run(async (state, stopping) => {
      const control = createControl(state);
      await control.node("n0", "kill");
      await control.step("clear");
      await control.step("renew");
      await control.step("begin");
      await control.step("fill");
      stopping.abort();
    });
    assertEquals(asked, undefined);
    const crashed = await run(async (state) => {
      const { nodes } = await createControl(state).report();
      Deno.kill(nodes[1]!.pid!, "SIGKILL");
    });
    assertEquals(crashed, "n1 was ended by signal SIGKILL");
    assert(exists(plan.folder), "the logs stay");
    const lost = await run(async (state) => {
      const { servers } = await createControl(state).report();
      Deno.kill(servers.find(({ name }) => name === "nats0")!.pid!, "SIGKILL");
    });
    assertEquals(lost, "nats0 was ended by signal SIGKILL");
  },
);

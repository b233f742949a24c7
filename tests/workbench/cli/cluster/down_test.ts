import { assertEquals } from "@std/assert";
import type { ClusterState } from "../../../../lib/workbench/world/cluster/state.ts";
import { SilentError } from "../../../../lib/workbench/world/cluster/control.ts";
import { assertRejected, command } from "../../engines/fake_command.ts";
import { fakeClusters, STATE, unreachable } from "./fake_clusters.ts";

Deno.test("down ends the cluster, and removes its files", async () => {
  const { clusters, done } = fakeClusters(STATE);
  const { status, out } = await command("down", { clusters });
  assertEquals([status, out, done], [0, "The cluster has ended\n", ["stop", "remove"]]);
});

Deno.test("down removes what is left of a cluster that has ended, and does nothing without one", async () => {
  const ended = fakeClusters(STATE, unreachable);
  const { status, out } = await command("down", { clusters: ended.clusters });
  const text =
    "The cluster had ended already; removed its files. Its data stays on your servers until up and then down\n";
  assertEquals([status, out, ended.done], [0, text, ["remove"]]);
  const servers = { "nats-server": ["nats0"], "etcd": ["etcd0"] };
  const own = await command("down", { clusters: fakeClusters({ ...STATE, servers }, unreachable).clusters });
  assertEquals(own.out, "The cluster had ended already; removed its files\n");
  const none = fakeClusters(undefined);
  const nothing = await command("down", { clusters: none.clusters });
  assertEquals([nothing.status, nothing.err, none.done], [0, "No cluster runs here\n", []]);
  await assertRejected("down now", "Cannot use now with down: expected none");
  await assertRejected("down --now", "Cannot use flag --now: expected none");
});

Deno.test("down waits for the supervisor of a cluster that starts, and ends it", async () => {
  let state: ClusterState | undefined = { ...STATE, isReady: false, control: "" };
  const { clusters, done } = fakeClusters(STATE);
  const stop = () => {
    state = undefined;
    return Promise.resolve(void done.push("stop"));
  };
  const starting = { ...clusters, state: () => state, control: () => ({ ...clusters.control(STATE), stop }) };
  const every = (_interval: number, tick: () => void) => {
    state = { ...STATE, isReady: false };
    queueMicrotask(tick);
    return () => {};
  };
  const { status, out } = await command("down", { clusters: starting, every });
  assertEquals([status, out, done], [0, "The cluster has ended\n", ["stop", "remove"]]);
});

Deno.test("down removes what is left of a start that was killed", async () => {
  const { clusters, done } = fakeClusters({ ...STATE, isReady: false, control: "" });
  let now = 0;
  const every = (_interval: number, tick: () => void) => {
    now += 10_000;
    queueMicrotask(tick);
    return () => {};
  };
  const { status, out } = await command("down", { clusters, every, now: () => now });
  assertEquals([status, out, done], [0, "The cluster had ended already; removed its files\n", ["remove"]]);
});

Deno.test("down on one of several machines ends its nodes only", async () => {
  const { clusters } = fakeClusters({ ...STATE, here: ["n1"] });
  const { out } = await command("down", { clusters });
  assertEquals(out, "This machine's part of the cluster has ended: n1; the data goes with the last machine\n");
});

Deno.test("down tells if data has stayed on servers of one's own", async () => {
  const { clusters, done } = fakeClusters(STATE);
  const remains = () => "The data of the cluster stays on its servers: no leader";
  const { status, out, err } = await command("down", { clusters: { ...clusters, remains } });
  assertEquals([status, out, done], [1, "The cluster has ended\n", ["stop", "remove"]]);
  assertEquals(err, "The data of the cluster stays on its servers: no leader\n");
});

Deno.test("down says that it waits for a supervisor that hangs, and then what to do", async () => {
  const { clusters, done } = fakeClusters(STATE);
  let tick = () => {};
  const every = (_interval: number, next: () => void) => {
    tick = next;
    return () => {};
  };
  const stop = () => {
    tick();
    return Promise.reject(new SilentError("It does not answer within 60 s"));
  };
  const hanging = { ...clusters, control: () => ({ ...clusters.control(STATE), stop }) };
  const { status, err } = await command("down", { clusters: hanging, every });
  assertEquals([status, done], [255, []]);
  assertEquals(
    err,
    "Waiting for the cluster's supervisor (process 100) to answer\n" +
      "It does not answer within 60 s: it hangs or is paused; kill its supervisor, and all of it ends: kill -9 100; " +
      "down then removes its files\n",
  );
});

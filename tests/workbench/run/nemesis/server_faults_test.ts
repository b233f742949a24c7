import { assertEquals } from "@std/assert";
import { FLAGS } from "../../../../lib/workbench/request/flags.ts";
import { FAULTS } from "../../../../lib/workbench/run/nemesis/faults.ts";
import { createNemesis, type NemesisOperation } from "../../../../lib/workbench/run/nemesis/nemesis.ts";
import {
  ALL_FAULTS,
  SERVER_FAULTS,
  SERVER_GROUPS,
  serversHitBy,
} from "../../../../lib/workbench/run/nemesis/server_faults.ts";
import { VirtualClock } from "../../../../lib/workbench/world/virtual_clock.ts";
import { seededRandom } from "../../../../lib/workbench/world/random.ts";

/** Runs a nemesis on servers for a while, and ends all faults. */
async function watchServers(faults: string[], seed: string, counts = { nats: 3, etcd: 5 }) {
  const clock = new VirtualClock();
  const history: NemesisOperation[] = [];
  const actions: string[] = [];
  const namesOf = (kind: "nats" | "etcd") => Array.from({ length: counts[kind] }, (_, index) => `${kind}${index}`);
  const unused = () => {
    throw new Error("It is no fault of nodes");
  };
  const nemesis = createNemesis({
    faults,
    intervalSeconds: 1,
    nodes: ["n0"],
    network: { drop: unused, heal: unused, disturb: unused, calm: unused },
    cluster: { kill: unused, start: unused, pause: unused, resume: unused },
    call: unused,
    servers: {
      names: { "nats-server": namesOf("nats"), "etcd": namesOf("etcd") },
      async act(server, action) {
        actions.push(`${action} ${server}`);
        await clock.sleep(5);
        return `${action} done`;
      },
    },
    clock,
    random: seededRandom(seed).stream("nemesis"),
    record: (operation) => void history.push(operation),
  });
  nemesis.start();
  const healed = clock.sleep(200_000).then(() => nemesis.heal());
  await clock.run();
  await healed;
  return { history, actions };
}

Deno.test("the command line knows the faults of servers, after the others", () => {
  const { allowed } = FLAGS.find(({ name }) => name === "nemesis") as { allowed: readonly string[] };
  assertEquals(allowed.slice(1), Object.keys(ALL_FAULTS));
  assertEquals(Object.keys(ALL_FAULTS), [...Object.keys(FAULTS), ...Object.keys(SERVER_FAULTS)]);
  const hit = Object.fromEntries(Object.keys(ALL_FAULTS).map((fault) => [fault, serversHitBy(fault)]));
  assertEquals(Object.fromEntries(Object.entries(hit).filter(([, program]) => program !== undefined)), {
    "pause-nats": "nats-server",
    "kill-nats": "nats-server",
    "pause-etcd": "etcd",
    "kill-etcd": "etcd",
  });
});

Deno.test("one server is hit or a minority; where there are one or two, one", () => {
  const sizes = [1, 2, 3, 4, 5, 6, 7].map((count) => [SERVER_GROUPS.one!(count), SERVER_GROUPS.minority!(count)]);
  assertEquals(sizes, [[1, 1], [1, 1], [1, 1], [1, 1], [1, 2], [1, 2], [1, 3]]);
});

Deno.test("a fault hits some servers of its kind; its end acts on all of them", async () => {
  const ends: Record<string, string> = { pause: "resume", kill: "start" };
  for (const fault of Object.keys(SERVER_FAULTS)) {
    const [begin, kind] = fault.split("-") as [string, "nats" | "etcd"];
    const end = ends[begin]!;
    const { history } = await watchServers([fault], "dune");
    assertEquals(new Set(history.map(({ f }) => f)), new Set([`${begin}-${kind}`, `${end}-${kind}`]));
    const done = history.filter((_, index) => index % 2 === 1);
    const all = { nats: 3, etcd: 5 }[kind];
    for (const { f, value } of done) {
      const outcomes = value as Record<string, string>;
      const count = Object.keys(outcomes).length;
      assertEquals(new Set(Object.values(outcomes)), new Set([f === fault ? `${begin} done` : `${end} done`]));
      assertEquals(f === fault ? count <= (all - 1) / 2 : count === all, true, `${f} ${JSON.stringify(value)}`);
    }
    // All of them are hit at some time.
    const hit = done.filter(({ f }) => f === fault).flatMap(({ value }) => Object.keys(value as object));
    assertEquals(new Set(hit).size, all);
    assertEquals(history.at(-1)!.f, `${end}-${kind}`);
  }
});

Deno.test("the same seed hits the same servers, whatever other faults there are", async () => {
  const etcdOf = ({ actions }: { actions: string[] }) => actions.filter((action) => action.includes("etcd"));
  const [alone, again, both] = [
    await watchServers(["kill-etcd"], "1"),
    await watchServers(["kill-etcd"], "1"),
    await watchServers(["kill-etcd", "pause-nats"], "1"),
  ];
  assertEquals(alone, again);
  const shorter = Math.min(etcdOf(alone).length, etcdOf(both).length) - 10;
  assertEquals(etcdOf(both).slice(0, shorter), etcdOf(alone).slice(0, shorter));
});

Deno.test("a server that is alone is the one that is hit", async () => {
  const { actions } = await watchServers(["kill-nats"], "1", { nats: 1, etcd: 1 });
  assertEquals(new Set(actions), new Set(["kill nats0", "start nats0"]));
});

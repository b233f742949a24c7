import { assertEquals, assertRejects } from "@std/assert";
import type { Etcd } from "../../../../lib/cluster/etcd.ts";
import { FailedError } from "../../../../lib/workbench/base/errors.ts";
import {
  joinRun,
  readRun,
  removeData,
  removeRun,
  replaceRun,
} from "../../../../lib/workbench/world/cluster/common_run.ts";

/** An etcd in memory. `beforeSwap` is called between reading and writing. */
function createStore(beforeSwap: () => void = () => {}) {
  const keys = new Map<string, string>();
  const state = (key: string) => ({ value: keys.get(key), revision: 1 });
  const etcd: Pick<Etcd, "create" | "swap" | "read" | "write" | "removeAll"> = {
    create(key, value) {
      const present = state(key);
      if (present.value === undefined) keys.set(key, value);
      return Promise.resolve({ ...present, isDone: present.value === undefined });
    },
    swap({ key, from, to }) {
      beforeSwap();
      const isDone = keys.get(key) === from;
      if (isDone) keys.set(key, to);
      return Promise.resolve({ ...state(key), isDone });
    },
    read: (key) => Promise.resolve(state(key)),
    write: (key, value) => Promise.resolve(keys.set(key, value).size),
    removeAll(prefix) {
      for (const key of keys.keys()) if (key.startsWith(prefix)) keys.delete(key);
      return Promise.resolve();
    },
  };
  return { keys, etcd };
}

const PROGRAM = { kind: "export", path: "/project/echo.ts", args: ["--x"] } as const;
const PLAN = { cluster: "test", challenge: "1", program: PROGRAM, nodes: ["n0", "n1"] };
const OTHER = { control: "http://10.0.0.1:7000", token: "t", nodes: ["n0"] };
const nobody = () => Promise.resolve([]);
const somebody = () => Promise.resolve([OTHER]);

Deno.test("the first machine begins a run, the others join it, and so does one that starts again", async () => {
  const { etcd } = createStore();
  const first = await joinRun(etcd, PLAN, nobody);
  assertEquals([first.isNew, await readRun(etcd, "test")], [true, first.run]);
  assertEquals(await joinRun(etcd, PLAN, somebody), { run: first.run, isNew: false });
  const elsewhere = { ...PLAN, program: { ...PROGRAM, path: "/home/me/project/echo.ts" } };
  assertEquals(await joinRun(etcd, elsewhere, nobody), { run: first.run, isNew: false });
  const second = await replaceRun(etcd, PLAN);
  assertEquals([await readRun(etcd, "test"), second === first.run], [second, false]);
});

Deno.test("machines that disagree are refused, unless no other is there", async () => {
  const { etcd } = createStore();
  const { run } = await joinRun(etcd, PLAN, nobody);
  const changes = [{ challenge: "2" }, { challenge: null }, { nodes: ["n0"] }, { program: { ...PROGRAM, args: [] } }];
  for (const change of changes) {
    await assertRejects(
      () => joinRun(etcd, { ...PLAN, ...change }, somebody),
      FailedError,
      "The cluster test has challenge 1, echo.ts --x on the nodes n0, n1, as its machine at http://10.0.0.1:7000",
    );
  }
  const joined = await joinRun(etcd, { ...PLAN, challenge: "2" }, nobody);
  assertEquals([joined.isNew, joined.abandoned], [true, run]);
  assertEquals(await readRun(etcd, "test"), joined.run);
});

Deno.test("a run is removed with its data in etcd and its bucket", async () => {
  const { etcd, keys } = createStore();
  const { run } = await joinRun(etcd, PLAN, nobody);
  keys.set(`test/${run}/lin-kv/x`, "1").set("tests/run", "another cluster's");
  const buckets: string[] = [];
  await removeRun(etcd, "test", (name) => Promise.resolve(void buckets.push(name)));
  assertEquals([...keys.keys(), ...buckets], ["tests/run", `test-${run}`]);
});

Deno.test("if the bucket cannot be removed, nothing is: the run is known to the next attempt", async () => {
  const { etcd, keys } = createStore();
  const { run } = await joinRun(etcd, PLAN, nobody);
  keys.set(`test/${run}/lin-kv/x`, "1");
  const before = new Map(keys);
  const fail = () => Promise.reject(new FailedError("JetStream has no leader"));
  await assertRejects(() => removeData(etcd, "test", run, fail), FailedError, "JetStream has no leader");
  assertEquals(keys, before);
  await assertRejects(() => removeRun(etcd, "test", fail), FailedError, "JetStream has no leader");
  assertEquals(new Map([...keys].sort()), new Map([...before].sort()));
});

Deno.test("of two machines that replace an ended run at once, one is refused", async () => {
  const { etcd, keys } = createStore(() => keys.set("test/run", "{}"));
  await joinRun(etcd, PLAN, nobody);
  const join = () => joinRun(etcd, { ...PLAN, challenge: "2" }, nobody);
  await assertRejects(join, FailedError, "Another machine starts the cluster test at this moment: try again");
});

Deno.test("a run that is missing or is something else is no run", async () => {
  const { etcd, keys } = createStore();
  await assertRejects(() => readRun(etcd, "test"), FailedError, "The cluster test has ended");
  for (const text of ["no JSON", "{}", '{"run":1,"nodes":2}']) {
    keys.set("test/run", text);
    assertEquals((await joinRun(etcd, PLAN, nobody)).isNew, true, text);
  }
});

import { assert, assertEquals, assertRejects } from "@std/assert";
import { RPCError } from "../../../lib/protocol.ts";
import { seededRandom } from "../../../lib/workbench/world/random.ts";
import { checksOf } from "../../../lib/workbench/world/rpc_schema.ts";
import type { Invocation } from "../../../lib/workbench/workloads/workload.ts";
import { WORKLOADS } from "../../../lib/workbench/workloads/mod.ts";
import { erring, openClient, silent, testOptions } from "../run/stand_in.ts";
import { CORRECT_NODES } from "./correct_nodes.ts";
import { drive } from "./drive.ts";

Deno.test("WORKLOADS has the ten workloads of Maelstrom, and two that were proposed for it", () => {
  assertEquals(Object.keys(WORKLOADS), [
    "echo",
    "unique-ids",
    "broadcast",
    "g-set",
    "g-counter",
    "pn-counter",
    "kafka",
    "lin-kv",
    "txn-list-append",
    "txn-rw-register",
    "lock",
    "lin-kv-only",
  ]);
  for (const [name, workload] of Object.entries(WORKLOADS)) assertEquals(workload.name, name);
});

Deno.test("clients are reusable after info in the same workloads as in Maelstrom", () => {
  const reusable = Object.values(WORKLOADS).filter((workload) => workload.reusable).map(({ name }) => name);
  assertEquals(reusable, ["unique-ids", "lin-kv", "txn-list-append", "txn-rw-register", "lock", "lin-kv-only"]);
});

/** Outcomes of an operation after a timeout, a definite error and an indefinite error. */
type Outcomes = [timeout: string, definite: string, indefinite: string];
const OPEN: Outcomes = ["info", "fail", "info"];
const IDEMPOTENT: Outcomes = ["fail", "fail", "fail"];
/** The client throws the error; the interpreter records info. */
const THROWS: Outcomes = ["throws", "throws", "throws"];

const OPERATIONS: [workload: string, invocation: Invocation, outcomes: Outcomes][] = [
  ["echo", { f: "echo", value: "Please echo 1" }, OPEN],
  ["unique-ids", { f: "generate" }, OPEN],
  ["broadcast", { f: "broadcast", value: 1 }, OPEN],
  ["broadcast", { f: "read" }, IDEMPOTENT],
  ["g-set", { f: "add", value: 1 }, THROWS],
  ["g-set", { f: "read" }, THROWS],
  ["g-counter", { f: "add", value: 1 }, THROWS],
  ["g-counter", { f: "read" }, THROWS],
  ["pn-counter", { f: "add", value: -1 }, THROWS],
  ["pn-counter", { f: "read" }, THROWS],
  ["kafka", { f: "send", value: [["send", "9", 1]] }, OPEN],
  ["kafka", { f: "poll", value: [["poll"]] }, OPEN],
  ["kafka", { f: "assign", value: ["9"] }, IDEMPOTENT],
  ["lin-kv", { f: "read", value: [0, null] }, IDEMPOTENT],
  ["lin-kv", { f: "write", value: [0, 3] }, OPEN],
  ["lin-kv", { f: "cas", value: [0, [3, 4]] }, OPEN],
  ["lock", { f: "lock" }, OPEN],
  ["lock", { f: "unlock" }, OPEN],
  ["txn-list-append", { f: "txn", value: [["r", 9, null], ["append", 9, 1]] }, OPEN],
  ["txn-rw-register", { f: "txn", value: [["r", 9, null], ["w", 9, 1]] }, OPEN],
];

for (const [name, invocation, outcomes] of OPERATIONS) {
  const workload = WORKLOADS[name]!;
  const nodes = [silent, erring(11, "not now"), erring(13, "oops")];
  const errors = ["net-timeout", ["temporarily-unavailable", "not now"], ["crash", "oops"]];

  Deno.test(`${name}: ${invocation.f} that is refused or not answered`, async () => {
    for (const [index, outcome] of outcomes.entries()) {
      const { invoke } = openClient(workload, nodes[index]!);
      if (outcome === "throws") await assertRejects(() => invoke(invocation), RPCError);
      else assertEquals(await invoke(invocation), { type: outcome, error: errors[index] } as unknown);
    }
  });

  Deno.test(`${name}: ${invocation.f} that is answered with nonsense`, async () => {
    const { invoke } = openClient(workload, () => ({ type: "nonsense" }));
    await assertRejects(() => invoke(invocation), TypeError, "Node n0 answered");
  });

  Deno.test(`${name}: ${invocation.f} that is answered with one field too many`, async () => {
    const right = CORRECT_NODES[name]!();
    const { invoke } = openClient(workload, (body) => {
      const answer = right(body);
      return answer?.type === "error" ? { type: "read_ok", value: 1, extra: 1 } : { ...answer!, extra: 1 };
    });
    await assertRejects(() => invoke(invocation), TypeError, "Node n0 answered");
  });
}

for (const name of ["broadcast", "g-set", "g-counter", "pn-counter"]) {
  Deno.test(`${name}: finally every worker reads once, as fast as it can`, () => {
    const { generator, ratePerWorker, timeLimitSeconds } = WORKLOADS[name]!.final!;
    assertEquals([ratePerWorker, timeLimitSeconds], [undefined, undefined]);
    const { next } = generator(testOptions({ concurrency: 3 }), seededRandom(""), []);
    const read = { f: "read", final: true };
    assertEquals([2, 0, 2, 1].map((worker) => next(worker, worker)), [read, read, "pending", read]);
    assertEquals([2, 0, 1, 1].map((worker) => next(worker, worker)), ["pending", "pending", undefined, undefined]);
  });
}

Deno.test("only sets, counters, kafka and transactions have a final phase", () => {
  const names = Object.values(WORKLOADS).filter(({ final }) => final !== undefined).map(({ name }) => name);
  const transactional = ["txn-list-append", "txn-rw-register"];
  assertEquals(names, ["broadcast", "g-set", "g-counter", "pn-counter", "kafka", ...transactional]);
  const uncounted = Object.values(WORKLOADS).filter(({ final }) => final?.uncounted).map(({ name }) => name);
  assertEquals(uncounted, transactional);
  const { timeLimitSeconds, ratePerWorker } = WORKLOADS.kafka!.final!;
  assertEquals([timeLimitSeconds, ratePerWorker], [10, 5]);
});

for (const [name, workload] of Object.entries(WORKLOADS)) {
  Deno.test(`${name}: a correct node is valid, and all RPCs are used`, async () => {
    const right = CORRECT_NODES[name]!();
    const used = new Set<string>();
    const node = (body: Parameters<typeof right>[0]) => (used.add(body.type), right(body));
    const { history } = await drive({ workload, node, options: { concurrency: 2 }, count: 600 });
    assert(history.length >= 1200);
    assertEquals(workload.check(history, testOptions()).valid, true);
    if (name === "broadcast") used.add("topology");
    assertEquals([...used].sort(), workload.rpcs.map(({ type }) => type).sort());
  });

  Deno.test(`${name}: the same seed gives the same operations`, async () => {
    const run = async (seed: string) =>
      JSON.stringify(
        (await drive({ workload, node: CORRECT_NODES[name]!(), options: { concurrency: 2 }, count: 100, seed }))
          .history,
      );
    assertEquals(await run("a"), await run("a"));
    if (name !== "unique-ids" && name !== "lock") assert(await run("a") !== await run("b"));
  });

  Deno.test(`${name}: the schemas compile, and every RPC and workload is documented`, () => {
    assert(workload.doc.length > 40);
    for (const rpc of workload.rpcs) {
      checksOf(rpc);
      assert(rpc.doc.endsWith("."), rpc.doc);
    }
  });
}

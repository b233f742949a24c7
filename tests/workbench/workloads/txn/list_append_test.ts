import { assertEquals, assertRejects } from "@std/assert";
import { seededRandom } from "../../../../lib/workbench/world/random.ts";
import type { Invocation } from "../../../../lib/workbench/workloads/workload.ts";
import { txnListAppendWorkload } from "../../../../lib/workbench/workloads/txn/list_append.ts";
import { erring, openClient, testOptions } from "../../run/stand_in.ts";

const INVOCATION = { f: "txn", value: [["r", 1, null], ["append", 1, 6], ["r", 1, null]] };

Deno.test("the reply's transaction is the result, with lists or null for reads", async () => {
  const txn = [["r", 1, null], ["append", 1, 6], ["r", 1, [6]]];
  const { invoke, requests } = openClient(txnListAppendWorkload, () => ({ type: "txn_ok", txn }));
  assertEquals(await invoke(INVOCATION), { type: "ok", value: txn });
  assertEquals(requests, [{ type: "txn", msg_id: 1, txn: INVOCATION.value }]);
});

Deno.test("reads that are not lists and operations of another workload are malformed", async () => {
  for (const operation of [["r", 1, 5], ["w", 1, 5], ["r", 1], "r"]) {
    const { invoke } = openClient(txnListAppendWorkload, () => ({ type: "txn_ok", txn: [operation] }));
    const expected = 'expected body.txn[0] to be ["r", any, any[] | null] | ["append", any, any]';
    await assertRejects(() => invoke(INVOCATION), TypeError, expected);
  }
});

Deno.test("a conflict completes as fail", async () => {
  const { invoke } = openClient(txnListAppendWorkload, erring(30, "aborted"));
  assertEquals(await invoke(INVOCATION), { type: "fail", error: ["txn-conflict", "aborted"] });
});

Deno.test("the options set the keys, the lengths and the appends to a key", () => {
  const options = testOptions({ keyCount: 1, maxTxnLength: 2, maxWritesPerKey: 3 });
  const generator = txnListAppendWorkload.generator(options, seededRandom("options"));
  const drawn = Array.from({ length: 200 }, () => generator.next(0, 0) as Invocation);
  const transactions = drawn.map(({ value }) => value as [string, number, number][]);
  assertEquals(new Set(transactions.map(({ length }) => length)), new Set([1, 2]));
  const appends = transactions.flat().filter(([f]) => f === "append");
  // One key at a time, three appends each.
  assertEquals(
    appends,
    appends.map((_, index) => ["append", Math.floor(index / 3), index % 3 + 1] as [string, number, number]),
  );
});

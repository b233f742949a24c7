import { assertEquals, assertRejects } from "@std/assert";
import { seededRandom } from "../../../../lib/workbench/world/random.ts";
import type { Invocation } from "../../../../lib/workbench/workloads/workload.ts";
import { txnRWRegisterWorkload } from "../../../../lib/workbench/workloads/txn/rw_register.ts";
import { erring, openClient, testOptions } from "../../run/stand_in.ts";

const INVOCATION = { f: "txn", value: [["r", 1, null], ["w", 1, 6], ["r", 1, null]] };

Deno.test("the reply's transaction is the result", async () => {
  const txn = [["r", 1, null], ["w", 1, 6], ["r", 1, 6]];
  const { invoke, requests } = openClient(txnRWRegisterWorkload, () => ({ type: "txn_ok", txn }));
  assertEquals(await invoke(INVOCATION), { type: "ok", value: txn });
  assertEquals(requests, [{ type: "txn", msg_id: 1, txn: INVOCATION.value }]);
});

Deno.test("operations of another workload, or without a value, are malformed", async () => {
  for (const operation of [["append", 1, 5], ["r", 1], ["w", 1, 2, 3], null]) {
    const { invoke } = openClient(txnRWRegisterWorkload, () => ({ type: "txn_ok", txn: [operation] }));
    const expected = 'expected body.txn[0] to be ["r", any, any] | ["w", any, any]';
    await assertRejects(() => invoke(INVOCATION), TypeError, expected);
  }
});

Deno.test("a reply to another transaction is recorded as it is, and malformed in a final read", async () => {
  const wrong: [unknown[], string][] = [
    [[["r", 1, null], ["w", 1, 6]], "expected 3 operations, got 2"],
    [[["r", 1, null], ["w", 1, 7], ["r", 1, 7]], 'expected operation 2 to be ["w",1,6], got ["w",1,7]'],
    [[["r", 2, null], ["w", 1, 6], ["r", 1, 6]], 'expected operation 1 to be ["r",1], got ["r",2]'],
  ];
  for (const [txn, expected] of wrong) {
    const { invoke } = openClient(txnRWRegisterWorkload, () => ({ type: "txn_ok", txn }));
    assertEquals(await invoke(INVOCATION), { type: "ok", value: txn });
    await assertRejects(() => invoke({ ...INVOCATION, final: true }), TypeError, expected);
  }
});

Deno.test("a conflict completes as fail", async () => {
  const { invoke } = openClient(txnRWRegisterWorkload, erring(30, "aborted"));
  assertEquals(await invoke(INVOCATION), { type: "fail", error: ["txn-conflict", "aborted"] });
});

Deno.test("ten keys and up to four operations by default; each value is written once", () => {
  const generator = txnRWRegisterWorkload.generator(testOptions({ maxWritesPerKey: 1e9 }), seededRandom("keys"));
  const drawn = Array.from({ length: 5000 }, () => generator.next(0, 0) as Invocation);
  const transactions = drawn.map(({ value }) => value as [string, number, number | null][]);
  assertEquals(new Set(transactions.flat().map(([, key]) => key)).size, 10);
  assertEquals(new Set(transactions.map(({ length }) => length)), new Set([1, 2, 3, 4]));
  const writes = transactions.flat().filter(([f]) => f === "w").map(([, key, value]) => `${key} ${value}`);
  assertEquals(new Set(writes).size, writes.length);
});

import { assertEquals, assertGreater } from "@std/assert";
import { drawHistory } from "../../../../bench/random_histories.ts";
import { getOrInsert } from "../../../../lib/workbench/base/get_or_insert.ts";
import { checkTxnListAppend, checkTxnRWRegister } from "../../../../lib/workbench/checkers/txn/mod.ts";
import { seededRandom } from "../../../../lib/workbench/world/random.ts";

const CHECKS = { "txn-list-append": checkTxnListAppend, "txn-rw-register": checkTxnRWRegister };

/** Models to check by: with real-time order, with process order, without either. */
const MODELS = ["strict-serializable", "strong-session-serializable", "serializable"];

Deno.test("a random history violates every model in not and also_not, and none in permits", () => {
  let [permitted, ruledOut] = [0, 0];
  for (const [workload, check] of Object.entries(CHECKS)) {
    for (let seed = 0; seed < 100; seed++) {
      const history = drawHistory(workload, seededRandom(`${seed}`));
      const judgements = new Map<string, unknown>();
      const judge = (model: string) => getOrInsert(judgements, model, () => check(history, [model]).valid);
      for (const model of MODELS) {
        const { valid, permits, not, also_not } = check(history, [model]);
        if (valid === "unknown") continue;
        for (const name of permits as string[]) assertEquals(judge(name), true, `${workload} ${seed}: permits ${name}`);
        for (const name of [not, also_not].flat() as string[]) {
          assertEquals(judge(name), false, `${workload} ${seed}: not ${name}`);
          ruledOut++;
        }
        permitted += (permits as string[]).length;
      }
    }
  }
  assertGreater(Math.min(permitted, ruledOut), 300);
});

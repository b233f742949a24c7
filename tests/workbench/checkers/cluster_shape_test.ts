import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { checkKafka } from "../../../lib/workbench/checkers/kafka/mod.ts";
import { nodeOf } from "../../../lib/workbench/checkers/cluster_shape.ts";
import type { TestOptions } from "../../../lib/workbench/workloads/workload.ts";
import { WORKLOADS } from "../../../lib/workbench/workloads/mod.ts";
import { EXAMPLES } from "./anomaly_docs.ts";
import { KAFKA_CASES } from "./kafka/cases.ts";
import { sequential } from "./sequential.ts";

const NODES = ["n0", "n1", "n2"];

Deno.test("the node of a process follows from the workers, also after a crash", () => {
  const shape = { nodes: NODES, concurrency: 4 };
  assertEquals([0, 1, 3, 4, 7].map((process) => nodeOf(process, shape)), ["n0", "n1", "n0", "n0", "n0"]);
  assertEquals([nodeOf("nemesis", shape), nodeOf(0, {}), nodeOf(0, { concurrency: 4 })], [
    ...[undefined, undefined, undefined],
  ]);
});

/** Processes that a line names without their nodes. A reason for an order is about operations that are named before. */
function withoutNode(line: string): string[] {
  if (/^(But )?T\d+ < /.test(line)) return [];
  return [...line.matchAll(/process (\d+)('s)?/gi)].filter(({ 0: text, 1: process, 2: possessive, index }) => {
    const node = ` on n${Number(process) % NODES.length}`;
    const rest = line.slice(index + text.length);
    return possessive === undefined ? !rest.startsWith(node) : !rest.includes(node);
  }).map(([text]) => `${text} in: ${line}`);
}

Deno.test("the sentences of all checkers say on which node something happened", () => {
  const named = new Set<string>();
  for (const { workloads, history } of EXAMPLES) {
    for (const workload of workloads.filter((name) => Object.hasOwn(WORKLOADS, name))) {
      const options = { nodes: NODES, concurrency: 9, consistencyModels: ["strict-serializable"] } as unknown;
      const { anomalies = [] } = WORKLOADS[workload]!.check(history, options as TestOptions);
      for (const { explanation, type } of anomalies) {
        assertEquals(explanation.split("\n").flatMap(withoutNode), [], `${workload}: ${type}`);
        if (/process \d/i.test(explanation)) named.add(`${workload} ${type}`);
      }
    }
  }
  assert(named.size > 40, `Only ${[...named]}`);
  for (const workload of ["echo", "unique-ids", "g-counter", "lin-kv", "lock", "kafka", "txn-list-append"]) {
    assertStringIncludes([...named].join(), workload);
  }
});

Deno.test("without a shape, the sentences name processes alone", () => {
  for (const { flawed } of Object.values(KAFKA_CASES)) {
    for (const { explanation } of checkKafka(sequential(flawed)).anomalies!) assert(!explanation.includes(" on n"));
  }
});

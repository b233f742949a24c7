import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { CYCLE_ANOMALIES, ruledOutModels } from "../../../lib/workbench/checkers/consistency_model.ts";
import { ANOMALY_TYPES } from "../../../lib/workbench/checkers/finding_types.ts";
import { ACYCLIC_MODELS } from "../../../lib/workbench/checkers/graph/cycles.ts";
import { anomalyDocs, EXAMPLES } from "./anomaly_docs.ts";
import { ANOMALIES, OUTSIDE_HISTORIES } from "./anomaly_names.ts";
import { isOfPredicates } from "./anomaly_names_in_code.ts";

const readable = Deno.permissions.querySync({ name: "read" }).state === "granted";

Deno.test("the reference has every anomaly with an example and its explanation", () => {
  const docs = anomalyDocs();
  assertEquals(new Set(EXAMPLES.map(({ type }) => type)), new Set(Object.keys(ANOMALIES)));
  // Together with the test of the table: the page has every anomaly of the code.
  assertEquals(Object.keys(ANOMALY_TYPES).filter((type) => !(type in ANOMALIES) && !(type in OUTSIDE_HISTORIES)), []);
  for (const type of Object.keys(ANOMALIES)) {
    assertStringIncludes(docs, `| [${type}] `);
    const { history, check } = EXAMPLES.find((example) => example.type === type)!;
    const { explanation } = check(history).anomalies!.find((anomaly) => anomaly.type === type)!;
    assertStringIncludes(docs.slice(docs.indexOf(`\n### ${type}\n`)), `\`\`\`text\n${explanation}\n\`\`\``);
  }
});

Deno.test("every model that a cycle can violate without a name of its own has an example", () => {
  for (const { model } of ACYCLIC_MODELS) assert(`${model}-cycle-exists` in ANOMALIES, model);
});

Deno.test("every type of cycle has an example, except those that need predicates", () => {
  for (const type of CYCLE_ANOMALIES) {
    assertEquals(type in ANOMALIES, !isOfPredicates(type), type);
  }
});

Deno.test("every anomaly of transactions rules out a model", () => {
  for (const { type, workloads } of EXAMPLES) {
    if (!workloads.every((workload) => workload.startsWith("txn-")) || ["divergent-replicas"].includes(type)) continue;
    assertEquals(ruledOutModels([type]).not.length === 0, type === "empty-transaction-graph", type);
  }
});

Deno.test({
  name: "docs/anomalies.md is current; if not: deno run --allow-write=docs tests/workbench/checkers/anomaly_docs.ts",
  ignore: !readable,
  async fn() {
    const committed = await Deno.readTextFile(new URL("../../../docs/anomalies.md", import.meta.url));
    assert(committed === anomalyDocs(), "docs/anomalies.md differs from the examples");
  },
});

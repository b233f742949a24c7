import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { CYCLE_ANOMALIES, ruledOutModels } from "../../../lib/workbench/checkers/consistency_model.ts";
import { ACYCLIC_MODELS } from "../../../lib/workbench/checkers/graph/cycles.ts";
import { anomalyDocs, EXAMPLES } from "./anomaly_docs.ts";
import { ANOMALIES } from "./anomaly_names.ts";

const readable = Deno.permissions.querySync({ name: "read" }).state === "granted";

Deno.test("the reference has every anomaly with an example and its explanation", () => {
  const docs = anomalyDocs();
  assertEquals(new Set(EXAMPLES.map(({ type }) => type)), new Set(Object.keys(ANOMALIES)));
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

/**
 * Names of anomalies in the code of the checkers: the first argument of certain functions, or a `type` before a
 * `count`.
 */
const NAMES = [/\b(?:explainCases|skips|reversals)\(\s*"([^"]+)"/g, /\btype: "([^"]+)",\s+count: /g];

Deno.test({
  name: "the reference has exactly the anomalies that the code of the checkers names",
  ignore: !readable,
  async fn() {
    const folder = new URL("../../../lib/workbench/checkers/", import.meta.url);
    const names = new Set([...CYCLE_ANOMALIES, ...ACYCLIC_MODELS.map(({ model }) => `${model}-cycle-exists`)]);
    for (const file of filesBelow(folder)) {
      // Examples in comments name anomalies that may not exist.
      const code = (await Deno.readTextFile(file)).replace(/^ *\*.*$/gm, "");
      for (const pattern of NAMES) {
        for (const [, type] of code.matchAll(pattern)) names.add(type!);
      }
    }
    assertEquals([...names].filter((name) => !(name in ANOMALIES) && !isOfPredicates(name)), []);
    assertEquals(Object.keys(ANOMALIES).filter((name) => !names.has(name)), []);
  },
});

function filesBelow(folder: URL): URL[] {
  return [...Deno.readDirSync(folder)].flatMap(({ name, isDirectory }) =>
    isDirectory ? filesBelow(new URL(`${name}/`, folder)) : [new URL(name, folder)]
  );
}

/** True for Elle's names of cycles that need predicates; no checker here finds them. */
function isOfPredicates(type: string): boolean {
  return /^G(-single|-nonadjacent|2)(-process|-realtime)?$/.test(type);
}

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

import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { CYCLE_ANOMALIES, ruledOutModels } from "../../../lib/workbench/checkers/consistency_model.ts";
import { ACYCLIC_MODELS } from "../../../lib/workbench/checkers/graph/cycles.ts";
import { anomalyDocs, EXAMPLES } from "./anomaly_docs.ts";
import { ANOMALIES } from "./anomaly_names.ts";

const readable = Deno.permissions.querySync({ name: "read" }).state === "granted";

Deno.test("the reference has every anomaly that the tests have an example of, with what is said about it", () => {
  const docs = anomalyDocs();
  assertEquals(new Set(EXAMPLES.map(({ type }) => type)), new Set(Object.keys(ANOMALIES)));
  for (const type of Object.keys(ANOMALIES)) {
    assertStringIncludes(docs, `| [${type}](#`);
    const { history, check } = EXAMPLES.find((example) => example.type === type)!;
    const { explanation } = check(history).anomalies!.find((anomaly) => anomaly.type === type)!;
    assertStringIncludes(docs.slice(docs.indexOf(`\n### ${type}\n`)), `\`\`\`text\n${explanation}\n\`\`\``);
  }
});

Deno.test("of every model that a nameless cycle can violate there is an example of such a cycle", () => {
  for (const { model } of ACYCLIC_MODELS) assert(`${model}-cycle-exists` in ANOMALIES, model);
});

/** What the checkers call anomalies in their code: the first argument of what sums them up, or the type of one made by hand. */
const NAMES = [/\b(?:explainCases|skips|reversals)\(\s*"([^"]+)"/g, /\btype: "([^"]+)",\s+count: /g];

Deno.test({
  name: "every name of an anomaly in the code of the checkers is in the reference, and the other way round",
  ignore: !readable,
  async fn() {
    const folder = new URL("../../../lib/workbench/checkers/", import.meta.url);
    const names = new Set([...CYCLE_ANOMALIES, ...ACYCLIC_MODELS.map(({ model }) => `${model}-cycle-exists`)]);
    for (const file of filesBelow(folder)) {
      // Examples in comments name anomalies that may not exist.
      const code = (await Deno.readTextFile(file)).replace(/^ *\*.*$/gm, "");
      for (const pattern of NAMES) for (const [, type] of code.matchAll(pattern)) names.add(type!);
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

/** Elle's names for cycles that need predicates, which nothing here finds. */
function isOfPredicates(type: string): boolean {
  return /^G(-single|-nonadjacent|2)(-process|-realtime)?$/.test(type);
}

Deno.test("of every cycle there is an example, but for those that need predicates", () => {
  for (const type of CYCLE_ANOMALIES) {
    assertEquals(type in ANOMALIES, !isOfPredicates(type), type);
  }
});

Deno.test("of every anomaly of transactions it is said which models it rules out", () => {
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
    assert(committed === anomalyDocs(), "docs/anomalies.md is not what the examples say");
  },
});

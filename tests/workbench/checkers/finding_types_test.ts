import { assert, assertEquals } from "@std/assert";
import { CYCLE_ANOMALIES } from "../../../lib/workbench/checkers/consistency_model.ts";
import {
  ANOMALY_TYPES,
  asMaelstrom,
  EXCEPTION_TYPES,
  type FindingType,
} from "../../../lib/workbench/checkers/finding_types.ts";
import { ACYCLIC_MODELS } from "../../../lib/workbench/checkers/graph/cycles.ts";
import { INCONCLUSIVE } from "../../../lib/workbench/run/survives.ts";
import { WORKLOADS } from "../../../lib/workbench/workloads/mod.ts";
import { anomalyDocs, EXAMPLES } from "./anomaly_docs.ts";
import { isOfPredicates, namesInCode } from "./anomaly_names_in_code.ts";

const ignore = Deno.permissions.querySync({ name: "read" }).state !== "granted";

Deno.test({
  name: "the table has every anomaly that the code can name, and no other",
  ignore,
  fn() {
    const cycles = [
      ...CYCLE_ANOMALIES.filter((type) => !isOfPredicates(type)),
      ...ACYCLIC_MODELS.map(({ model }) => `${model}-cycle-exists`),
    ];
    const named = new Set([...cycles, ...namesInCode("anomaly")]);
    assertEquals([...named].filter((type) => !(type in ANOMALY_TYPES) && !isOfPredicates(type)), []);
    assertEquals(Object.keys(ANOMALY_TYPES).filter((type) => !named.has(type)), []);
  },
});

Deno.test({
  name: "the table has every exception that the code can name, and no other",
  ignore,
  fn() {
    assertEquals(Object.keys(EXCEPTION_TYPES).sort(), [...namesInCode("exception")].sort());
  },
});

Deno.test("docs/anomalies.md has every finding of both tables", () => {
  const docs = anomalyDocs();
  for (const type of Object.keys(ANOMALY_TYPES)) {
    assert(docs.includes(`| [${type}] `) || docs.includes(`| **${type}** `), type);
  }
  for (const type of Object.keys(EXCEPTION_TYPES)) assert(docs.includes(`| **${type}** `), type);
});

Deno.test("views by workload name workloads, and cover every workload in which the anomaly has an example", () => {
  const byWorkload = ({ maelstrom }: FindingType) => typeof maelstrom === "object" ? maelstrom : undefined;
  for (const [type, row] of Object.entries({ ...ANOMALY_TYPES, ...EXCEPTION_TYPES })) {
    const views = byWorkload(row);
    if (views === undefined) continue;
    for (const workload of Object.keys(views)) assert(workload in WORKLOADS, `${type}: ${workload}`);
    const found = EXAMPLES.filter((example) => example.type === type).flatMap(({ workloads }) => workloads);
    assertEquals(found.filter((workload) => !(workload in views)), [], type);
  }
});

Deno.test("the strict verdict on each example is that of the table", () => {
  for (const { type, workloads: [workload], history, check } of EXAMPLES) {
    const verdict = check(history);
    const counted = verdict.anomalies!.filter(({ allowed }) => !allowed).map(({ type }) => type);
    // Other anomalies in an example, and sets without a stable element, have a say as well.
    if (counted.join() !== type || INCONCLUSIVE.includes(type)) continue;
    const { valid = false } = ANOMALY_TYPES[type]!;
    if (valid !== true) assertEquals(verdict.valid, valid, type);
    assertEquals(asMaelstrom(verdict, workload!), expectedOfMaelstrom(type, workload!, verdict.valid), type);
  }
});

/** Maelstrom's verdict on a history with one anomaly. */
function expectedOfMaelstrom(type: string, workload: string, strict: unknown): unknown {
  const { maelstrom = "finds" } = ANOMALY_TYPES[type]!;
  const view = typeof maelstrom === "string" ? maelstrom : maelstrom[workload];
  return view === "stops" ? "unknown" : view === "overlooks" ? true : strict;
}

Deno.test("asMaelstrom() keeps the rest of a verdict", () => {
  const of = (...types: string[]) => ({ anomalies: types.map((type) => ({ type, count: 1, explanation: "…" })) });
  const asRegisters = (valid: boolean | "unknown", ...types: string[]) =>
    asMaelstrom({ valid, ...of(...types) }, "txn-rw-register");
  assertEquals(asRegisters(true), true);
  assertEquals(asRegisters("unknown"), "unknown");
  assertEquals(asRegisters(false), false);
  assertEquals(asRegisters(false, "divergent-replicas", "G1c"), false);
  assertEquals(asRegisters(false, "divergent-replicas", "empty-transaction-graph"), "unknown");
  assertEquals(asRegisters(false, "divergent-replicas", "never-heard-of"), false);
  const [anomaly] = of("nonlinearizable").anomalies;
  assertEquals(asMaelstrom({ valid: false, anomalies: [anomaly!] }, "lin-kv"), false);
  assertEquals(asMaelstrom({ valid: false, anomalies: [{ ...anomaly!, maelstrom: "overlooks" }] }, "lin-kv"), true);
  assertEquals(asMaelstrom({ valid: false, ...of("unexpected", "nothing-decided") }, "g-set"), "unknown");
  const allowed = { type: "garbage-read", count: 1, explanation: "…", allowed: true };
  assertEquals(asMaelstrom({ valid: true, anomalies: [allowed] }, "kafka"), true);
});

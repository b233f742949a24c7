import { assert, assertEquals, assertThrows } from "@std/assert";
import {
  CONSISTENCY_MODELS,
  CYCLE_ANOMALIES,
  permittedModels,
  proscribedAnomalies,
  ruledOutModels,
} from "../../../lib/workbench/checkers/consistency_model.ts";

Deno.test("CONSISTENCY_MODELS contains all names of Elle, canonical and friendly", () => {
  assertEquals(CONSISTENCY_MODELS, [
    "1SR",
    "PL-1",
    "PL-2",
    "PL-2+",
    "PL-2.99",
    "PL-2L",
    "PL-3",
    "PL-3U",
    "PL-CS",
    "PL-FCV",
    "PL-MSR",
    "PL-SI",
    "PL-SS",
    "PRAM",
    "causal",
    "causal-cerone",
    "conflict-serializable",
    "consistent-view",
    "cursor-stability",
    "forward-consistent-view",
    "linearizable",
    "monotonic-atomic-view",
    "monotonic-reads",
    "monotonic-snapshot-read",
    "monotonic-view",
    "monotonic-writes",
    "parallel-snapshot-isolation",
    "prefix",
    "read-atomic",
    "read-committed",
    "read-uncommitted",
    "read-your-writes",
    "repeatable-read",
    "sequential",
    "serializable",
    "session-serializable",
    "snapshot-isolation",
    "strict-serializable",
    "strong-PL-1",
    "strong-PL-2",
    "strong-read-committed",
    "strong-read-uncommitted",
    "strong-serializable",
    "strong-session-PL-1",
    "strong-session-PL-2",
    "strong-session-read-committed",
    "strong-session-read-uncommitted",
    "strong-session-serializable",
    "strong-session-snapshot-isolation",
    "strong-snapshot-isolation",
    "update-atomic",
    "update-serializable",
    "view-serializable",
    "writes-follow-reads",
  ]);
});

Deno.test("proscribedAnomalies of a model include those of its weaker models", () => {
  const rules = (model: string, anomaly: string) => proscribedAnomalies([model]).has(anomaly);
  // By model, the anomalies it proscribes, and those it allows.
  const expected: Record<string, [string[], string[]]> = {
    "read-uncommitted": [["G0", "duplicate-elements", "cyclic-versions"], [
      "G1a",
      "G1b",
      "G1c",
      "lost-update",
      "internal",
    ]],
    "read-committed": [["G0", "G1a", "G1b", "G1c", "incompatible-order", "dirty-update", "future-read"], [
      "lost-update",
      "internal",
    ]],
    "read-atomic": [["internal", "G1a", "future-read"], ["lost-update", "G-single"]],
    "update-atomic": [["lost-update", "internal"], ["G-single"]],
    "cursor-stability": [["lost-update"], ["internal", "G2-item"]],
    "repeatable-read": [["lost-update", "G2-item", "G-single-item", "G-nonadjacent-item"], [
      "internal",
      "G2",
      "G-single",
    ]],
    "snapshot-isolation": [["internal", "lost-update", "G-single", "G-nonadjacent"], [
      "G2-item",
      "G2",
      "G-single-process",
    ]],
    "serializable": [["internal", "G2", "G2-item", "write-skew"], ["G0-process", "G2-realtime"]],
    "strong-session-read-committed": [["G0-process", "G1c-process"], ["G0-realtime", "G-single-process"]],
    "strong-session-snapshot-isolation": [["G-nonadjacent-process", "G1c-process"], ["G2-process", "G0-realtime"]],
    "strong-session-serializable": [["G2-process", "G2-item-process"], ["G2-item-realtime", "G0-realtime"]],
    "strict-serializable": [[...CYCLE_ANOMALIES, "internal", "lost-update"], []],
    "linearizable": [[], ["G0"]],
  };
  for (const [model, [out, allowed]] of Object.entries(expected)) {
    for (const anomaly of out) assert(rules(model, anomaly), `${model} ${anomaly}`);
    for (const anomaly of allowed) assert(!rules(model, anomaly), `${model} ${anomaly}`);
  }
});

Deno.test("proscribedAnomalies of several models are those of any of them", () => {
  const both = proscribedAnomalies(["update-atomic", "strong-read-committed"]);
  assertEquals(both, proscribedAnomalies(["update-atomic"]).union(proscribedAnomalies(["strong-read-committed"])));
  assertEquals(proscribedAnomalies([]), new Set());
});

Deno.test("proscribedAnomalies accepts friendly and canonical names alike", () => {
  assertEquals(proscribedAnomalies(["serializable"]), proscribedAnomalies(["PL-3"]));
  assertEquals(proscribedAnomalies(["strict-serializable"]), proscribedAnomalies(["strong-serializable"]));
});

Deno.test("proscribedAnomalies refuses an unknown model", () => {
  for (const model of ["read_committed", "", "constructor"]) {
    assertThrows(
      () => proscribedAnomalies([model]),
      RangeError,
      `Cannot check consistency model ${model}: expected one of 1SR, `,
    );
  }
});

Deno.test("ruledOutModels returns exactly the models that proscribe an anomaly", () => {
  for (const anomaly of [...CYCLE_ANOMALIES, "G1a", "G1b", "internal", "lost-update", "duplicate-elements"]) {
    const { not, also_not } = ruledOutModels([anomaly]);
    const out = new Set([...not, ...also_not]);
    for (const model of CONSISTENCY_MODELS) {
      const friendly = ["strict-serializable", "PL-SS"].includes(model) ? "strong-serializable" : model;
      if (!out.has(friendly) && out.size > 0 && proscribedAnomalies([model]).has(anomaly)) {
        // Canonical names and synonyms are replaced by the friendly name.
        assert(/PL-|conflict-serializable/.test(model), `${model} ${anomaly}`);
      }
      if (out.has(model)) assert(proscribedAnomalies([model]).has(anomaly), `${model} ${anomaly}`);
    }
  }
});

Deno.test("ruledOutModels separates the weakest models, and is empty if no model proscribes the anomaly", () => {
  assertEquals(ruledOutModels(["G0"]).not, ["read-uncommitted"]);
  assertEquals(ruledOutModels(["G1b", "lost-update"]).not, ["read-committed"]);
  assertEquals(ruledOutModels(["lost-update"]).not, ["cursor-stability", "update-atomic"]);
  assertEquals(ruledOutModels(["G2-realtime"]), { not: ["strong-serializable"], also_not: [] });
  assertEquals(ruledOutModels(["bad-hair-day"]), { not: [], also_not: [] });
});

Deno.test("permittedModels are not ruled out, and all others that are not ruled out are weaker", () => {
  const cases = [[], ["G0"], ["G1a"], ["internal"], ["lost-update"], ["G2-item"], ["G-single-item", "G1b"], [
    "G1c-realtime",
  ]];
  for (const anomalies of cases) {
    const { not, also_not } = ruledOutModels(anomalies);
    for (const order of [undefined, "process", "realtime"] as const) {
      const permitted = permittedModels(anomalies, order);
      for (const model of permitted) {
        assert(![...not, ...also_not].includes(model), `${anomalies}: ${model} is ruled out`);
        for (const anomaly of anomalies) assert(!proscribedAnomalies([model]).has(anomaly), `${model}: ${anomaly}`);
      }
    }
  }
});

Deno.test("permittedModels leaves out models that require an order that was not checked", () => {
  assertEquals(permittedModels([], undefined), ["serializable"]);
  assertEquals(permittedModels([], "process"), ["strong-session-serializable"]);
  assertEquals(permittedModels([], "realtime"), ["strong-serializable"]);
  assertEquals(permittedModels(["G1a"], undefined), ["read-uncommitted"]);
  assertEquals(permittedModels(["G1a"], "realtime"), ["strong-read-uncommitted"]);
  assertEquals(permittedModels(["G0"], "realtime"), []);
  assertEquals(permittedModels(["G2-item-realtime"], "realtime"), [
    "strong-session-serializable",
    "strong-snapshot-isolation",
  ]);
});

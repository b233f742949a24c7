/**
 * Consistency models: their names, which model implies which, and the anomalies that each proscribes. The tables are
 * those of `elle.consistency-model`, so that a model means the same here as in Elle.
 *
 * Sources: Adya, "Weak Consistency" (1999): PL-1 to PL-SS, G0 to G2. Adya, Liskov, O'Neil, "Generalized Isolation Level
 * Definitions" (2000). Bailis et al., "Highly Available Transactions" (2013). Cerone, Bernardi, Gotsman, "A Framework
 * for Transactional Consistency Models with Atomic Visibility" (2015). Daudjee, Salem, "Lazy Database Replication with
 * Snapshot Isolation" (2006). Zuikevičiūtė, Pedone, "Correctness Criteria for Database Replication" (2008).
 *
 * @module
 */

import { getOrInsert } from "../base/get_or_insert.ts";

/** By friendly name of a model, its canonical name: Adya's level if there is one. The tables below use the latter. */
const CANONICAL_NAMES: Record<string, string> = {
  "read-uncommitted": "PL-1",
  "read-committed": "PL-2",
  "monotonic-view": "PL-2L",
  "cursor-stability": "PL-CS",
  "monotonic-snapshot-read": "PL-MSR",
  "consistent-view": "PL-2+",
  "forward-consistent-view": "PL-FCV",
  "snapshot-isolation": "PL-SI",
  "repeatable-read": "PL-2.99",
  "update-serializable": "PL-3U",
  "conflict-serializable": "PL-3",
  "serializable": "PL-3",
  "strict-serializable": "PL-SS",
  "strong-serializable": "PL-SS",
  "strong-session-read-uncommitted": "strong-session-PL-1",
  "strong-session-read-committed": "strong-session-PL-2",
  "strong-read-uncommitted": "strong-PL-1",
  "strong-read-committed": "strong-PL-2",
};

/** By model, the models directly below it: a history that satisfies the model satisfies those as well. */
const WEAKER_MODELS: Record<string, readonly string[]> = {
  // Transactions
  "PL-2": ["PL-1"],
  "PL-2L": ["PL-2"],
  "PL-CS": ["PL-2"],
  "PL-MSR": ["PL-2"],
  "PL-2+": ["PL-CS", "PL-2L"],
  "PL-FCV": ["PL-2+"],
  "PL-2.99": ["PL-CS", "monotonic-atomic-view"],
  "PL-3U": ["PL-FCV"],
  "PL-SI": ["PL-FCV", "PL-MSR", "monotonic-atomic-view", "parallel-snapshot-isolation", "prefix"],
  "PL-3": ["PL-2.99", "PL-3U", "PL-SI", "view-serializable"],
  "PL-SS": [
    "PL-3",
    "PL-SI",
    "strong-snapshot-isolation",
    "strong-session-serializable",
    "session-serializable",
    "linearizable",
  ],
  "monotonic-atomic-view": ["PL-2"],
  "read-atomic": ["monotonic-atomic-view"],
  "causal-cerone": ["read-atomic"],
  "update-atomic": ["read-atomic"],
  "parallel-snapshot-isolation": ["causal-cerone", "update-atomic"],
  "prefix": ["causal-cerone"],
  "session-serializable": ["1SR"],
  // The same within a session, and in real time
  "strong-session-PL-1": ["PL-1"],
  "strong-session-PL-2": ["PL-2", "strong-session-PL-1"],
  "strong-session-snapshot-isolation": ["PL-SI", "strong-session-PL-2"],
  "strong-session-serializable": ["PL-3", "strong-session-snapshot-isolation"],
  "strong-PL-1": ["strong-session-PL-1"],
  "strong-PL-2": ["strong-session-PL-2", "strong-PL-1"],
  "strong-snapshot-isolation": ["strong-session-snapshot-isolation", "strong-PL-2"],
  // Single objects
  "linearizable": ["sequential"],
  "sequential": ["causal"],
  "causal": ["writes-follow-reads", "PRAM"],
  "PRAM": ["monotonic-reads", "monotonic-writes", "read-your-writes"],
};

/**
 * By model, the anomalies that it proscribes in addition to its weaker models.
 *
 * - `garbage-read` is in Elle's paper, but not in its tables. No history in Adya's sense contains one, so the weakest
 *   level proscribes it, as it does `duplicate-elements` and `cyclic-versions`. The same holds for `malformed-reply`.
 * - A `-cycle-exists` is a cycle that the model forbids, although it is none of the named anomalies that the model
 *   proscribes.
 */
const PROSCRIBED_ANOMALIES: Record<string, readonly string[]> = {
  "PL-1": ["G0", "duplicate-elements", "cyclic-versions", "garbage-read", "malformed-reply", "PL-1-cycle-exists"],
  "PL-2": ["G1", "PL-2-cycle-exists"],
  "PL-2L": ["G1", "G-monotonic"],
  "PL-CS": ["G1", "G-cursor", "lost-update"],
  "PL-MSR": ["G1", "G-MSR"],
  "PL-2+": ["G1", "G-single"],
  "PL-FCV": ["G1", "G-SIb"],
  "PL-2.99": ["G1", "G2-item", "lost-update", "PL-2.99-cycle-exists"],
  "PL-3U": ["G1", "G-update"],
  "PL-SI": ["internal", "G1", "G-SI", "G-nonadjacent", "PL-SI-cycle-exists"],
  "PL-3": ["internal", "G1", "G2", "predicate-read-miss", "PL-3-cycle-exists"],
  "PL-SS": ["G1", "G1c-realtime", "G2-realtime", "PL-SS-cycle-exists"],
  "read-atomic": ["internal", "G1a", "future-read"],
  "causal-cerone": ["internal", "G1a"],
  "update-atomic": ["lost-update"],
  "parallel-snapshot-isolation": ["internal", "G1a"],
  "prefix": ["internal", "G1a"],
  "strong-session-PL-1": ["G0-process", "strong-session-PL-1-cycle-exists"],
  "strong-session-PL-2": ["G1c-process", "strong-session-PL-2-cycle-exists"],
  "strong-session-snapshot-isolation": [
    "internal",
    "G1-process",
    "G-nonadjacent-process",
    "strong-session-snapshot-isolation-cycle-exists",
  ],
  "strong-session-serializable": ["G1-process", "G2-process", "strong-session-serializable-cycle-exists"],
  "strong-PL-1": ["G0-realtime", "strong-PL-1-cycle-exists"],
  "strong-PL-2": ["G1c-realtime", "strong-PL-2-cycle-exists"],
  "strong-snapshot-isolation": [
    "internal",
    "G1-realtime",
    "G-nonadjacent-realtime",
    "strong-snapshot-isolation-cycle-exists",
  ],
};

/** By anomaly, the more general anomalies directly above it: each case of the anomaly is a case of those as well. */
const IMPLIED_ANOMALIES: Record<string, readonly string[]> = {
  "incompatible-order": ["G1a"],
  "dirty-update": ["G1a"],
  "future-read": ["G1c"],
  "lost-update": ["write-skew", "G2-item"],
  "write-skew": ["G2"],
  "G1a": ["G1"],
  "G1b": ["G1"],
  "G0": ["G1c", "G0-process"],
  "G0-process": ["G1c-process", "G0-realtime"],
  "G0-realtime": ["G1c-realtime"],
  "G1c": ["G1", "G1c-process"],
  "G1c-process": ["G1-process", "G1c-realtime"],
  "G1c-realtime": ["G1-realtime"],
  "G1": ["G1-process"],
  "G1-process": ["G1-realtime"],
  "G-single-item": ["G-single", "G-nonadjacent-item", "G-single-item-process"],
  "G-single-item-process": ["G-single-process", "G-nonadjacent-item-process", "G-single-item-realtime"],
  "G-single-item-realtime": ["G-single-realtime", "G-nonadjacent-item-realtime"],
  "G-single": ["G-nonadjacent", "G-single-process"],
  "G-single-process": ["G-nonadjacent-process", "G-single-realtime"],
  "G-single-realtime": ["G-nonadjacent-realtime"],
  "G-nonadjacent-item": ["G-nonadjacent", "G2-item", "G-nonadjacent-item-process"],
  "G-nonadjacent-item-process": ["G-nonadjacent-process", "G2-item-process", "G-nonadjacent-item-realtime"],
  "G-nonadjacent-item-realtime": ["G-nonadjacent-realtime", "G2-item-realtime"],
  "G-nonadjacent": ["G2", "G-nonadjacent-process"],
  "G-nonadjacent-process": ["G2-process", "G-nonadjacent-realtime"],
  "G-nonadjacent-realtime": ["G2-realtime"],
  "G2-item": ["G2", "G2-item-process"],
  "G2-item-process": ["G2-process", "G2-item-realtime"],
  "G2-item-realtime": ["G2-realtime"],
  "G2": ["G2-process"],
  "G2-process": ["G2-realtime"],
};

/** The anomalies that are cycles of dependencies on data. */
const DATA_CYCLES = ["G0", "G1c", "G-single-item", "G-single", "G-nonadjacent-item", "G-nonadjacent", "G2-item", "G2"];

/** The anomalies that are cycles: of dependencies on data, alone or with process order or real-time order. */
export const CYCLE_ANOMALIES: readonly string[] = ["", "-process", "-realtime"].flatMap((order) =>
  DATA_CYCLES.map((cycle) => cycle + order)
);

/**
 * The names of all consistency models, canonical and friendly, sorted.
 *
 * @example
 * ```ts
 * import { assert } from "@std/assert";
 * import { CONSISTENCY_MODELS } from "./consistency_model.ts";
 *
 * assert(CONSISTENCY_MODELS.includes("read-committed") && CONSISTENCY_MODELS.includes("PL-2"));
 * ```
 */
export const CONSISTENCY_MODELS: readonly string[] = [
  ...new Set([...Object.entries(CANONICAL_NAMES).flat(), ...Object.entries(WEAKER_MODELS).flat(2)]),
].sort();

/** The friendly name that Elle prints, for models that have several. */
const PREFERRED_NAMES: Record<string, string> = { "PL-3": "serializable", "PL-SS": "strong-serializable" };

const FRIENDLY_NAMES: Record<string, string> = {
  ...Object.fromEntries(Object.entries(CANONICAL_NAMES).map(([friendly, canonical]) => [canonical, friendly])),
  ...PREFERRED_NAMES,
};

/**
 * Finds the anomalies that violate any of some models: those that the models and their weaker models proscribe, and
 * every anomaly that is a case of one of those.
 *
 * @param models Names from {@linkcode CONSISTENCY_MODELS}.
 * @throws {RangeError} A model is unknown.
 *
 * @example
 * ```ts
 * import { assert } from "@std/assert";
 * import { proscribedAnomalies } from "./consistency_model.ts";
 *
 * assert(proscribedAnomalies(["read-committed"]).has("G1a"));
 * assert(!proscribedAnomalies(["read-uncommitted"]).has("G1a"));
 * ```
 */
export function proscribedAnomalies(models: readonly string[]): Set<string> {
  const implied = reachable(WEAKER_MODELS, models.map(canonicalName));
  const direct = [...implied].flatMap((model) => PROSCRIBED_ANOMALIES[model] ?? []);
  return reachable(reversed(IMPLIED_ANOMALIES), direct);
}

/** Finds the more general anomalies that some anomalies are cases of. The result includes the anomalies themselves. */
export function impliedAnomalies(anomalies: readonly string[]): Set<string> {
  return reachable(IMPLIED_ANOMALIES, anomalies);
}

/** Finds the models that a history with these anomalies cannot satisfy. Their names are canonical. */
export function impossibleModels(anomalies: readonly string[]): Set<string> {
  return new Set(anomalies.flatMap((anomaly) => [...modelsRuledOutBy(anomaly)]));
}

/** Cache of {@linkcode modelsRuledOutBy}, which depends on the tables alone. */
const RULED_OUT_BY = new Map<string, Set<string>>();

function modelsRuledOutBy(anomaly: string): Set<string> {
  return getOrInsert(RULED_OUT_BY, anomaly, () => {
    const implied = impliedAnomalies([anomaly]);
    const direct = Object.keys(PROSCRIBED_ANOMALIES).filter((model) =>
      PROSCRIBED_ANOMALIES[model]!.some((proscribed) => implied.has(proscribed))
    );
    return reachable(reversed(WEAKER_MODELS), direct);
  });
}

/** An order of transactions in time: that of each process, or real time. */
export type Order = "process" | "realtime";

/** Finds the order that the models require a history to respect, if any. Real-time order includes process order. */
export function requiredOrder(models: readonly string[]): Order | undefined {
  const proscribed = [...proscribedAnomalies(models)];
  if (proscribed.some((type) => type.endsWith("-realtime"))) return "realtime";
  return proscribed.some((type) => type.endsWith("-process")) ? "process" : undefined;
}

/**
 * Finds the strongest models that a history with these anomalies may still satisfy. Their names are friendly and
 * sorted. Models that proscribe no anomaly are left out, since no history could rule them out.
 *
 * @param order The order in which anomalies were looked for. Models that require another order are left out.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { permittedModels } from "./consistency_model.ts";
 *
 * assertEquals(permittedModels([], "realtime"), ["strong-serializable"]);
 * assertEquals(permittedModels(["G2-item"], undefined), ["snapshot-isolation", "update-serializable"]);
 * ```
 */
export function permittedModels(anomalies: readonly string[], order: Order | undefined): string[] {
  const impossible = impossibleModels(anomalies);
  const wasChecked = (model: string) => {
    const required = requiredOrder([model]);
    return required === undefined || required === order || order === "realtime";
  };
  const possible = Object.keys(PROSCRIBED_ANOMALIES).filter((model) => !impossible.has(model) && wasChecked(model));
  const weaker = new Set(possible.flatMap((model) => WEAKER_MODELS[model] ?? []));
  const implied = reachable(WEAKER_MODELS, [...weaker]);
  return friendlyNames(possible.filter((model) => !implied.has(model)));
}

/** The models that a history cannot satisfy. */
export interface RuledOutModels {
  /** The weakest of them. */
  not: string[];
  /** The others, which are stronger. */
  also_not: string[];
}

/**
 * Finds the models that a history with these anomalies cannot satisfy. Their names are friendly and sorted.
 *
 * @param anomalies Names of anomalies. Those that no model proscribes have no effect.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { ruledOutModels } from "./consistency_model.ts";
 *
 * assertEquals(ruledOutModels(["G1a"]).not, ["read-committed"]);
 * ```
 */
export function ruledOutModels(anomalies: readonly string[]): RuledOutModels {
  const impossible = impossibleModels(anomalies);
  const isWeakest = (model: string) =>
    [...reachable(WEAKER_MODELS, [model])].every((weaker) => weaker === model || !impossible.has(weaker));
  return {
    not: friendlyNames([...impossible].filter(isWeakest)),
    also_not: friendlyNames([...impossible].filter((model) => !isWeakest(model))),
  };
}

function friendlyNames(models: readonly string[]): string[] {
  return models.map((model) => FRIENDLY_NAMES[model] ?? model).sort();
}

function canonicalName(model: string): string {
  if (!CONSISTENCY_MODELS.includes(model)) {
    throw new RangeError(`Cannot check consistency model ${model}: expected one of ${CONSISTENCY_MODELS.join(", ")}`);
  }
  return CANONICAL_NAMES[model] ?? model;
}

/** Finds all vertices of a graph that can be reached from some vertices, which are included. */
function reachable(graph: Record<string, readonly string[]>, from: readonly string[]): Set<string> {
  const reached = new Set(from);
  // The iteration of a set also visits elements that are added during it.
  for (const vertex of reached) graph[vertex]?.forEach((next) => reached.add(next));
  return reached;
}

function reversed(graph: Record<string, readonly string[]>): Record<string, string[]> {
  const result: Record<string, string[]> = {};
  for (const [from, tos] of Object.entries(graph)) {
    for (const to of tos) (result[to] ??= []).push(from);
  }
  return result;
}

/**
 * Writes results as Jepsen's `results.edn`, so that tools for its runs read ours. `engines/maelstrom_results.ts` reads
 * them back.
 *
 * Figures have Jepsen's names. The evidence for an anomaly is in words; Jepsen has the operations there.
 *
 * @module
 */

import type { Validity } from "../../checkers/verdict.ts";
import { formatEDN, Keyword } from "../../history/edn_writer.ts";
import type { OperationCounts } from "../../checkers/stats.ts";
import type { Results } from "../results.ts";

/**
 * Formats results as one EDN map, a line for each checker.
 *
 * @example
 * ```ts
 * import { assertStringIncludes } from "@std/assert";
 * import { formatEDNResults } from "./results_edn.ts";
 *
 * const edn = formatEDNResults({
 *   operations: { count: 2, ok: 1, fail: 1, info: 0, by_f: {} },
 *   availability: { valid: true, ok_fraction: 0.5 },
 *   net: null,
 *   result: { valid: "unknown", stable_count: 0 },
 *   anomalies: [],
 *   exceptions: [],
 *   valid: "unknown",
 * });
 * assertStringIncludes(edn, ":availability {:valid? true, :ok-fraction 0.5},\n");
 * assertStringIncludes(edn, ":workload {:valid? :unknown, :stable-count 0},\n");
 * ```
 */
export function formatEDNResults(
  { operations, availability, net, result, anomalies, exceptions, valid }: Pick<
    Results,
    "operations" | "availability" | "net" | "result" | "anomalies" | "exceptions" | "valid"
  >,
): string {
  const has = (type: string) => anomalies.some((anomaly) => anomaly.type === type);
  const checkers = {
    "exceptions": { "valid?": true, ...exceptions.length > 0 ? { exceptions: exceptions.map(exceptionOf) } : {} },
    "stats": operations && { "valid?": !has("never-succeeded"), ...statistics(operations) },
    "availability": availability && withJepsenNames(availability),
    "net": net && { ...withJepsenNames(net, 1), "valid?": true },
    "workload": { ...withJepsenNames(result), ...evidence(anomalies) },
    "valid?": validity(valid),
  };
  const lines = Object.entries(checkers).filter(([, verdict]) => verdict !== null)
    .map(([name, verdict]) => `:${name} ${formatEDN(verdict)}`);
  return `{${lines.join(",\n ")}}\n`;
}

function validity(valid: Validity): boolean | Keyword {
  return typeof valid === "boolean" ? valid : new Keyword(valid);
}

/** Names fields as Jepsen does: `ok_fraction` becomes `ok-fraction`. `depth` is that of objects with such fields. */
function withJepsenNames(fields: object, depth = 0): Record<string, unknown> {
  const entries = Object.entries(fields).map(([name, value]): [string, unknown] => {
    if (name === "valid") return ["valid?", validity(value)];
    return [name.replaceAll("_", "-"), depth > 0 ? withJepsenNames(value, depth - 1) : value];
  });
  return Object.fromEntries(entries);
}

function statistics({ by_f, ...all }: NonNullable<Results["operations"]>): Record<string, unknown> {
  const byF = Object.entries(by_f).map(([f, counts]) => [f, { "valid?": counts.ok > 0, ...countsOf(counts) }]);
  return { ...countsOf(all), "by-f": Object.fromEntries(byF) };
}

function countsOf({ count, ok, fail, info }: OperationCounts): Record<string, number> {
  return { "count": count, "ok-count": ok, "fail-count": fail, "info-count": info };
}

/** The anomalies in the form of Elle's: their types, and for each what is known of it. */
function evidence(anomalies: Results["anomalies"]): Record<string, unknown> {
  if (anomalies.length === 0) return {};
  const byType = Map.groupBy(anomalies, ({ type }) => type);
  return {
    "anomaly-types": Array.from(byType.keys(), (type) => new Keyword(type)),
    "anomalies": Object.fromEntries(Array.from(byType, ([type, cases]) => [
      type,
      cases.map(({ count, explanation }) => ({ count, explanation })),
    ])),
  };
}

function exceptionOf({ type, message, count }: Results["exceptions"][number]): Record<string, unknown> {
  return { class: type, count, message };
}

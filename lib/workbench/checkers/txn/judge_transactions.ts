/**
 * The verdict on a history of transactions.
 *
 * @module
 */

import {
  type Order,
  permittedModels,
  proscribedAnomalies,
  requiredOrder,
  ruledOutModels,
} from "../consistency_model.ts";
import type { Anomaly, Verdict } from "../verdict.ts";
import type { Transaction } from "./transactions.ts";

/**
 * Judges a history by consistency models.
 *
 * @param anomalies All anomalies found.
 * @param models The consistency models asked for, from `CONSISTENCY_MODELS`.
 * @param findInSessions See `InferredAnomalies`: these cycles rule out session models. Called only if it matters.
 * @returns Invalid if one of the models proscribes an anomaly that was found; unknown if no transaction was
 *   acknowledged. Contains
 *
 *   - `anomalies`: all of them; those that the models permit are marked as allowed;
 *   - `anomaly_types`: the types that the models proscribe;
 *   - `not` and `also_not`: the models that any of the anomalies rules out: the weakest ones, and the others;
 *   - `permits`: the strongest models that nothing rules out, of those whose anomalies were looked for.
 */
export function judgeTransactions(
  transactions: readonly Transaction[],
  anomalies: readonly Anomaly[],
  models: readonly string[],
  findInSessions: () => readonly string[],
): Verdict {
  // A reply to another transaction is wrong under every model, also under those that proscribe nothing.
  const proscribed = proscribedAnomalies(models).add("malformed-reply");
  if (!transactions.some(isAcknowledged)) return NOTHING_ACKNOWLEDGED;
  const forbidden = anomalies.filter(({ type }) => proscribed.has(type));
  const allowed = anomalies.filter(({ type }) => !proscribed.has(type));
  const types = anomalies.map(({ type }) => type);
  return {
    valid: forbidden.length === 0,
    anomalies: [...forbidden, ...allowed.map((anomaly) => ({ ...anomaly, allowed: true }))],
    anomaly_types: forbidden.map(({ type }) => type).sort(),
    ...ruledOutModels(types),
    permits: findPermitted(types, requiredOrder(models), findInSessions),
  };
}

function findPermitted(
  types: readonly string[],
  order: Order | undefined,
  findInSessions: () => readonly string[],
): string[] {
  const permitted = permittedModels(types, order);
  const namesSessions = permitted.some((model) => requiredOrder([model]) === "process");
  return namesSessions ? permittedModels([...types, ...findInSessions()], order) : permitted;
}

function isAcknowledged({ type, misanswered }: Transaction): boolean {
  return type === "ok" || misanswered !== undefined;
}

const NOTHING_ACKNOWLEDGED: Verdict = {
  valid: "unknown",
  anomalies: [{
    type: "empty-transaction-graph",
    count: 1,
    explanation: "No transaction was acknowledged, so there is nothing to check",
  }],
  anomaly_types: ["empty-transaction-graph"],
  not: [],
  also_not: [],
  permits: [],
};

/**
 * Reads Maelstrom's `results.edn` as {@linkcode Results}: the same figures under the same names as the workbench's own.
 *
 * @module
 */

import { EXAMPLES, explain, outcome, seconds } from "../checkers/explain.ts";
import { show } from "../base/text.ts";
import type { Anomaly, Validity, Verdict } from "../checkers/verdict.ts";
import { parseEDN } from "../history/edn.ts";
import { judgeTarget } from "../run/judge.ts";
import type { Operation } from "../history/operation.ts";
import type { Results, TargetLimit } from "../run/results.ts";
import type { MessageCounts } from "../world/network/journal.ts";
import type { OperationCounts } from "../checkers/stats.ts";
import type { TestException } from "../base/test_exception.ts";

/** What `results.edn` does not say of the run. */
export interface MaelstromRun {
  /** Such as `"3e"`, or null for a plain test. */
  challenge: string | null;
  workload: string;
  limits: readonly TargetLimit[];
  /** The folder of the run. */
  store: string | null;
}

/** A map of EDN whose keys are keywords. */
type Fields = Record<string, unknown>;

/**
 * Reads the results of Maelstrom.
 *
 * @param text What `results.edn` holds.
 * @param run What it does not say.
 * @throws {SyntaxError} The text is not EDN, or not the results of a test.
 */
export function maelstromResults(text: string, run: MaelstromRun): Results {
  const parsed = parseEDN(text);
  const edn = fields(parsed[0]);
  if (parsed.length !== 1 || edn === undefined || !("valid?" in edn)) {
    throw new SyntaxError("Cannot read Maelstrom's results: expected one map with :valid?");
  }
  const { anomalies = [], ...result } = workloadVerdict(fields(edn.workload) ?? {}, run.workload);
  const results: Results = {
    schema: 1,
    challenge: run.challenge,
    workload: run.workload,
    engine: "maelstrom",
    mode: "process",
    seed: null,
    valid: validity(edn["valid?"]),
    passed: false,
    operations: operations(fields(edn.stats)),
    availability: availability(fields(edn.availability)),
    net: net(fields(edn.net)),
    latency_ms: null,
    result,
    anomalies: [...anomalies, ...otherAnomalies(edn)],
    targets: [],
    exceptions: [...clientExceptions(fields(edn.exceptions)), ...checkerCrashes(edn)],
    store: run.store,
  };
  results.targets = run.limits.map((limit) => judgeTarget(limit, results));
  results.passed = results.valid === true && results.targets.every(({ met }) => met);
  return results;
}

function fields(value: unknown): Fields | undefined {
  return typeof value === "object" && value !== null && !Array.isArray(value) && !(value instanceof Map)
    ? value as Fields
    : undefined;
}

function list(value: unknown): unknown[] {
  return Array.isArray(value) ? value : [];
}

function validity(value: unknown): Validity {
  return typeof value === "boolean" ? value : "unknown";
}

function operations(stats: Fields | undefined): Results["operations"] {
  if (stats === undefined || !("count" in stats)) return null;
  const counts = (of: Fields): OperationCounts => ({
    count: Number(of.count),
    ok: Number(of["ok-count"]),
    fail: Number(of["fail-count"]),
    info: Number(of["info-count"]),
  });
  const byF = Object.entries(fields(stats["by-f"]) ?? {});
  return { ...counts(stats), by_f: Object.fromEntries(byF.map(([f, of]) => [f, counts(fields(of)!)])) };
}

function availability(checked: Fields | undefined): Results["availability"] {
  if (typeof checked?.["ok-fraction"] !== "number") return null;
  return { valid: validity(checked["valid?"]), ok_fraction: checked["ok-fraction"] };
}

function net(checked: Fields | undefined): Results["net"] {
  const [all, clients, servers] = ["all", "clients", "servers"].map((group) => fields(checked?.[group]));
  if (all === undefined || clients === undefined || servers === undefined) return null;
  const counts = (of: Fields): MessageCounts => ({
    send_count: Number(of["send-count"]),
    recv_count: Number(of["recv-count"]),
    msg_count: Number(of["msg-count"]),
  });
  const perOperation = (of: Fields) => typeof of["msgs-per-op"] === "number" ? of["msgs-per-op"] : null;
  return {
    all: { ...counts(all), msgs_per_op: perOperation(all) },
    clients: counts(clients),
    servers: { ...counts(servers), msgs_per_op: perOperation(servers) },
  };
}

/** The verdict of the workload's checker; evidence that its anomalies tell in words is left out. */
function workloadVerdict(checked: Fields, workload: string): Verdict {
  const told = new Set(["valid?", "anomalies", ...list(checked["error-types"]) as string[]]);
  const rest = Object.entries(checked).filter(([name]) => !told.has(name));
  const verdict: Verdict = { valid: validity(checked["valid?"]), ...toJSON(Object.fromEntries(rest)) as Fields };
  if ("duplicated" in checked) {
    const name = workload === "unique-ids" ? "id" : "element";
    verdict.duplicated = entries(checked.duplicated).map(([value, count]) => ({ [name]: toJSON(value), count }));
  }
  return { ...verdict, anomalies: ANOMALIES[workload]?.(checked) ?? [] };
}

/** Plain JSON: names in snake_case, keys of maps as strings. */
function toJSON(value: unknown): unknown {
  if (typeof value === "bigint") return String(value);
  if (Array.isArray(value)) return value.map(toJSON);
  if (value instanceof Map) {
    return Object.fromEntries(
      [...value].map(([key, item]) => [typeof key === "object" ? show(key) : String(key), toJSON(item)]),
    );
  }
  if (typeof value !== "object" || value === null) return value;
  const snake = (name: string) => name.replace(/\?$/, "").replaceAll("-", "_");
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [snake(name), toJSON(item)]));
}

/** The entries of a map, whatever its keys are. */
function entries(value: unknown): [unknown, unknown][] {
  if (value instanceof Map) return [...value];
  return Object.entries(fields(value) ?? {});
}

/** How each workload's checker shows what went wrong. */
const ANOMALIES: Record<string, (checked: Fields) => Anomaly[]> = {
  echo: ({ errors }) => found("wrong-echo", list(errors), tellEcho),
  "unique-ids": uniqueIdAnomalies,
  broadcast: setAnomalies,
  "g-set": setAnomalies,
  "g-counter": counterAnomalies,
  "pn-counter": counterAnomalies,
  kafka: kafkaAnomalies,
  "lin-kv": linearizabilityAnomalies,
  "txn-list-append": transactionAnomalies,
  "txn-rw-register": transactionAnomalies,
};

/** An anomaly, where there are cases of it; `count` where not all of them are listed. */
function found<Case>(
  type: string,
  cases: readonly Case[],
  tell: (example: Case) => string,
  count = cases.length,
): Anomaly[] {
  return cases.length === 0 ? [] : [{ ...explain(type, cases, tell), count }];
}

/** The checker gives four texts: a heading, what was sent, a heading, what came back. */
function tellEcho(error: unknown): string {
  const [, sent, , received] = list(error);
  return `A client sent ${show(sent)} and got ${show(received)}, which does not echo it`;
}

function uniqueIdAnomalies({ duplicated, "duplicated-count": count }: Fields): Anomaly[] {
  const tell = ([id, times]: [unknown, unknown]) => `Id ${show(id)} was given ${times} times`;
  return found("duplicate-id", entries(duplicated), tell, Number(count));
}

function setAnomalies(checked: Fields): Anomaly[] {
  return [
    ...found(
      "lost",
      list(checked.lost),
      (element) => `Element ${show(element)} was known, but was missing from reads for good`,
    ),
    ...found(
      "duplicated",
      entries(checked.duplicated),
      ([element, count]) => `Element ${show(element)} was read ${count} times over`,
    ),
  ];
}

function counterAnomalies({ errors, acceptable }: Fields): Anomaly[] {
  return found("wrong-sum", list(errors), (read) => {
    return `${tellOperation(read)} is a final read outside of what the adds come to, ${show(acceptable)}`;
  });
}

function kafkaAnomalies(checked: Fields): Anomaly[] {
  return (list(checked["error-types"]) as string[]).flatMap((type) => {
    if (type === "unseen") {
      const unseen = entries(fields(checked.unseen)?.unseen);
      const total = unseen.reduce((sum, [, count]) => sum + Number(count), 0);
      return found(
        type,
        unseen,
        tellUnseen,
        total,
      );
    }
    const evidence = fields(checked[type]);
    const errors = list(evidence?.errs ?? checked[type]);
    return found(type, errors, tellCase, Number(evidence?.count ?? errors.length));
  });
}

function tellUnseen([key, count]: [unknown, unknown]): string {
  return `Key ${show(key)} has ${count} ${count === 1 ? "message" : "messages"} that no poll ever saw`;
}

function linearizabilityAnomalies({ failures, results }: Fields): Anomaly[] {
  const byKey = new Map(entries(results));
  return found("nonlinearizable", list(failures), (key) => {
    const checked = fields(fields(byKey.get(key))?.linearizable);
    return `Key ${show(key)} is not linearizable: ${tellOperation(checked?.op)} fits nowhere after ${
      tellOperation(checked?.["previous-ok"])
    }`;
  });
}

function transactionAnomalies({ anomalies, "anomaly-types": types }: Fields): Anomaly[] {
  const evidence = fields(anomalies) ?? {};
  return (list(types) as string[]).flatMap((type) => {
    const cases = Array.isArray(evidence[type]) ? evidence[type] : [evidence[type]];
    return found(type, cases, tellCase);
  });
}

/** One case in words: what the checker says of it, then its operations one by one. */
function tellCase(example: unknown): string {
  const { cycle, steps, txns, op, type: _type, ...rest } = fields(example) ?? { value: example };
  const details = Object.entries(rest).filter(([, value]) => !isOperation(value));
  const operations = Object.entries(rest).filter(([, value]) => isOperation(value));
  return [
    details.map(([name, value]) => `${name} ${show(value)}`).join(", "),
    ...op === undefined ? [] : [tellOperation(op)],
    ...operations.map(([name, operation]) => `${name.replaceAll("-", " ")}: ${tellOperation(operation)}`),
    ...list(txns).slice(0, EXAMPLES).map(tellOperation),
    tellCycle(list(cycle), list(steps)),
  ].filter((part) => part !== "").join("; ");
}

/** The operations of a cycle, with what leads from each to the next; the last one is the first again. */
function tellCycle(cycle: readonly unknown[], steps: readonly unknown[]): string {
  return cycle.map((operation, index) => {
    if (index === 0) return tellOperation(operation);
    const { type, key } = fields(steps[index - 1]) ?? {};
    const dependency = `by ${type ?? "dependency"}${key === undefined ? "" : ` of key ${show(key)}`}`;
    return `${dependency} to ${index === cycle.length - 1 ? "the first again" : tellOperation(operation)}`;
  }).join("; ");
}

function isOperation(value: unknown): boolean {
  const operation = fields(value);
  return operation?.f !== undefined && operation.process !== undefined;
}

function tellOperation(value: unknown): string {
  if (!isOperation(value)) return show(value);
  const operation = value as Operation;
  return `${operation.f} ${show(operation.value, 100)} of process ${operation.process}, ${outcome(operation)}`;
}

/** What the checkers of every workload find: an availability too low, a function that never succeeded. */
function otherAnomalies({ availability, stats }: Fields): Anomaly[] {
  const found: Anomaly[] = [];
  const checked = fields(availability);
  if (checked?.["valid?"] === false) {
    const explanation = `Only a fraction of ${checked["ok-fraction"]} of all operations succeeded`;
    found.push({ type: "unavailable", count: 1, explanation });
  }
  if (fields(stats)?.["valid?"] !== false) return found;
  for (const [f, counts] of entries(fields(stats)!["by-f"])) {
    // A crash never succeeds, and need not.
    if (f === "crash" || fields(counts)?.["valid?"] !== false) continue;
    found.push({
      type: "never-succeeded",
      count: 1,
      explanation: `Not one ${f} of ${fields(counts)!.count} succeeded`,
    });
  }
  return found;
}

function clientExceptions(checked: Fields | undefined): TestException[] {
  return list(checked?.exceptions).map((exception) => {
    const { class: name, count, example } = fields(exception) ?? {};
    const operation = fields(example);
    const at = typeof operation?.time === "number" ? `, first at ${seconds(operation.time)}` : "";
    return {
      type: "client-crashed",
      message: `Maelstrom's client threw ${name}${at}: ${tellOperation(example)}`,
      count: Number(count ?? 1),
    };
  });
}

/** A checker of Jepsen's that crashes leaves its error in the place of its verdict. */
function checkerCrashes(edn: Fields): TestException[] {
  return Object.entries(edn).flatMap(([name, value]) => {
    const error = fields(value)?.error;
    if (error === undefined || error === null) return [];
    const message = `Maelstrom's checker ${name} crashed: ${String(error).split("\n")[0]}`;
    return [{ type: "checker-crashed", message, count: 1 }];
  });
}

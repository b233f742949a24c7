/**
 * Reads Maelstrom's `results.edn` into {@linkcode Results}, with the figures and names of the workbench's own results:
 *
 * 1. Parses the EDN.
 * 2. Copies the figures of Jepsen's checkers: operations, availability, messages, the workload's verdict.
 * 3. Turns the evidence for each anomaly into a sentence.
 * 4. Judges the limits of the challenge.
 *
 * @module
 */

import { show } from "../base/text.ts";
import { EXAMPLES, explainCases, outcome, seconds } from "../checkers/explain.ts";
import type { Anomaly, Validity, Verdict } from "../checkers/verdict.ts";
import { parseEDN } from "../history/edn.ts";
import { judgeTarget, passedBy } from "../run/judge.ts";
import type { Operation } from "../history/operation.ts";
import type { Results, TargetLimit } from "../run/results.ts";
import type { MessageCounts } from "../world/network/journal.ts";
import type { OperationCounts } from "../checkers/stats.ts";
import type { TestException } from "../base/test_exception.ts";

/** Facts about a run that `results.edn` does not contain. */
export interface MaelstromRun {
  /** Number of the challenge, such as `"3e"`; null for a plain test. */
  challenge: string | null;
  workload: string;
  limits: readonly TargetLimit[];
  /** Latencies and pace, which only the history shows. */
  fromHistory?: Pick<Results, "latency_ms" | "duration_ms" | "ops_per_second">;
  /** Folder of the run. */
  store: string | null;
}

/** An EDN map whose keys are keywords. */
type Fields = Record<string, unknown>;

/**
 * Reads the results of one test.
 *
 * @param text Content of `results.edn`.
 * @throws {SyntaxError} The text is not EDN, or not the results of a test.
 */
export function maelstromResults(text: string, run: MaelstromRun): Results {
  const edn = parseResults(text);
  const { anomalies = [], ...result } = readWorkloadVerdict(asFields(edn.workload) ?? {}, run.workload);
  const unjudged: Omit<Results, "valid" | "passed" | "maelstrom" | "decided_by" | "targets"> = {
    schema: 1,
    challenge: run.challenge,
    workload: run.workload,
    engine: "maelstrom",
    mode: "process",
    seed: null,
    operations: readOperations(asFields(edn.stats)),
    availability: readAvailability(asFields(edn.availability)),
    net: readNet(asFields(edn.net)),
    ...run.fromHistory ?? { latency_ms: null },
    result,
    anomalies: [...anomalies, ...generalAnomalies(edn)],
    exceptions: [...clientExceptions(asFields(edn.exceptions)), ...checkerCrashes(edn)],
    store: run.store,
  };
  const targets = run.limits.map((limit) => judgeTarget(limit, unjudged));
  const verdict = passedBy(readValidity(edn["valid?"]), targets);
  return { ...unjudged, ...verdict, maelstrom: verdict, decided_by: "maelstrom", targets };
}

/**
 * Reads the counts of messages of one test, and nothing else of its results.
 *
 * @param text Content of `results.edn`.
 * @returns Null if there are none, or if they are damaged.
 * @throws {SyntaxError} The text is not EDN, or not the results of a test.
 */
export function maelstromNet(text: string): Results["net"] {
  return readNet(asFields(parseResults(text).net));
}

function parseResults(text: string): Fields {
  const parsed = parseEDN(text);
  const edn = asFields(parsed[0]);
  if (parsed.length === 1 && edn !== undefined && "valid?" in edn) return edn;
  throw new SyntaxError("Cannot read Maelstrom's results: expected one map with :valid?");
}

/** Returns the value if it is a map with keyword keys. */
function asFields(value: unknown): Fields | undefined {
  return typeof value === "object" && value !== null && !Array.isArray(value) && !(value instanceof Map)
    ? value as Fields
    : undefined;
}

function asList(value: unknown): unknown[] {
  return Array.isArray(value) ? value : [];
}

function readValidity(value: unknown): Validity {
  return typeof value === "boolean" ? value : "unknown";
}

function readOperations(stats: Fields | undefined): Results["operations"] {
  if (stats === undefined || !("count" in stats)) return null;
  const counts = (group: Fields): OperationCounts => ({
    count: Number(group.count),
    ok: Number(group["ok-count"]),
    fail: Number(group["fail-count"]),
    info: Number(group["info-count"]),
  });
  const byF = Object.entries(asFields(stats["by-f"]) ?? {});
  return { ...counts(stats), by_f: Object.fromEntries(byF.map(([f, group]) => [f, counts(asFields(group)!)])) };
}

function readAvailability(verdict: Fields | undefined): Results["availability"] {
  if (typeof verdict?.["ok-fraction"] !== "number") return null;
  return { valid: readValidity(verdict["valid?"]), ok_fraction: verdict["ok-fraction"] };
}

function readNet(verdict: Fields | undefined): Results["net"] {
  const [all, clients, servers] = ["all", "clients", "servers"].map((name) => asFields(verdict?.[name]));
  if (all === undefined || clients === undefined || servers === undefined) return null;
  const counts = (group: Fields): MessageCounts => ({
    send_count: Number(group["send-count"]),
    recv_count: Number(group["recv-count"]),
    msg_count: Number(group["msg-count"]),
  });
  const areNumbers = (group: Fields) => Object.values(counts(group)).every(Number.isFinite);
  if (![all, clients, servers].every(areNumbers)) return null;
  const perOperation = ({ "msgs-per-op": count }: Fields) => typeof count === "number" ? count : null;
  return {
    all: { ...counts(all), msgs_per_op: perOperation(all) },
    clients: counts(clients),
    servers: { ...counts(servers), msgs_per_op: perOperation(servers) },
  };
}

/** Reads the verdict of the workload's checker. Its evidence is left out: the anomalies have it in words. */
function readWorkloadVerdict(edn: Fields, workload: string): Verdict {
  const evidence = new Set(["valid?", "anomalies", ...asList(edn["error-types"]) as string[]]);
  const rest = Object.entries(edn).filter(([name]) => !evidence.has(name));
  const verdict: Verdict = { valid: readValidity(edn["valid?"]), ...toJSON(Object.fromEntries(rest)) as Fields };
  const anomalies = ANOMALIES[workload]?.(edn) ?? [];
  if (!("duplicated" in edn)) return { ...verdict, anomalies };
  const name = workload === "unique-ids" ? "id" : "element";
  const duplicated = entriesOf(edn.duplicated).map(([value, count]) => ({ [name]: toJSON(value), count }));
  return { ...verdict, duplicated, anomalies };
}

/** Converts EDN to plain JSON: names in snake_case, keys of maps as strings. */
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

/** Returns the entries of a map with keys of any kind. */
function entriesOf(value: unknown): [unknown, unknown][] {
  if (value instanceof Map) return [...value];
  return Object.entries(asFields(value) ?? {});
}

/** For each workload, a function that reads the anomalies from its checker's verdict. */
const ANOMALIES: Record<string, (verdict: Fields) => Anomaly[]> = {
  echo: ({ errors }) => found("wrong-echo", asList(errors), describeEcho),
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

/**
 * Returns an anomaly, or none if there are no cases of it.
 *
 * @param count Number of cases, if `cases` does not list all.
 */
function found<Case>(
  type: string,
  cases: readonly Case[],
  describe: (example: Case) => string,
  count = cases.length,
): Anomaly[] {
  return explainCases(type, cases, describe).map((anomaly) => ({ ...anomaly, count }));
}

/** @param error Four texts: a heading, the request, a heading, the reply. */
function describeEcho(error: unknown): string {
  const [, sent, , received] = asList(error);
  return `A client sent ${show(sent)} and got ${show(received)}, which does not echo it`;
}

function uniqueIdAnomalies({ duplicated, "duplicated-count": count }: Fields): Anomaly[] {
  const describe = ([id, times]: [unknown, unknown]) => `Id ${show(id)} was given ${times} times`;
  return found("duplicate-id", entriesOf(duplicated), describe, Number(count));
}

function setAnomalies(verdict: Fields): Anomaly[] {
  return [
    ...found(
      "lost",
      asList(verdict.lost),
      (element) => `Element ${show(element)} was known, but every later read lacked it`,
    ),
    ...found(
      "duplicated",
      entriesOf(verdict.duplicated),
      ([element, count]) => `Element ${show(element)} appeared ${count} times in one read`,
    ),
  ];
}

function counterAnomalies({ errors, acceptable }: Fields): Anomaly[] {
  return found("wrong-sum", asList(errors), (read) => {
    return `${describeOperation(read)} is a final read outside of the sums that the adds allow, ${show(acceptable)}`;
  });
}

function kafkaAnomalies(verdict: Fields): Anomaly[] {
  return (asList(verdict["error-types"]) as string[]).flatMap((type) => {
    if (type === "unseen") {
      const unseen = entriesOf(asFields(verdict.unseen)?.unseen);
      const total = unseen.reduce((sum, [, count]) => sum + Number(count), 0);
      return found(type, unseen, describeUnseen, total);
    }
    const evidence = asFields(verdict[type]);
    const errors = asList(evidence?.errs ?? verdict[type]);
    return found(type, errors, describeCase, Number(evidence?.count ?? errors.length));
  });
}

function describeUnseen([key, count]: [unknown, unknown]): string {
  return `Key ${show(key)} has ${count} ${count === 1 ? "message" : "messages"} that no poll ever saw`;
}

function linearizabilityAnomalies({ failures, results }: Fields): Anomaly[] {
  const byKey = new Map(entriesOf(results));
  return found("nonlinearizable", asList(failures), (key) => {
    const verdict = asFields(asFields(byKey.get(key))?.linearizable);
    return `Key ${show(key)} is not linearizable: ${describeOperation(verdict?.op)} cannot take effect after ${
      describeOperation(verdict?.["previous-ok"])
    }`;
  });
}

function transactionAnomalies({ anomalies, "anomaly-types": types }: Fields): Anomaly[] {
  const evidence = asFields(anomalies) ?? {};
  return (asList(types) as string[]).flatMap((type) => {
    const cases = Array.isArray(evidence[type]) ? evidence[type] : [evidence[type]];
    return found(type, cases, describeCase);
  });
}

/** Describes one case: the checker's details, then its operations. */
function describeCase(example: unknown): string {
  const { cycle, steps, txns, op, type: _type, ...rest } = asFields(example) ?? { value: example };
  const details = Object.entries(rest).filter(([, value]) => !isOperation(value));
  const operations = Object.entries(rest).filter(([, value]) => isOperation(value));
  return [
    details.map(([name, value]) => `${name} ${show(value)}`).join(", "),
    ...op === undefined ? [] : [describeOperation(op)],
    ...operations.map(([name, operation]) => `${name.replaceAll("-", " ")}: ${describeOperation(operation)}`),
    ...asList(txns).slice(0, EXAMPLES).map(describeOperation),
    describeCycle(asList(cycle), asList(steps)),
  ].filter((part) => part !== "").join("; ");
}

/** Describes a cycle: its operations with the dependencies between them. The last operation is the first again. */
function describeCycle(cycle: readonly unknown[], steps: readonly unknown[]): string {
  return cycle.map((operation, index) => {
    if (index === 0) return describeOperation(operation);
    const { type, key } = asFields(steps[index - 1]) ?? {};
    const dependency = `by ${type ?? "dependency"}${key === undefined ? "" : ` of key ${show(key)}`}`;
    return `${dependency} to ${index === cycle.length - 1 ? "the first again" : describeOperation(operation)}`;
  }).join("; ");
}

function isOperation(value: unknown): boolean {
  const operation = asFields(value);
  return operation?.f !== undefined && operation.process !== undefined;
}

function describeOperation(value: unknown): string {
  if (!isOperation(value)) return show(value);
  const operation = value as Operation;
  return `${operation.f} ${show(operation.value, 100)} of process ${operation.process}, ${outcome(operation)}`;
}

/** Reads the anomalies of the checkers that every workload has: low availability, functions that never succeeded. */
function generalAnomalies({ availability, stats }: Fields): Anomaly[] {
  const anomalies: Anomaly[] = [];
  const verdict = asFields(availability);
  if (verdict?.["valid?"] === false) {
    const explanation = `Only a fraction of ${verdict["ok-fraction"]} of all operations succeeded`;
    anomalies.push({ type: "unavailable", count: 1, explanation });
  }
  if (asFields(stats)?.["valid?"] !== false) return anomalies;
  for (const [f, counts] of entriesOf(asFields(stats)!["by-f"])) {
    // An intended crash of a client never succeeds.
    if (f === "crash" || asFields(counts)?.["valid?"] !== false) continue;
    anomalies.push({
      type: "never-succeeded",
      count: 1,
      explanation: `Not one ${f} of ${asFields(counts)!.count} succeeded`,
    });
  }
  return anomalies;
}

function clientExceptions(verdict: Fields | undefined): TestException[] {
  return asList(verdict?.exceptions).map((exception) => {
    const { class: name, count, example } = asFields(exception) ?? {};
    const operation = asFields(example);
    const at = typeof operation?.time === "number" ? `, first at ${seconds(operation.time)}` : "";
    return {
      type: "client-crashed",
      message: `Maelstrom's client threw ${name}${at}: ${describeOperation(example)}`,
      count: Number(count ?? 1),
    };
  });
}

/** Reads crashes of Jepsen's checkers: one that crashes leaves its error in place of its verdict. */
function checkerCrashes(edn: Fields): TestException[] {
  return Object.entries(edn).flatMap(([name, value]) => {
    const error = asFields(value)?.error;
    if (error === undefined || error === null) return [];
    const message = `Maelstrom's checker ${name} crashed: ${String(error).split("\n")[0]}`;
    return [{ type: "checker-crashed", message, count: 1 }];
  });
}

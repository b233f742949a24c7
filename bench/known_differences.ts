/**
 * The differences between our judgements and Jepsen's that `docs/check.md` names, so that a comparison on random
 * histories shows only those that nobody has explained yet.
 */

import { type Pair, pairs } from "../lib/workbench/history/history.ts";
import type { Operation } from "../lib/workbench/history/operation.ts";
import type { Validity } from "../lib/workbench/checkers/verdict.ts";

/** A verdict and the types of the anomalies. */
export interface HistoryVerdict {
  valid: Validity;
  /** Types of the anomalies. Some checkers name none; then only the verdicts are compared. */
  types: string[];
}

/** Two judgements of a history. */
interface Compared {
  workload: string;
  history: readonly Operation[];
  here: HistoryVerdict;
  there: HistoryVerdict;
}

/** A class of differences. */
interface DifferenceClass {
  /** Its name in `docs/check.md`. */
  name: string;
  /** True if it is met in a history. */
  applies(compared: Compared): boolean;
  /** Matches the types that only our judgement has because of it, and those that only the other has. */
  here?: RegExp;
  there?: RegExp;
  /** True if the verdicts can differ although no type does. */
  verdict?: true;
}

/** Any type of anomaly. */
const ANY = /./;

/** The types of cycles, which can change with the order of versions. */
const CYCLES = /^(G|lost-update|dirty-update|.*-cycle-exists)/;

const SETS: readonly string[] = ["broadcast", "g-set"];

/** The classes, most specific first. */
const CLASSES: readonly DifferenceClass[] = [
  {
    name: "A reply to another transaction",
    applies: ({ here }) => here.types.includes("malformed-reply"),
    here: ANY,
    there: ANY,
  },
  {
    name: "Reads of what was never written",
    applies: ({ here }) => here.types.includes("garbage-read"),
    here: ANY,
    there: ANY,
  },
  { name: "Reads from the future", applies: ({ workload }) => workload === "txn-rw-register", here: /^future-read$/ },
  {
    name: "Dirty writes of registers",
    applies: ({ workload, history }) => workload === "txn-rw-register" && hasOverwrites(history),
    here: /^(G0|G1c|PL-1-cycle-exists|strong-.*PL-1-cycle-exists|cyclic-versions|G-)/,
    there: CYCLES,
  },
  {
    name: "Lists of equal length that contradict each other",
    applies: ({ workload, history }) => workload === "txn-list-append" && hasContradiction(history),
    here: CYCLES,
    there: CYCLES,
  },
  {
    name: "Null in lin-kv",
    applies: ({ workload, history }) => workload === "lin-kv" && reads(history).some((result) => result === null),
    here: ANY,
  },
  { name: "Histories that end early", applies: ({ history }) => isCut(history), here: ANY, there: ANY, verdict: true },
  {
    name: "Sets",
    applies: ({ workload }) => SETS.includes(workload),
    here: /^(duplicated|unexpected|failed-add-read|nothing-decided)$/,
  },
  { name: "Sets", applies: ({ history }) => pairs(history).some(isBareAdd), here: /^lost$/ },
  {
    name: "Histories without invocations",
    applies: ({ history }) => history.length > 0 && history.every(({ type }) => type !== "invoke"),
    here: ANY,
    there: ANY,
    verdict: true,
  },
  {
    name: "Keys, ids and elements of several types",
    applies: ({ history, there }) => there.valid === "unknown" && hasSeveralTypes(history),
    here: ANY,
    verdict: true,
  },
  { name: "Polls", applies: ({ history }) => hasEmptyPoll(history), here: ANY, there: ANY, verdict: true },
  {
    name: "Null and the empty list",
    applies: ({ history }) => reads(history).some(isEmptyList) && reads(history).includes(null),
    here: CYCLES,
    there: /^internal$|^G/,
  },
  { name: "One cycle is told once", applies: ({ here, there }) => here.valid === there.valid, there: /-cycle-exists$/ },
  {
    name: "Transactions without dependencies",
    applies: ({ here, there }) => [...here.types, ...there.types].includes("empty-transaction-graph"),
    here: /^empty-transaction-graph$/,
    there: /^empty-transaction-graph$/,
  },
  {
    name: "Values that do not tell their writer",
    applies: ({ here }) => here.types.includes("malformed-history"),
    here: ANY,
    there: ANY,
  },
  {
    name: "Counters",
    applies: ({ workload, here, there }) =>
      workload.endsWith("counter") && (here.valid === "unknown" || there.valid === "unknown"),
    here: /^(wrong-sum|no-final-read)$/,
    verdict: true,
  },
  {
    name: "Limits",
    applies: ({ here, there }) =>
      there.types.includes("cycle-search-timeout") || here.types.includes("budget-exceeded"),
    here: ANY,
    there: ANY,
  },
];

/** The names of all classes. */
export const DIFFERENCE_CLASSES: readonly string[] = CLASSES.map(({ name }) => name);

/**
 * Explains the difference between two judgements.
 *
 * @returns The name of the class in `docs/check.md`, or of several with a plus between them; empty if the judgements
 *   are equal; undefined if nothing explains the difference.
 */
export function explainDifference(
  { workload, history }: Pick<Compared, "workload" | "history">,
  here: HistoryVerdict,
  there: HistoryVerdict,
): string | undefined {
  const compared = { workload, history, here, there };
  const isSame = here.valid === there.valid;
  const hasTypes = there.types.length > 0 || !isSame;
  const added = hasTypes ? here.types.filter((type) => !there.types.includes(type)) : [];
  const missing = hasTypes ? there.types.filter((type) => !here.types.includes(type)) : [];
  if (isSame && added.length === 0 && missing.length === 0) return "";
  const met: DifferenceClass[] = [];
  const isExplained = () =>
    added.every((type) => met.some(({ here }) => here?.test(type))) &&
    missing.every((type) => met.some(({ there }) => there?.test(type))) &&
    (isSame || met.length > 0);
  for (const each of CLASSES) {
    if (!each.applies(compared)) continue;
    if (!isRelevant(each, added, missing, isSame)) continue;
    met.push(each);
    if (isExplained()) return met.map(({ name }) => name).join(" + ");
  }
  return undefined;
}

function isRelevant(each: DifferenceClass, added: string[], missing: string[], isSame: boolean): boolean {
  return added.some((type) => each.here?.test(type)) || missing.some((type) => each.there?.test(type)) ||
    (!isSame && added.length === 0 && missing.length === 0 && each.verdict === true);
}

/** The results of acknowledged reads: in transactions, or of a key in lin-kv. */
function reads(history: readonly Operation[]): unknown[] {
  return history.filter(({ type }) => type === "ok").flatMap(({ f, value }) => {
    if (f === "txn") return (value as unknown[][]).filter(([f]) => f === "r").map(([, , result]) => result ?? null);
    return f === "read" && Array.isArray(value) ? [value[1]] : [];
  });
}

/** True for an add whose acknowledgement does not repeat the element. */
function isBareAdd({ invocation: { f, value }, completion }: Pair): boolean {
  return (f === "add" || f === "broadcast") && completion?.type === "ok" &&
    JSON.stringify(completion.value ?? null) !== JSON.stringify(value ?? null);
}

function isEmptyList(value: unknown): boolean {
  return Array.isArray(value) && value.length === 0;
}

/** True if two lists of one key have the same length and different elements. */
function hasContradiction(history: readonly Operation[]): boolean {
  const seen = new Map<string, string>();
  const all = history.filter(({ type, f }) => type === "ok" && f === "txn").flatMap(({ value }) =>
    value as unknown[][]
  );
  return all.some(([f, key, list]) => {
    if (f !== "r" || !Array.isArray(list) || list.length === 0) return false;
    const [place, text] = [JSON.stringify([key, list.length]), JSON.stringify(list)];
    const before = seen.get(place) ?? text;
    seen.set(place, before);
    return before !== text;
  });
}

/** True if an operation never completed. */
function isCut(history: readonly Operation[]): boolean {
  return pairs(history).some(({ completion }) => completion === undefined);
}

/** True if an acknowledged transaction wrote a key more than once. */
function hasOverwrites(history: readonly Operation[]): boolean {
  return history.filter(({ type, f }) => type === "ok" && f === "txn").some(({ value }) => {
    const keys = (value as unknown[][]).filter(([f]) => f === "w").map(([, key]) => JSON.stringify(key));
    return new Set(keys).size < keys.length;
  });
}

/** True if the keys of transactions, the ids, or the elements of a set are not all of one type. */
function hasSeveralTypes(history: readonly Operation[]): boolean {
  const values = history.flatMap(({ type, f, value }) => {
    if (f === "txn" && type === "ok") return (value as unknown[][]).map(([, key]) => key);
    if (f === "generate") return type === "ok" ? [value] : [];
    return f === "add" || f === "broadcast" ? [value] : [];
  });
  return new Set(values.map((value) => typeof value)).size > 1 || values.some((value) => typeof value === "object");
}

/** True if a poll returned a key without messages, or a message whose offset is unknown or negative. */
function hasEmptyPoll(history: readonly Operation[]): boolean {
  return history.filter(({ f, type }) => f === "poll" && type === "ok").some(({ value }) =>
    (value as [string, Record<string, [unknown, unknown][] | null>][]).some(([, polled]) =>
      Object.values(polled ?? {}).some((pairs) =>
        pairs === null || pairs.length === 0 || pairs.some(([at]) => at === null || (at as number) < 0)
      )
    )
  );
}

/**
 * Generator of `docs/anomalies.md`, from the examples of the tests:
 *
 * ```sh
 * deno run --allow-write=docs tests/workbench/checkers/anomaly_docs.ts
 * ```
 */

import introduction from "./anomaly_introduction.md" with { type: "text" };
import { formatMarkdownTable } from "../../../bench/measure/markdown.ts";
import { ruledOutModels } from "../../../lib/workbench/checkers/consistency_model.ts";
import { outcome, seconds } from "../../../lib/workbench/checkers/explain.ts";
import { show } from "../../../lib/workbench/base/text.ts";
import { checkKafka } from "../../../lib/workbench/checkers/kafka/mod.ts";
import { checkTxnListAppend } from "../../../lib/workbench/checkers/txn/mod.ts";
import { checkTxnRWRegister } from "../../../lib/workbench/checkers/txn/mod.ts";
import type { Verdict } from "../../../lib/workbench/checkers/verdict.ts";
import { pairs } from "../../../lib/workbench/history/history.ts";
import type { Operation } from "../../../lib/workbench/history/operation.ts";
import { ANOMALY_TYPES, EXCEPTION_TYPES, type FindingType } from "../../../lib/workbench/checkers/finding_types.ts";
import type { MaelstromView } from "../../../lib/workbench/checkers/verdict.ts";
import { ANOMALIES, ANOMALY_GROUPS, OUTSIDE_HISTORIES } from "./anomaly_names.ts";
import { KAFKA_CASES, KAFKA_OVERLAPS } from "./kafka/cases.ts";
import { OTHER_CASES } from "./other_cases.ts";
import { sequential } from "./sequential.ts";
import { timeline } from "./timeline.ts";
import { LIST_CASES, REGISTER_CASES } from "./txn/cases.ts";
import { EXISTING_CYCLES, LIST_CYCLES, REGISTER_CYCLES, SESSION_CYCLES } from "./txn/cycle_cases.ts";

/** An example of an anomaly in a workload. */
interface Example {
  type: string;
  workloads: string[];
  history: Operation[];
  check: (history: readonly Operation[]) => Verdict;
}

const LISTS = "txn-list-append";
const REGISTERS = "txn-rw-register";

/** All examples. If an anomaly has several, the page shows the first one. */
export const EXAMPLES: Example[] = [
  ...Object.entries(OTHER_CASES).map(([type, example]) => ({ type, ...example })),
  ...Object.entries(LIST_CASES).map(([type, { flawed }]) => txn(type, LISTS, sequential(flawed))),
  ...Object.entries(REGISTER_CASES).map(([type, { flawed }]) => txn(type, REGISTERS, sequential(flawed))),
  ...Object.entries(LIST_CYCLES).map(([type, { lines, order, models }]) =>
    txn(type, LISTS, timeline(lines, order), models)
  ),
  ...Object.entries(REGISTER_CYCLES).map(([type, { lines, order, models }]) =>
    txn(type, REGISTERS, timeline(lines, order), models)
  ),
  ...Object.entries({ ...EXISTING_CYCLES, ...SESSION_CYCLES }).map(([type, { lines, order, models, write }]) =>
    txn(type, write === "w" ? REGISTERS : LISTS, timeline(lines, order), models)
  ),
  ...Object.entries(KAFKA_CASES).map(([type, { flawed }]) => kafka(type, sequential(flawed))),
  ...Object.entries(KAFKA_OVERLAPS).map(([type, { lines, order }]) => kafka(type, timeline(lines, order))),
];

function kafka(type: string, history: Operation[]): Example {
  return { type, workloads: ["kafka"], history, check: (history) => checkKafka(history) };
}

function txn(type: string, workload: string, history: Operation[], models?: string[]): Example {
  const check = workload === LISTS ? checkTxnListAppend : checkTxnRWRegister;
  return { type, workloads: [workload], history, check: (history) => check(history, models) };
}

/** Writes the reference as Markdown. */
export function anomalyDocs(): string {
  const tables = Object.entries(ANOMALY_GROUPS).map(([title, group]) => {
    const rows = Object.entries(group).map((
      [type, meaning],
    ) => [`[${type}]`, meaning, viewWords(type)]);
    return `### ${title}\n\n${formatMarkdownTable([["anomaly"], ["meaning"], ["Maelstrom"]], rows)}`;
  });
  const outside = Object.entries(OUTSIDE_HISTORIES).map((
    [type, meaning],
  ) => [`**${type}**`, meaning, viewWords(type)]);
  tables.push(`### Outside histories\n\n${formatMarkdownTable([["finding"], ["meaning"], ["Maelstrom"]], outside)}`);
  const types = Object.keys(ANOMALIES);
  const links = types.map((type) => `[${type}]: #${anchorOf(type)}`).join("\n");
  return [introduction.trimEnd(), "## All anomalies", ...tables, "## Examples", ...types.map(sectionOf), links].join(
    "\n\n",
  ) +
    "\n";
}

const VIEWS: Record<MaelstromView, string> = { finds: "yes", overlooks: "no", stops: "stops" };
const OBJECTS: Record<string, string> = {
  "kafka": "logs",
  "txn-list-append": "lists",
  "txn-rw-register": "registers",
};

/**
 * Findings that count in both verdicts though Maelstrom does not look for them: of the workbench itself, of a workload
 * that is not in Maelstrom, and those without which its figures would be wrong.
 */
const OWN: readonly string[] = [
  "time-stands-still",
  "workbench-crashed",
  "checker-crashed",
  "lock-held-twice",
  "forged-source",
  "node-unreachable",
];

/** Maelstrom's view of a type of finding, in the words of the page. */
function viewWords(type: string): string {
  // The error replies of nodes are neither.
  const { valid, maelstrom = "finds" }: FindingType = ANOMALY_TYPES[type] ?? EXCEPTION_TYPES[type] ?? { valid: true };
  if (OWN.includes(type) || type === "error-reply" || (type in EXCEPTION_TYPES && valid === true)) return "–";
  if (typeof maelstrom === "string") return VIEWS[maelstrom];
  return Object.entries(maelstrom).map(([workload, view]) => `${OBJECTS[workload]} ${VIEWS[view]}`).join(", ");
}

/** The anchor of a heading, as GitHub makes it. */
function anchorOf(type: string): string {
  return type.toLowerCase().replace(/[^a-z0-9-]/g, "");
}

/** The section of an anomaly: where it is found, what it rules out, and its example. */
function sectionOf(type: string): string {
  const example = EXAMPLES.find((example) => example.type === type);
  if (example === undefined) throw new RangeError(`Cannot write about ${type}: expected an example in the tests`);
  const found = example.check(example.history).anomalies?.find((anomaly) => anomaly.type === type);
  if (found === undefined) throw new RangeError(`Cannot write about ${type}: expected its example to contain it`);
  const workloads = new Set(EXAMPLES.filter((other) => other.type === type).flatMap(({ workloads }) => workloads));
  const models = ruledOutModels([type]).not;
  const facts = [
    `Workloads: ${[...workloads].join(", ")}.`,
    ...models.length === 0 ? [] : [`Rules out ${models.join(", ")}, and all stronger models.`],
  ];
  return [
    `### ${type}`,
    facts.join(" "),
    `\`\`\`text\n${formatHistory(example.history)}\n\`\`\``,
    `\`\`\`text\n${found.explanation}\n\`\`\``,
  ].join("\n\n");
}

/** Formats a history, one line per operation: its process, request and result, start and end. */
function formatHistory(history: readonly Operation[]): string {
  return pairs(history).map(({ invocation, completion = invocation }) => {
    const { process, f, value, time } = invocation;
    const result = completion.type === "ok" ? completion.value : value;
    // The result of an echo does not show the request.
    const request = f === "echo" ? `${show(value)}, answered by ` : "";
    const end = completion === invocation ? "never completed" : outcome(completion);
    return `process ${process}: ${f} ${request}${show(result)}, invoked at ${seconds(time)}, ${end}`;
  }).join("\n");
}

if (import.meta.main) Deno.writeTextFileSync("docs/anomalies.md", anomalyDocs());

/**
 * Generator of `docs/anomalies.md`, from the examples of the tests:
 *
 * ```sh
 * deno run --allow-write=docs tests/workbench/checkers/anomaly_docs.ts
 * ```
 */

import { ruledOutModels } from "../../../lib/workbench/checkers/consistency_model.ts";
import { outcome, seconds } from "../../../lib/workbench/checkers/explain.ts";
import { show } from "../../../lib/workbench/base/text.ts";
import { checkKafka } from "../../../lib/workbench/checkers/kafka/mod.ts";
import { checkTxnListAppend } from "../../../lib/workbench/checkers/txn/mod.ts";
import { checkTxnRWRegister } from "../../../lib/workbench/checkers/txn/mod.ts";
import type { Verdict } from "../../../lib/workbench/checkers/verdict.ts";
import { pairs } from "../../../lib/workbench/history/history.ts";
import type { Operation } from "../../../lib/workbench/history/operation.ts";
import { ANOMALIES, ANOMALY_GROUPS } from "./anomaly_names.ts";
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

const INTRODUCTION = `# Anomalies

All anomalies that the workbench can find in a history. Each name links to an example: the smallest history that we know
to have the anomaly, and the explanation that is printed for it. This page is generated from the examples of the tests
(\`tests/workbench/checkers/anomaly_docs.ts\`).

On this page Elle is version 0.2.2, and Jepsen 0.3.7: those of Maelstrom 0.2.5-SNAPSHOT.

## Reading a cycle

The anomalies of transactions are those of Adya's thesis (1999) and of Elle (VLDB 2020), with Elle's names. T1 < T2
means that T1 comes before T2 in every serial order that explains the history. The reasons are the edges of Adya's
serialization graph:

- **ww** (write dependency): T2 wrote the next version of a key after the one that T1 wrote.
- **wr** (read dependency): T2 read the version that T1 wrote.
- **rw** (anti-dependency): T2 wrote a later version of a key than the one that T1 read.
- **process**: the same process ran T1, and then T2. This counts for session models.
- **realtime**: T1 completed before T2 began. This counts for strong and strict models.

If these edges form a cycle, no serial order exists. A cycle is named after its rw edges:

- without any: **G0** if all edges are ww, else **G1c**;
- with one: **G-single-item**;
- with several: **G-nonadjacent-item** if no two of them are consecutive, else **G2-item**.

The suffix \`-process\` or \`-realtime\` means that the cycle contains such an edge. The part \`-item\` is there because all
reads are of single keys. G-single, G-nonadjacent and G2 without it need reads by predicate, which no workload has.

Two transactions can be linked in more than one way, and then the cycle is named by the first of these. A
\`…-cycle-exists\` is a cycle that violates a model only if another way is chosen.

In each strongly connected component of transactions, one cycle of each type is reported, and none of a type that
another one implies. Anomalies that the test's consistency models permit are reported as allowed, and do not make the
test invalid.

## Models in the verdict

A verdict on transactions names consistency models:

- \`not\`: the weakest models that the anomalies rule out;
- \`also_not\`: the stronger ones that are ruled out with them;
- \`permits\`: the strongest models that no anomaly rules out, of those whose anomalies were looked for.

## Differences from Elle

Elle finds these, the workbench does not:

- **Predicates** (G2, G1-predicate and the like) and **G-cursor**, **G-monotonic**, **G-MSR**, **G-SI**, **G-update**:
  they are in Elle's tables, but its list-append and rw-register do not look for them either.
- **cycle-search-timeout**: Elle stops searching a component after a second, and then reports any cycle in it. Our
  search has no such limit, so it can report a worse cycle instead.
- **empty-transaction-graph** for a history with acknowledged transactions of which none depends on another: it cannot
  contain a cycle, so it is valid here. If no transaction was acknowledged, the verdict is unknown here; Maelstrom's
  checker of registers says invalid.
- **A given order** (Elle's \`transaction-order\`): a history has no field for it.

The workbench finds these, Elle does not: \`garbage-read\` for lists and registers (described in Elle's paper, but its
checkers stop at one or ignore it), \`future-read\` for registers (Elle has it for lists only), and \`divergent-replicas\`.

For registers, both find less than a brute-force search would. The order of versions has to be inferred: by default only
from transactions that read a key and then write it.

## Differences from Jepsen and Maelstrom

- **Sets**: Jepsen intends to count \`duplicated\` as invalid, but a reversed comparison never finds any. Here duplicates
  are reported, and do not invalidate either.
- **Counters**: without a final read Maelstrom says valid, here the verdict is unknown. An add that never completed
  counts as one with unknown outcome.
- **lin-kv**: Knossos takes a read of null for a read with unknown result, which always fits. Here it is a read of a key
  that does not exist; after a write that is an anomaly. Knossos has no limit; here the search stops after a fixed
  number of steps, and the verdict is unknown.
- **Kafka**: a message that was never sent stops Jepsen's checker, and the verdict is unknown; here it is a
  \`garbage-read\`. A poll that returns a key without messages can stop Jepsen's checker; here the key is ignored. A cycle
  with real time is reported twice by Jepsen, by its type and as \`strong-PL-2-cycle-exists\`; here once.
- **unique-ids**: ids that Clojure cannot compare, such as objects, or numbers and strings, stop Jepsen's checker. Here
  all JSON values can be compared.

## Anomalies outside histories

A simulation also looks into the nodes at the end of a test. It reports nodes that never
[converge](simulation.md#liveness): **not-converged**.`;

/** Writes the reference as Markdown. */
export function anomalyDocs(): string {
  const tables = Object.entries(ANOMALY_GROUPS).map(([title, group]) => {
    const rows = Object.entries(group).map(([type, meaning]) => [`[${type}]`, meaning]);
    return `### ${title}\n\n${formatTable([["anomaly", "meaning"], ...rows])}`;
  });
  const types = Object.keys(ANOMALIES);
  const links = types.map((type) => `[${type}]: #${anchorOf(type)}`).join("\n");
  return [INTRODUCTION, "## All anomalies", ...tables, "## Examples", ...types.map(sectionOf), links].join("\n\n") +
    "\n";
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

/** Formats a table as `deno fmt` does: columns as wide as their widest cell. */
function formatTable(rows: readonly (readonly string[])[]): string {
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  const lines = rows.map((row) => `| ${row.map((cell, column) => cell.padEnd(widths[column]!)).join(" | ")} |`);
  return lines.toSpliced(1, 0, `| ${widths.map((width) => "-".repeat(width)).join(" | ")} |`).join("\n");
}

if (import.meta.main) Deno.writeTextFileSync("docs/anomalies.md", anomalyDocs());

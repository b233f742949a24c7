/**
 * The reference of anomalies, `docs/anomalies.md`, made from the examples that the tests hold the checkers against:
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
import { ANOMALIES } from "./anomaly_names.ts";
import { KAFKA_CASES, KAFKA_OVERLAPS } from "./kafka/cases.ts";
import { OTHER_CASES } from "./other_cases.ts";
import { sequential } from "./sequential.ts";
import { timeline } from "./timeline.ts";
import { LIST_CASES, REGISTER_CASES } from "./txn/cases.ts";
import { EXISTING_CYCLES, LIST_CYCLES, REGISTER_CYCLES, SESSION_CYCLES } from "./txn/cycle_cases.ts";

/** An anomaly as a workload shows it. */
interface Example {
  type: string;
  workloads: string[];
  history: Operation[];
  check: (history: readonly Operation[]) => Verdict;
}

const LISTS = "txn-list-append";
const REGISTERS = "txn-rw-register";

/** All examples; of an anomaly that several workloads have, the first one is told. */
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

Everything that the workbench can find wrong with a history: in which workload, which consistency models it rules out
(the weakest ones; all that are stronger fall with them), and what it is. Each name leads to a history that shows it,
the smallest we know, and to what is said about it. This page is made from the examples that the tests hold the checkers
against (\`tests/workbench/checkers/anomaly_docs.ts\`): what it quotes is what is printed.

The anomalies of transactions are those of Adya's thesis (1999) and of Elle (VLDB 2020), by the names that Elle gives
them. (On this page Elle is version 0.2.2, and Jepsen 0.3.7: those of Maelstrom 0.2.5-SNAPSHOT.) T1 < T2 means that
whatever order transactions are thought to have been done in, T1 must have come before T2:

- **ww**: T2 wrote the version of a key that follows the one T1 wrote.
- **wr**: T2 read what T1 wrote.
- **rw**: T2 wrote a version that follows the one T1 read; T1 did not see it.
- **process**: the same process ran T1, and then T2. It counts for models of sessions.
- **realtime**: T1 was over before T2 began. It counts for models that are strong, or strict.

A cycle of these has no order. It is named after its rw: without any, **G0** (only ww) and **G1c**; with one,
**G-single-item**; with more, **G-nonadjacent-item** where no two follow one another, else **G2-item**. A suffix tells
that it does not close without \`-process\`, or \`-realtime\`. \`-item\` is there because keys are read one by one: there are
no reads by predicate, and so neither G-single, G-nonadjacent nor G2 beyond these. A \`…-cycle-exists\` is a cycle which
counts as something else by that rule, because two of its transactions follow one another in more than one way, but
could be read as a violation of a model that nothing else rules out.

In each strongly connected component of transactions one cycle of each kind is told, and none of a kind that another one
implies. What a test permits is reported as allowed, and does not make it invalid.

A verdict on transactions names the models that are ruled out: \`not\` (the weakest) and \`also_not\` (the stronger ones),
and what is left: \`permits\`, the strongest models that nothing found rules out, of those whose anomalies were looked
for.

## What Elle finds and this does not

- **Predicates** (G2, G1-predicate and the like) and **G-cursor**, **G-monotonic**, **G-MSR**, **G-SI**, **G-update**:
  none of these is looked for by Elle's list-append and rw-register either; they are in its tables only.
- **cycle-search-timeout**: Elle gives up on a strongly connected component after a second, and then shows any cycle in
  it. This search has no such limit, and may show a worse one instead.
- **empty-transaction-graph** where transactions were acknowledged, but none is known to come before another: no cycle
  can be in such a history, and it is valid here. Where none was acknowledged, the verdict is unknown here; Maelstrom's
  checker of registers then says invalid.
- **Order given from outside** (Elle's \`transaction-order\`): there is no place for it in a history.

Beyond Elle there are \`garbage-read\` for lists and registers (in its paper, but its checkers stop at one or pass over
it), \`future-read\` for registers (Elle looks for it in lists only), and \`divergent-replicas\`. For registers less is
found than brute force would find, here as in Elle: the order of versions is inferred, by default only from transactions
that read a key and then write it.

## Where Jepsen and Maelstrom say something else

- **Sets**: Jepsen means to count \`duplicated\` as invalid, but compares the wrong way round and never finds any. Here
  duplicates are reported, and change nothing either.
- **Counters**: without any final read Maelstrom says valid, here the verdict is unknown. An add that the history leaves
  open counts as one of unknown outcome.
- **lin-kv**: to Knossos, a read of null is one whose result is not known, so that it always fits. Here it is a read of
  a key that does not exist, and after a write that is an anomaly. Knossos searches without end; here the search is
  given up after so many steps, the same on every machine, and the verdict is unknown.
- **Kafka**: a message that nobody sent stops Jepsen's checker (the verdict is then unknown), and so may a key without
  messages in the answer to a poll. Here the one is a \`garbage-read\`, and the other is as good as no key. Jepsen names a
  cycle that breaks real time twice, by its type and as \`strong-PL-2-cycle-exists\`; here it is named once.
- **unique-ids**: ids that cannot be compared, such as objects, or numbers with texts, stop Jepsen's checker. Here all
  of JSON has an order.

## What no history shows

A simulation also looks at the nodes themselves when all is over, and finds those that never
[converge](simulation.md#liveness): **not-converged**.`;

/** Writes the reference as Markdown. */
export function anomalyDocs(): string {
  const types = Object.keys(ANOMALIES);
  const rows = types.map((type) => {
    const models = ruledOutModels([type]).not;
    return [`[${type}](#${anchor(type)})`, workloadsOf(type).join(", "), models.join(", "), ANOMALIES[type]!];
  });
  const table = tableOf([["anomaly", "found in", "rules out", "what it is"], ...rows]);
  return [INTRODUCTION, "## All of them", table, "## Examples", ...types.map(section)].join("\n\n") + "\n";
}

/** What a heading is called in a link: as in GitHub, in small letters. */
function anchor(type: string): string {
  return type.toLowerCase().replace(/[^a-z0-9-]/g, "");
}

function workloadsOf(type: string): string[] {
  return [...new Set(EXAMPLES.filter((example) => example.type === type).flatMap(({ workloads }) => workloads))];
}

function section(type: string): string {
  const example = EXAMPLES.find((example) => example.type === type);
  if (example === undefined) throw new RangeError(`Cannot write about ${type}: expected an example in the tests`);
  const found = example.check(example.history).anomalies?.find((anomaly) => anomaly.type === type);
  if (found === undefined) throw new RangeError(`Cannot write about ${type}: expected its example to show it`);
  return `### ${type}\n\n\`\`\`text\n${
    tellHistory(example.history)
  }\n\`\`\`\n\n\`\`\`text\n${found.explanation}\n\`\`\``;
}

/** One line an operation: who did what, from when to when, and what came of it. */
function tellHistory(history: readonly Operation[]): string {
  return pairs(history).map(({ invocation, completion = invocation }) => {
    const { process, f, value, time } = invocation;
    const result = completion.type === "ok" ? completion.value : value;
    // What was asked for is told where the result does not hold it.
    const asked = f === "echo" ? `${show(value)}, answered by ` : "";
    return `process ${process}: ${f} ${asked}${show(result)}, begun at ${seconds(time)}, ${outcome(completion)}`;
  }).join("\n");
}

/** A table as `deno fmt` has it: columns as wide as their widest cell. */
function tableOf(rows: readonly (readonly string[])[]): string {
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  const lines = rows.map((row) => `| ${row.map((cell, column) => cell.padEnd(widths[column]!)).join(" | ")} |`);
  return lines.toSpliced(1, 0, `| ${widths.map((width) => "-".repeat(width)).join(" | ")} |`).join("\n");
}

if (import.meta.main) Deno.writeTextFileSync("docs/anomalies.md", anomalyDocs());

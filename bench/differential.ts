// deno-lint-ignore-file no-console
/**
 * Comparison of our checkers with others, such as Jepsen's, on random histories:
 * `JEPSEN_CHECK=COMMAND deno run -A bench/differential.ts [--count 100] [--seed SEED] [--jobs 2] [--keep FOLDER]
 * [workloads]`
 *
 * The shell runs `COMMAND PATH WORKLOAD MODELS`: the path of a history in EDN, Maelstrom's name of the workload, and
 * consistency models with commas between them. The command prints its judgement in the last line: the verdict (`true`,
 * `false` or `unknown`) and the types of the anomalies, with spaces between them; or a map with `:valid?` and
 * `:anomaly-types`, as Elle returns it. `docs/check.md` says what it has to call.
 *
 * A table shows, for each workload, how many judgements were equal, and which of the differences that `docs/check.md`
 * explains were met. Any other difference is shown, its history kept, and the exit status is 1.
 */

import { parseArgs } from "@std/cli/parse-args";
import type { Validity } from "../lib/workbench/checkers/verdict.ts";
import { parseEDN } from "../lib/workbench/history/edn.ts";
import { formatEDNOperation } from "../lib/workbench/history/edn_writer.ts";
import type { Operation } from "../lib/workbench/history/operation.ts";
import { WORKLOADS } from "../lib/workbench/workloads/mod.ts";
import type { TestOptions } from "../lib/workbench/workloads/workload.ts";
import { type Random, seededRandom } from "../lib/workbench/world/random.ts";
import { explainDifference, type HistoryVerdict } from "./known_differences.ts";
import { drawHistory, DRAWN_WORKLOADS } from "./random_histories.ts";

/** A history and how it is to be checked. */
export interface Case {
  workload: string;
  models: string[];
  history: Operation[];
}

/** Checks a history with another checker, and returns what it prints. */
export type OtherChecker = (path: string, workload: string, models: string) => Promise<string>;

/** The consistency models that histories of transactions are checked by: one of these lists. */
const MODELS = [
  ["strict-serializable"],
  ["strong-session-serializable"],
  ["serializable"],
  ["snapshot-isolation"],
  ["repeatable-read"],
  ["read-atomic"],
  ["read-committed"],
  ["read-uncommitted"],
];

/** Draws a case. */
export function drawCase(workload: string, random: Random): Case {
  const isTxn = workload.startsWith("txn-");
  return { workload, models: isTxn ? random.pick(MODELS) : MODELS[0]!, history: drawHistory(workload, random) };
}

/** Judges a case with our checkers. */
export function judgeHere({ workload, models, history }: Case): HistoryVerdict {
  const options = { nodes: [], concurrency: Infinity, consistencyModels: models } as unknown as TestOptions;
  const { valid, anomalies = [] } = WORKLOADS[workload]!.check(history, options);
  return { valid, types: valid === true ? [] : anomalies.filter(({ allowed }) => !allowed).map(({ type }) => type) };
}

/**
 * Reads the judgement that another checker printed.
 *
 * @throws {SyntaxError} The last line is none.
 */
export function readVerdict(text: string): HistoryVerdict {
  const line = text.trimEnd().split("\n").at(-1)!.trim();
  const [verdict, types] = line.startsWith("{") ? fieldsOf(line) : wordsOf(line);
  const valid = VERDICTS.get(verdict);
  if (valid === undefined || !types.every((type) => typeof type === "string")) {
    throw new SyntaxError(
      `Cannot read the judgement ${JSON.stringify(line)}: ` +
        "expected true, false or unknown and the types of anomalies, or a map with :valid? and :anomaly-types",
    );
  }
  return { valid, types };
}

const VERDICTS: ReadonlyMap<unknown, Validity> = new Map<unknown, Validity>([
  [true, true],
  ["true", true],
  [false, false],
  ["false", false],
  ["unknown", "unknown"],
]);

function fieldsOf(line: string): [verdict: unknown, types: string[]] {
  const [fields] = parseEDN(line) as [Record<string, unknown>];
  return [fields["valid?"], Array.from((fields["anomaly-types"] ?? []) as Iterable<string>)];
}

function wordsOf(line: string): [verdict: unknown, types: string[]] {
  const [verdict, ...types] = line.split(/[\s,]+/).filter((word) => word !== "").map((word) => word.replace(/^:/, ""));
  return [verdict, types];
}

/** Result of the comparison for one workload. */
export interface Comparison {
  workload: string;
  histories: number;
  same: number;
  /** By class of `docs/check.md`, the number of histories that it explains. */
  known: Map<string, number>;
  /** The differences that no class explains. */
  unknown: { path: string; models: string; here: HistoryVerdict; there: HistoryVerdict }[];
}

/** Options for {@linkcode compare}. */
export interface CompareOptions {
  workload: string;
  seed: string;
  /** Number of histories. */
  count: number;
  /** Number of checks at the same time. */
  jobs: number;
  /** Folder of the histories. Those whose judgements agree, or differ as expected, are deleted. */
  folder: string;
  check: OtherChecker;
}

/** Compares judgements on random histories of a workload. */
export async function compare({ workload, seed, count, jobs, folder, check }: CompareOptions): Promise<Comparison> {
  const comparison: Comparison = { workload, histories: count, same: 0, known: new Map(), unknown: [] };
  const random = seededRandom(seed).stream(workload);
  let next = 0;
  async function work(): Promise<void> {
    while (next < count) {
      const number = next++;
      const drawn = drawCase(workload, random.stream(String(number)));
      const [path, models] = [`${folder}/${workload}-${number}.edn`, drawn.models.join()];
      await Deno.writeTextFile(path, drawn.history.map((operation) => `${formatEDNOperation(operation)}\n`).join(""));
      const [here, there] = [judgeHere(drawn), readVerdict(await check(path, workload, models))];
      const reason = explainDifference(drawn, here, there);
      if (reason === undefined) comparison.unknown.push({ path, models, here, there });
      else await Deno.remove(path);
      if (reason === "") comparison.same++;
      else if (reason !== undefined) comparison.known.set(reason, (comparison.known.get(reason) ?? 0) + 1);
    }
  }
  await Promise.all(Array.from({ length: jobs }, work));
  return comparison;
}

/** Formats a judgement: `invalid: G0, G1a`. */
function formatVerdict({ valid, types }: HistoryVerdict): string {
  const word = { true: "valid", false: "invalid", unknown: "unknown" }[`${valid}`];
  return types.length === 0 ? word : `${word}: ${types.toSorted().join(", ")}`;
}

/** Formats the row of a workload, and the differences that nothing explains. */
export function formatComparison({ workload, histories, same, known, unknown }: Comparison): string {
  const explained = [...known].sort(([, a], [, b]) => b - a).map(([name, count]) => `${name} (${count})`).join("; ");
  const lines = unknown.map(({ path, models, here, there }) =>
    `  ${path} (${models})\n    here:  ${formatVerdict(here)}\n    there: ${formatVerdict(there)}`
  );
  return [`| ${workload} | ${histories} | ${same} | ${explained} | ${unknown.length} |`, ...lines].join("\n");
}

/**
 * Runs the command on one history. The shell splits it into words, so it may have arguments of its own.
 *
 * @throws {CommandError} It failed.
 */
async function runCommand(command: string, args: string[]): Promise<string> {
  const script = ["-c", `${command} "$@"`, "sh", ...args];
  const { success, code, stdout } = await new Deno.Command("sh", { args: script, stderr: "inherit" }).output();
  if (success) return new TextDecoder().decode(stdout);
  throw new CommandError(`Cannot check ${args[0]}: ${command} ended with exit status ${code}, expected 0`);
}

/** Error of the command named by the user. */
class CommandError extends Error {}

async function main(): Promise<number> {
  const { count, seed, jobs, keep, _: workloads } = parseArgs(Deno.args, {
    string: ["count", "seed", "jobs", "keep", "_"],
    default: { count: "100", seed: String(Date.now()), jobs: "2" },
  });
  const command = Deno.env.get("JEPSEN_CHECK");
  if (command === undefined || command === "") {
    console.error("Missing JEPSEN_CHECK: expected a command that checks a history with Jepsen; see docs/check.md");
    return 254;
  }
  const unknown = workloads.find((name) => !DRAWN_WORKLOADS.includes(name as string));
  if (unknown !== undefined) {
    console.error(`Cannot draw histories of ${unknown}: expected some of ${DRAWN_WORKLOADS.join(", ")}`);
    return 254;
  }
  const folder = keep ?? await Deno.makeTempDir({ prefix: "differential-" });
  await Deno.mkdir(folder, { recursive: true });
  console.log(`Seed ${seed}\n\n| workload | histories | same | known differences | unknown differences |`);
  console.log("| --- | --- | --- | --- | --- |");
  let differences = 0;
  for (const workload of workloads.length > 0 ? workloads as string[] : DRAWN_WORKLOADS) {
    const check: OtherChecker = (...args) => runCommand(command, args);
    const comparison = await compare({ workload, seed, count: Number(count), jobs: Number(jobs), folder, check });
    differences += comparison.unknown.length;
    console.log(formatComparison(comparison));
  }
  if (differences === 0 && keep === undefined) await Deno.remove(folder, { recursive: true });
  return differences === 0 ? 0 : 1;
}

if (import.meta.main) {
  try {
    Deno.exit(await main());
  } catch (error) {
    if (!(error instanceof CommandError || error instanceof SyntaxError)) throw error;
    console.error(error.message);
    Deno.exit(255);
  }
}

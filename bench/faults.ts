/**
 * Tables of `docs/faults.md`: the faults that each challenge program survives.
 * `deno run -A bench/faults.ts [--seeds 20] [--time-limit 12] [--nemesis-interval 3] [numbers of challenges]`
 *
 * Each cell is the result of some runs of the official command under virtual time, with that fault instead of the
 * official ones: `yes` if the program survived all of them (`isSurvived`), otherwise the number that it survived. The
 * anomalies of the other runs are listed below the tables. With pause and kill no availability is asked: a node that is
 * paused or down cannot answer.
 */

import { parseArgs } from "@std/cli/parse-args";
import broadcast from "../challenges/broadcast.ts";
import { BROADCAST_PROFILES, broadcastEfficient } from "../challenges/broadcast_efficient.ts";
import echo from "../challenges/echo.ts";
import { gCounter } from "../challenges/g_counter.ts";
import { kafka } from "../challenges/kafka.ts";
import { kafkaLinKV } from "../challenges/kafka_lin_kv.ts";
import kafkaSingle from "../challenges/kafka_single.ts";
import { txn } from "../challenges/txn.ts";
import uniqueIds from "../challenges/unique_ids.ts";
import type { AnyNode } from "../lib/node.ts";
import { parseArguments } from "../lib/workbench/request/arguments.ts";
import { type Challenge, CHALLENGES } from "../lib/workbench/request/challenges.ts";
import { FAULTS } from "../lib/workbench/run/nemesis/faults.ts";
import { createRequest } from "../lib/workbench/request/request.ts";
import type { Results } from "../lib/workbench/run/results.ts";
import { runVirtualTest } from "../lib/workbench/engines/virtual_run.ts";
import { isSurvived } from "../lib/workbench/run/survives.ts";
import { WORKLOADS } from "../lib/workbench/workloads/mod.ts";

/** The programs, by their names in the table of challenges. */
const PROGRAMS: Record<string, (node: AnyNode) => void> = {
  "echo": echo,
  "unique-ids": uniqueIds,
  "broadcast": broadcast,
  "broadcast-fast": (node) => broadcastEfficient(node, BROADCAST_PROFILES.fast),
  "broadcast-efficient": broadcastEfficient,
  "g-counter": gCounter,
  "kafka-single": kafkaSingle,
  "kafka-lin-kv": kafkaLinKV,
  "kafka": kafka,
  "txn": txn,
};

const { seeds, "time-limit": timeLimitSeconds, "nemesis-interval": interval, _: wanted } = parseArgs(Deno.args, {
  string: ["seeds", "time-limit", "nemesis-interval", "_"],
  default: { seeds: "20", "time-limit": "12", "nemesis-interval": "3" },
});

/** Faults that every program can meet: it need not know of members. */
const ALL = Object.keys(FAULTS).filter((fault) => fault !== "membership");
/** Faults of the network. */
const NETWORK = ALL.filter((fault) => fault !== "pause" && fault !== "kill");
/** The faults of each column, for each table: those of the network, then those of nodes. */
const TABLES: Record<string, string[]>[] = [
  { ...Object.fromEntries(NETWORK.map((fault) => [fault, [fault]])), "all of the network": NETWORK },
  { "pause": ["pause"], "kill": ["kill"], "all but kill": [...NETWORK, "pause"], "all": ALL },
];

async function run(challenge: Challenge, nemesis: string[], seed: string): Promise<Results> {
  const files = { readTextFile: () => "", inspect: (path: string) => ({ kind: "executable" as const, path }) };
  const flags = ["--nemesis", nemesis.join(), "--nemesis-interval", interval, "--time-limit", timeLimitSeconds];
  const { options } = createRequest(challenge, parseArguments(flags), { root: "", files });
  return await runVirtualTest({
    ...options,
    challenge: challenge.id,
    workload: WORKLOADS[challenge.workload]!,
    seed,
    limits: [],
    logNetSend: false,
    logNetRecv: false,
  }, PROGRAMS[challenge.program]!);
}

/** Lists the anomalies of a run and the exceptions that ended it. */
function problems({ anomalies, exceptions }: Results): string[] {
  return [...anomalies.filter(({ allowed }) => !allowed), ...exceptions.filter(({ fatal }) => fatal)].map(({ type }) =>
    type
  );
}

/** Runs all seeds. Returns the number of runs that the program survived, and the problems of the others. */
async function runAll(challenge: Challenge, nemesis: string[]): Promise<{ survived: number; wrong: string[] }> {
  const wrong = new Set<string>();
  let survived = 0;
  for (let seed = 1; seed <= Number(seeds); seed++) {
    const results = await run(challenge, nemesis, String(seed));
    if (isSurvived(results)) survived++;
    else problems(results).forEach((problem) => wrong.add(problem));
  }
  return { survived, wrong: [...wrong].sort() };
}

function print(line: string): void {
  Deno.stdout.writeSync(new TextEncoder().encode(`${line}\n`));
}

function row(cells: string[]): string {
  return `| ${cells.join(" | ")} |`;
}

const notes: string[] = [];
for (const columns of TABLES) {
  print(row(["challenge", "program", ...Object.keys(columns)]));
  print(row(["---", "---", ...Object.keys(columns).map(() => "---")]));
  for (const challenge of CHALLENGES.filter(({ id }) => wanted.length === 0 || wanted.includes(id))) {
    const cells: string[] = [];
    for (const [column, nemesis] of Object.entries(columns)) {
      const { survived, wrong } = await runAll(challenge, nemesis);
      cells.push(survived === Number(seeds) ? "yes" : `${survived}/${seeds}`);
      if (wrong.length > 0) notes.push(`- ${challenge.id}, ${column}: ${wrong.join(", ")}`);
    }
    print(row([challenge.id, challenge.program, ...cells]));
  }
  print("");
}
print(notes.join("\n"));

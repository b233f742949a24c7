/**
 * The load that a cluster holds, beside other stores that do the same work:
 * `deno run -A bench/cluster_load.ts [--challenges 5c,6c] [--systems cluster,redis,redis-memory,jetstream]
 * [--clients 100] [--seconds 4] [--from 500] [--most-p99 50] [--bisections 2]`.
 *
 * 1. A cluster of five nodes is started (`./maelstrom.sh up`), or the other store.
 * 2. The rate is raised by {@linkcode FACTOR} until the p99 of the operations passes the bound, or all clients wait, so
 *    that less than 90 % of the rate is given; then a bisection.
 * 3. A table shows each rate. CPU is in percent of a core; "others" is everything that is not measured, and should be
 *    little. The busiest part at the limit is named.
 *
 * Clients, operations and checkers are those of every other test (`load/attempt.ts`). Before another store, a function
 * in the workbench's process takes the place of each node (`load/direct_world.ts`). Run nothing else meanwhile.
 */

import { parseArgs } from "@std/cli/parse-args";
import { columns } from "../lib/workbench/base/text.ts";
import { attempt, type LoadAttempt } from "./load/attempt.ts";
import { OTHERS } from "./load/cpu.ts";
import { limitOf, searchLimit } from "./load/search.ts";
import { type System, SYSTEMS, systemsFor } from "./load/systems.ts";
import { thisMachine } from "./measure/machine.ts";

const FACTOR = 1.6;
const NODES = 5;
/** Default number of clients. Each waits for its reply, so they bound how late one can be at a given rate. */
const CLIENTS = 100;
/** Rates beyond these are not tried. */
const [LEAST_RATE, MOST_RATE] = [20, 200_000];

const FLAGS = ["challenges", "systems", "clients", "seconds", "from", "most-p99", "bisections"];
const given = parseArgs(Deno.args, { string: FLAGS });
const clients = Number(given.clients ?? CLIENTS);
const unknown = Object.keys(given).find((name) => name !== "_" && !FLAGS.includes(name)) ?? given._[0];

async function measure(system: System, challenge: string): Promise<void> {
  const { seconds = "4", from = "500", "most-p99": mostP99 = "50", bisections = "2" } = given;
  const test = { challenge, nodes: NODES, clients, seconds: Number(seconds), mostP99: Number(mostP99) };
  const bounds = { from: Number(from), factor: FACTOR, bisections: Number(bisections), least: LEAST_RATE };
  const attempts = await searchLimit(async (rate) => {
    const tried = await attempt(system, test, rate);
    Deno.stderr.writeSync(new TextEncoder().encode(`${row(tried).join("  ")}\n`));
    return tried;
  }, { ...bounds, most: MOST_RATE });
  print(`\n${challenge} on ${system.name}; data in: ${system.durability}\n`);
  print(columns([HEADER, ...attempts.map(row)]).join("\n"));
  const limit = limitOf(attempts);
  if (limit === undefined) return print(`\nNo rate held p99 ≤ ${mostP99} ms`);
  const [busiest, share] = [...limit.cpu].filter(([name]) => name !== OTHERS).sort(([, a], [, b]) => b - a)[0]!;
  print(`\nHolds ${Math.round(limit.given)} a second. Busiest: ${busiest}, ${share.toFixed(0)} % of a core`);
}

const HEADER = ["rate", "given", "p50", "p99, ms", "failed", "messages/op", "valid", "CPU %"];

function row({ rate, given, latencies: { p50, p99, failed }, messages, cpu, isValid }: LoadAttempt): string[] {
  const shares = Array.from(cpu, ([name, share]) => `${name} ${share.toFixed(0)}`);
  const figures = [p50.toFixed(1), p99.toFixed(1), String(failed), messages === null ? "–" : messages.toFixed(2)];
  return [String(rate), given.toFixed(0), ...figures, isValid ? "yes" : "NO", shares.join("  ")];
}

function print(text: string): void {
  // deno-lint-ignore no-console -- this is what the script is for
  console.log(text);
}

async function main(): Promise<void> {
  const { cpu, cores, memory_gb, deno } = thisMachine();
  print(`${cpu}, ${cores} cores, ${memory_gb} GB, Deno ${deno}; ${NODES} nodes, ${clients} clients`);
  for (const challenge of (given.challenges ?? "5c,6c").split(",")) {
    for (const name of given.systems?.split(",") ?? systemsFor(challenge)) {
      const system = await SYSTEMS[name]!(challenge, NODES);
      try {
        await measure(system, challenge);
      } finally {
        await system.close();
      }
    }
  }
}

if (import.meta.main) {
  if (unknown !== undefined) throw new Error(`Cannot use ${unknown}: expected ${FLAGS.join(", ")}`);
  await main();
  Deno.exit(0);
}

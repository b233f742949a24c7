/**
 * `deno task fuzz [--minutes M] [--seed S] [--only NAME,…]`: fuzzes the programs and the readers of `check`.
 *
 * 1. A round fuzzes every target once, with the seed S; without `--seed`, a new one is drawn.
 * 2. With `--minutes`, more rounds follow, with the seeds S + 1, S + 2 … A target that has failed is left out.
 * 3. A failure is printed with the smallest case that was found, and the command that repeats it. The exit status is 1.
 */

import { parseArgs } from "@std/cli/parse-args";
import { fuzz, type Target, TARGETS } from "./targets.ts";

interface Options {
  minutes: number;
  seed: number;
  targets: readonly Target[];
}

const USAGE = `expected --minutes M, --seed S or --only NAME,… with names of ${
  TARGETS.map(({ name }) => name).join(", ")
}`;

function parse(words: string[]): Options {
  const given = parseArgs(words, { string: ["minutes", "seed", "only"] });
  const unknown = Object.keys(given).find((name) => !["_", "minutes", "seed", "only"].includes(name)) ?? given._[0];
  if (unknown !== undefined) throw new RangeError(`Cannot use ${unknown}: ${USAGE}`);
  const names: string[] = given.only?.split(",") ?? TARGETS.map(({ name }) => name);
  const targets = names.map((name) => TARGETS.find((target) => target.name === name));
  if (targets.includes(undefined)) throw new RangeError(`Cannot fuzz ${given.only}: ${USAGE}`);
  return {
    minutes: numberOf("minutes", given.minutes ?? "0"),
    seed: numberOf("seed", given.seed ?? String(crypto.getRandomValues(new Uint32Array(1))[0]! >>> 1)),
    targets: targets as Target[],
  };
}

function numberOf(name: string, text: string): number {
  const value = Number(text);
  if (text !== "" && value >= 0 && value < 2 ** 31) return value;
  throw new RangeError(`Cannot use --${name} ${text}: expected a number, 0 or more`);
}

/** Fuzzes until the time is over. Returns the number of targets that failed. */
async function run({ minutes, seed, targets }: Options): Promise<number> {
  const end = performance.now() + minutes * 60_000;
  const failed = new Set<Target>();
  let cases = 0;
  for (let round = seed; round === seed || performance.now() < end; round++) {
    for (const target of targets) {
      if (failed.has(target)) continue;
      const failure = await fuzz(target, round);
      cases += target.cases;
      if (failure === undefined) continue;
      failed.add(target);
      print(`${target.name} failed: run again with deno task fuzz --seed ${round} --only ${target.name}\n${failure}`);
    }
    print(`seed ${round}: ${cases.toLocaleString("en")} cases, ${failed.size} of ${targets.length} targets failed`);
    if (failed.size === targets.length) break;
  }
  return failed.size;
}

function print(line: string): void {
  // deno-lint-ignore no-console -- this is what the command is for
  console.log(line);
}

if (import.meta.main) {
  try {
    Deno.exit(await run(parse(Deno.args)) === 0 ? 0 : 1);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    print(error.message);
    Deno.exit(254);
  }
}

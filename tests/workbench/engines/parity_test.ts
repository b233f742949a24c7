/**
 * Parity: the same short test has the same verdict and the same number of messages with processes and in simulation.
 */

import { assert, assertEquals, assertMatch } from "@std/assert";
import { ROOT } from "../../../lib/workbench/cli/root.ts";
import { parseArguments } from "../../../lib/workbench/request/arguments.ts";
import { findChallenge } from "../../../lib/workbench/request/challenges.ts";
import { createMachine } from "../../../lib/workbench/engines/real_machine.ts";
import { createRequest } from "../../../lib/workbench/request/request.ts";
import type { Results } from "../../../lib/workbench/run/results.ts";

/** True if permissions are missing: the test starts the challenges as processes. */
const ignore = (["read", "write", "run", "env"] as const)
  .some((name) => Deno.permissions.querySync({ name }).state !== "granted");

/** Time limit of every run, seconds, and the number of simulated runs of each row. */
const TIME_LIMIT_SECONDS = 2;
const SEEDS = 20;

/** Rows: a challenge, and the flags that differ from its official command. */
const ROWS: Record<string, string> = {
  echo: "1 --node-count 2 --rate 50",
  "unique ids": "2 --rate 100 --nemesis-interval 1",
  broadcast: "3d --node-count 5 --rate 100 --latency 20",
  counter: "4 --rate 50 --nemesis-interval 1",
  "log in lin-kv": "5b --rate 50",
  log: "5c --node-count 3 --rate 200",
  transactions: "6c --rate 100",
};

/** Runs a challenge, or a plain test if the line begins with `test`. */
async function run(line: string, mode: "process" | "simulation", seed: string, store: string): Promise<Results> {
  const machine = createMachine(ROOT);
  const [id = "", ...words] = line.split(" ");
  const simulated = mode === "simulation" ? ["--sim"] : [];
  const flags = [...simulated, "--time-limit", `${TIME_LIMIT_SECONDS}`, "--seed", seed];
  const args = parseArguments([...flags, ...words]);
  const request = createRequest(findChallenge(id) ?? null, args, machine);
  const engine = mode === "simulation" ? machine.engines.simulation : machine.engines.processes;
  const results = await engine({ ...request, store }, {
    signal: new AbortController().signal,
    log() {},
    output() {},
    progress() {},
  });
  assertEquals(results.mode, mode);
  return results;
}

/** Computes the costs of a run: messages per operation. */
function costs({ operations, net }: Results): Record<string, number> {
  const { count } = operations!;
  return {
    "messages between servers per operation": net!.servers.send_count / count,
    "messages with clients per operation": net!.clients.send_count / count,
  };
}

/**
 * Computes the bounds for the costs of a run with processes: the mean of the simulations, plus or minus their sampling
 * error and some room, because processes start late and are interrupted.
 */
function bounds(values: readonly number[]): [least: number, most: number] {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (values.length - 1);
  const room = DEVIATIONS * Math.sqrt(variance) + DELAY * mean;
  return [mean - room, mean + room];
}

function meanCount(runs: readonly Results[]): number {
  return runs.reduce((sum, { operations }) => sum + operations!.count, 0) / runs.length;
}

/** Standard deviations that count as sampling error, and the share that processes may add. */
const DEVIATIONS = 4;
const DELAY = 0.1;

/** Reduces results to what must be equal: the verdict, the names of figures and functions, anomalies and exceptions. */
function shape({ valid, result, operations, latency_ms, anomalies, exceptions, availability }: Results): unknown {
  return {
    valid,
    figures: Object.keys(result).sort(),
    functions: Object.keys(operations!.by_f).filter((f) => f !== "crash").sort(),
    latencies: Object.keys(latency_ms!).filter((f) => f !== "crash").sort(),
    anomalies: anomalies.filter(({ allowed }) => !allowed),
    exceptions,
    available: availability!.valid,
  };
}

Deno.test({
  name: "a test has the same verdict, and costs the same, with processes and in simulation",
  ignore,
  async fn(t) {
    const store = await Deno.makeTempDir();
    const real = Object.fromEntries(
      await Promise.all(
        Object.entries(ROWS).map(async ([name, line]) => [name, await run(line, "process", "parity", store)] as const),
      ),
    );
    for (const [name, line] of Object.entries(ROWS)) {
      await t.step(name, async () => {
        const simulated: Results[] = [];
        for (let seed = 0; seed < SEEDS; seed++) simulated.push(await run(line, "simulation", String(seed), store));
        const results = real[name]!;
        assertEquals(results.valid, true, JSON.stringify([results.anomalies, results.exceptions]));
        for (const each of simulated) assertEquals(shape(each), shape(results));
        for (const [cost, value] of Object.entries(costs(results))) {
          const [least, most] = bounds(simulated.map((each) => costs(each)[cost]!));
          // A busy machine performs fewer operations in the same number of rounds, so each operation costs more.
          const slowness = Math.max(1, meanCount(simulated) / results.operations!.count);
          assert(
            least <= value && value <= most * slowness,
            `${cost}: ${value} with processes, ${least} to ${most} in simulation`,
          );
        }
      });
    }
    await Deno.remove(store, { recursive: true });
  },
});

/** Places where a node does not handle an error, and what the exception quotes. */
const UNHANDLED: Record<string, RegExp> = {
  rejection: /Error: nobody looks\n[^]*leaves_errors\.ts:8:27\)/,
  timer: /Error: nobody looks\n[^]*leaves_errors\.ts:15:13\b/,
  rpc: /RPCError: [^\n]*\n *read was first requested\n[^]*leaves_errors\.ts:20:17\)/,
};

Deno.test({
  name: "a node that does not handle an error crashes, with processes and in simulation, and the place is told",
  ignore,
  async fn(t) {
    const store = await Deno.makeTempDir();
    const program = `${ROOT}/tests/workbench/programs/leaves_errors.ts`;
    const script = `${store}/leaves_errors`;
    const command = `"${Deno.execPath()}" run --quiet --no-check --config "${ROOT}/deno.json" "${program}" "$@"`;
    await Deno.writeTextFile(script, `#!/bin/sh\nexec ${command}\n`, { mode: 0o755 });
    for (const [place, quoted] of Object.entries(UNHANDLED)) {
      for (const [mode, bin] of [["process", script], ["simulation", program]] as const) {
        await t.step(`${place}, ${mode}`, async () => {
          const results = await run(`test -w echo --bin ${bin} --node-count 1 -- ${place}`, mode, "dune", store);
          const [{ type, node, fatal, message }, ...more] = results.exceptions as [Results["exceptions"][number]];
          assertEquals([results.valid, type, node, fatal, more], [false, "node-crashed", "n0", true, []]);
          assertMatch(message, quoted);
        });
      }
    }
    await Deno.remove(store, { recursive: true });
  },
});

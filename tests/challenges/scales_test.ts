/**
 * No constant is tuned to the official command: the programs stay right when the number of nodes, the rate or the
 * latency change by four times either way, with faults and without.
 */
import { assertEquals, assertGreater } from "@std/assert";
import { gCounter } from "../../challenges/g_counter.ts";
import { kafka } from "../../challenges/kafka.ts";
import { kafkaLinKV } from "../../challenges/kafka_lin_kv.ts";
import { txn } from "../../challenges/txn.ts";
import uniqueIds from "../../challenges/unique_ids.ts";
import type { AnyNode } from "../../lib/node.ts";
import { parseArguments } from "../../lib/workbench/request/arguments.ts";
import { CHALLENGES } from "../../lib/workbench/request/challenges.ts";
import { VirtualClock } from "../../lib/workbench/world/virtual_clock.ts";
import { inProcessWorld } from "../../lib/workbench/world/hosts/in_process/in_process.ts";
import { createRequest } from "../../lib/workbench/request/request.ts";
import type { Results } from "../../lib/workbench/run/results.ts";
import { runTest } from "../../lib/workbench/run/run.ts";
import { WORKLOADS } from "../../lib/workbench/workloads/mod.ts";

/** The programs, their official numbers of nodes and rates. */
const PROGRAMS: Record<string, [program: (node: AnyNode) => void, nodes: number, rate: number]> = {
  "2": [uniqueIds, 3, 1000],
  "4": [gCounter, 3, 100],
  "5b": [kafkaLinKV, 2, 1000],
  "5c": [kafka, 2, 1000],
  "6b": [txn, 2, 1000],
  "6c": [txn, 2, 1000],
};

const LATENCY = 100;
const FAULTS = {
  "no faults": [],
  "partitions and losses": ["--nemesis", "partition,loss", "--nemesis-interval", "1.5"],
};

async function run(id: string, flags: string[]): Promise<Results> {
  const challenge = CHALLENGES.find((each) => each.id === id)!;
  const files = { readTextFile: () => "", inspect: (path: string) => ({ kind: "executable" as const, path }) };
  const { options } = createRequest(challenge, parseArguments(flags), { root: "", files });
  const clock = new VirtualClock();
  const test = runTest(
    {
      ...options,
      availability: undefined,
      challenge: id,
      workload: WORKLOADS[challenge.workload]!,
      seed: "1",
      limits: [],
      logNetSend: false,
      logNetRecv: false,
    },
    inProcessWorld({ program: PROGRAMS[id]![0], clock }),
  );
  return await clock.settle(test);
}

for (const [id, [, nodes, rate]] of Object.entries(PROGRAMS)) {
  for (const [name, faults] of Object.entries(FAULTS)) {
    Deno.test(`${id} is valid at a quarter and four times the nodes, rate and latency, with ${name}`, async () => {
      for (
        const [n, r, latency] of [
          [nodes, rate, LATENCY],
          [1, rate, LATENCY],
          [4 * nodes, rate, LATENCY],
          [nodes, rate / 4, LATENCY],
          [nodes, 4 * rate, LATENCY],
          [nodes, rate, LATENCY / 4],
          [nodes, rate, 4 * LATENCY],
        ] as const
      ) {
        const flags = [
          "--time-limit",
          "4",
          "--node-count",
          String(n),
          "--rate",
          String(r),
          "--latency",
          String(latency),
        ];
        const results = await run(id, [...flags, "--latency-dist", "exponential", ...faults]);
        const what = `${id} with ${n} nodes, ${r} operations a second, latency ${latency}`;
        assertEquals([what, results.valid], [what, true]);
        assertGreater(results.operations!.ok, 10, what);
      }
    });
  }
}

Deno.test("4 and 5b work if a round trip takes over a second, or almost as long as the clients' timeout", async () => {
  for (const id of ["4", "5b"]) {
    for (const latency of [600, 2000]) {
      for (const distribution of ["constant", "exponential"]) {
        const flags = ["--latency", String(latency), "--latency-dist", distribution];
        const { valid, operations } = await run(id, flags);
        assertEquals([id, latency, distribution, valid], [id, latency, distribution, true]);
        const f = id === "4" ? "add" : "send";
        assertGreater(operations!.by_f[f]!.ok, latency === 600 ? 10 : 0);
      }
    }
  }
});

import { assertEquals, assertGreater, assertStringIncludes } from "@std/assert";
import broadcast from "../../../challenges/broadcast.ts";
import type { AnyNode } from "../../../lib/node.ts";
import { FAULTS } from "../../../lib/workbench/run/nemesis/faults.ts";
import type { Operation } from "../../../lib/workbench/history/operation.ts";
import type { RunOptions } from "../../../lib/workbench/run/run.ts";
import { WORKLOADS } from "../../../lib/workbench/workloads/mod.ts";
import { flood, run } from "./run_rig.ts";

const ALL_FAULTS = Object.keys(FAULTS);
const FAULTY: Partial<RunOptions> = {
  workload: WORKLOADS.broadcast!,
  nemesis: ALL_FAULTS,
  nemesisIntervalSeconds: 1,
  latency: { mean: 20, distribution: "exponential" },
};

Deno.test("with all faults, the same seed gives the same bytes of history, messages and results", async () => {
  const program = broadcast as (node: AnyNode) => void;
  const histories = new Set<string>();
  for (const seed of ["1", "2", "3", "4"]) {
    const [a, b] = [await run(program, { ...FAULTY, seed }), await run(program, { ...FAULTY, seed })];
    assertEquals(a.stored, b.stored);
    assertEquals(a.results.exceptions, []);
    histories.add(a.stored.history);
    for (const { begin, end } of Object.values(FAULTS)) {
      for (const f of [begin.f, end.f]) assertStringIncludes(a.stored.history, `"f":"${f}"`);
    }
  }
  assertEquals(histories.size, 4);
});

Deno.test("all nodes run and answer in the final phase", async () => {
  const slow = (node: AnyNode) => {
    flood(node);
    node.onInit(() => node.sleep(3000));
  };
  for (const seed of ["1", "2", "3", "4", "5"]) {
    const { stored, results } = await run(slow, { ...FAULTY, seed });
    const history = JSON.parse(stored.history) as Operation[];
    const final = history.filter(({ final }) => final);
    assertEquals(final.map(({ type }) => type).sort(), [...Array(3).fill("invoke"), ...Array(3).fill("ok")].sort());
    const last = history.findLast(({ process }) => process === "nemesis")!;
    assertGreater(final[0]!.time, last.time + 9e9);
    assertEquals(results.exceptions, []);
  }
});

Deno.test("a broadcast that retries survives all faults together, except kill", async () => {
  const nemesis = ALL_FAULTS.filter((fault) => fault !== "kill");
  for (let seed = 1; seed <= 10; seed++) {
    const { results } = await run(broadcast as (node: AnyNode) => void, { ...FAULTY, nemesis, seed: String(seed) });
    assertEquals([results.valid, results.exceptions], [true, []], `seed ${seed}`);
  }
});

Deno.test("a flood loses values under some faults and not under others", async () => {
  const anomalies: Record<string, string[]> = {};
  for (const fault of ALL_FAULTS) {
    const { results } = await run(flood, { ...FAULTY, nemesis: [fault] });
    anomalies[fault] = results.anomalies.map(({ type }) => type);
  }
  assertEquals(anomalies, {
    "partition": ["lost"],
    "one-way-partition": ["lost"],
    "loss": ["lost"],
    "duplicate": [],
    "delay": [],
    "reorder": [],
    "pause": [],
    "kill": ["lost"],
    "membership": [],
  });
});

Deno.test("a killed node counts as not crashed, receives only init again, and timeouts are info", async () => {
  const inits: Record<string, number> = {};
  const setUps: Record<string, number> = {};
  const count = (counts: Record<string, number>, id: string) => void (counts[id] = (counts[id] ?? 0) + 1);
  const program = (node: AnyNode) => {
    node.onInit(() => count(inits, node.id));
    node.on("topology", () => {
      count(setUps, node.id);
      return {};
    });
    node.on("broadcast", () => ({}));
    node.on("read", () => ({ messages: [] }));
  };
  const { results, stored } = await run(program, { ...FAULTY, nemesis: ["kill"], timeLimitSeconds: 60 });
  assertEquals(results.exceptions, []);
  const history = JSON.parse(stored.history) as Operation[];
  const starts: Record<string, number> = { n0: 1, n1: 1, n2: 1 };
  const down = new Map<string, number>();
  /** Spans in which nodes were down, ns. */
  const spans: { node: string; from: number; to: number }[] = [];
  for (const { f, time, value } of history.filter(({ process }) => process === "nemesis")) {
    for (const [node, outcome] of Object.entries(value as Record<string, string> ?? {})) {
      if (outcome === "killed") down.set(node, time);
      if (outcome !== "started") continue;
      starts[node]!++;
      assertEquals(f, "start");
      spans.push({ node, from: down.get(node)!, to: time });
    }
  }
  assertGreater(spans.length, 10);
  assertEquals([inits, setUps], [starts, { n0: 1, n1: 1, n2: 1 }]);
  // Requests to a node that is down are not answered.
  const invoked = new Map<unknown, Operation>();
  let unanswered = 0;
  for (const operation of history.filter(({ process }) => process !== "nemesis")) {
    if (operation.type === "invoke") invoked.set(operation.process, operation);
    else {
      const { time, process } = invoked.get(operation.process)!;
      const node = `n${(process as number) % 3}`;
      const asleep = spans.some((span) => span.node === node && span.from <= time && time < span.to);
      assertEquals(operation.type === "ok", !asleep, `${node} at ${time}`);
      if (!asleep) continue;
      unanswered++;
      // A read without a reply is fail, a broadcast info.
      assertEquals([operation.type, operation.time - time], [operation.f === "read" ? "fail" : "info", 5e9]);
    }
  }
  assertGreater(unanswered, 10);
});

Deno.test("the progress names the active faults", async () => {
  const seen = new Set<string>();
  let ask: () => { faults: readonly string[] } = () => ({ faults: [] });
  await run(
    (node) => {
      flood(node);
      node.every(50, () => void seen.add(ask().faults.join()));
    },
    { ...FAULTY, nemesis: ["loss", "delay"], timeLimitSeconds: 30 },
    { progress: (how) => ask = how },
  );
  assertEquals(seen, new Set(["", "loss", "delay", "loss,delay"]));
});

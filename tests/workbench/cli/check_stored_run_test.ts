import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import broadcast from "../../../challenges/broadcast.ts";
import { kafka } from "../../../challenges/kafka.ts";
import { txn } from "../../../challenges/txn.ts";
import type { AnyNode } from "../../../lib/node.ts";
import { createMemoryStore, type MemoryStore } from "../../../lib/workbench/run/store/memory_store.ts";
import type { Results } from "../../../lib/workbench/run/results.ts";
import type { RunOptions } from "../../../lib/workbench/run/run.ts";
import { runVirtualTest } from "../../../lib/workbench/engines/virtual_run.ts";
import { WORKLOADS } from "../../../lib/workbench/workloads/mod.ts";
import broadcastWithoutRetry from "../../wrong/broadcast_without_retry.ts";
import { command } from "../engines/fake_command.ts";
import { filesOf } from "../fake_files.ts";
import { runOptions } from "../run/stand_in.ts";

/** Creates a folder with the files of a run. */
function folderOf({ files }: MemoryStore, change: (results: Results) => Partial<Results> = () => ({})) {
  const results = JSON.parse(files["results.json"].join("\n"));
  return filesOf({
    "store/x/history.jsonl": files["history.jsonl"].join("\n"),
    "store/x/results.json": JSON.stringify({ ...results, ...change(results) }),
  });
}

async function record(program: (node: AnyNode) => void, options: Partial<RunOptions> & Pick<RunOptions, "workload">) {
  const memory = createMemoryStore();
  const usual = { timeLimitSeconds: 5, rate: 50, concurrency: 6, consistencyModels: ["strict-serializable"] };
  const results = await runVirtualTest(runOptions({ ...usual, ...options }), program, {
    store: memory,
  });
  return { memory, results };
}

const NODES = ["n1", "n2", "n3"];
const RUNS: [name: string, valid: boolean, program: (node: AnyNode) => void, options: Parameters<typeof record>[1]][] =
  [
    ["broadcast within its limits", true, broadcast, {
      workload: WORKLOADS.broadcast!,
      challenge: "3e",
      limits: [{ name: "msgs_per_op", limit: 20 }, { name: "max_latency_ms", limit: 2000 }],
      latency: { mean: 100, distribution: "exponential" },
    }],
    ["broadcast that loses values", false, broadcastWithoutRetry, {
      workload: WORKLOADS.broadcast!,
      nodes: NODES,
      nemesis: ["loss"],
    }],
    ["kafka under kills", true, kafka, { workload: WORKLOADS.kafka!, nodes: NODES, nemesis: ["partition"] }],
    ["transactions", true, txn, {
      workload: WORKLOADS["txn-rw-register"]!,
      nodes: NODES,
      nemesis: ["partition"],
      nemesisIntervalSeconds: 1,
      availability: "total",
      consistencyModels: ["read-committed", "read-uncommitted"],
    }],
    ["a node that answers nonsense", false, (node) => node.on("echo", () => ({ echo: 4 })), {
      workload: WORKLOADS.echo!,
      availability: 0.5,
    }],
    ["a node that does not start", false, (node) => node.onInit(() => new Promise(() => {})), {
      workload: WORKLOADS.echo!,
    }],
    ["no operations", true, (node) => node.on("echo", ({ echo }) => ({ echo })), {
      workload: WORKLOADS.echo!,
      rate: 0,
    }],
  ];

for (const [name, valid, program, options] of RUNS) {
  Deno.test(`check gives a stored run the same results as when it ran: ${name}`, async () => {
    const { memory, results } = await record(program, options);
    assertEquals(results.valid, valid);
    const { out, status } = await command("check store/x --json", folderOf(memory));
    assertEquals(JSON.parse(out), { ...JSON.parse(JSON.stringify(results)), store: "store/x" });
    assertEquals(status, valid ? 0 : results.exceptions.some(({ fatal }) => fatal) ? 255 : 1);
    const summary = (await command("check store/x", folderOf(memory))).out;
    assertMatch(summary, /^[✓✗] /);
    assertStringIncludes(summary, "stored in    store/x\n");
    assert(!summary.includes("run again"));
  });
}

Deno.test("check lets flags override what is known of a stored run", async () => {
  const { memory, results } = await record(txn, {
    workload: WORKLOADS["txn-rw-register"]!,
    nodes: NODES,
    consistencyModels: ["read-committed"],
  });
  const judged = async (flags: string): Promise<Results> =>
    JSON.parse((await command(`check store/x --json ${flags}`, folderOf(memory))).out);
  assertEquals((await judged("--availability 0.5 --consistency-models serializable")).judged_by, {
    ...results.judged_by!,
    availability: 0.5,
    consistency_models: ["serializable"],
  });
  assertEquals((await judged("--node-count 2 --concurrency 2n")).judged_by, {
    ...results.judged_by!,
    nodes: ["n0", "n1"],
    concurrency: 4,
  });
  assertEquals((await judged("--node x --node y")).judged_by!.nodes, ["x", "y"]);
});

Deno.test("check refuses stored names that are not plain", async () => {
  const { memory } = await record((node) => node.on("echo", ({ echo }) => ({ echo })), { workload: WORKLOADS.echo! });
  const named = (nodes: string[]) => folderOf(memory, ({ judged_by }) => ({ judged_by: { ...judged_by!, nodes } }));
  const { status, err } = await command("check store/x", named(["n0", "../../x"]));
  assertEquals(status, 255);
  assertStringIncludes(err, 'Cannot read store/x/results.json: it is damaged: Cannot name a node "../../x"');
  assertEquals((await command("check store/x", named(["a.b", "node-3"]))).status, 0);
});

Deno.test("check keeps exceptions and anomalies of a stored run that its history does not show", async () => {
  const { memory } = await record((node) => node.on("echo", ({ echo }) => ({ echo })), {
    workload: WORKLOADS.echo!,
  });
  const judged = async (change: Partial<Results>): Promise<Results & { status: number }> => {
    const { out, status } = await command("check store/x --json", folderOf(memory, () => change));
    return { ...JSON.parse(out), status };
  };
  const exception = { message: "It was so", count: 1 };
  const differing = await judged({ exceptions: [{ ...exception, type: "nondeterminism" }] });
  assertEquals([differing.valid, differing.passed, differing.status], [false, false, 1]);
  const forging = await judged({ exceptions: [{ ...exception, type: "forged-source", node: "n1" }] });
  assertEquals([forging.valid, forging.exceptions.length, forging.status], [false, 1, 1]);
  const crashed = await judged({ exceptions: [{ ...exception, type: "node-crashed", fatal: true }] });
  assertEquals([crashed.valid, crashed.status], [false, 255]);
  const lacking = { type: "not-converged", count: 1, explanation: "n0 lacks 7", maelstrom: "overlooks" } as const;
  const apart = await judged({ anomalies: [lacking] });
  assertEquals([apart.valid, apart.anomalies, apart.status], [false, [lacking], 1]);
  const accepted = await judged({ anomalies: [lacking], decided_by: "maelstrom" });
  assertEquals([accepted.valid, accepted.maelstrom.valid, accepted.status], [false, true, 0]);
  const interrupted = await judged({ interrupted: true });
  assertEquals([interrupted.valid, interrupted.status], ["unknown", 2]);
  const again = await judged({ exceptions: [{ ...exception, type: "checker-crashed" }], valid: "unknown" });
  assertEquals([again.valid, again.exceptions], [true, []]);
});

import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { createMachine } from "../../../../lib/workbench/engines/real_machine.ts";
import { createRunList } from "../../../../lib/workbench/report/serve/run_list.ts";
import { formatEDNResults } from "../../../../lib/workbench/run/store/results_edn.ts";
import { testWithStore } from "../../run/store/test_with_store.ts";
import { ROOT } from "../../../../lib/workbench/cli/root.ts";
import { GOOD_RUN } from "../good_run.ts";
import { writeRun, writeRunning, WRITTEN_AT } from "./served_store.ts";

/**
 * Creates the list of a store, and counts the files that it reads.
 *
 * @param age Age of the files of tests under way, ms.
 */
function listOf(store: string, age = 0) {
  const machine = createMachine(ROOT);
  const read: string[] = [];
  const list = createRunList(store, {
    ...machine,
    now: () => WRITTEN_AT + age,
    files: {
      ...machine.files,
      readTextFile(path) {
        read.push(path.slice(store.length + 1));
        return machine.files.readTextFile(path);
      },
    },
  });
  return { list, read };
}

testWithStore("each run has a row with its verdict and its figures, the newest first", async (store) => {
  const anomalies = [
    { type: "lost" as const, count: 2, explanation: "Lost" },
    { type: "stale" as const, count: 1, explanation: "Stale", allowed: true },
  ];
  await writeRun(store, "broadcast/20261129T120000", { duration_ms: 20_000, ops_per_second: 98.5 }, {
    "report.html": "",
  });
  await writeRun(store, "kafka/20261129T130000-2", { valid: false, passed: false, anomalies, challenge: null });
  await Deno.mkdir(`${store}/echo/20261129T110000`, { recursive: true });
  await Deno.mkdir(`${store}/thesis/notes`, { recursive: true });
  await Deno.symlink("broadcast/20261129T120000", `${store}/latest`);
  const rows = listOf(store).list.read();
  assertEquals(rows.map(({ path, state }) => [path, state]), [
    ["kafka/20261129T130000-2", "invalid"],
    ["broadcast/20261129T120000", "passed"],
    ["echo/20261129T110000", "unfinished"],
  ]);
  const [invalid, valid] = rows;
  assertEquals([invalid!.anomalies, invalid!.findings, invalid!.hasReport], [1, "lost", false]);
  assertEquals(valid, {
    path: "broadcast/20261129T120000",
    state: "passed",
    challenge: "3e",
    workload: "broadcast",
    world: "process",
    seed: "abc",
    started: Date.parse("2026-11-29T12:00:00Z"),
    durationMs: 20_000,
    operationsPerSecond: 98.5,
    p50: 0.41,
    p99: 1.2,
    messagesPerOperation: 1.7411,
    okFraction: 1,
    anomalies: 0,
    findings: "",
    hasReport: true,
    progress: null,
  });
});

testWithStore("the findings of a run begin with the causes, as the first line of its summary", async (store) => {
  const found = (type: string) => ({ type, count: 2, explanation: type });
  await writeRun(store, "g-counter/20261129T120000", {
    valid: false,
    passed: false,
    anomalies: [found("no-final-read"), found("never-succeeded"), found("wrong-sum")],
    error_replies: [{ f: "add", error: "not-supported", code: 10, count: 2, text: "add is not handled" }],
    exceptions: [{ type: "malformed-reply", node: "n0", message: "Malformed", count: 3 }],
  });
  const [row] = listOf(store).list.read();
  assertEquals([row!.findings, row!.anomalies], [
    "malformed-reply, error-reply, wrong-sum, no-final-read, never-succeeded",
    3,
  ]);
});

testWithStore("a run without operations has no share that succeeded", async (store) => {
  const operations = { count: 0, ok: 0, fail: 0, info: 0, by_f: {} };
  await writeRun(store, "kafka/20261129T120000", { operations, availability: { valid: true, ok_fraction: 1 } });
  assertEquals(listOf(store).list.read()[0]!.okFraction, null);
});

testWithStore("results are read once, and again when they have changed", async (store) => {
  await writeRun(store, "broadcast/20261129T120000");
  await writeRun(store, "echo/20261129T130000");
  const { list, read } = listOf(store);
  const first = list.read();
  assertEquals(read, ["broadcast/20261129T120000/results.json", "echo/20261129T130000/results.json"]);
  const second = list.read();
  assertEquals([read.length, second[0] === first[0]], [2, true]);
  await writeRun(store, "echo/20261129T130000", { valid: "unknown", passed: false });
  await Deno.writeTextFile(`${store}/broadcast/20261129T120000/report.html`, "");
  const third = list.read();
  assertEquals(third.map(({ state, hasReport }) => [state, hasReport]), [["unknown", false], ["passed", true]]);
  assertEquals(read.slice(2), ["echo/20261129T130000/results.json"]);
  await Deno.remove(`${store}/echo/20261129T130000`, { recursive: true });
  assertEquals(list.read().length, 1);
});

testWithStore("a test under way has its progress; one that was killed is not under way for ever", async (store) => {
  await writeRunning(store, "broadcast/20261129T120000");
  const state = (age: number) => listOf(store, age).list.read()[0]!.state;
  const [row] = listOf(store).list.read();
  assertEquals([row!.state, row!.challenge, row!.durationMs, row!.operationsPerSecond, row!.p99, row!.okFraction], [
    ...["running", "3b", 4200, 98.7, 17.4, 0.9],
  ]);
  assertEquals([state(5000), state(60_000)], ["running", "unfinished"]);
  await writeRunning(store, "broadcast/20261129T120000", { phase: "checking" });
  assertEquals([state(60_000), state(3_600_000)], ["running", "unfinished"]);
  await Deno.writeTextFile(`${store}/broadcast/20261129T120000/progress.json`, '{"schema":1');
  assertEquals(state(0), "unfinished");
  await writeRun(store, "broadcast/20261129T120000");
  assertEquals(state(0), "passed");
});

testWithStore("results that are a link out of the store are not read", async (store) => {
  const elsewhere = await Deno.makeTempFile();
  await Deno.writeTextFile(elsewhere, "secret");
  await writeRun(store, "echo/20261129T120000");
  await Deno.remove(`${store}/echo/20261129T120000/results.json`);
  await Deno.symlink(elsewhere, `${store}/echo/20261129T120000/results.json`);
  const { list, read } = listOf(store);
  const [row] = list.read();
  assertEquals([row!.state, row!.findings, read], [
    ...["unreadable", "Cannot read results.json: it is a link that leads out of the store", []],
  ]);
  await Deno.remove(elsewhere);
});

testWithStore("a simulation shows no progress, but runs as long as it writes", async (store) => {
  const folder = `${store}/kafka/20261129T120000`;
  await Deno.mkdir(`${folder}/node-logs`, { recursive: true });
  const state = (age: number) => listOf(store, age).list.read()[0]!.state;
  assertEquals(state(0), "unfinished");
  await Deno.writeTextFile(`${folder}/messages.jsonl`, "");
  await Deno.utime(`${folder}/messages.jsonl`, new Date(WRITTEN_AT), new Date(WRITTEN_AT));
  assertEquals([state(0), state(30_000), state(90_000)], ["running", "running", "unfinished"]);
  // A test that shows its progress and has stopped doing so was killed, however new its other files are.
  await writeRunning(store, "kafka/20261129T120000");
  assertEquals(state(30_000), "unfinished");
});

testWithStore("results that are damaged, and those of Maelstrom, have a row", async (store) => {
  await writeRun(store, "echo/20261129T120000", {}, { "results.json": '{"schema":1,' });
  await Deno.mkdir(`${store}/broadcast/20261129T130000.000Z`, { recursive: true });
  await Deno.writeTextFile(`${store}/broadcast/20261129T130000.000Z/results.edn`, formatEDNResults(GOOD_RUN));
  const [maelstrom, damaged] = listOf(store).list.read();
  assertEquals(damaged!.state, "unreadable");
  assertStringIncludes(damaged!.findings, "Cannot read results.json: it is not JSON");
  assertEquals([maelstrom!.state, maelstrom!.world, maelstrom!.messagesPerOperation, maelstrom!.p99], [
    ...["passed", "maelstrom", 1.7411, null],
  ]);
});

testWithStore("a store that does not exist has no runs", async (store) => {
  assertEquals(listOf(`${store}/nothing`).list.read(), []);
  await Deno.writeTextFile(`${store}/file`, "");
  assert(listOf(`${store}/file`).list.read().length === 0);
});

import { assertEquals, assertStringIncludes } from "@std/assert";
import { main } from "../../../lib/workbench/cli/main.ts";
import { compareRuns } from "../../../lib/workbench/report/compare/mod.ts";
import { createMachine } from "../../../lib/workbench/engines/real_machine.ts";
import { formatEDNResults } from "../../../lib/workbench/run/store/results_edn.ts";
import { historyText, writeRun } from "../report/serve/served_store.ts";
import { GOOD_RUN } from "../report/good_run.ts";
import { testWithStore } from "../run/store/test_with_store.ts";
import { ROOT } from "../../../lib/workbench/cli/root.ts";

const RUNS = ["broadcast/20261129T120000", "broadcast/20261129T130000"];

/** Runs `compare` on a real machine with fake outputs. */
async function compare(words: string[]) {
  const printed = { out: "", err: "" };
  const machine = {
    ...createMachine(ROOT),
    stdout: (text: string) => void (printed.out += text),
    stderr: (text: string) => void (printed.err += text),
    isTerminal: { stdout: false, stderr: false },
  };
  return { status: await main(["compare", ...words], machine), ...printed };
}

/** Writes two runs; the second is slower. Returns their folders. */
async function writeRuns(store: string): Promise<[string, string]> {
  const judged_by = { nodes: ["n0", "n1"], concurrency: 2, availability: null, consistency_models: [] };
  const latency = (ms: number) => ({ read: { p50: ms, p95: ms, p99: ms, max: ms } });
  const messages = '{"id":0,"time":0,"type":"send","message":{}}\n{"id":1,"time":5,"type":"recv","message":{}}\n';
  const files = (ms: number) => ({ "history.jsonl": historyText(50, ms), "messages.jsonl": messages });
  await writeRun(store, RUNS[0]!, { latency_ms: latency(10), judged_by, seed: "a" }, files(10));
  const changes = { latency_ms: latency(15), judged_by: { ...judged_by, nodes: ["n0"] }, seed: "b" };
  await writeRun(store, RUNS[1]!, { ...changes, valid: false, passed: false }, files(15));
  return RUNS.map((path) => `${store}/${path}`) as [string, string];
}

testWithStore("compare prints the figures with their changes, and writes the page", async (store) => {
  const [first, second] = await writeRuns(store);
  const out = `${store}/page.html`;
  const { status, out: text, err } = await compare([first, `${second}/`, "--out", out]);
  assertEquals([status, err], [0, ""]);
  for (
    const part of [
      "A  ✓ 3e broadcast: passed\n",
      "B  ✗ 3e broadcast: invalid\n",
      "Note: The runs have different numbers of nodes: 2, 1.\n",
      "read p50, ms",
      "+50 % ✗",
    ]
  ) assertStringIncludes(text, part);
  assertEquals(text.split("\n").at(-2), out);
  const page = await Deno.readTextFile(out);
  assertStringIncludes(page, "<title>A 3e broadcast, B 3e broadcast: comparison</title>");
  // Again: a page of its own may be replaced.
  assertEquals((await compare([first, second, "--out", out])).status, 0);
});

testWithStore("compare says in which options the runs differ, before any figure", async (store) => {
  const judged_by = { nodes: ["n0"], concurrency: 1, availability: null, consistency_models: [] };
  const commands = [
    "./maelstrom.sh 3e --seed a",
    "./maelstrom.sh 3e --rate 10 --time-limit 3 --nodes n0 --seed b",
    undefined,
  ];
  for (const [at, command] of commands.entries()) {
    await writeRun(store, `broadcast/2026112${at}T120000`, { command, judged_by }, {
      "history.jsonl": historyText(5, 5),
    });
  }
  const folders = commands.map((_, at) => `${store}/broadcast/2026112${at}T120000`);
  const { status, out } = await compare([...folders, "--out", `${store}/x.html`]);
  assertEquals(status, 0);
  const [head] = out.replaceAll(/\s+/g, " ").split(" B to A ");
  assertStringIncludes(
    head!,
    "Note: The runs have different options: A --time-limit 20, --rate 100; B --time-limit 3, --rate 10. " +
      "Note: The options of C are not known. A B",
  );
  const same = await compare([folders[0]!, folders[0]!, "--out", `${store}/x.html`]);
  assertEquals(same.out.includes("Note:"), false);
});

testWithStore("compare replaces nothing that it has not made", async (store) => {
  const folders = await writeRuns(store);
  await Deno.writeTextFile(`${store}/thesis.html`, "<p>Mine");
  const refused = await compare([...folders, "--out", `${store}/thesis.html`]);
  assertEquals([refused.status, refused.err], [
    254,
    `Cannot write ${store}/thesis.html: it is a file that compare has not made; expected --out with the name of ` +
    "another file\n",
  ]);
  assertEquals(await Deno.readTextFile(`${store}/thesis.html`), "<p>Mine");
  assertStringIncludes((await compare([...folders, "--out", store])).err, "it is a folder; expected --out");
});

testWithStore("compare says what it needs", async (store) => {
  const [first, second] = await writeRuns(store);
  const message = async (...words: string[]) => {
    const { status, err } = await compare([...words, "--out", `${store}/x.html`]);
    assertEquals(status, 254);
    return err;
  };
  assertEquals(await message(), "Cannot compare 0 runs: expected 2 to 8 folders of runs\n");
  assertEquals(await message(first), "Cannot compare 1 run: expected 2 to 8 folders of runs\n");
  assertStringIncludes(await message(...Array(9).fill(first)), "Cannot compare 9 runs");
  assertStringIncludes(await message(first, `${store}/none`), `Cannot find ${store}/none: expected a history`);
  assertStringIncludes(await message(first, `${first}/results.json`), "it is a file, expected the folder of a run");
  await Deno.remove(`${second}/results.json`);
  assertEquals(
    await message(first, second),
    `Cannot compare ${second}: it has no results.json and no results.edn; to judge its history, use check\n`,
  );
});

testWithStore("runs are aligned at their first operations, however long their nodes took to start", async (store) => {
  const entry = (index: number, ms: number, type: string, process: number | "nemesis", f: string) =>
    `${JSON.stringify({ index, time: ms * 1e6, type, process, f, value: null })}\n`;
  const message = (ms: number) => `{"id":0,"time":${ms * 1e6},"type":"send","message":{}}\n`;
  const folders = [];
  for (const [at, start] of [0, 5000].entries()) {
    const path = `broadcast/20261129T1${at}0000`;
    const fault = ["start-partition", "stop-partition"].map((f, at) =>
      [2, 2].map((_, each) => entry(2 + 2 * at + each, start + 300 + 200 * at, "info", "nemesis", f)).join("")
    );
    await writeRun(store, path, {}, {
      "history.jsonl": entry(0, start, "invoke", 0, "read") + entry(1, start + 100, "ok", 0, "read") + fault.join(""),
      "messages.jsonl": message(start - 1) + message(start) + message(start + 450),
    });
    folders.push(`${store}/${path}`);
  }
  const { runs: [first, second], bin } = await compareRuns(folders, createMachine(ROOT));
  for (const run of [first!, second!]) {
    assertEquals([run.end, run.operations.start, run.operations.duration], [500_000, [0], [100_000]]);
    assertEquals(run.faults.map(({ start, end }) => [start, end]), [[300_000, 500_000]]);
    assertEquals(run.messages!.flatMap((count, at) => count === 0 ? [] : [[at * bin, count]]), [
      ...[[0, 1], [Math.floor(450_000 / bin) * bin, 1]],
    ]);
  }
});

testWithStore("results that are damaged are told, with what can be done", async (store) => {
  const [first, second] = await writeRuns(store);
  await Deno.writeTextFile(`${second}/results.json`, '{"schema":1,"workload":"broadcast"}');
  const { status, err } = await compare([first, second, "--out", `${store}/x.html`]);
  assertEquals(status, 255);
  assertStringIncludes(err, `Cannot read ${second}/results.json: it is damaged: `);
  assertStringIncludes(err, "; to judge the history alone, give check its file");
});

testWithStore("a run of Maelstrom is compared as far as its files go", async (store) => {
  const [first] = await writeRuns(store);
  const folder = `${store}/broadcast/20261129T140000.000Z`;
  await Deno.mkdir(folder, { recursive: true });
  await Deno.writeTextFile(`${folder}/results.edn`, formatEDNResults(GOOD_RUN));
  await Deno.writeTextFile(
    `${folder}/history.edn`,
    "{:type :invoke, :process 0, :f :read, :value nil, :time 0}\n" +
      "{:type :ok, :process 0, :f :read, :value [], :time 20000000}\n",
  );
  const { status, out } = await compare([first, folder, "--out", `${store}/x.html`]);
  assertEquals(status, 0);
  for (const part of ["B  ✓ broadcast: passed\n", "Maelstrom", "different worlds: process, maelstrom", "+100 % ✗"]) {
    assertStringIncludes(out, part);
  }
});

testWithStore("runs of different workloads are compared with a warning", async (store) => {
  const [first] = await writeRuns(store);
  await writeRun(store, "echo/20261129T140000", { challenge: "1" }, { "history.jsonl": historyText(5, 5) });
  const { out } = await compare([first, `${store}/echo/20261129T140000`, "--out", `${store}/x.html`]);
  assertStringIncludes(out.replaceAll(/\s+/g, " "), "The runs have different workloads: broadcast, echo.");
  assertStringIncludes(out.replaceAll(/\s+/g, " "), "Their figures do not mean the same.");
});

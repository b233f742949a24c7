import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { main } from "../../../lib/workbench/cli/main.ts";
import type { Results } from "../../../lib/workbench/run/results.ts";
import { WORKLOADS } from "../../../lib/workbench/workloads/mod.ts";
import { assertRejected, command } from "../engines/fake_command.ts";
import { type FakeMachine, fakeMachine } from "../engines/fake_machine.ts";
import { filesOf } from "../fake_files.ts";

/** Formats an operation, invocation and completion, as Jepsen does. */
function edn(process: number, f: string, argument: string, type = "ok", result = argument, more = ""): string {
  return `{:type :invoke, :process ${process}, :f :${f}, :value ${argument}}\n` +
    `{:type :${type}, :process ${process}, :f :${f}, :value ${result}${more}}\n`;
}

const IDS = edn(0, "generate", "nil", "ok", "7") + edn(1, "generate", "nil", "ok", "8");
const SAME_IDS = IDS.replace("8", "7");

/** Checks a history. */
async function check(history: string, flags = ""): Promise<FakeMachine> {
  return await command(`check history.edn ${flags}`.trim(), filesOf({ "history.edn": history }));
}

async function checkJSON(history: string, flags = ""): Promise<Results> {
  return JSON.parse((await check(history, `--json ${flags}`.trim())).out);
}

Deno.test("check shows its help", async () => {
  for (const line of ["check --help", "check -h", "help check", "check x.edn --rate 5 --help"]) {
    const { status, out, err } = await command(line);
    assertEquals([status, err], [0, ""]);
    assertStringIncludes(out, "./maelstrom.sh check PATH [flags]");
    assertMatch(out, /-w, --workload NAME +The workload of the history/);
    assert(!out.includes("--rate") && !out.includes("default lin-kv"));
    assert(out.split("\n").every((text) => text.length <= 80), "fits 80 columns");
  }
  assertStringIncludes((await command("help")).out, "check PATH");
});

Deno.test("check reads a history from the standard input", async () => {
  for (const path of ["-", "/dev/stdin"]) {
    const { status, out } = await command(`check ${path} -w unique-ids`, filesOf({ "-": IDS }));
    assertEquals([status, out.split("\n")[0]], [0, "✓ unique-ids: valid"]);
  }
});

Deno.test("check rejects bad arguments", async () => {
  const files = filesOf({ "x.edn": IDS, "f/notes": "" });
  await assertRejected("check", "Missing PATH: expected check PATH, a history or the folder of a run", files);
  await assertRejected("check x.edn y.edn", "Cannot check x.edn and y.edn: expected one path", files);
  await assertRejected("check x.edn -- --fast", "Cannot use arguments after -- with check: no node is run", files);
  await assertRejected(
    "check x.edn --rate 5",
    "Cannot use --rate with check: it has no effect there; expected one of --workload, --node-count, ",
    files,
  );
  await assertRejected("check x.edn --availabilty total", "did you mean --availability?", files);
  await assertRejected("check x.edn --availability most", 'Cannot use --availability "most"', files);
  await assertRejected("check x.edn -w unique", "did you mean unique-ids?", files);
  await assertRejected("check x.edn --consistency-models serialisable", "did you mean serializable?", files);
  await assertRejected("check x.edn --nodes a,a", "Cannot name two nodes a", files);
  await assertRejected("check y.edn", "Cannot find y.edn: expected a history, or the folder of a run", files);
  await assertRejected("check f", "Cannot find a history in f: ", files);
  await assertRejected("check x.edn -w echo", "Cannot check generate as echo: ", files);
  await assertRejected("chek x.edn", "did you mean check?", files);
  const empty = fakeMachine(files);
  assertEquals(await main(["check", ""], empty), 254);
  assertEquals(empty.err, "Cannot check a path that is empty: expected a history or the folder of a run\n");
});

Deno.test("check reports a bad history in one line", async () => {
  const wrong = async (history: string) => {
    const { status, out, err } = await check(history);
    assertEquals([status, out, err.split("\n").length], [255, "", 2]);
    return err;
  };
  const empty = "Cannot check history.edn: it is empty, expected operations, or -w with its workload\n";
  assertEquals(await wrong(""), empty);
  assertEquals(await wrong("[]"), empty);
  const deep = `{:type :invoke, :process 0, :f :echo, :value ${"[".repeat(5000)}`;
  assertStringIncludes(await wrong(deep), "line 1, column 1045: expected at most 1000 nested forms, got more");
  const json = `{"type":"invoke","process":0,"f":"echo","value":${"[".repeat(5000)}${"]".repeat(5000)}}`;
  assertStringIncludes(await wrong(json), "line 1, column 1048: expected at most 1000 nested forms, got more");
  assertStringIncludes(
    await wrong(IDS.slice(0, -5)),
    "Cannot read history history.edn: Cannot parse EDN at line 4, column ",
  );
  assertStringIncludes(await wrong("\0\x01"), "it is not a text");
  const [first, second, ...rest] = IDS.split("\n");
  assertStringIncludes(
    await wrong([second, first, ...rest].join("\n")),
    "operation 0 at line 1, column 1: expected an invocation",
  );
  assertStringIncludes(
    await wrong([first, first].join("\n")),
    "operation 1 at line 2, column 1: expected the completion",
  );
});

Deno.test("check checks an empty history if its workload is known", async () => {
  const valid: Record<string, boolean> = {
    "echo": true,
    "unique-ids": true,
    "kafka": true,
    "lin-kv": true,
    "lin-kv-only": true,
  };
  for (const name of Object.keys(WORKLOADS)) {
    for (const text of ["", "[]", "; nothing\n", "{:type :info, :process :nemesis, :f :start}"]) {
      const { out, err, status } = await check(text, `-w ${name}`);
      assertEquals([err, status], ["", name in valid ? 0 : 2], `${name} ${text}`);
      assertMatch(out, name in valid ? /^✓ .*: valid/ : /^\? .*: unknown/);
    }
    // As Maelstrom stores it: the folder around it has the name of the workload.
    const files = filesOf({ [`store/${name}/1/history.edn`]: "" });
    assertEquals((await command(`check store/${name}/1`, files)).status, name in valid ? 0 : 2);
  }
});

Deno.test("check ends with the exit statuses of a run", async () => {
  assertEquals((await check(IDS)).status, 0);
  assertEquals((await check(SAME_IDS)).status, 1);
  // No final read: the final value of the counter is unknown.
  assertEquals((await check(edn(0, "add", "3") + edn(0, "read", "nil", "ok", "3"))).status, 2);
  const malformed = await check(edn(0, "write", "[1 2]") + edn(0, "write", "3"), "-w lin-kv");
  assertEquals(malformed.status, 2);
  assertMatch(malformed.out, /^\? lin-kv: unknown \(malformed-history\)/);
  assertStringIncludes(malformed.out, "Cannot check operation 3 with value 3: expected [key, value]");
});

Deno.test("check shows the same as a run, except facts that no history contains", async () => {
  const { out, err } = await check(IDS.replaceAll("}\n", ", :time 5}\n"), "-q");
  assertEquals(err, "");
  assertEquals(
    out,
    [
      "✓ unique-ids: valid",
      "",
      "  operations  count  ok  fail  info  p50  p95  p99  max ms",
      "    generate      2   2     0     0    0    0    0       0",
      "",
      "  100 % of operations ok, attempted 2, acknowledged 2, duplicated 0, range 7 8",
      "",
    ].join("\n"),
  );
  const { valid, passed, engine, workload, mode, seed, net, store, challenge, targets, judged_by } = await checkJSON(
    IDS,
  );
  assertEquals([valid, passed, engine, workload], [true, true, "workbench", "unique-ids"]);
  assertEquals([mode, seed, net, store, challenge, targets], [null, null, null, null, null, []]);
  assertEquals(judged_by, {
    nodes: null,
    concurrency: null,
    availability: null,
    consistency_models: ["strict-serializable"],
  });
});

Deno.test("check shows no latencies if a history has no times", async () => {
  const history = edn(0, "broadcast", "1") + edn(0, "read", "nil", "ok", "[1]");
  const { latency_ms, result } = await checkJSON(history);
  assertEquals([latency_ms, result.stable_latencies, result.stable_count], [null, null, 1]);
  const lost = await checkJSON(history + edn(0, "read", "nil", "ok", "[]"));
  assertEquals([lost.result.lost_count, lost.result.lost_latencies], [1, null]);
  const sent = edn(0, "send", '[[:send "a" 1]]', "ok", '[[:send "a" [0 1]]]');
  assertEquals((await checkJSON(sent)).result.worst_realtime_lag, null);
  const timed = await checkJSON(history.replaceAll("}\n", ", :time 5}\n"));
  assertEquals([timed.latency_ms!.read!.max, timed.result.stable_latencies], [0, {
    0: 0,
    0.5: 0,
    0.95: 0,
    0.99: 0,
    1: 0,
  }]);
});

Deno.test("check uses its flags", async () => {
  const failing = IDS + edn(0, "generate", "nil", "fail");
  assertEquals((await checkJSON(failing)).valid, true);
  assertEquals((await checkJSON(failing, "--availability 0.6")).valid, true);
  const { valid, anomalies } = await checkJSON(failing, "--availability total");
  assertEquals([valid, anomalies.map(({ type }) => type)], [false, ["unavailable"]]);
  // Write skew: each transaction reads the key that the other one writes.
  const skew = "{:type :invoke, :process 0, :value [[:r 1 nil] [:append 2 1]]}" +
    "{:type :invoke, :process 1, :value [[:r 2 nil] [:append 1 1]]}" +
    "{:type :ok, :process 0, :value [[:r 1 nil] [:append 2 1]]}" +
    "{:type :ok, :process 1, :value [[:r 2 nil] [:append 1 1]]}" +
    "{:type :invoke, :process 0, :value [[:r 1 nil] [:r 2 nil]]}" +
    "{:type :ok, :process 0, :value [[:r 1 [1]] [:r 2 [1]]]}";
  assertEquals((await checkJSON(skew)).valid, false);
  assertEquals((await checkJSON(skew, "--consistency-models snapshot-isolation,read-committed")).valid, true);
  assertEquals((await checkJSON(skew, "--consistency-models serializable")).anomalies[0]!.type, "G2-item");
});

Deno.test("check takes a history without invocations as one without real time", async () => {
  const transactions = (...values: string[]) =>
    values.map((value) => `{:type :ok, :process 0, :value ${value}}`).join();
  const stale = transactions("[[:append :x 1]]", "[[:r :x nil]]", "[[:r :x [1]]]");
  const { status, out, err } = await check(stale, "--json");
  const { valid, judged_by, result, latency_ms, operations } = JSON.parse(out);
  assertEquals([status, valid, judged_by.consistency_models, result.permits], [0, true, ["serializable"], [
    "serializable",
  ]]);
  assertEquals([latency_ms, operations.count, operations.ok], [null, 3, 3]);
  const reason = "the history has no invocations, so real time and the order within processes are unknown";
  assertEquals(err, `Note: ${reason}; it is checked as serializable\n`);
  const cycle = await check(transactions("[[:append :x 1] [:r :y [1]]]", "[[:append :y 1] [:r :x [1]]]"));
  assertStringIncludes(cycle.out, "INVALID (G1c)");
  for (const model of ["strict-serializable", "strong-session-serializable"]) {
    const refused = await check(stale, `--consistency-models read-committed,${model}`);
    const message = `Cannot check ${model}: ${reason}; expected a model such as serializable\n`;
    assertEquals([refused.status, refused.out, refused.err], [254, "", message]);
  }
  const sends = await check(transactions('[[:send "a" [0 1]]]'));
  assertEquals([sends.status, sends.err], [254, `Cannot check kafka: ${reason}\n`]);
});

Deno.test("check refuses consistency models that no transaction can violate", async () => {
  const history = filesOf({ "x.edn": edn(0, "txn", "[[:append 2 1]]") });
  const line = "check x.edn -w txn-list-append --consistency-models";
  for (const model of ["linearizable", "PRAM", "monotonic-reads,1SR"]) {
    const names = model.replace(",", ", ");
    await assertRejected(`${line} ${model}`, `Cannot check consistency model ${names}: no anomaly violates`, history);
  }
  const mixed = await command(`${line} linearizable,read-committed`, history);
  assertEquals(mixed.status, 0);
  assertStringIncludes(mixed.err, "Note: nothing is looked for under linearizable: ");
  const others = await check(IDS, "--consistency-models linearizable");
  assertEquals(others.status, 0);
  assertStringIncludes(others.err, "Note: --consistency-models does nothing here: unique-ids has no transactions");
});

Deno.test("check shows exceptions of Jepsen's clients", async () => {
  const thrown =
    ', :error "indeterminate: Malformed", :time 2000000, :exception {:via [{:type clojure.lang.ExceptionInfo}]}';
  const crash = (process: number) => edn(process, "generate", "nil", "info", "nil", thrown);
  const { valid, exceptions } = await checkJSON(IDS + crash(2) + crash(3));
  assertEquals(valid, true);
  assertEquals(exceptions, [{
    type: "client-crashed",
    message: "A client threw clojure.lang.ExceptionInfo, first in generate of process 2, at 0.002 s: " +
      '"indeterminate: Malformed"',
    count: 2,
    maelstrom: "finds",
  }]);
});

Deno.test("check finds malformed replies in Maelstrom's history, which is valid for Maelstrom", async () => {
  const thrown = ', :error "indeterminate: Malformed", :time 2000000, :exception {:via ' +
    "[{:type clojure.lang.ExceptionInfo, :data {:type :malformed-rpc-response, :body {:id 1}}}]}";
  const history = IDS + edn(2, "generate", "nil", "info", "nil", thrown);
  const { valid, maelstrom, exceptions } = await checkJSON(history);
  assertEquals([valid, maelstrom], [false, { valid: true, passed: true }]);
  assertEquals(exceptions, [{
    type: "malformed-reply",
    message: 'A node sent a malformed reply, first to generate of process 2, at 0.002 s: "indeterminate: Malformed"',
    count: 1,
    maelstrom: "overlooks",
  }]);
});

Deno.test("check decides by --strict or --as-maelstrom, and strictly by default", async () => {
  const history = edn(0, "txn", "[[:r 9 nil]]", "ok", "[[:r 9 0]]");
  const flags = "check x.edn -w txn-rw-register --consistency-models read-uncommitted";
  const status = async (more: string) => (await command(`${flags}${more}`, filesOf({ "x.edn": history }))).status;
  assertEquals([await status(""), await status(" --strict"), await status(" --as-maelstrom")], [1, 1, 0]);
  const { out } = await command(flags, filesOf({ "x.edn": history }));
  assertEquals(out.split("\n")[0], "✗ txn-rw-register: INVALID (garbage-read); valid for Maelstrom");
  assertStringIncludes(out.replaceAll(/\s+/g, " "), "; null was expected: the key has never been written before");
  const both = "Cannot use --strict with --as-maelstrom: expected one of them";
  await assertRejected(`${flags} --strict --as-maelstrom`, both, filesOf({ "x.edn": history }));
});

Deno.test("check assumes a node for each process if the nodes are unknown", async () => {
  const read = (process: number, value: string) =>
    edn(process, "txn", "[[:r 9 nil]]", "ok", `[[:r 9 ${value}]]`).replaceAll("}", ", :final? true}");
  const history = edn(0, "txn", "[[:w 9 1]]") + edn(0, "txn", "[[:w 9 2]]");
  assertEquals((await checkJSON(history + read(2, "2") + read(3, "2"), "-w txn-rw-register")).valid, true);
  const flags = "-w txn-rw-register --consistency-models read-uncommitted";
  const { valid, anomalies: [anomaly] } = await checkJSON(history + read(2, "2") + read(3, "1"), flags);
  assertEquals([valid, anomaly!.type], [false, "divergent-replicas"]);
  assertStringIncludes(
    anomaly!.explanation,
    "2 on the node of process 2 (at 0.000 s) and 1 on the node of process 3",
  );
  // Two processes of one worker talk to the same node.
  const known = await checkJSON(history + read(2, "2") + read(3, "1"), `${flags} --nodes a --concurrency 1`);
  assertEquals([known.valid, known.judged_by!.nodes, known.judged_by!.concurrency], [true, ["a"], 1]);
  assertEquals((await checkJSON(history + read(9_007_199_254_740_991, "2"), flags)).valid, true);
});

Deno.test({
  name: "check reads runs, links and compressed histories from the disk",
  ignore: (await Deno.permissions.query({ name: "write" })).state !== "granted" ||
    (await Deno.permissions.query({ name: "read" })).state !== "granted",
  async fn() {
    const { createMachine } = await import("../../../lib/workbench/engines/real_machine.ts");
    const root = await Deno.makeTempDir();
    try {
      await Deno.mkdir(`${root}/unique-ids/1`, { recursive: true });
      const compressed = new Blob([SAME_IDS]).stream().pipeThrough(new CompressionStream("gzip"));
      await Deno.writeFile(`${root}/unique-ids/1/history.edn.gz`, compressed);
      await Deno.symlink("unique-ids/1", `${root}/latest`, { type: "dir" });
      const { files, openFile } = createMachine("/project");
      const machine = fakeMachine({ files, openFile });
      assertEquals(await main(["check", `${root}/latest`], machine), 1);
      assertMatch(machine.out, /^✗ unique-ids: INVALID \(duplicate-id\)/);
    } finally {
      await Deno.remove(root, { recursive: true });
    }
  },
});

Deno.test({
  name: "check reads a history from a named pipe of the shell, and from its stdin",
  ignore: Deno.build.os === "windows" || (await Deno.permissions.query({ name: "run" })).state !== "granted",
  async fn() {
    const program = new URL("../../../lib/workbench/cli/main.ts", import.meta.url).pathname;
    // The shell replaces <(…) by a path such as the first one.
    for (const path of ["/dev/fd/9 9<&0", "-", "/dev/stdin"]) {
      const script = `printf '%s' "$1" | "$0" run -q --allow-read --allow-env "$2" check ${path}`;
      const args = ["-c", script, Deno.execPath(), SAME_IDS, program];
      const { code, stdout, stderr } = await new Deno.Command("sh", { args }).output();
      const [out, err] = [stdout, stderr].map((bytes) => new TextDecoder().decode(bytes));
      assertEquals([code, err], [1, ""]);
      assertMatch(out!, /^✗ unique-ids: INVALID \(duplicate-id\)/);
    }
  },
});

const DOCUMENT = new URL("../../../docs/check.md", import.meta.url);

Deno.test({
  name: "check prints the output that docs/check.md shows",
  ignore: (await Deno.permissions.query({ name: "read" })).state !== "granted",
  async fn() {
    const text = await Deno.readTextFile(DOCUMENT);
    const history = /```clojure\n([\s\S]*?)```/.exec(text)![1]!;
    const [, line, shown] = /```console\n\$ \.\/maelstrom\.sh (.*)\n([\s\S]*?)```/.exec(text)!;
    const { out, status } = await command(line!, filesOf({ "register.edn": history }));
    assertEquals([out, status], [shown, 1]);
  },
});

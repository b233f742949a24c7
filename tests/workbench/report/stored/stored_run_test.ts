import { assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { FailedError, UsageError } from "../../../../lib/workbench/base/errors.ts";
import { readStoredRun } from "../../../../lib/workbench/report/stored/stored_run.ts";
import { filesOf } from "../../fake_files.ts";

const EDN = "{:type :invoke, :process 0, :f :echo, :value 1}\n{:type :ok, :process 0, :f :echo, :value {:echo 1}}\n";
const JSON_LINES = '{"index":0,"time":0,"type":"invoke","process":0,"f":"echo","value":1}\n';

const COUNTS = { send_count: 1, recv_count: 1, msg_count: 1 };

const RESULTS = {
  schema: 1,
  workload: "echo",
  challenge: null,
  mode: "process",
  seed: null,
  net: { all: COUNTS, clients: COUNTS, servers: COUNTS },
  result: { valid: true },
  anomalies: [],
  targets: [],
  exceptions: [],
  judged_by: { nodes: ["n0", "n1"], concurrency: 4, availability: "total", consistency_models: ["read-committed"] },
};

Deno.test("a file is only a history", async () => {
  for (const [path, content] of [["x.edn", EDN], ["history.jsonl", JSON_LINES]] as const) {
    const run = await readStoredRun(path, filesOf({ [path]: content, "results.json": JSON.stringify(RESULTS) }));
    assertEquals([run.history[0]!.value, run.folder, run.flags.size, run.results, run.net], [
      1,
      null,
      0,
      undefined,
      null,
    ]);
  }
});

Deno.test("a folder of the workbench contains the options of its run", async () => {
  const files = filesOf({ "s/echo/1/history.jsonl": JSON_LINES, "s/echo/1/results.json": JSON.stringify(RESULTS) }, {
    "s/latest": "s/echo/1",
  });
  for (const path of ["s/echo/1", "s/echo/1/", "s/latest"]) {
    const run = await readStoredRun(path, files);
    assertEquals([run.history.length, run.folder, run.net], [1, path.replace(/\/$/, ""), RESULTS.net as never]);
    assertEquals(Object.fromEntries(run.flags), {
      workload: ["echo"],
      nodes: ["n0,n1"],
      concurrency: ["4"],
      availability: ["total"],
      "consistency-models": ["read-committed"],
    });
  }
});

Deno.test("a folder of the workbench without results is only a history", async () => {
  const run = await readStoredRun("s", filesOf({ "s/history.jsonl": JSON_LINES }));
  assertEquals([run.history.length, run.flags.size, run.results], [1, 0, undefined]);
});

/** Creates the beginning of a log of Jepsen. */
function log(command: string): string {
  return [
    "INFO [2026-11-22 10:00:00] main - jepsen.core Test version 1",
    "INFO jepsen.core Command line:",
    `lein run ${command}`,
    "INFO more\n",
  ].join("\n");
}

Deno.test("a folder of Maelstrom gives its workload by its path, and its flags in its log", async () => {
  const flagsOf = async (files: Record<string, string>) => {
    const contents = Object.fromEntries(Object.entries(files).map(([name, text]) => [`store/echo/1/${name}`, text]));
    const run = await readStoredRun("store/latest", filesOf(contents, { "store/latest": "store/echo/1" }));
    return Object.fromEntries(run.flags);
  };
  assertEquals(await flagsOf({ "history.edn": EDN }), { workload: ["echo"] });
  const command =
    'test -w broadcast --bin ./x --rate 10 --availability 0.9 --consistency-models "a \\" , b" --nodes-file f';
  assertEquals(
    await flagsOf({
      "history.edn": EDN,
      "jepsen.log": log(command.replace('a \\" , b', "serializable , read-atomic")),
    }),
    {
      workload: ["broadcast"],
      availability: ["0.9"],
      "consistency-models": ["serializable , read-atomic"],
    },
  );
  // The commands of other tests, and logs without a command, are ignored.
  assertEquals(await flagsOf({ "history.edn": EDN, "jepsen.log": log("test --db etcd") }), { workload: ["echo"] });
  assertEquals(await flagsOf({ "history.edn": EDN, "jepsen.log": log(command) }), { workload: ["echo"] });
  assertEquals(await flagsOf({ "history.edn": EDN, "jepsen.log": "INFO nothing\n" }), { workload: ["echo"] });
});

Deno.test("the command of a test of Maelstrom is the one that Jepsen has logged", async () => {
  const commandIn = async (line: string) => {
    const log = `INFO Command line:\nlein run ${line}\nINFO\n`;
    return (await readStoredRun("s", filesOf({ "s/history.edn": EDN, "s/jepsen.log": log }))).command;
  };
  assertEquals(await commandIn('test -w echo --bin "a b"'), "maelstrom test -w echo --bin 'a b'");
  assertEquals([await commandIn("test --db etcd"), await commandIn("serve")], [undefined, undefined]);
});

Deno.test("a folder of Maelstrom contains counts of messages", async () => {
  const counts = "{:send-count 8, :recv-count 7, :msg-count 8, :msgs-per-op 4.0}";
  const results = `{:net {:all ${counts}, :clients ${counts}, :servers ${counts}}, :valid? true}`;
  const net = async (text: string) =>
    (await readStoredRun("s", filesOf({ "s/history.edn": EDN, "s/results.edn": text }))).net;
  assertEquals((await net(results))!.servers.msg_count, 8);
  assertEquals([await net("{:valid? :unknown}"), await net("{:valid?")], [null, null]);
  // Whatever else is damaged, only these counts are read.
  const damaged = ":stats {:count 1, :by-f {:read nil}}, :workload {:anomaly-types [:G1a], :anomalies {:G1a [{}]}}";
  assertEquals((await net(results.replace("{", `{${damaged}, `)))!.servers.msg_count, 8);
  assertEquals(await net(results.replace(":msg-count 8", ':msg-count "many"')), null);
});

Deno.test("errors about a path that is not a run, or is unreadable, name the path", async () => {
  const wrong = async (path: string, contents: Record<string, string | Uint8Array<ArrayBuffer>>) => {
    const error = await assertRejects(() => readStoredRun(path, filesOf(contents))) as Error;
    return [error instanceof UsageError ? 254 : error instanceof FailedError ? 255 : 0, error.message] as const;
  };
  assertEquals(await wrong("s", {}), [254, "Cannot find s: expected a history, or the folder of a run"]);
  const none = "Cannot find a history in s: expected one of history.jsonl, history.edn";
  assertEquals(await wrong("s", { "s/results.edn": "{}", "s/latest/x": "" }), [254, none]);
  assertEquals(await wrong("s", { "s/results.json": "{}" }), [
    254,
    "Cannot find a history in s: it was not stored; results.json has the verdict, and as not-stored the reason",
  ]);
  assertEquals(await wrong("s", { "s/latest/history.edn": EDN }), [254, `${none}; did you mean s/latest?`]);
  for (const name of ["results.json", "messages.jsonl", "results.edn", "jepsen.log"]) {
    assertEquals(await wrong(`s/${name}`, { "s/history.edn": EDN, [`s/${name}`]: EDN }), [
      254,
      `Cannot check s/${name}: it is not the history of a run; expected the folder that it is in, or the history there`,
    ]);
  }
  for (const text of ["{}", "null", '{"schema":1,"workload":"chess"}', '{"schema":1,"workload":"toString"}']) {
    assertEquals(await wrong("s", { "s/history.jsonl": JSON_LINES, "s/results.json": text }), [
      255,
      "Cannot read s/results.json: it is not the result of a run; to judge the history alone, give check its file",
    ]);
  }
  const [status, message] = await wrong("s", { "s/history.jsonl": JSON_LINES, "s/results.json": "{" });
  assertEquals(status, 255);
  assertStringIncludes(message, "Cannot read s/results.json: it is not JSON (");
});

Deno.test("damaged results are told as such, with the place", async () => {
  const damage = (changes: object) => JSON.stringify({ ...RESULTS, ...changes });
  const judgedBy = RESULTS.judged_by;
  for (
    const [text, problem] of [
      [damage({ exceptions: undefined }), "it is damaged: results.exceptions is missing"],
      [damage({ anomalies: 7 }), "it is damaged: expected results.anomalies to be "],
      [damage({ anomalies: [null] }), "it is damaged: expected results.anomalies[0] to be "],
      [damage({ net: {} }), "it is damaged: expected results.net to be "],
      [damage({ targets: [{ name: "beauty", limit: 1 }] }), "it is damaged: expected results.targets[0].name to be "],
      [damage({ judged_by: { ...judgedBy, nodes: "n0" } }), "it is damaged: expected results.judged_by.nodes to be "],
      [damage({ judged_by: { ...judgedBy, nodes: ["../x"] } }), 'it is damaged: Cannot name a node "../x"'],
      [damage({ judged_by: { ...judgedBy, nodes: ["n0", "n0"] } }), "it is damaged: Cannot name two nodes n0"],
      [damage({ judged_by: { ...judgedBy, availability: 7 } }), "it is damaged: Cannot use --availability"],
      [damage({ judged_by: { ...judgedBy, consistency_models: ["good"] } }), "it is damaged: Cannot use --consistency"],
      [damage({ result: null }), "it is damaged: expected results.result to be "],
      [damage({}).slice(0, -5), "it is not JSON ("],
    ] as const
  ) {
    const files = filesOf({ "s/history.jsonl": JSON_LINES, "s/results.json": text });
    const { message } = await assertRejects(() => readStoredRun("s", files), FailedError);
    assertStringIncludes(message, `Cannot read s/results.json: ${problem}`);
    assertStringIncludes(message, "; to judge the history alone, give check its file");
  }
});

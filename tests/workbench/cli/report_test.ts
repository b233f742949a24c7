import { assertEquals, assertStringIncludes } from "@std/assert";
import { UsageError } from "../../../lib/workbench/base/errors.ts";
import { main } from "../../../lib/workbench/cli/main.ts";
import { fakeMachine, type fakeResults } from "../engines/fake_machine.ts";
import { filesOf } from "../fake_files.ts";
import { GOOD_RUN } from "../report/good_run.ts";

const HISTORY = [
  '{"index":0,"time":0,"type":"invoke","process":0,"f":"echo","value":"a"}',
  '{"index":1,"time":2000,"type":"ok","process":0,"f":"echo","value":{"echo":"a"}}',
].map((line) => `${line}\n`).join("");

const EDN = "{:type :invoke, :process 0, :f :echo, :value 1}\n{:type :ok, :process 0, :f :echo, :value {:echo 1}}\n";

/** Runs a command line on a machine with some files. Returns its status, and the files that it has written. */
async function run(words: string[], contents: Record<string, string>, changes: Parameters<typeof fakeMachine>[0] = {}) {
  const written = new Map<string, string>();
  const replaceFile = (path: string, text: string) => void written.set(path, text);
  const machine = fakeMachine({ ...filesOf(contents), replaceFile, ...changes });
  const { inspect } = fakeMachine().files;
  const stored = machine.files.inspect;
  machine.files = {
    ...machine.files,
    inspect: (path) => path in contents ? stored(path) : known(inspect(path), stored(path)),
  };
  return { status: await main(words, machine), written, machine };
}

function known<T extends { kind: string }>(a: T, b: T): T {
  return a.kind === "missing" ? b : a;
}

Deno.test("report writes the page of a stored run, of Maelstrom too, and prints its path", async () => {
  for (const [name, text] of [["history.jsonl", HISTORY], ["history.edn", EDN]] as const) {
    const { status, written, machine } = await run(["report", "run"], { [`run/${name}`]: text });
    assertEquals(
      [status, machine.out, [...written.keys()]],
      [0, "run/report.html\n", ["run/report.html"]],
      machine.err,
    );
    assertStringIncludes(written.get("run/report.html")!, "<title>echo: report</title>");
  }
});

Deno.test("report needs a folder", async () => {
  const { status, machine } = await run(["report", "run/history.jsonl"], { "run/history.jsonl": HISTORY });
  assertEquals(status, 254);
  assertStringIncludes(machine.err, "Cannot report a history alone: expected the folder of a run");
});

Deno.test("each stored run gets a report, unless --no-report asks for none", async () => {
  const files = { "store/somewhere/history.jsonl": HISTORY };
  const { written, machine } = await run(["echo", "--sim"], files);
  assertEquals([...written.keys()], ["store/somewhere/report.html"]);
  assertStringIncludes(machine.out, "\n  report       store/somewhere/report.html\n");
  assertEquals((await run(["echo", "--sim", "--no-report"], files)).written.size, 0);
});

Deno.test("a report that cannot be written changes no verdict", async () => {
  const { status, machine } = await run(["echo", "--sim"], { "store/somewhere/history.jsonl": "{" });
  assertEquals(status, 0);
  assertStringIncludes(machine.err, "Cannot write the report of the run: Cannot read history");
});

Deno.test("a run that was shrunk and the smaller one link to each other, also in their results", async () => {
  const runs = (request: Parameters<typeof fakeResults>[0]) => ({
    valid: false,
    passed: false,
    anomalies: [{ type: "lost", count: 1, explanation: "Lost" }],
    store: request.simulation?.keep === "repeat" ? "store/small" : "store/somewhere",
  });
  const files = { "store/somewhere/history.jsonl": HISTORY, "store/small/history.jsonl": HISTORY };
  const { written } = await run(["3c", "--sim"], files, { runs });
  const related = await Promise.all(Array.from(written, async ([path, text]) => [path, await relatedIn(text)]));
  assertEquals(Object.fromEntries(related), {
    "store/somewhere/report.html": ["smaller", "../small"],
    "store/somewhere/results.json": ["smaller", "../small"],
    "store/small/report.html": ["original", "../somewhere"],
    "store/small/results.json": ["original", "../somewhere"],
  });
});

Deno.test("report knows the command and the related run from the results of a stored run", async () => {
  const related = {
    role: "smaller",
    folder: "../small",
    command: "./maelstrom.sh echo --rate 1",
    changes: ["--rate 1"],
  };
  const results = { ...GOOD_RUN, workload: "echo", command: "./maelstrom.sh echo --seed 1", related };
  const contents = { "run/history.jsonl": HISTORY, "run/results.json": JSON.stringify(results) };
  const { written, machine } = await run(["report", "run"], contents);
  const { command, related: found } = await resultsIn(written.get("run/report.html") ?? machine.err);
  assertEquals([command, found], [results.command, related]);
});

/** The related run that results name, those in a page or in their own file. */
async function relatedIn(text: string): Promise<string[]> {
  const { related: { role, folder } } = text.startsWith("{") ? JSON.parse(text) : await resultsIn(text);
  return [role, folder];
}

/** The results in the data of a page. */
async function resultsIn(page: string) {
  const packed = /id="packed-data">([^<]*)</.exec(page)![1]!;
  const bytes = Uint8Array.from(atob(packed), (character) => character.charCodeAt(0));
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  return (await new Response(stream).json()).results;
}

const MESSAGES = '{"id":0,"time":1,"type":"send","message":{"id":0,"src":"c0","dest":"n0","body":{"type":"echo"}}}\n';

const EXPORTS = ["trace.perfetto.json", "shiviz.log", "messages.svg", "timeline.html"];

Deno.test("report --export also writes the other forms of a run, and prints their paths", async () => {
  const files = { "run/history.jsonl": HISTORY, "run/messages.jsonl": MESSAGES };
  const all = await run(["report", "run", "--export", "all"], files);
  assertEquals([all.status, all.machine.err], [0, ""]);
  assertEquals([...all.written.keys()], [...EXPORTS, "report.html"].map((name) => `run/${name}`));
  assertEquals(all.machine.out, ["report.html", ...EXPORTS].map((name) => `run/${name}\n`).join(""));
  const some = await run(["report", "run", "--export", "shiviz,timeline.html"], files);
  assertEquals([...some.written.keys()], ["run/shiviz.log", "run/timeline.html", "run/report.html"]);
});

Deno.test("an export that cannot be had is told, and the others are written", async () => {
  const ours = await run(["report", "run", "--export", "all"], { "run/history.jsonl": HISTORY });
  assertEquals([ours.status, [...ours.written.keys()].length], [255, 3]);
  assertStringIncludes(ours.machine.err, "Cannot export messages.svg of run: there is no messages.jsonl\n");
  const theirs = { "run/history.edn": EDN, "run/timeline.html": "theirs" };
  const { written, machine } = await run(["report", "run", "--export", "all"], theirs);
  assertEquals([...written.keys()], ["run/trace.perfetto.json", "run/report.html"]);
  assertStringIncludes(
    machine.err,
    "Cannot export shiviz of run: there is no messages.jsonl: Maelstrom stores no messages",
  );
  assertStringIncludes(
    machine.err,
    "Cannot export timeline.html of run: Maelstrom's own timeline.html is there, and stays",
  );
});

Deno.test("check and analyze take no --export, and an unknown one is refused", async () => {
  const files = { "run/history.jsonl": HISTORY };
  const { status, machine } = await run(["check", "run", "--export", "all"], files);
  assertEquals(status, 254);
  assertStringIncludes(machine.err, "Cannot use --export with check: it has no effect there");
  const unknown = await run(["report", "run", "--export", "svg"], files);
  assertEquals(unknown.status, 254);
  assertStringIncludes(unknown.machine.err, "Cannot use --export svg: expected one of perfetto, shiviz, messages.svg");
  const refused = await run(["report", "run", "--rate", "5"], files);
  assertStringIncludes(refused.machine.err, "Cannot use --rate with report: it has no effect there");
  const missing = await run(["report"], files);
  assertStringIncludes(missing.machine.err, "Missing PATH: expected report PATH");
});

Deno.test("--export writes the forms of each stored run, and of the smaller one", async () => {
  const files = { "store/somewhere/history.jsonl": HISTORY, "store/somewhere/messages.jsonl": MESSAGES };
  const { written, machine } = await run(["echo", "--sim", "--export", "all"], files);
  assertEquals([...written.keys()], [...EXPORTS, "report.html"].map((name) => `store/somewhere/${name}`));
  assertStringIncludes(machine.out, "\n  exported     store/somewhere/shiviz.log\n");
  const runs = (request: Parameters<typeof fakeResults>[0]) => ({
    valid: false,
    passed: false,
    anomalies: [{ type: "lost", count: 1, explanation: "Lost" }],
    store: request.simulation?.keep === "repeat" ? "store/small" : "store/somewhere",
  });
  const both = { ...files, "store/small/history.jsonl": HISTORY, "store/small/messages.jsonl": MESSAGES };
  const shrunk = await run(["3c", "--sim", "--export", "shiviz", "--no-report"], both, { runs });
  const logs = [...shrunk.written.keys()].filter((path) => path.endsWith(".log"));
  assertEquals(logs, ["store/somewhere/shiviz.log", "store/small/shiviz.log"]);
});

Deno.test("an export that cannot be written changes no verdict", async () => {
  const files = { "store/somewhere/history.jsonl": HISTORY, "store/somewhere/messages.jsonl": MESSAGES };
  const replaceFileWith = (path: string) => Promise.reject(new UsageError(`Cannot create ${path}: No space left`));
  const { status, machine } = await run(["echo", "--sim", "--export", "shiviz"], files, { replaceFileWith });
  assertEquals(status, 0);
  assertStringIncludes(machine.err, "Cannot export shiviz: Cannot create store/somewhere/shiviz.log: No space left\n");
  const damaged = await run(["echo", "--sim", "--export", "shiviz"], {
    ...files,
    "store/somewhere/history.jsonl": "{",
  });
  assertEquals(damaged.status, 0);
  assertStringIncludes(damaged.machine.err, "Cannot export the run: Cannot read history");
});

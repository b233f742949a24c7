import { assert, assertEquals } from "@std/assert";
import { perfettoTrace } from "../../../../lib/workbench/report/export/perfetto.ts";
import { faultyRun, HOSTILE, type Line, operation, runOf, textOf } from "./export_rig.ts";
import { eventsOf, traceProblems } from "./trace_events.ts";

/** Names of slices with their times and lengths, and the name of the track. */
function slicesOf(text: string): [name: string, track: unknown, ts: number, dur: number][] {
  const { X = [], M = [] } = eventsOf(text);
  const trackOf = (tid: number) => M.find((each) => each.name === "thread_name" && each.tid === tid)!.args!.name;
  return X.map(({ name, tid, ts, dur }) => [name, trackOf(tid!), ts!, dur!]);
}

Deno.test("a run with faults is a trace that breaks no rule of the format", async () => {
  const run = await faultyRun();
  const text = await textOf(perfettoTrace(run));
  assertEquals(traceProblems(text), []);
  const { X = [], s = [], f = [], t = [], C = [] } = eventsOf(text);
  const { survey } = run.messages!;
  const count = (name: RegExp) => X.filter((event) => event.cat === "message" && name.test(event.name)).length;
  assertEquals([count(/^send/) + count(/^receive/), count(/^send/)], [survey.events, survey.count]);
  assertEquals([s.length, f.length], [survey.count - count(/\(lost\)$/), s.length]);
  assert(count(/\(lost\)$/) > 0, "some messages are lost");
  assertEquals(t.length, count(/^receive/) - f.length);
  assertEquals(X.filter(({ cat }) => cat === "operation").length, run.operations.index.length);
  assertEquals(new Set(X.filter(({ cat }) => cat === "fault").map(({ name }) => name)).size, 3);
  assert(C.length > 0);
});

Deno.test("operations are on their worker's track, messages on those of their ends, with an arrow", async () => {
  const request: Line[] = [
    [0, "send", 1, "c1", "n0", { type: "echo", msg_id: 1 }],
    [0, "recv", 2, "c1", "n0"],
    [1, "send", 2, "n0", "c1", { type: "echo_ok", in_reply_to: 1 }],
    [1, "recv", 4, "n0", "c1"],
  ];
  const text = await textOf(perfettoTrace(await runOf(request, operation("hello", 1, 4))));
  assertEquals(traceProblems(text), []);
  assertEquals(slicesOf(text), [
    ["echo", "worker 0", 1000, 3000],
    ["send echo", "worker 0, messages", 1000, 1],
    ["receive echo", "messages", 2000, 1],
    ["send echo_ok", "messages", 2001, 1],
    ["receive echo_ok", "worker 0, messages", 4000, 1],
  ]);
  const { s = [], f = [] } = eventsOf(text);
  assertEquals([...s, ...f].map(({ id, ts }) => [id, ts]), [[0, 1000], [1, 2001], [0, 2000], [1, 4000]]);
});

Deno.test("messages of one instant follow each other, and no arrow points back", async () => {
  const burst: Line[] = Array.from({ length: 20 }, (_, id) => [id, "send", 5, "n0", "n1"]);
  const arrivals: Line[] = Array.from({ length: 20 }, (_, id) => [id, "recv", 5, "n0", "n1"]);
  const text = await textOf(perfettoTrace(await runOf([...burst, ...arrivals])));
  assertEquals(traceProblems(text), []);
  assertEquals(slicesOf(text).slice(18, 22).map(([, , ts]) => ts), [5018, 5019, 5000, 5001]);
});

Deno.test("an arrow ends at the last arrival of a message, and a lost one has none", async () => {
  const lines: Line[] = [
    [0, "send", 1, "n0", "n1"],
    [1, "send", 1, "n0", "n1"],
    [0, "recv", 3, "n0", "n1"],
    [0, "recv", 9, "n0", "n1"],
  ];
  const text = await textOf(perfettoTrace(await runOf(lines)));
  assertEquals(traceProblems(text), []);
  const { s = [], t = [], f = [] } = eventsOf(text);
  assertEquals([s, t, f].map((events) => events.map(({ id, ts }) => [id, ts])), [[[0, 1000]], [[0, 3000]], [[
    0,
    9000,
  ]]]);
  assertEquals(slicesOf(text)[1]![0], "send gossip (lost)");
});

Deno.test("texts of nodes stay texts", async () => {
  const body = { type: HOSTILE, text: HOSTILE };
  const text = await textOf(perfettoTrace(await runOf([[0, "send", 1, "n0", "n1", body]], operation(HOSTILE))));
  assertEquals(traceProblems(text), []);
  assert(text.isWellFormed());
});

Deno.test("a run without messages has operations, and one without anything is a trace, too", async () => {
  const run = await runOf([], operation(1));
  for (const each of [{ ...run, messages: null }, await runOf([])]) {
    assertEquals(traceProblems(await textOf(perfettoTrace(each))), []);
  }
});

Deno.test("a run with many operations is written in small pieces", async () => {
  const history = Array.from({ length: 3000 }, (_, at) => operation(at, at, at + 0.5)).flat()
    .map((entry, index) => ({ ...entry, index }));
  const pieces = await Array.fromAsync(perfettoTrace(await runOf([], history)));
  const text = pieces.join("");
  assertEquals([traceProblems(text), slicesOf(text).length], [[], 3000]);
  const longest = Math.max(...pieces.map((piece) => piece.split("\n").length));
  assert(longest <= 520, `A piece has ${longest} events`);
});

Deno.test("a type of a message is clipped, as a node may send any", async () => {
  const text = await textOf(perfettoTrace(await runOf([[0, "send", 1, "n0", "n1", { type: "x".repeat(10_000) }]])));
  assertEquals(traceProblems(text), []);
  assert(text.length < 3000, `${text.length} characters`);
});

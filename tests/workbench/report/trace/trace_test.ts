import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { UsageError } from "../../../../lib/workbench/base/errors.ts";
import type { Operation } from "../../../../lib/workbench/history/operation.ts";
import { formatTrace } from "../../../../lib/workbench/report/trace/format.ts";
import { limitTrace } from "../../../../lib/workbench/report/trace/limit.ts";
import {
  readTrace,
  type Trace,
  type TracedRun,
  type TraceSubject,
} from "../../../../lib/workbench/report/trace/trace.ts";
import { formatEntry } from "../../../../lib/workbench/run/store/store.ts";
import { filesOf } from "../../fake_files.ts";
import { GOOD_RUN } from "../good_run.ts";

/** Message: `[sent, source, destination, body, arrivals…]`, in ms. */
type Sent = [sent: number, src: string, dest: string, body: object, ...received: number[]];

/**
 * A client's broadcast of 37 on n0, which n0 passes on to n1 and n2; that to n2 is lost. A message of n2 has the same
 * number. Later a client reads on n1, and n1 tells n2.
 */
const MESSAGES: Sent[] = [
  [10, "c3", "n0", { type: "broadcast", message: 37, msg_id: 1 }, 10],
  [10, "n0", "n1", { type: "gossip", values: [37] }, 60, 80],
  [10, "n0", "n2", { type: "gossip", values: [37] }],
  [10, "n0", "c3", { type: "broadcast_ok", in_reply_to: 1 }, 10],
  [70, "n2", "n1", { type: "gossip", values: [37] }, 90],
  [100, "c4", "n1", { type: "read", msg_id: 1 }, 100],
  [100, "n1", "c4", { type: "read_ok", messages: [1, 37], in_reply_to: 1 }, 100],
  [200, "n1", "n2", { type: "gossip", values: [1, 37] }, 250],
];

const HISTORY: Operation[] = [
  { index: 0, time: 5e6, type: "info", process: "nemesis", f: "start-partition", value: "majority" },
  { index: 1, time: 5e6, type: "info", process: "nemesis", f: "start-partition", value: ["isolated", { n2: ["n0"] }] },
  { index: 2, time: 10e6, type: "invoke", process: 0, f: "broadcast", value: 37 },
  { index: 3, time: 10e6, type: "ok", process: 0, f: "broadcast", value: 37 },
  { index: 4, time: 100e6, type: "invoke", process: 1, f: "read", value: null },
  { index: 5, time: 100e6, type: "ok", process: 1, f: "read", value: [1, 37] },
  { index: 6, time: 110e6, type: "invoke", process: 0, f: "broadcast", value: 40 },
];

function filesWith(messages: readonly Sent[]): ReturnType<typeof filesOf> {
  const lines = messages.flatMap(([sent, src, dest, body, ...received], id) => {
    const entry = (type: string, time: number) => ({
      time,
      text: formatEntry({ id, time: time * 1e6, type, message: { id, src, dest, body } as never }),
    });
    return [entry("send", sent), ...received.map((time) => entry("recv", time))];
  }).sort((a, b) => a.time - b.time).map(({ text }) => text);
  return filesOf({ "run/messages.jsonl": lines.join("\n"), "run/history.jsonl": "" });
}

const RUN: TracedRun = {
  folder: "run",
  history: HISTORY,
  workload: "broadcast",
  results: {
    ...GOOD_RUN,
    mode: "simulation",
    judged_by: { nodes: ["n0", "n1", "n2"], concurrency: 2, availability: null, consistency_models: [] },
  },
};

function traceOf(subject: TraceSubject, run = RUN): Promise<Trace> {
  return readTrace(run, subject, filesWith(MESSAGES));
}

const ids = (messages: Trace["messages"]) => messages.map(({ message }) => message);

Deno.test("the trace of an operation has its messages, what they caused, and the faults meanwhile", async () => {
  const trace = await traceOf({ kind: "operation", index: 2 });
  assertEquals([ids(trace.causes), ids(trace.messages), ids(trace.effects)], [[], [0, 3], [1, 2, 7]]);
  assertEquals(trace.effects.map(({ via, direct }) => [via, direct]), [[0, true], [0, true], [1, false]]);
  assertEquals(trace.effects.map(({ received_ms, copies_ms }) => [received_ms, copies_ms]), [
    ...[[60, [80]], [null, []], [250, []]],
  ] as never);
  assertEquals(trace.operations.map(({ operation, f, outcome, argument }) => [operation, f, outcome, argument]), [
    [2, "broadcast", "ok", "37"],
  ]);
  assertEquals(trace.faults.map(({ name, start_ms, nodes }) => [name, start_ms, nodes]), [["partition", 5, ["n2"]]]);
});

Deno.test("an operation can be named by its completion, and the trace names it as it was asked for", async () => {
  const trace = await traceOf({ kind: "operation", index: 3 });
  assertEquals([trace.subject, trace.operations[0]?.operation], [{ kind: "operation", index: 3 }, 2]);
  const [first] = formatTrace(trace, { screen: SCREEN, limit: 30 }).split("\n");
  assertEquals(first, "Operation 3, invoked as 2: ● broadcast ok");
});

Deno.test("an operation without messages says so", async () => {
  const { operations: [operation], notes } = await traceOf({ kind: "operation", index: 6 });
  assertEquals([operation!.outcome, operation!.end_ms, notes], [
    "open",
    null,
    ["No message of operation 6 was found"],
  ]);
});

Deno.test("the trace of a message has its causes and its operation", async () => {
  const trace = await traceOf({ kind: "message", id: 7 });
  assertEquals([ids(trace.causes), ids(trace.messages), ids(trace.effects)], [[1, 4], [7], []]);
  assertEquals(trace.operations, []);
  const answer = await traceOf({ kind: "message", id: 6 });
  assertEquals(answer.operations.map(({ operation }) => operation), [4]);
});

Deno.test("a value is traced from its write on, to the nodes that can have known it", async () => {
  const trace = await traceOf({ kind: "value", text: "37" });
  assertEquals(trace.operations.map(({ operation, carries }) => [operation, carries]), [[2, "wrote"], [4, "read"]]);
  // n2 did not know it yet when it sent message 4.
  assertEquals(ids(trace.messages), [0, 1, 2, 6, 7]);
  assertEquals(trace.arrivals.map(({ node, message, read }) => [node, message?.id, read?.operation]), [
    ["n0", 0, undefined],
    ["n1", 1, 4],
    ["n2", 7, undefined],
  ]);
});

/** Two keys of a log get the same message, on one node, which tells the other of both. */
const LOG_HISTORY: Operation[] = ["1", "2"].flatMap((key, at): Operation[] => [
  { index: 2 * at, time: at * 1e6, type: "invoke", process: at, f: "send", value: [["send", key, 7]] },
  { index: 2 * at + 1, time: at * 1e6, type: "ok", process: at, f: "send", value: [["send", key, [0, 7]]] },
]);

const LOG_MESSAGES: Sent[] = [
  [0, "c0", "n0", { type: "send", key: "1", msg: 7, msg_id: 1 }, 0],
  [0, "n0", "n1", { type: "gossip", entries: [{ key: "1", msg: 7 }] }, 5],
  [1, "c1", "n0", { type: "send", key: "2", msg: 7, msg_id: 1 }, 1],
  [1, "n0", "n1", { type: "gossip", entries: [{ key: "2", msg: 7 }] }, 6],
];

function traceLog(subject: TraceSubject, history = LOG_HISTORY): Promise<Trace> {
  return readTrace({ ...RUN, workload: "kafka", history }, subject, filesWith(LOG_MESSAGES));
}

Deno.test("a value of one key is traced alone; without a key, a note says that keys are mixed", async () => {
  const mixed = await traceLog({ kind: "value", text: "7" });
  assertEquals([mixed.operations.length, ids(mixed.messages)], [2, [0, 1, 2, 3]]);
  assertEquals(mixed.notes, ["The value is in 2 keys, which are mixed here: --key 1 shows one alone"]);
  const one = await traceLog({ kind: "value", text: "7", key: "2" });
  assertEquals([one.operations.map(({ operation }) => operation), ids(one.messages), one.notes], [[2], [2, 3], []]);
  assertEquals(one.arrivals.map(({ message }) => message?.id), [2, 3, undefined]);
  const text = formatTrace(one, { screen: SCREEN, limit: 30 });
  assertEquals(text.split("\n")[0], "Value 7 of key 2: written by 1 operation, shown by 0 reads, in 2 messages");
  assertStringIncludes(text.replaceAll(/\s+/g, " "), "Messages between nodes that have the value without its key");
});

Deno.test("a key that does not have the value is told with those that do", async () => {
  const ask = (key: string) => traceLog({ kind: "value", text: "7", key });
  await assertRejects(() => ask("3"), UsageError, "Cannot trace value 7 of key 3: expected a key that has it, 1, 2");
  const none = () => traceLog({ kind: "value", text: "9", key: "1" });
  await assertRejects(none, UsageError, "Cannot trace value 9: no operation of this kafka run has it");
  const keyless = () => traceOf({ kind: "value", text: "37", key: "1" });
  await assertRejects(keyless, UsageError, "Cannot use --key: values of broadcast have no keys");
  const many = Array.from({ length: 10 }, (_, key): Operation => {
    return { index: key, time: 0, type: "invoke", process: key, f: "send", value: [["send", `${key}`, 7]] };
  });
  const asked = () => traceLog({ kind: "value", text: "7", key: "x" }, many);
  await assertRejects(asked, UsageError, "expected a key that has it, 0, 1, 2, 3, 4, 5, 6, 7 … (10 keys)");
});

Deno.test("what is not there is told with what is", async () => {
  const cases: [TraceSubject, string][] = [
    [{ kind: "operation", index: 9 }, "Cannot find operation 9: expected an index of the history, from 0 to 6"],
    [
      { kind: "operation", index: 1 },
      "Cannot trace operation 1: it is start-partition of the nemesis, expected one of",
    ],
    [{ kind: "message", id: 8 }, "Cannot find message 8: expected an id in messages.jsonl, from 0 to 7"],
    [
      { kind: "value", text: "99" },
      "Cannot trace value 99: no operation of this broadcast run has it; expected a value",
    ],
    [{ kind: "value", text: "x" }, 'Cannot trace value "x": no operation of this broadcast run has it'],
  ];
  for (const [subject, message] of cases) await assertRejects(() => traceOf(subject), UsageError, message);
  const empty = { ...RUN, history: [] };
  await assertRejects(() => traceOf({ kind: "operation", index: 0 }, empty), UsageError, "a history with operations");
});

Deno.test("a run without messages cannot be traced", async () => {
  const files = filesOf({ "run/history.edn": "" });
  await assertRejects(
    () => readTrace(RUN, { kind: "message", id: 0 }, files),
    UsageError,
    "Cannot trace in run: it has no messages.jsonl; expected a run that was stored here, as Maelstrom",
  );
});

Deno.test("a file that is damaged, or has no messages, is traced as far as it goes", async () => {
  const files = filesOf({ "run/messages.jsonl": "{\nnonsense\n" });
  const trace = await readTrace(RUN, { kind: "operation", index: 2 }, files);
  assertEquals(trace.notes, [
    "No message of operation 2 was found",
    "2 lines of messages.jsonl are damaged, and left out",
  ]);
});

const SCREEN = { width: 80, colour: false };

Deno.test("the text of a trace: operation, faults, messages", async () => {
  const trace = await traceOf({ kind: "operation", index: 2 });
  assertEquals(formatTrace(trace, { screen: SCREEN, limit: 30 }).split("\n"), [
    "Operation 2, completed as 3: ● broadcast ok",
    "  argument 37",
    "  worker 0, process 0; from 10 ms to 10 ms (0 ms)",
    "",
    "Faults meanwhile",
    "  partition, 5 to 250 ms: majority: n2 receives nothing from n0",
    "",
    "Its messages (2)",
    "  10 ms  #0  c3 → n0  broadcast  +0 ms",
    '         {"type":"broadcast","message":37,"msg_id":1}',
    "  10 ms  #3  n0 → c3  broadcast_ok  +0 ms",
    '         {"type":"broadcast_ok","in_reply_to":1}',
    "",
    "It caused, or may have caused (3)",
    "   10 ms  #1  n0 → n1  gossip  +50 ms, again +70",
    '          direct, after #0  {"type":"gossip","values":[37]}',
    "   10 ms  #2  n0 → n2  gossip  ✕ lost",
    '          direct, after #0  {"type":"gossip","values":[37]}',
    "  200 ms  #7  n1 → n2  gossip  +50 ms",
    '          news, after #1  {"type":"gossip","values":[1,37]}',
    "",
    "A run does not record why a node sent a message, so this is inferred. direct: an",
    "answer, or sent when the message before had arrived, at once or before its",
    "answer; news: the first message by which it can have reached a node, or the last",
    "by which a node can have had a say",
  ]);
});

Deno.test("the text of a value", async () => {
  const trace = await traceOf({ kind: "value", text: "37" });
  assertEquals(formatTrace(trace, { screen: { width: 60, colour: false }, limit: 2 }).split("\n"), [
    "Value 37: written by 1 operation, shown by 1 read, in 5",
    "messages",
    "",
    "Faults meanwhile",
    "  partition, 5 to 250 ms: majority: n2 receives nothing",
    "  from n0",
    "",
    "First at each node: a message with it, and a read that shows",
    "it",
    "  n0   10 ms  #0 from c3  no read",
    "  n1   60 ms  #1 from n0   100 ms  operation 4",
    "  n2  250 ms  #7 from n1  no read",
    "",
    "Operations that carry it (2)",
    "  ●  10 ms  +0 ms  broadcast, writes it  operation 2, ok as…",
    "  ● 100 ms  +0 ms  read, shows it        operation 4, ok as…",
    "",
    "Messages that carry it (5)",
    "  10 ms  #0  c3 → n0  broadcast  +0 ms",
    '         {"type":"broadcast","message":37,"msg_id":1}',
    "  10 ms  #1  n0 → n1  gossip  +50 ms, again +70",
    '         {"type":"gossip","values":[37]}',
    "  … and 3 later ones: --limit 5 shows all",
    "",
    "Between nodes, a message carries it if its sender can have",
    "known it, and its body has an equal part: that may be",
    "another number",
  ]);
});

Deno.test("the operations that carry a value have both indices, and one that is open has no completion", async () => {
  const history: Operation[] = [
    ...HISTORY,
    { index: 7, time: 1200e6, type: "invoke", process: 1, f: "broadcast", value: 37 },
  ];
  const trace = await traceOf({ kind: "value", text: "37" }, { ...RUN, history });
  assertEquals(trace.operations.map(({ operation, completion }) => [operation, completion]), [[2, 3], [4, 5], [
    7,
    null,
  ]]);
  const lines = formatTrace(trace, { screen: SCREEN, limit: 30 }).split("\n");
  assertEquals(lines.slice(lines.indexOf("Operations that carry it (3)") + 1).slice(0, 3), [
    "  ●   10 ms  +0 ms  broadcast, writes it  operation 2, ok as 3  worker 0",
    "  ●  100 ms  +0 ms  read, shows it        operation 4, ok as 5  worker 1",
    "  ◌ 1200 ms         broadcast, writes it  operation 7, open     worker 1",
  ]);
});

Deno.test("no line is wider than the screen, whatever nodes write", async () => {
  const long = { type: `x${"y".repeat(90)}`, text: "\u001b[31m".repeat(40) };
  const messages: Sent[] = [...MESSAGES, [300, "n0", "n1", long], [300, "n1", "n0", long, 900, 901, 902]];
  for (const width of [60, 80, 100]) {
    for (const subject of [{ kind: "message", id: 9 }, { kind: "operation", index: 2 }] as const) {
      const trace = await readTrace(RUN, subject, filesWith(messages));
      const lines = formatTrace(trace, { screen: { width, colour: false }, limit: 30 }).split("\n");
      assertEquals(lines.filter((line) => line.length > width), []);
      assert(!lines.join("").includes("\u001b"));
    }
  }
});

Deno.test("colours change no character", async () => {
  const trace = await traceOf({ kind: "value", text: "37" });
  const texts = [true, false].map((colour) => formatTrace(trace, { screen: { width: 80, colour }, limit: 30 }));
  // deno-lint-ignore no-control-regex -- codes of colours
  assertEquals(texts[0]!.replaceAll(/\u001b\[\d+m/g, ""), texts[1]);
  assertStringIncludes(texts[0]!, "\u001b[31m✕ lost\u001b[39m");
});

Deno.test("a limit keeps what is nearest, and says what is left out", async () => {
  const { causes, messages, notes } = limitTrace(await traceOf({ kind: "message", id: 7 }), 1);
  assertEquals([ids(causes), ids(messages), notes], [[4], [7], ["Of 2 causes, 1 are here: --limit 2 shows all"]]);
  const whole = await traceOf({ kind: "message", id: 7 });
  assertEquals(limitTrace(whole, Infinity), whole);
});

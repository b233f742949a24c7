import { assert, assertEquals, assertLess, assertStringIncludes } from "@std/assert";
import { checkKafka } from "../../../../lib/workbench/checkers/kafka/mod.ts";
import type { RealtimeLag } from "../../../../lib/workbench/checkers/kafka/realtime_lag.ts";
import { parseEDNHistory, parseHistory } from "../../../../lib/workbench/history/history.ts";
import type { Operation } from "../../../../lib/workbench/history/operation.ts";
import { assertSameVerdict, testRecorded } from "../../recorded.ts";
import { KAFKA_CASES, KAFKA_OVERLAPS, poll, send, SENDS, txn } from "./cases.ts";
import { type Line, sequential } from "../sequential.ts";
import { timeline } from "../timeline.ts";

testRecorded("checkKafka agrees with Maelstrom on every recorded history", ["kafka"], (recorded) => {
  const verdict = checkKafka(recorded.history);
  assertSameVerdict(recorded, verdict);
  const { workload } = recorded.results;
  assertEquals(verdict.error_types, [...workload["error-types"]].sort());
  assertEquals(verdict.bad_error_types, [...workload["bad-error-types"]].sort());
  assertEquals(verdict.info_txn_causes, workload["info-txn-causes"]);
  assertEquals({ ...verdict.worst_realtime_lag as RealtimeLag }, workload["worst-realtime-lag"]);
  for (const { type, count } of verdict.anomalies!) {
    const unseen: number[] = Object.values(workload.unseen?.unseen ?? {});
    assertEquals(count, type === "unseen" ? unseen.reduce((sum, each) => sum + each) : workload[type].count, type);
  }
});

for (const [type, { flawed, repaired, says, also = [] }] of Object.entries(KAFKA_CASES)) {
  Deno.test(`checkKafka finds ${type}, and nothing in the repaired history`, () => {
    const verdict = checkKafka(sequential(flawed));
    assertEquals(verdict.valid, false);
    assertEquals(verdict.bad_error_types, [type, ...also].sort());
    const anomaly = verdict.anomalies!.find((anomaly) => anomaly.type === type)!;
    assertEquals([anomaly.count, anomaly.explanation, anomaly.allowed], [1, says, undefined]);
    const right = checkKafka(sequential(repaired));
    assertEquals([right.valid, right.anomalies], [true, []]);
  });
}

Deno.test("checkKafka tells offsets apart that differ in the last of 19 digits", () => {
  const text = (offsets: string[]) =>
    [
      '{"type":"invoke","process":0,"f":"send","value":[["send","a",1]]}',
      `{"type":"ok","process":0,"f":"send","value":[["send","a",[${offsets[0]},1]]]}`,
      '{"type":"invoke","process":0,"f":"send","value":[["send","a",2]]}',
      `{"type":"ok","process":0,"f":"send","value":[["send","a",[${offsets[1]},2]]]}`,
      '{"type":"invoke","process":1,"f":"poll","value":[["poll"]]}',
      `{"type":"ok","process":1,"f":"poll","value":[["poll",{"a":[[${offsets[2]},1],[${offsets[3]},2]]}]]}`,
    ].join("\n");
  const [a, b, c] = ["1796000000000000123", "1796000000000000124", "1796000000000000125"];
  const types = (...offsets: string[]) => checkKafka(parseHistory(text(offsets))).bad_error_types;
  assertEquals(types(a!, b!, a!, b!), []);
  assertEquals(types("7", b!, "7", b!), []);
  assertEquals(types(a!, a!, a!, a!), ["inconsistent-offsets"]);
  assertEquals(types(a!, b!, a!, c!), ["duplicate", "int-poll-skip"]);
  assertEquals(types(b!, a!, b!, a!), ["int-nonmonotonic-poll", "nonmonotonic-send"]);
});

Deno.test("checkKafka reports int-send-skip, which is allowed", () => {
  const verdict = checkKafka(timeline(KAFKA_OVERLAPS["int-send-skip"]!.lines));
  assertEquals([verdict.valid, verdict.error_types, verdict.bad_error_types], [true, ["int-send-skip"], []]);
  assertEquals(verdict.anomalies![0]!.allowed, true);
  assertStringIncludes(verdict.anomalies![0]!.explanation, "skipping 2");
});

Deno.test("checkKafka accepts skips and repetitions if the client was assigned other keys, or is a new one", () => {
  const assign = (
    process: number,
    keys: string[],
    type: Operation["type"] = "ok",
  ): Line => [process, type, "assign", keys];
  const valid = (...between: Line[]) =>
    checkKafka(sequential([...SENDS, poll(2, [1, 2]), poll(1, [0, 1]), ...between, poll(1, [2, 3])])).valid;
  assertEquals(valid(), false);
  assertEquals(valid(assign(1, ["b"]), assign(1, ["a"])), true);
  assertEquals(valid(assign(1, ["a", "b"])), false, "the key was kept");
  assertEquals(valid(assign(1, ["b"], "fail"), assign(1, ["a"])), false, "the assign failed");
  assertEquals(valid(assign(1, ["b"], "info"), assign(1, ["a"])), true, "the assign may have happened");
  const crashed = sequential([...SENDS, poll(2, [1, 2]), poll(1, [0, 1]), [1, "info", "crash", null], poll(5, [2, 3])]);
  assertEquals(checkKafka(crashed).valid, true);
});

Deno.test("checkKafka counts one precommitted read per transaction", () => {
  const value = (
    offset: number,
  ) => [["send", "a", [0, 1]], ["send", "b", [0, 2]], ["poll", { a: [[0, 1]], b: [[offset, 2]] }]];
  const history = sequential([[0, "ok", "txn", [["send", "a", 1], ["send", "b", 2], ["poll"]], value(0)]]);
  const { anomalies } = checkKafka(history);
  assertEquals(anomalies!.map(({ type, count }) => [type, count]), [["precommitted-read", 1]]);
});

Deno.test("checkKafka allows skips and reversals between polls if clients subscribe", () => {
  const history = sequential([...KAFKA_CASES["poll-skip"]!.flawed, poll(2, [0, 1])]);
  assertEquals(checkKafka(history).bad_error_types, ["nonmonotonic-poll", "poll-skip"]);
  const verdict = checkKafka(history, { subVia: "subscribe" });
  assertEquals([verdict.valid, verdict.error_types], [true, ["nonmonotonic-poll", "poll-skip"]]);
});

Deno.test("checkKafka: a poll with unknown outcome does not move the client", () => {
  const unsure: Line = [1, "info", "poll", [["poll"]], [["poll", { a: [[1, 2]] }]]];
  const history = sequential([...SENDS, poll(1, [0, 1]), unsure, poll(1, [1, 2]), poll(2, [2, 3])]);
  assertEquals(checkKafka(history).valid, true);
});

Deno.test("checkKafka: a send with unknown outcome moves the client, a failed one does not", () => {
  const sends = (type: Operation["type"]): Line[] => [
    send(0, 2, 1),
    [0, type, "send", [["send", "a", 1]]],
    send(0, 3, 2),
    poll(1, [0, 1], [1, 2], [2, 3]),
  ];
  // 1 was sent after 2, but is before it in the log. The skip from 1 to 3 between two sends is normal.
  const { anomalies } = checkKafka(sequential(sends("info")));
  assertEquals(anomalies!.map(({ type, count }) => [type, count]), [["nonmonotonic-send", 1]]);
  assertStringIncludes(anomalies![0]!.explanation, "sent 2 at offset 1");
  assertEquals(checkKafka(sequential(sends("fail"))).error_types, ["G1a"]);
  // 3 to 1 goes back in the log; from 1 to 2 it goes forward.
  const unsure: Line[] = [send(0, 3, 2), [0, "info", "send", [["send", "a", 1]]], send(0, 2, 1)];
  const back = checkKafka(sequential([...unsure, poll(1, [0, 1], [1, 2], [2, 3])]));
  assertEquals(back.anomalies!.map(({ type, count }) => [type, count]), [["nonmonotonic-send", 1]]);
  // The log does not contain 9, so the next send is compared with nothing.
  assertEquals(
    checkKafka(sequential([...unsure.with(1, [0, "info", "send", [["send", "a", 9]]]), poll(1, [1, 2], [2, 3])])).valid,
    true,
  );
});

Deno.test("checkKafka: messages of a failed poll must follow the log, but do not move the client", () => {
  const failed = (...pairs: [number, number][]): Line => [1, "fail", "poll", [["poll"]], [["poll", { a: pairs }]]];
  const types = (...lines: Line[]) => checkKafka(sequential([...SENDS, ...lines])).error_types;
  assertEquals(types(poll(1, [0, 1], [1, 2]), failed([0, 1]), poll(1, [2, 3])), ["nonmonotonic-poll"]);
  assertEquals(types(poll(1, [0, 1]), failed([2, 3]), poll(1, [1, 2], [2, 3])), ["poll-skip"]);
  assertEquals(types(poll(1, [0, 1]), failed([1, 2]), poll(1, [1, 2], [2, 3])), []);
});

Deno.test("checkKafka: a send with unknown outcome counts once it is polled, and is not lost before", () => {
  const unsure: Line = [0, "info", "send", [["send", "a", 9]], [["send", "a", [1, 9]]]];
  assertEquals(checkKafka(sequential([SENDS[0]!, unsure, send(1, 3, 2), poll(2, [0, 1], [2, 3])])).valid, true);
  assertEquals(checkKafka(sequential([SENDS[0]!, unsure, send(1, 3, 2), poll(2, [0, 1], [1, 9], [2, 3])])).valid, true);
  // It was polled, so it is in the log, and a poll can skip it.
  const history = sequential([SENDS[0]!, unsure, send(1, 3, 2), poll(2, [1, 9]), poll(3, [0, 1], [2, 3])]);
  assertEquals(checkKafka(history).error_types, ["int-poll-skip"]);
});

Deno.test("checkKafka: a message that only a poll with unknown outcome returned is in the log", () => {
  const unsure: Line[] = [
    [0, "info", "send", [["send", "a", 9]]],
    [1, "info", "poll", [["poll"]], [["poll", { a: [[1, 9]] }]]],
  ];
  const history = sequential([SENDS[0]!, ...unsure, send(4, 3, 2), poll(2, [0, 1], [2, 3])]);
  assertEquals(checkKafka(history).error_types, ["int-poll-skip"]);
});

Deno.test("checkKafka: messages of a failed transaction are not lost, even if one of them is polled", () => {
  const failed: Line = [0, "fail", "txn", [["send", "a", [0, 1]], ["send", "a", [1, 2]]]];
  assertEquals(checkKafka(sequential([failed, send(1, 3, 2), poll(2, [0, 1], [2, 3])])).error_types, ["G1a"]);
});

Deno.test("checkKafka reports the longest skips and reversals first", () => {
  const sends = Array.from({ length: 20 }, (_, offset) => send(0, offset, offset));
  const skips = sequential([
    ...sends,
    poll(1, [0, 0], [2, 2]),
    poll(2, [0, 0], [19, 19]),
    poll(3, ...sends.map((_, n): [number, number] => [n, n])),
  ]);
  const [skip] = checkKafka(skips).anomalies!;
  assertEquals([skip!.type, skip!.count], ["int-poll-skip", 2]);
  assertStringIncludes(skip!.explanation.split("\n")[0]!, "skipping 1, 2, 3, 4, 5, 6, 7, 8, … (18 messages)");
  const reversals = sequential([
    ...sends,
    poll(1, [1, 1], [0, 0]),
    poll(2, [9, 9], [0, 0]),
    poll(3, ...sends.map((_, n): [number, number] => [n, n])),
  ]);
  const [reversal] = checkKafka(reversals).anomalies!;
  assertEquals([reversal!.type, reversal!.count], ["int-nonmonotonic-poll", 2]);
  assertStringIncludes(reversal!.explanation.split("\n")[0]!, "9 back in the log");
});

Deno.test("checkKafka: gaps between offsets are not skips", () => {
  assertEquals(
    checkKafka(sequential([send(0, 1, 3), send(0, 2, 900), poll(1, [3, 1]), poll(1, [900, 2])])).valid,
    true,
  );
});

Deno.test("checkKafka ignores keys without messages in a poll", () => {
  const empty = poll(1);
  const history = sequential([...SENDS, poll(1, [0, 1]), empty, poll(1, [2, 3]), poll(2, [1, 2])]);
  assertEquals(checkKafka(history).error_types, ["poll-skip"]);
});

Deno.test("checkKafka finds a lost write among inconsistent offsets and duplicates", () => {
  // 2 is at offsets 0 and 1. The poll of it proves only that polls have reached offset 0.
  const history = sequential([send(0, 2, 0), send(0, 3, 1), send(0, 2, 1), poll(1, [0, 2])]);
  assertEquals(checkKafka(history).error_types, ["duplicate", "inconsistent-offsets", "nonmonotonic-send", "unseen"]);
  const further = sequential([send(0, 2, 0), send(0, 3, 1), send(0, 2, 1), send(0, 4, 2), poll(1, [0, 2], [2, 4])]);
  assert((checkKafka(further).error_types as string[]).includes("lost-write"));
});

Deno.test("checkKafka: of several messages at one offset, the log has the one that Jepsen chooses", () => {
  // Of 2 and 3, Clojure's sets have 3 first. So 2 is not in the log, and cannot be part of a skip.
  const sends = [send(0, 1, 0), send(1, 2, 1), send(0, 3, 1), send(1, 4, 2)];
  const types = (...pairs: [number, number][]) =>
    checkKafka(
      sequential([...sends, poll(2, ...pairs), poll(3, [0, 1], [1, 2], [2, 4]), poll(4, [1, 3]), poll(5, [2, 4])]),
    )
      .error_types;
  assertEquals(types([0, 1], [2, 4]), ["inconsistent-offsets", "int-poll-skip"]);
  assertEquals(types([1, 2], [0, 1]), ["inconsistent-offsets"]);
  assertEquals(types([1, 3], [0, 1]), ["inconsistent-offsets", "int-nonmonotonic-poll"]);
});

Deno.test("checkKafka measures real-time lag as Jepsen does", () => {
  const history: Operation[] = [
    [0, 0, "invoke", "assign", ["x"]],
    [0, 1, "ok", "assign", ["x"]],
    [1, 1, "invoke", "send", [["send", "x", 1]]],
    [1, 2, "ok", "send", [["send", "x", [0, 1]]]],
    [0, 3, "invoke", "poll", [["poll"]]],
    [0, 4, "ok", "poll", [["poll", { x: [[0, 1]] }]]],
    [1, 4, "invoke", "send", [["send", "x", 2]]],
    [1, 5, "ok", "send", [["send", "x", [1, 2]]]],
    [0, 8, "invoke", "poll", [["poll"]]],
    [0, 9, "ok", "poll", [["poll", {}]]],
  ].map(([process, time, type, f, value], index) =>
    ({ index, time: time as number * 1e9, process, type, f, value }) as Operation
  );
  // From 5 s on, offset 1 is known to exist; the poll that did not return it began at 8 s.
  assertEquals(checkKafka(history).worst_realtime_lag, { time: 8, process: 0, key: "x", lag: 3 });
  assertEquals(checkKafka(history.slice(0, 8)).worst_realtime_lag, { time: 3, process: 0, key: "x", lag: 0 });
  // Operations with unknown outcome also prove how far a log reaches.
  history[7]!.type = "info";
  assertEquals(checkKafka(history).worst_realtime_lag, { time: 8, process: 0, key: "x", lag: 3 });
  history[7]!.type = "fail";
  assertEquals(checkKafka(history).worst_realtime_lag, { time: 3, process: 0, key: "x", lag: 0 });
  assertEquals(checkKafka([]).worst_realtime_lag, { time: 0, process: null, key: null, lag: 0 });
});

Deno.test("checkKafka reads EDN with integer keys and JSON with string keys alike", () => {
  const edn = parseEDNHistory(`
    {:type :invoke :process 0 :f :send :value [[:send 7 1]]}
    {:type :ok :process 0 :f :send :value [[:send 7 [0 1]]]}
    {:type :invoke :process 0 :f :send :value [[:send 7 2]]}
    {:type :ok :process 0 :f :send :value [[:send 7 [1 2]]]}
    {:type :invoke :process 1 :f :assign :value [7]}
    {:type :ok :process 1 :f :assign :value [7]}
    {:type :invoke :process 1 :f :poll :value [[:poll]]}
    {:type :ok :process 1 :f :poll :value [[:poll {7 [[1 2]]}]]}`);
  const json = JSON.parse(JSON.stringify(edn, (_, item) => item instanceof Map ? Object.fromEntries(item) : item));
  assertEquals(checkKafka(edn).error_types, ["lost-write", "unseen"]);
  assertEquals(checkKafka(edn), checkKafka(json));
});

Deno.test("checkKafka accepts keys of any type", () => {
  const history = (key: string) =>
    parseHistory(
      [["invoke", `[["send",${key},1]]`], ["ok", `[["send",${key},[0,1]]]`]]
        .map(([type, value]) => `{"type":"${type}","process":0,"f":"send","value":${value}}`).join("\n"),
    );
  for (const key of ["1.0", "null", "[1]", '{"a":1}', '"8"', "9007199254740993"]) {
    assertEquals(checkKafka(history(key)).error_types, ["unseen"], key);
  }
});

Deno.test("checkKafka distinguishes messages of any JSON type", () => {
  const send = (
    value: unknown,
    offset: number,
  ): Line => [0, "ok", "send", [["send", "a", value]], [["send", "a", [offset, value]]]];
  const poll = (...pairs: unknown[]): Line => [1, "ok", "poll", [["poll"]], [["poll", { a: pairs }]]];
  const sends = [send({ x: 1, y: 2 }, 0), send("1", 1), send(1, 2)];
  assertEquals(checkKafka(sequential([...sends, poll([0, { y: 2, x: 1 }], [1, "1"], [2, 1])])).valid, true);
  assertEquals(
    checkKafka(sequential([...sends, poll([0, { y: 2, x: 1 }], [1, "1"], [2, 1], [3, { x: 1 }])])).error_types,
    [
      "garbage-read",
    ],
  );
});

Deno.test("checkKafka: a malformed history makes the verdict unknown", () => {
  for (
    const [line, says] of [
      [[0, "ok", "send", 7], "Cannot check operation 1 with value 7: expected a list"],
      [
        [0, "ok", "send", [["sned", "a", 1]]],
        'Cannot check operation 1 with ["sned","a",1]: expected ["send", key, value',
      ],
      [[0, "ok", "poll", [["poll", { a: 3 }]]], 'Cannot check operation 1 with ["poll",{"a":3}]: expected'],
      [[0, "ok", "poll", [["poll", { a: [3] }]]], 'Cannot check operation 1 with ["poll",{"a":[3]}]: expected'],
      [[0, "ok", "assign", "a"], 'Cannot check operation 1 with value "a": expected a list of keys'],
    ] as [Line, string][]
  ) {
    const { valid, anomalies } = checkKafka(sequential([line]));
    assertEquals([valid, anomalies!.map(({ type }) => type)], ["unknown", ["malformed-history"]]);
    assertStringIncludes(anomalies![0]!.explanation, says);
  }
});

Deno.test("checkKafka returns a bounded verdict", () => {
  const lost = Array.from({ length: 20_000 }, (_, offset) => send(0, offset, offset));
  const verdict = checkKafka(sequential([...lost, poll(1, [19_999, 19_999])]));
  const [anomaly] = verdict.anomalies!;
  assertEquals([anomaly!.type, anomaly!.count], ["lost-write", 19_999]);
  assert(anomaly!.explanation.endsWith("\n… and 19991 more"));
  assertEquals(anomaly!.cases!.length, 1000);
  assertLess(JSON.stringify(verdict).length, 120_000);
});

Deno.test("checkKafka lists the errors of operations with unknown outcome", () => {
  const history = sequential([
    [0, "info", "send", [["send", "a", 1]]],
    [1, "info", "send", [["send", "a", 2]]],
    [2, "info", "crash", null],
  ]);
  history[1]!.error = "net-timeout";
  history[3]!.error = "net-timeout";
  assertEquals(checkKafka(history).info_txn_causes, ["net-timeout"]);
});

Deno.test("checkKafka finds a poll that ended before its message was sent, but accepts one that is concurrent", () => {
  const early = KAFKA_OVERLAPS["G1c-realtime"]!.lines;
  const verdict = checkKafka(sequential(early));
  assertEquals([verdict.valid, verdict.bad_error_types], [false, ["G1c-realtime"]]);
  assertEquals(verdict.anomalies![0]!.explanation.split("\n"), [
    'T1 is process 0\'s send [["send","a",[0,1]]] (acknowledged at 3.000 s)',
    'T2 is process 1\'s poll [["poll",{"a":[[0,1]]}]] (acknowledged at 1.000 s)',
    'T1 < T2, because T2 polled 1 from key "a", which T1 sent',
    "But T2 < T1, because T2 completed at 1.000 s, before T1 began at 2.000 s",
  ]);
  assertEquals(checkKafka(timeline(early, [0, 1, 0, 1])).anomalies, []);
  // A poll with unknown outcome has no known end.
  const open: Line = [1, "info", "poll", [["poll"]], [["poll", { a: [[0, 1]] }]]];
  assertEquals(checkKafka(sequential([open, send(0, 1, 0), poll(2, [0, 1])])).anomalies, []);
});

Deno.test("checkKafka finds transactions that poll each other's messages; with wwDeps also cycles of sends", () => {
  const seen = KAFKA_OVERLAPS.G1c!.lines;
  const { valid, bad_error_types } = checkKafka(timeline(seen));
  assertEquals([valid, bad_error_types], [false, ["G1c"]]);
  assertEquals(checkKafka(timeline(seen), { wwDeps: true }).valid, true);
  const interleaved = [
    txn(0, ["send", "a", [0, 1]], ["send", "b", [1, 3]]),
    txn(1, ["send", "a", [1, 2]], ["send", "b", [0, 4]]),
    poll(2, [0, 1], [1, 2]),
    [3, "ok", "poll", [["poll"]], [["poll", { b: [[0, 4], [1, 3]] }]]] as Line,
  ];
  assertEquals(checkKafka(timeline(interleaved)).anomalies, []);
  const verdict = checkKafka(timeline(interleaved), { wwDeps: true });
  assertEquals([verdict.valid, verdict.error_types, verdict.bad_error_types], [true, ["G0"], []]);
  assertEquals(verdict.anomalies![0]!.allowed, true);
  assertStringIncludes(
    verdict.anomalies![0]!.explanation,
    "T1 < T2, because T2's 2 directly follows T1's 1 in key \"a\"",
  );
});

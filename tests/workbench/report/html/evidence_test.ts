import { assertEquals, assertStringIncludes } from "@std/assert";
import type { Operation } from "../../../../lib/workbench/history/operation.ts";
import { evidenceOf } from "../../../../lib/workbench/report/html/evidence.ts";
import { operationColumns } from "../../../../lib/workbench/report/html/operations.ts";
import type { AnomalyPicture } from "../../../../lib/workbench/report/html/report_data.ts";
import { WORKLOADS } from "../../../../lib/workbench/workloads/mod.ts";
import { runOptions } from "../../run/stand_in.ts";

/** Pair of operations of a process, from one time to another in ms. `value` is that of the completion. */
type Done = [
  ...[process: number, f: string, from: number, to: number, argument: unknown, value: unknown],
  ...[final?: true, type?: "ok" | "info" | "fail"],
];

/** Pictures of the anomalies that the workload's checker finds. Two workers use two nodes. */
function evidence(workload: string, ...done: Done[]): AnomalyPicture[] {
  const entries = done.flatMap(([process, f, from, to, argument, value, final, type = "ok"]) => [
    { time: from * 1e6, type: "invoke", process, f, value: argument, ...final ? { final } : {} },
    { time: to * 1e6, type, process, f, value, ...final ? { final } : {} },
  ]).sort((a, b) => a.time - b.time);
  const history = entries.map((entry, index) => ({ ...entry, index })) as Operation[];
  const options = runOptions({ workload: WORKLOADS[workload]!, nodes: ["n0", "n1"], concurrency: 2 });
  const { anomalies = [], ...result } = WORKLOADS[workload]!.check(history, options);
  const results = { workload, anomalies, result } as unknown as Parameters<typeof evidenceOf>[2];
  return evidenceOf(history, operationColumns(history, 2, []), results, ["n0", "n1"]);
}

const marksOf = ({ marks }: AnomalyPicture) => marks.map(({ time, y, kind }) => [time / 1000, y, kind]);

Deno.test("a lost value shows which node had it when; equal reads between others are left out", () => {
  const [picture, ...others] = evidence(
    "broadcast",
    [0, "broadcast", 0, 1, 7, 7],
    [0, "broadcast", 1, 2, 8, 8],
    [1, "read", 1, 2, null, [8]],
    [1, "read", 3, 4, null, [7, 8]],
    [1, "read", 5, 6, null, [8]],
    [1, "read", 7, 8, null, [8]],
    [1, "read", 9, 10, null, [8]],
    [0, "read", 11, 12, null, [8]],
  );
  assertEquals([picture!.anomaly, picture!.lanes, others], ["lost", ["n0", "n1"], []]);
  assertEquals(marksOf(picture!), [
    [1, 0, "write"],
    [2, 1, "absent"],
    [4, 1, "present"],
    [6, 1, "absent"],
    [10, 1, "absent"],
    [12, 0, "absent"],
  ]);
});

Deno.test("a wrong counter shows its reads, and the bounds of the sum", () => {
  const [picture] = evidence(
    "pn-counter",
    [0, "add", 0, 10, 5, 5],
    [1, "add", 20, 30, -2, -2],
    [0, "read", 40, 50, null, 4, true],
  );
  assertEquals(marksOf(picture!), [[50, 4, "wrong"]]);
  assertEquals(picture!.lines, [
    { label: "lowest possible sum", points: [[0, 0], [10_000, 5], [20_000, 3]] },
    { label: "highest possible sum", points: [[0, 0], [0, 5], [30_000, 3]] },
  ]);
});

Deno.test("a key of kafka shows its offsets; two messages at one, and those that no poll returned, are marked", () => {
  const [picture] = evidence(
    "kafka",
    [0, "send", 0, 1, [["send", "k", 1]], [["send", "k", [0, 1]]]],
    [1, "send", 2, 3, [["send", "k", 2]], [["send", "k", [1, 2]]]],
    [0, "send", 4, 5, [["send", "k", 3]], [["send", "k", [1, 3]]]],
    [0, "poll", 6, 7, [["poll"]], [["poll", { k: [[0, 1], [1, 3]] }]]],
  );
  assertStringIncludes(picture!.title, 'Key "k"');
  const marks = picture!.marks.map(({ y, kind, text }) => [y, kind, text]);
  assertEquals(marks, [
    [1, "wrong", "2"],
    [1, "wrong", "3"],
    [1, "wrong", "3"],
    [0, "write", ""],
    [0, "read", ""],
  ]);
});

Deno.test("a key of kafka shows what a poll skipped, and the polls before and after it", () => {
  const [picture] = evidence(
    "kafka",
    [0, "send", 0, 1, [["send", "k", 7]], [["send", "k", [0, 7]]]],
    [0, "send", 2, 3, [["send", "k", 8]], [["send", "k", [1, 8]]]],
    [0, "send", 4, 5, [["send", "k", 9]], [["send", "k", [2, 9]]]],
    [1, "poll", 6, 7, [["poll"]], [["poll", { k: [[0, 7]] }]]],
    [1, "poll", 8, 9, [["poll"]], [["poll", { k: [[2, 9]] }]]],
    [0, "poll", 10, 11, [["poll"]], [["poll", { k: [[0, 7], [1, 8], [2, 9]] }]]],
  );
  assertEquals(picture!.anomaly, "poll-skip");
  assertStringIncludes(picture!.title, "or skipped");
  assertEquals(picture!.marks.map(({ time, y, kind, text }) => [time / 1000, y, kind, text]), [
    [3, 1, "wrong", "8"],
    [1, 0, "write", ""],
    [5, 2, "write", ""],
    [7, 0, "read", "7"],
    [9, 2, "read", "9"],
    [11, 0, "read", ""],
    [11, 1, "read", ""],
    [11, 2, "read", ""],
  ]);
});

Deno.test("a key that is not linearizable shows the order that was found, and what does not fit", () => {
  const [picture] = evidence(
    "lin-kv",
    [0, "write", 0, 10, ["k", 1], ["k", 1]],
    [1, "read", 20, 30, ["k", null], ["k", 1]],
    [0, "write", 21, 60, ["other", 9], ["other", 9]],
    [1, "read", 40, 50, ["k", null], ["k", null]],
  );
  assertEquals(picture!.lanes, ["worker 0", "worker 1"]);
  assertEquals(picture!.marks.map(({ y, kind, text }) => [y, kind, text]), [
    [0, "order", "1. write 1"],
    [1, "order", "2. read 1"],
    [1, "wrong", "read null"],
  ]);
});

Deno.test("a valid run has no pictures of anomalies", () => {
  assertEquals(evidence("broadcast", [0, "broadcast", 0, 1, 7, 7], [1, "read", 2, 3, null, [7]]), []);
});

Deno.test("any other anomaly shows when the operations of its first case ran", () => {
  const [picture, ...others] = evidence(
    "unique-ids",
    [0, "generate", 0, 10, null, 7],
    [1, "generate", 20, 30, null, 7],
    [1, "generate", 40, 50, null, 8],
  );
  assertEquals([picture!.anomaly, picture!.lanes, others], ["duplicate-id", ["process 0", "process 1"], []]);
  assertEquals(picture!.marks.map(({ time, end, y, text }) => [time / 1000, end! / 1000, y, text]), [
    [0, 10, 0, "generate 7"],
    [20, 30, 1, "generate 7"],
  ]);
});

Deno.test("the transactions of a cycle have their names in its explanation", () => {
  const pictures = evidence(
    "txn-list-append",
    [0, "txn", 0, 10, [["append", 1, 1], ["append", 2, 1]], [["append", 1, 1], ["append", 2, 1]]],
    [1, "txn", 5, 15, [["r", 1, null], ["r", 2, null]], [["r", 1, [1]], ["r", 2, null]]],
  );
  const cycle = pictures.find(({ anomaly }) => anomaly.startsWith("G-single"));
  assertEquals(cycle!.marks.map(({ text }) => text), ["T1", "T2"]);
});

Deno.test("an operation of a first case looks as its outcome does elsewhere", () => {
  const appends = [["append", 2, 1], ["append", 3, 1]];
  const pictures = evidence(
    "txn-list-append",
    [0, "txn", 0, 10, [["append", 1, 1]], [["append", 1, 1]], undefined, "fail"],
    [1, "txn", 20, 30, [["r", 1, null]], [["r", 1, [1]]]],
    [0, "txn", 40, 50, appends, appends, undefined, "info"],
    [1, "txn", 60, 70, [["r", 2, null], ["r", 3, null]], [["r", 2, [1]], ["r", 3, null]]],
  );
  const kinds = new Set(pictures.flatMap(({ marks }) => marks.map(({ kind }) => kind)));
  assertEquals([...kinds].sort(), ["fail", "info", "ok"]);
});

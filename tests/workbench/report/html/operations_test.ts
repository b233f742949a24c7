import { assertEquals } from "@std/assert";
import { operationColumns } from "../../../../lib/workbench/report/html/operations.ts";
import { OUTCOMES } from "../../../../lib/workbench/report/html/report_data.ts";
import { faultBands } from "../../../../lib/workbench/report/html/faults.ts";
import { linkOperations } from "../../../../lib/workbench/report/html/link_operations.ts";
import { createMessageReader } from "../../../../lib/workbench/report/html/messages.ts";
import type { Operation } from "../../../../lib/workbench/history/operation.ts";

/** Adds indexes to operations whose times are ms. */
function history(...operations: Partial<Operation>[]): Operation[] {
  return operations.map((operation, index) =>
    ({ index, f: "read", value: null, ...operation, time: operation.time! * 1e6 }) as Operation
  );
}

Deno.test("operations become rows: outcome, duration, worker, and a result that differs from the argument", () => {
  const columns = operationColumns(
    history(
      { time: 1, type: "invoke", process: 0, f: "add", value: 7 },
      { time: 2, type: "invoke", process: 6, value: null },
      { time: 4, type: "ok", process: 0, f: "add", value: 7 },
      { time: 5, type: "info", process: 6, value: null, error: "net-timeout" },
      { time: 6, type: "invoke", process: 11 },
    ),
    5,
    [],
  );
  assertEquals(columns.functions, ["add", "read"]);
  assertEquals(columns.index, [0, 1, 4]);
  assertEquals(columns.completion, [2, 3, -1]);
  assertEquals(columns.worker, [0, 1, 1]);
  assertEquals(columns.outcome.map((outcome) => OUTCOMES[outcome]), ["ok", "info", "open"]);
  assertEquals([columns.start, columns.duration], [[1000, 2000, 6000], [3000, 3000, -1]]);
  assertEquals([columns.argument, columns.result], [["7", "null", "null"], ["", 'error "net-timeout"', ""]]);
});

Deno.test("long results are cut, and the report says so", () => {
  const omitted: string[] = [];
  const long = Array.from({ length: 500 }, (_, index) => index);
  const { result } = operationColumns(
    history({ time: 0, type: "invoke", process: 0 }, { time: 1, type: "ok", process: 0, value: long }),
    1,
    omitted,
  );
  assertEquals(result[0]!.endsWith("… (1891 characters)"), true);
  assertEquals(omitted, ["1 argument or result is shortened; the stored history has the whole"]);
});

const nemesis = { process: "nemesis", type: "info" } as const;

Deno.test("a fault lasts from the beginning of its first operation to the end of its second", () => {
  const bands = faultBands(
    history(
      { ...nemesis, time: 1, f: "kill", value: "one" },
      { ...nemesis, time: 2, f: "kill", value: { n0: "not-running", n1: "killed" } },
      { ...nemesis, time: 5, f: "start", value: "all" },
      { ...nemesis, time: 7, f: "start", value: { n0: "already-running", n1: "started" } },
    ),
    9000,
  );
  assertEquals(bands, [{ name: "kill", start: 1000, end: 7000, nodes: ["n1"], text: "one, n1" }]);
});

Deno.test("a fault that is active at the end lasts until then; healing one that is not active makes no band", () => {
  const bands = faultBands(
    history(
      { ...nemesis, time: 0, f: "stop-loss", value: null },
      { ...nemesis, time: 0, f: "stop-loss", value: "loss-ended" },
      { ...nemesis, time: 3, f: "start-partition", value: "one" },
      { ...nemesis, time: 3, f: "start-partition", value: ["isolated", { n0: ["n1"], n1: ["n0"], n2: [] }] },
      { ...nemesis, time: 4, f: "start-loss", value: "all" },
      { ...nemesis, time: 4, f: "start-loss", value: { probability: 0.5, nodes: ["n2"] } },
    ),
    9000,
  );
  assertEquals(bands, [
    {
      name: "partition",
      start: 3000,
      end: 9000,
      nodes: ["n0", "n1"],
      text: "one: n0 receives nothing from n1; n1 receives nothing from n0",
    },
    { name: "loss", start: 4000, end: 9000, nodes: ["n2"], text: "all, probability 0.5, n2" },
  ]);
});

/** Columns of messages `[ms, src, dest, body]` that arrive at once. */
function messages(...sends: [number, string, string, object][]) {
  const reader = createMessageReader([]);
  sends.forEach(([time, src, dest, body], id) => {
    const message = JSON.stringify({ id, src, dest, body });
    for (const type of ["send", "recv"]) {
      reader.line(`{"id":${id},"time":${time * 1e6},"type":"${type}","message":${message}}`);
    }
  });
  return reader.end();
}

Deno.test("requests and answers of a client belong to the operation that its worker had open", () => {
  const operations = operationColumns(
    history(
      { time: 1, type: "invoke", process: 0 },
      { time: 1.5, type: "invoke", process: 1 },
      { time: 3, type: "ok", process: 0 },
      { time: 4, type: "ok", process: 1 },
      { time: 5, type: "invoke", process: 0 },
    ),
    2,
    [],
  );
  const columns = messages(
    [0, "c0", "n0", { type: "init", msg_id: 1 }],
    [1, "c1", "n0", { type: "read", msg_id: 1 }],
    [1.5, "c2", "n1", { type: "read", msg_id: 1 }],
    // The second request of the first operation, while another operation is younger.
    [2, "c1", "n0", { type: "commit", msg_id: 2 }],
    [3, "n0", "c1", { type: "commit_ok", in_reply_to: 2 }],
    [4, "n1", "c2", { type: "read_ok", in_reply_to: 1 }],
    [5, "c1", "n0", { type: "read", msg_id: 3 }],
  );
  linkOperations(columns, operations);
  assertEquals(columns.operation, [-1, 0, 1, 0, 0, 1, 2]);
});

Deno.test("of two workers that began together, a client's is the one whose later operation fits, too", () => {
  const operations = operationColumns(
    history(
      { time: 1, type: "invoke", process: 0 },
      { time: 1, type: "invoke", process: 1 },
      { time: 3, type: "ok", process: 0 },
      { time: 5, type: "invoke", process: 0 },
      { time: 6, type: "ok", process: 0 },
      { time: 10, type: "ok", process: 1 },
    ),
    2,
    [],
  );
  const columns = messages([1, "c1", "n0", { type: "read", msg_id: 1 }], [5, "c1", "n0", { type: "read", msg_id: 2 }]);
  linkOperations(columns, operations);
  assertEquals(columns.operation, [0, 2]);
});

import { assertEquals } from "@std/assert";
import { packMessages, packOperations } from "../../../../lib/workbench/report/html/pack.ts";
import { operationColumns } from "../../../../lib/workbench/report/html/operations.ts";
import { packTexts } from "../../../../lib/workbench/report/html/pack_texts.ts";
import { reportHTML } from "../../../../lib/workbench/report/html/html.ts";
import type { MessageColumns, ReportData } from "../../../../lib/workbench/report/html/report_data.ts";
import { decodeMessages } from "../../../../lib/workbench/report/page/run_data.js";
import {
  unpackBytes,
  unpackData,
  unpackMessages,
  unpackOperations,
} from "../../../../lib/workbench/report/page/unpack.js";
import { WORKLOADS } from "../../../../lib/workbench/workloads/mod.ts";
import broadcastWithoutRetry from "../../../wrong/broadcast_without_retry.ts";
import { runOptions } from "../../run/stand_in.ts";
import { reportOf } from "../simulated_report.ts";
import { columnsOf, rowsOf } from "./message_rows.ts";

/** A run with lost and duplicated messages, restarts, and operations of all outcomes. */
const DATA = await reportOf(
  runOptions({
    workload: WORKLOADS.broadcast!,
    nodes: ["n0", "n1", "n2"],
    concurrency: 3,
    timeLimitSeconds: 5,
    rate: 40,
    latency: { mean: 50, distribution: "exponential" },
    nemesis: ["partition", "duplicate", "loss", "kill"],
    seed: "1",
  }),
  broadcastWithoutRetry as Parameters<typeof reportOf>[1],
);

/** Columns of messages with these bodies, all from n0 to n1. */
function messagesWith(...body: string[]): MessageColumns {
  const zeros = body.map(() => 0);
  return {
    names: ["n0", "n1"],
    types: ["a"],
    id: zeros,
    sent: zeros,
    delay: zeros,
    src: zeros,
    dest: zeros.map(() => 1),
    type: zeros,
    reply: zeros,
    operation: zeros.map(() => -1),
    body,
    size: body.map(({ length }) => length),
    copies: [],
  };
}

const bodiesIn = (messages: MessageColumns, longest?: number) =>
  rowsOf(unpackMessages(packMessages(messages, longest))).body;

Deno.test("messages are the same after packing and unpacking", () => {
  const { messages } = DATA;
  assertEquals(messages!.copies.length > 0 && messages!.delay.includes(-1), true);
  assertEquals(rowsOf(unpackMessages(packMessages(messages!))), rowsOf(decodeMessages(messages!)));
});

Deno.test("operations are the same after packing and unpacking", () => {
  assertEquals(columnsOf(unpackOperations(packOperations(DATA.operations))), DATA.operations);
});

Deno.test("damaged columns are unpacked as they are: times that go back, ids in any order", () => {
  const { operations } = DATA;
  const back = { ...operations, start: operations.start.toReversed(), index: operations.index.toReversed() };
  back.completion = back.index.map((index) => index + 1);
  assertEquals(columnsOf(unpackOperations(packOperations(back))), back);
  const messages = {
    ...DATA.messages!,
    id: DATA.messages!.id.toReversed(),
    sent: DATA.messages!.sent.map((at) => -at),
  };
  assertEquals(rowsOf(unpackMessages(packMessages(messages))), rowsOf(decodeMessages(messages)));
});

Deno.test("numbers in bodies stay exact, however they are written", () => {
  const bodies = [
    '{"n":0}',
    '{"n":9007199254740993}',
    '{"n":999999999999999}',
    '{"n":000123}',
    '{"n":-1.05e10}',
    '{"n":1.0}',
    '{"n":"٣ 3b1f-007"}',
    "",
    "12",
  ];
  assertEquals(bodiesIn(messagesWith(...bodies)), bodies);
});

Deno.test("texts that differ only in their numbers have one template", () => {
  const texts = Array.from({ length: 1000 }, (_, row) => `{"type":"echo","echo":"Please echo ${row}","msg_id":${row}}`);
  const { templates, numbers } = packTexts(texts.length, (row) => texts[row]!, () => 0);
  assertEquals(templates, ['{"type":"echo","echo":"Please echo \u0001","msg_id":\u0001}']);
  // All differences are 1 or 0.
  assertEquals(numbers.length, 2 * texts.length);
});

Deno.test("bodies are shortened to a length, or left out", () => {
  const messages = messagesWith('{"list":[1,2,3,4]}', "{}");
  assertEquals(bodiesIn(messages, 8), ['{"list":… (18 characters)', "{}"]);
  assertEquals(bodiesIn(messages, 0), ["", ""]);
});

Deno.test("a page whose messages would be too large has short bodies, and says so", async () => {
  const random = new Uint8Array(300);
  const texts = Array.from({ length: 15_000 }, (_, row) => {
    crypto.getRandomValues(random.subarray(row % 200));
    return JSON.stringify({ text: btoa(String.fromCharCode(...random)) });
  });
  const data: ReportData = { ...DATA, messages: messagesWith(...texts) };
  const page = await reportHTML(data);
  const part = (name: string) => new RegExp(`id="packed-${name}">([^<]*)<`).exec(page)![1]!;
  const { omitted, messageCount } = await unpackData(part("data"), part("operations"));
  assertEquals(omitted, ["Bodies of messages have up to 100 characters here; messages.jsonl has them whole"]);
  assertEquals([messageCount, page.length < 5e6], [texts.length, true]);
  const { bodyOf } = unpackMessages(await unpackBytes(part("messages")));
  assertEquals(bodyOf(9).slice(100), "… (411 characters)");
});

Deno.test("a page whose operations would be too large has short arguments and results, and says so", async () => {
  const random = new Uint8Array(200);
  const history = Array.from({ length: 15_000 }, (_, at) => {
    crypto.getRandomValues(random);
    const value = btoa(String.fromCharCode(...random));
    const entry = { time: at * 1e6, process: 0, f: "echo", value };
    return [{ ...entry, index: 2 * at, type: "invoke" as const }, { ...entry, index: 2 * at + 1, type: "ok" as const }];
  }).flat();
  const page = await reportHTML({ ...DATA, operations: operationColumns(history, 1, []), messages: null });
  const part = (name: string) => new RegExp(`id="packed-${name}">([^<]*)<`).exec(page)![1]!;
  const { omitted, operations } = await unpackData(part("data"), part("operations"));
  assertEquals(omitted, [
    "Arguments and results of operations have up to 60 characters here; the stored history has them whole",
  ]);
  assertEquals([operations.index.length, page.length < 3e6], [15_000, true]);
  assertEquals([operations.argumentOf(9).length, operations.argumentOf(9).at(-1)], [61, "…"]);
});

Deno.test("arguments and results can be left out", () => {
  const entry = { time: 0, process: 0, f: "echo", value: "long" };
  const history = [{ ...entry, index: 0, type: "invoke" as const }, { ...entry, index: 1, type: "ok" as const }];
  const { argumentOf, resultOf } = unpackOperations(packOperations(operationColumns(history, 1, []), 0));
  assertEquals([argumentOf(0), resultOf(0)], ["", ""]);
});

import { assertEquals } from "@std/assert";
import { createMessageReader } from "../../../../lib/workbench/report/html/messages.ts";
import type { MessageColumns } from "../../../../lib/workbench/report/html/report_data.ts";
import { formatEntry } from "../../../../lib/workbench/run/store/store.ts";

interface Body {
  type: string;
  [field: string]: unknown;
}

/** Lines of a send at a time in ms, and of its receives. */
function message(id: number, src: string, dest: string, body: Body, sent: number, ...received: number[]): string[] {
  const entry = (type: string, time: number) =>
    formatEntry({ id, time: time * 1e6, type, message: { id, src, dest, body } });
  return [entry("send", sent), ...received.map((time) => entry("recv", time))];
}

function read(lines: readonly string[]): { columns: MessageColumns; omitted: string[] } {
  const omitted: string[] = [];
  const reader = createMessageReader(omitted);
  for (const line of lines) reader.line(line);
  return { columns: reader.end(), omitted };
}

Deno.test("a message is one row: when it was sent, how long it took, and what it says", () => {
  const { columns, omitted } = read([
    ...message(0, "c1", "n0", { type: "read", msg_id: 1 }, 5, 5),
    ...message(1, "n0", "n1", { type: "gossip" }, 6, 26.5),
  ]);
  assertEquals(columns.names, ["c1", "n0", "n1"]);
  assertEquals([columns.types, columns.type], [["read", "gossip"], [0, 1]]);
  assertEquals([columns.sent, columns.delay], [[5000, 1000], [0, 20_500]]);
  assertEquals([columns.src, columns.dest], [[0, 1], [1, 2]]);
  assertEquals(columns.body, ['{"type":"read","msg_id":1}', '{"type":"gossip"}']);
  assertEquals(omitted, []);
});

Deno.test("a message that was lost has no delay, one that was duplicated a copy for each further arrival", () => {
  const { columns } = read([
    ...message(0, "n0", "n1", { type: "a" }, 1),
    ...message(1, "n0", "n1", { type: "b" }, 2, 3, 9, 12),
  ]);
  assertEquals(columns.delay, [-1, 1000]);
  assertEquals(columns.copies, [[1, 7000], [1, 10_000]]);
});

Deno.test("a message in another's name is its sender's, and says in whose name", () => {
  const body = { type: "gossip", values: [[{}]] };
  const entry = { id: 7, time: 5, sender: "n1", message: { id: 0, src: "c3", dest: "n0", body } };
  const line = formatEntry({ ...entry, type: "send" });
  assertEquals(
    line,
    '{"id":7,"time":5,"type":"send","sender":"n1",' +
      '"message":{"id":0,"src":"c3","dest":"n0","body":{"type":"gossip","values":[[{}]]}}}',
  );
  const { columns, omitted } = read([line, formatEntry({ ...entry, type: "recv", time: 1_000_005 })]);
  assertEquals([columns.names, columns.types], [["n1", "n0"], ["gossip in the name of c3"]]);
  assertEquals([columns.delay, columns.body, omitted], [[1000], ['{"type":"gossip","values":[[{}]]}'], []]);
});

Deno.test("an answer points to its request, which is the latest one with that id", () => {
  const { columns } = read([
    ...message(0, "n0", "n1", { type: "old", msg_id: 1 }, 0, 1),
    ...message(1, "n2", "n1", { type: "other", msg_id: 1 }, 0, 1),
    ...message(2, "n0", "n1", { type: "new", msg_id: 1 }, 2, 3),
    ...message(3, "n1", "n0", { type: "new_ok", in_reply_to: 1 }, 4, 5),
    ...message(4, "n1", "n0", { type: "stray", in_reply_to: 99 }, 4, 5),
  ]);
  assertEquals(columns.reply, [0, 0, 0, 1, 0]);
});

Deno.test("a number beyond 2^53 stays as the node wrote it", () => {
  const body = '{"type":"a","n":9007199254740993}';
  const line = `{"id":0,"time":0,"type":"send","message":{"id":0,"src":"n0","dest":"n1","body":${body}}}`;
  assertEquals(read([line]).columns.body, [body]);
});

Deno.test("a long body is cut, and says how long it was", () => {
  const { columns } = read(message(0, "n0", "n1", { type: "a", list: "x".repeat(1000) }, 0, 1));
  assertEquals(columns.body[0]!.slice(-24), "xxx… (1022 characters)".padStart(24, "x"));
});

Deno.test("lines that are damaged are counted, and the others are read", () => {
  const { columns, omitted } = read([
    "{",
    ...message(0, "n0", "n1", { type: "a" }, 0, 1),
    '{"id":1,"time":0,"type":"se',
    "",
  ]);
  assertEquals(columns.id, [0]);
  assertEquals(omitted, ["2 lines of messages.jsonl are damaged, and left out"]);
  assertEquals(read(["{"]).omitted, ["1 line of messages.jsonl is damaged, and left out"]);
});

import { assertEquals } from "@std/assert";
import { createReportData } from "../../../../lib/workbench/report/html/create_report.ts";
import { joinModules, reportHTML } from "../../../../lib/workbench/report/html/html.ts";
import { COMPARE_MODULES } from "../../../../lib/workbench/report/page/compare/mod.ts";
import { PAGE_MODULES } from "../../../../lib/workbench/report/page/mod.ts";
import { decodeMessages } from "../../../../lib/workbench/report/page/run_data.js";
import { unpackBytes, unpackData, unpackMessages } from "../../../../lib/workbench/report/page/unpack.js";
import { WORKLOADS } from "../../../../lib/workbench/workloads/mod.ts";
import { runOptions } from "../../run/stand_in.ts";
import { filesOf } from "../../fake_files.ts";
import { columnsOf, rowsOf } from "./message_rows.ts";
import { reportOf } from "../simulated_report.ts";

const DATA = await reportOf(
  runOptions({ workload: WORKLOADS.echo!, timeLimitSeconds: 2, rate: 20 }),
  (node) =>
    node.on("echo", ({ echo }) => {
      node.log.warn("</script><script>alert(1)</script>");
      return { echo };
    }),
);

/** Text of a part of a page's data. */
function partOf(page: string, name: string): string {
  return new RegExp(`id="packed-${name}">([^<]*)<`).exec(page)![1]!;
}

Deno.test("a report has the operations, the messages and the logs of the run's files", () => {
  const { operations, messages, logs, title, files } = DATA;
  const count = operations.index.length;
  assertEquals(count > 20, true);
  assertEquals(operations.outcome.every((outcome) => outcome === 0), true);
  // Each operation has its request and its answer.
  const linked = Map.groupBy(messages!.operation.filter((row) => row !== -1), (row) => row);
  assertEquals([linked.size, [...linked.values()].every((rows) => rows.length === 2)], [count, true]);
  assertEquals(logs.some(({ text }) => text.length > 0), true);
  assertEquals([title, files[0]], ["echo", "results.json"]);
});

Deno.test("a report shows the findings in the order of the summary: causes first, what is permitted last", async () => {
  const found = (type: string, allowed?: boolean) => ({ type, count: 1, explanation: type, allowed });
  const anomalies = [found("G2-item", true), found("no-final-read"), found("wrong-sum")];
  const exceptions = ["no-answer", "unmatched-reply"].map((type) => ({ type, message: type, count: 1 }));
  const run = { folder: "run", results: { ...DATA.results, anomalies, exceptions }, history: [] };
  const { results } = await createReportData(run, filesOf({}));
  assertEquals(results.anomalies.map(({ type }) => type), ["wrong-sum", "no-final-read", "G2-item"]);
  assertEquals(results.exceptions.map(({ type }) => type), ["unmatched-reply", "no-answer"]);
});

Deno.test("files that are no texts are left out, and the report says so", async () => {
  const files = filesOf({ "run/messages.jsonl": "\0", "run/node-logs/n0.log": "\0" });
  const run = { folder: "run", results: DATA.results, history: [] };
  const { messages, logs, omitted } = await createReportData(run, files);
  assertEquals([messages!.id, logs], [[], []]);
  assertEquals(omitted, [
    "messages.jsonl cannot be read to its end as a text; the messages up to there are here",
    "The log of n0 cannot be read as a text; its file has it",
  ]);
});

Deno.test("the page has the data, and what nodes wrote cannot end its script", async () => {
  const page = await reportHTML(DATA);
  const { messages, ...rest } = DATA;
  const unpacked = await unpackData(partOf(page, "data"), partOf(page, "operations"));
  const expected = JSON.parse(JSON.stringify({ ...rest, messageCount: messages!.id.length }));
  assertEquals({ ...unpacked, operations: columnsOf(unpacked.operations) }, expected);
  const found = unpackMessages(await unpackBytes(partOf(page, "messages")));
  assertEquals(rowsOf(found), rowsOf(decodeMessages(messages!)));
  assertEquals(page.match(/<\/script>/g)!.length, 5);
});

Deno.test("the page names no other place", async () => {
  const { results, ...data } = DATA;
  const page = await reportHTML({ ...data, results });
  const addresses = page.match(/(?:https?:)?\/\/[a-z][\w.-]+\.[a-z]{2,}/g) ?? [];
  // The head of uPlot has the address of its project, in a comment; that of SVG is a name.
  assertEquals(addresses.filter((address) => !/github\.com|www\.w3\.org/.test(address)), []);
});

Deno.test("the same run gives the same page", async () => {
  assertEquals(await reportHTML(DATA), await reportHTML(structuredClone(DATA)));
});

Deno.test("the page's modules declare different names, so that they can be one script", () => {
  const names = PAGE_MODULES.flatMap((text) =>
    Array.from(text.matchAll(/^(?:export )?(?:async )?(?:function|const|let|class) (\w+)/gm), ([, name]) => name!)
  );
  assertEquals(names.filter((name, at) => names.indexOf(name) !== at), []);
});

Deno.test("joined modules have no imports of each other, and no exports", () => {
  const texts = [
    'import { a, b } from "./b.js";\nimport {\n  c,\n} from "./c.js";\nconst x = a;\n',
    "export function f() {}\nexport async function g() {}\nexport const h = 1;\n",
  ];
  assertEquals(joinModules(texts), "const x = a;\n\nfunction f() {}\nasync function g() {}\nconst h = 1;\n");
});

Deno.test("the modules of a page are one script: their names differ", () => {
  for (const modules of [PAGE_MODULES, COMPARE_MODULES]) {
    const names = modules.flatMap((text) =>
      Array.from(text.matchAll(/^(?:export )?(?:async )?(?:function|const|let) (\w+)/gm), ([, name]) => name!)
    );
    assertEquals(names.filter((name, at) => names.indexOf(name) !== at), []);
  }
});

/** The pictures: messages.svg and timeline.html. */

import { assertEquals, assertStringIncludes } from "@std/assert";
import { messagesSVG, MOST_DRAWN } from "../../../../lib/workbench/report/export/messages_svg.ts";
import { MOST_OPERATIONS, timelineHTML } from "../../../../lib/workbench/report/export/timeline_html.ts";
import { faultyRun, HOSTILE, type Line, operation, runOf, textOf } from "./export_rig.ts";
import { markupProblems } from "./markup_check.ts";

/** Counts the parts of a text that match. */
function count(text: string, pattern: RegExp): number {
  return [...text.matchAll(pattern)].length;
}

Deno.test("messages.svg has an arrow for each message, and for each copy", async () => {
  const run = await faultyRun();
  const svg = await textOf(messagesSVG(run));
  assertEquals(markupProblems(svg), []);
  const { survey } = run.messages!;
  assertEquals(count(svg, /<g class="(server|client|error|error dropped)">/g), survey.count);
  const lost = count(svg, /marker-end="url\(#lost\)"/g);
  assertEquals(count(svg, /marker-end="url\(#arrow-/g), survey.events - survey.count);
  assertEquals(lost, count(svg, /never arrived\n/g));
  assertEquals(count(svg, /class="name"/g), run.nodes.length + 3 + 1);
  assertEquals(count(svg, /class="fault"/g) > 0, true);
  assertEquals(svg.match(/--fault:#[0-9a-f]{6}\b/g)?.length, 2, "bands are opaque");
});

Deno.test("messages.svg is the same picture each time", async () => {
  const lines: Line[] = [
    [0, "send", 1, "n0", "n1", { type: "gossip", values: [1, 2] }],
    [1, "send", 1, "n1", "n0", { type: "gossip", values: [] }],
    [0, "recv", 3, "n0", "n1"],
  ];
  const svg = await textOf(messagesSVG(await runOf(lines)));
  assertStringIncludes(svg, ">gossip values [1,2]<");
  assertStringIncludes(svg, "message 0: n0 → n1, gossip\nsent at 1.0 ms\narrived at 3.0 ms\n");
  assertStringIncludes(svg, "message 1: n1 → n0, gossip\nsent at 1.0 ms\nnever arrived\n");
  assertStringIncludes(svg, "All 2 messages");
  assertEquals(count(svg, /class="time"/g), 2);
});

Deno.test("messages.svg ends where Maelstrom's does, and says so", async () => {
  const lines = Array.from({ length: MOST_DRAWN + 5 }, (_, id): Line => [id, "send", id, "n0", "n1"]);
  const svg = await textOf(messagesSVG(await runOf(lines)));
  assertEquals(markupProblems(svg), []);
  assertStringIncludes(svg, `Only the first ${MOST_DRAWN} of ${MOST_DRAWN + 5} sends and receives, until 9999.0 ms`);
});

Deno.test("timeline.html has a box for each operation, from its invocation to its completion", async () => {
  const run = await faultyRun();
  const html = await textOf(timelineHTML(run));
  assertEquals(markupProblems(html), []);
  assertEquals(count(html, /<div class="(ok|info|fail|open)"/g), run.operations.index.length);
  assertEquals(count(html, />worker \d</g), 3);
  assertStringIncludes(html, "default-src 'none'");
  assertEquals(html.match(/--fault:#[0-9a-f]{6}\b/g)?.length, 2, "bands are opaque");
  const one = await textOf(timelineHTML(await runOf([], operation("hello", 1, 4))));
  assertStringIncludes(one, "operation 0, process 0: echo, ok\nfrom 1.0 ms to 4.0 ms: 3 ms\n");
});

Deno.test("timeline.html ends where Jepsen's does, and says so", async () => {
  const history = Array.from(
    { length: MOST_OPERATIONS + 1 },
    (_, at) => operation(at, at, at + 1).map((entry, half) => ({ ...entry, index: 2 * at + half })),
  ).flat();
  const html = await textOf(timelineHTML(await runOf([], history)));
  assertStringIncludes(html, `Only the first ${MOST_OPERATIONS} of ${MOST_OPERATIONS + 1} operations`);
});

Deno.test("texts of nodes are no markup", async () => {
  const run = await runOf([[0, "send", 1, "n0", "n1", { type: HOSTILE, text: HOSTILE }]], operation(HOSTILE));
  for (const text of [await textOf(messagesSVG(run)), await textOf(timelineHTML(run))]) {
    assertEquals(markupProblems(text), []);
  }
});

Deno.test("an empty run has pictures", async () => {
  const run = await runOf([]);
  for (const text of [await textOf(messagesSVG(run)), await textOf(timelineHTML(run))]) {
    assertEquals(markupProblems(text), []);
  }
});

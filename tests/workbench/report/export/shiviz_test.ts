import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import fc from "fast-check";
import { MOST_LOGGED, shivizLog } from "../../../../lib/workbench/report/export/shiviz.ts";
import type { ExportedRun } from "../../../../lib/workbench/report/export/exported_run.ts";
import { faultyRun, HOSTILE, type Line, operation, runOf, textOf } from "./export_rig.ts";

interface LogEvent {
  host: string;
  clock: Record<string, number>;
  event: string;
}

/** Reads a log as ShiViz does: the first line is the regular expression, the second one the delimiter. */
async function readLog(run: ExportedRun): Promise<LogEvent[]> {
  const text = await textOf(shivizLog(run));
  const [expression, delimiter, ...lines] = text.split("\n");
  assertEquals(delimiter, "");
  const log = lines.join("\n").trim();
  const matches = [...log.matchAll(new RegExp(expression!, "gm"))];
  // Nothing is between the events, and so nothing is left out.
  assertEquals(matches.map(([match]) => match).join("\n"), log);
  return matches.map(({ groups }) => ({
    host: groups!.host!,
    clock: JSON.parse(groups!.clock!),
    event: groups!.event!,
  }));
}

/** Laws of vector clocks that ShiViz relies on. */
function clockProblems(events: readonly LogEvent[]): string[] {
  const counts = new Map<string, number>();
  const problems = events.flatMap(({ host, clock }) => {
    const expected = (counts.get(host) ?? 0) + 1;
    counts.set(host, expected);
    return clock[host] === expected ? [] : [`${host} counts ${clock[host]}, not ${expected}`];
  });
  const named = events.flatMap(({ clock }) => Object.entries(clock));
  return [
    ...problems,
    ...named.flatMap(([host, count]) => {
      return count >= 1 && count <= (counts.get(host) ?? 0) ? [] : [`${host} has no event ${count}`];
    }),
  ];
}

/** True if the clock of `a` is below that of `b`: `a` happened before `b`. */
function isBefore(a: LogEvent, b: LogEvent): boolean {
  return a !== b && Object.entries(a.clock).every(([host, count]) => (b.clock[host] ?? 0) >= count);
}

Deno.test("a run with faults is a log whose clocks keep the laws", async () => {
  const run = await faultyRun();
  const events = await readLog(run);
  assertEquals(clockProblems(events), []);
  const { survey } = run.messages!;
  assertEquals(events.filter(({ event }) => /^(send|receive) /.test(event)).length, survey.events);
  assertEquals(events.filter(({ event }) => event.startsWith("begin ")).length, run.operations.index.length);
});

Deno.test("an operation begins before its request and ends after its reply", async () => {
  const lines: Line[] = [
    [0, "send", 1, "c1", "n0", { type: "echo", msg_id: 1 }],
    [0, "recv", 2, "c1", "n0"],
    [1, "send", 2, "n0", "c1", { type: "echo_ok", in_reply_to: 1 }],
    [1, "recv", 4, "n0", "c1"],
  ];
  const events = await readLog(await runOf(lines, operation("hello", 1, 4)));
  assertEquals(events.map(({ host, event }) => `${host} ${event}`), [
    'c1 begin echo "hello" (operation 0)',
    'c1 send echo to n0: {"type":"echo","msg_id":1}',
    "n0 receive echo from c1",
    'n0 send echo_ok to c1: {"type":"echo_ok","in_reply_to":1}',
    "c1 receive echo_ok from n0",
    "c1 end echo ok (operation 0)",
  ]);
  assertEquals(events.at(-1)!.clock, { c1: 4, n0: 2 });
});

Deno.test("happens-before of the log is that of the messages", async () => {
  const hosts = fc.constantFrom("n0", "n1", "n2", "lin-kv");
  const message = fc.record({ src: hosts, dest: hosts, delays: fc.array(fc.nat(30), { maxLength: 2 }) });
  await fc.assert(fc.asyncProperty(fc.array(message, { minLength: 1, maxLength: 12 }), async (messages) => {
    const lines = messages.flatMap(({ src, dest, delays }, id): Line[] => [
      [id, "send", id * 5, src, dest],
      ...delays.map((delay): Line => [id, "recv", id * 5 + delay, src, dest]),
    ]).sort((a, b) => a[2] - b[2]);
    const events = await readLog(await runOf(lines));
    assertEquals(clockProblems(events), []);
    const reachable = reachability(lines);
    for (const [a, first] of events.entries()) {
      for (const [b, second] of events.entries()) assertEquals(isBefore(first, second), reachable(a, b), `${a} ${b}`);
    }
  }));
});

/** Happens-before by its definition: the order of each host, and from sends to their receives. */
function reachability(lines: readonly Line[]): (a: number, b: number) => boolean {
  const hostOf = ([, kind, , src, dest]: Line) => kind === "send" ? src : dest;
  const before = lines.map((line, at) => {
    const last = lines.findLastIndex((other, index) => index < at && hostOf(other) === hostOf(line));
    const send = line[1] === "send" ? -1 : lines.findIndex(([id]) => id === line[0]);
    return [last, send].filter((each) => each !== -1);
  });
  const closures: Set<number>[] = [];
  for (const direct of before) closures.push(new Set(direct.flatMap((each) => [each, ...closures[each]!])));
  return (a, b) => closures[b]!.has(a);
}

Deno.test("texts of nodes stay on their line", async () => {
  const events = await readLog(
    await runOf([[0, "send", 1, "n0", "n1", { type: HOSTILE }], [0, "recv", 2, "n0", "n1"]], operation(HOSTILE)),
  );
  assertEquals(events.map(({ host }) => host), ["n0", "n1"]);
  assert(events.every(({ event }) => event.isWellFormed()));
});

Deno.test("a log that is too long for ShiViz ends, and says so", async () => {
  const lines = Array.from({ length: MOST_LOGGED + 5 }, (_, id): Line => [id, "send", id, "n0", "n1"]);
  const events = await readLog(await runOf(lines));
  assertEquals(clockProblems(events), []);
  assertEquals(events.length, MOST_LOGGED + 1);
  assertStringIncludes(events.at(-1)!.event, `the first ${MOST_LOGGED} of ${MOST_LOGGED + 5} sends and receives`);
});

import { assertEquals, assertStringIncludes } from "@std/assert";
import { main } from "../../../lib/workbench/cli/main.ts";
import { fakeMachine } from "../engines/fake_machine.ts";
import { filesOf } from "../fake_files.ts";

const HISTORY = [
  '{"index":0,"time":1000000,"type":"invoke","process":0,"f":"echo","value":"a"}',
  '{"index":1,"time":2000000,"type":"ok","process":0,"f":"echo","value":{"echo":"a"}}',
].map((line) => `${line}\n`).join("");

const MESSAGE = '{"id":0,"src":"c0","dest":"n0","body":{"type":"echo","echo":"a","msg_id":1}}';

const MESSAGES = [
  `{"id":0,"time":1000000,"type":"send","message":${MESSAGE}}`,
  `{"id":1,"time":1500000,"type":"recv","message":${MESSAGE}}`,
].map((line) => `${line}\n`).join("");

const RUN = { "run/history.jsonl": HISTORY, "run/messages.jsonl": MESSAGES };

async function run(words: string[], contents: Record<string, string> = RUN) {
  const machine = fakeMachine(filesOf(contents));
  const status = await main(["trace", ...words], machine);
  return { status, out: machine.out, err: machine.err };
}

Deno.test("trace shows an operation with its messages", async () => {
  const { status, out, err } = await run(["run", "--operation", "0"]);
  assertEquals([status, err], [0, ""]);
  assertStringIncludes(out, 'Operation 0, completed as 1: ● echo ok\n  argument "a"\n');
  assertStringIncludes(out, "#0  c0 → n0  echo  +0.5 ms\n");
});

Deno.test("trace shows a message, and what carries a value", async () => {
  assertStringIncludes((await run(["run", "--message", "0"])).out, "The message\n");
  assertStringIncludes(
    (await run(["run", "--value", "a"])).out,
    "Value a: written by 1 operation, shown by 0 reads, in 1 message\n",
  );
});

Deno.test("trace --json prints one document, with everything unless --limit is given", async () => {
  const { status, out } = await run(["run", "--operation", "0", "--json"]);
  const { schema, subject, operations, messages, notes } = JSON.parse(out);
  assertEquals([status, schema, subject], [0, 1, { kind: "operation", index: 0 }]);
  assertEquals([operations.length, messages.length, notes], [1, 1, []]);
});

Deno.test("mistakes in a trace command are told", async () => {
  const cases: [string[], string, Record<string, string>?][] = [
    [[], "Missing RUN: expected trace RUN, the folder of a run"],
    [["run"], "Missing what to trace: expected one of --operation INDEX, --message ID, --value VALUE"],
    [["run", "--message", "0", "--value", "a"], "Cannot use --message with --value: expected one of them"],
    [["run", "--message", "0", "--key", "1"], "Cannot use --key with --message: expected --value VALUE --key KEY"],
    [["run", "--value", "a", "--key", "1"], "Cannot use --key: values of echo have no keys"],
    [["run", "x", "--message", "0"], "Cannot trace in run and x: expected one run"],
    [["run", "--message", "-1"], 'Cannot use --message "-1": expected a whole number, 0 or more'],
    [["run", "--operation"], "Missing value for --operation: expected a whole number, 0 or more"],
    [["run", "--message", "0", "--limit", "0"], 'Cannot use --limit "0": expected a whole number above 0'],
    [["run", "--messages", "0"], "did you mean --message?"],
    [["nowhere", "--message", "0"], "Cannot find nowhere: expected a history, or the folder of a run"],
    [["run/history.jsonl", "--message", "0"], "Cannot trace in run/history.jsonl: it is a history alone"],
    [["run", "--message", "0"], "Cannot trace in run: it has no messages.jsonl", { "run/history.jsonl": HISTORY }],
    [["run", "--message", "7"], "Cannot find message 7: expected an id in messages.jsonl, from 0 to 0"],
  ];
  for (const [words, message, contents] of cases) {
    const { status, out, err } = await run(words, contents);
    assertEquals([status, out], [254, ""], words.join(" "));
    assertStringIncludes(err, message);
  }
});

Deno.test("trace --help shows its flags", async () => {
  const { status, out } = await run(["--help"]);
  assertEquals(status, 0);
  assertStringIncludes(out, "--operation INDEX");
});

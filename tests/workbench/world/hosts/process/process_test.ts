import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { getPriority } from "node:os";
import { formatJSON } from "../../../../../lib/workbench/base/json.ts";
import { testScript } from "./process_rig.ts";

/** Line of shell that prints a message to the client. */
function print(fields: string): string {
  return `echo '{"src":"n0","dest":"c0","body":{"type":"hello_ok",${fields}}}'`;
}

testScript(
  "messages go in on stdin and come out on stdout",
  `read -r line; echo "$line" >&2; ${print('"number":1')}; read -r line; echo "$line" >&2; ${
    print('"number":2')
  }; read -r line`,
  async ({ send, answered, replies, stderr, failures }) => {
    send({ type: "hello", msg_id: 1 });
    await answered(1);
    send({ type: "hello", msg_id: 2, text: "grüße" });
    await answered(2);
    assertEquals(replies.map(({ number }) => number), [1, 2]);
    assertEquals(stderr, [
      'n0: {"id":0,"src":"c0","dest":"n0","body":{"type":"hello","msg_id":1}}',
      'n0: {"id":2,"src":"c0","dest":"n0","body":{"type":"hello","msg_id":2,"text":"grüße"}}',
    ]);
    assertEquals(failures, []);
  },
);

testScript(
  "integers of 64 bits pass unharmed, both ways",
  `read -r line; echo "$line" >&2; ${print('"id":9223372036854775807')}; read -r line`,
  async ({ send, answered, replies, stderr }) => {
    send({ type: "hello", id: 9007199254740993n });
    await answered(1);
    assertEquals(replies[0]!.id, 9223372036854775807n);
    assertStringIncludes(stderr[0]!, '"id":9007199254740993}');
  },
);

testScript(
  "thousands of messages arrive in order, and the log has them all",
  `while read -r line; do echo "$line" >&2; done`,
  async ({ send, said, folder }) => {
    for (let number = 0; number < 3000; number++) send({ type: "hello", number });
    await said('"number":2999}');
    const lines = (await Deno.readTextFile(`${folder}/n0.log`)).trimEnd().split("\n");
    assertEquals(lines.map((line) => JSON.parse(line).body.number), Array.from({ length: 3000 }, (_, i) => i));
  },
);

testScript(
  "a node runs in the system's temporary folder",
  `pwd >&2; echo done >&2; read -r line`,
  async ({ said, stderr }) => {
    await said("done");
    const folder = stderr[0]!.slice("n0: ".length);
    assertEquals(await Deno.realPath(folder), await Deno.realPath(Deno.env.get("TMPDIR") ?? "/tmp"));
  },
);

testScript(
  "a node has a lower priority than the workbench",
  `read -r line; echo "niceness $(nice)" >&2; read -r line`,
  async ({ send, said }) => {
    send({ type: "hello" });
    assertEquals(await said("niceness"), `n0: niceness ${Math.min(getPriority() + 5, 19)}`);
  },
);

const FLUSHED = "is stdout flushed after each message?";

testScript(
  "while a node has printed nothing, its diagnosis asks for a flush",
  `echo ready >&2; read -r line; ${print('"number":1')}; read -r line`,
  async ({ node, said, send, answered }) => {
    await said("ready");
    const { advice, activity, log } = await node.diagnose("hello");
    assertStringIncludes(advice!, FLUSHED);
    assertMatch(activity[0]!, /^Its process is waiting: it has used (less than 1|\d+) s of CPU since its start$/);
    assertEquals([activity[1], log], ["It wrote nothing to stdout", ["Its last line on stderr:", "  ready"]]);
    send({ type: "hello", msg_id: 1 });
    await answered(1);
    assert(!(await node.diagnose("hello")).advice!.includes(FLUSHED));
  },
);

testScript(
  "the diagnosis of a node that has answered its init too late says so",
  `read -r line; ${print('"in_reply_to":1')}; read -r line`,
  async ({ node, send, answered }) => {
    send({ type: "init", msg_id: 1 });
    await answered(1);
    assertStringIncludes((await node.diagnose("init")).advice!, "It has answered since");
    assertStringIncludes((await node.diagnose("hello")).advice!, "Does each way through the program print a reply");
  },
);

testScript(
  "the diagnosis of a node that computes says so",
  "echo ready >&2; while :; do :; done",
  async ({ node, said }) => {
    await said("ready");
    const { advice, activity } = await node.diagnose("hello");
    assertMatch(activity[0]!, /^Its process is computing: /);
    assertEquals(advice, "Look for a loop without end");
  },
);

const BAD_LINES: Record<string, [line: string, problem: string]> = {
  "no JSON": ["hello", "it is not JSON"],
  "JSON, but no object": ["[1]", "expected an object, got [1]"],
  "with a body of text": ['{"src":"n0","dest":"c0","body":"hi"}', 'expected body to be an object, got "hi"'],
  "with a field too many": [
    '{"src":"n0","dest":"c0","body":{},"time":1}',
    'expected only src, dest and body, got "time"',
  ],
  "with an id that is not an integer": [
    '{"id":1.0,"src":"n0","dest":"c0","body":{}}',
    "expected id to be an integer, or left to the network, got 1.0",
  ],
  "in the name of a node that does not exist": [
    '{"src":"n7","dest":"c0","body":{"type":"hello"}}',
    'its source is "n7", which is not on the network',
  ],
  "to an unknown name": [
    '{"src":"n0","dest":"n7","body":{"type":"hello"}}',
    'it is for "n7", which is not on the network',
  ],
};

for (const [kind, [line, problem]] of Object.entries(BAD_LINES)) {
  testScript(`a line that is ${kind} is reported`, `echo '${line}'; read -r line`, async ({ failure, failures }) => {
    const { type, node, message } = await failure;
    assertEquals([type, node], ["bad-line", "n0"]);
    assertStringIncludes(message, `Node n0 printed a line that is not a message: `);
    assertStringIncludes(message, problem);
    assertStringIncludes(message, `\n  line:     ${line}\n`);
    assertEquals(failures.length, 1);
  });
}

testScript(
  "a line that is not UTF-8 is reported, and the lines before it are sent",
  `${
    print('"text":"\ufffd"')
  }; printf '{"src":"n0","dest":"c0","body":{"type":"x","text":"a\\377b"}}\\n'; read -r line`,
  async ({ failure, replies }) => {
    const { type, message } = await failure;
    assertEquals(type, "bad-line");
    assertStringIncludes(message, "not a message: it is not UTF-8 (here \ufffd stands for the bytes that are not)\n");
    assertStringIncludes(message, '"text":"a\ufffdb"');
    assertEquals(replies.map(({ text }) => text), ["\ufffd"]);
  },
);

testScript(
  "a body is its recipient's business: ids of any kind and types that are missing pass",
  `read -r line
   echo '{"src":"n0","dest":"c0","body":{"msg_id":"a","in_reply_to":{"b":1.0}}}'
   echo '{"id":7,"src":"n0","dest":"c0","body":{"type":5}}'
   echo '{"src":"n0","dest":"c0"}'
   read -r line`,
  async ({ send, answered, replies, forged, failures }) => {
    send({ type: "hello" });
    await answered(3);
    assertEquals(formatJSON(replies), '[{"msg_id":"a","in_reply_to":{"b":1.0}},{"type":5},{}]');
    assertEquals([forged, failures], [[], []]);
  },
);

testScript(
  "a line in the name of another participant is a message that its node has sent",
  `read -r line; echo '{"src":"lin-kv","dest":"c0","body":{"type":"hello_ok"}}'; read -r line`,
  async ({ send, network, answered, forged, failures }) => {
    network.attach("lin-kv", () => {});
    send({ type: "hello" });
    await answered(1);
    assertEquals(forged, [{ sender: "n0", message: { src: "lin-kv", dest: "c0", body: { type: "hello_ok" } } }]);
    assertEquals(failures, []);
  },
);

testScript(
  "megabytes on one line are reported, but not shown",
  `head -c 8000000 /dev/zero | tr '\\0' x; echo; read -r line`,
  async ({ failure }) => {
    const { type, message } = await failure;
    assertEquals(type, "bad-line");
    assertStringIncludes(message, "xxx… (8000000 characters)");
    assert(message.length < 2000);
  },
);

testScript(
  "many bad lines are one failure",
  `for i in 1 2 3 4 5; do echo bad; done; read -r line`,
  async ({ failure, failures, node }) => {
    assertStringIncludes((await failure).message, "line:     bad");
    await node.stop();
    assertEquals(failures.length, 1);
  },
);

testScript(
  "a crash is reported with the exit status, the last lines of stderr and stdout, and where the log is",
  `for i in $(seq 40); do ${print("\"number\":'$i'")}; echo "trouble $i" >&2; done; printf unfinished >&2; exit 3`,
  async ({ failure, failures, folder, answered }) => {
    const { type, node, message } = await failure;
    assertEquals([type, node, failures.length], ["node-crashed", "n0", 1]);
    const lines = message.split("\n").map((line) => line.trim());
    assertEquals(lines[0], "Node n0 exited with status 3, expected it to serve until it is stopped");
    assertEquals(lines.filter((line) => line.includes('"number"')).length, 2);
    assertEquals(lines.filter((line) => line.startsWith("trouble")).length, 11);
    assertStringIncludes(message, "  trouble 40\n  unfinished\n");
    assertStringIncludes(message, `\nAll 41 lines are in ${folder}/n0.log\n`);
    await answered(40);
    assertMatch(await Deno.readTextFile(`${folder}/n0.log`), /^trouble 1\n[^]*trouble 40\nunfinished$/);
  },
);

testScript("a node that ends in peace before it is asked to has crashed too", "exit 0", async ({ failure }) => {
  const { type, message } = await failure;
  assertEquals(type, "node-crashed");
  assertStringIncludes(message, "exited with status 0 before it printed anything, expected");
  assertStringIncludes(message, "It wrote nothing to stderr\nIt wrote nothing to stdout\nRead messages from stdin");
});

testScript("stderr is shown without colours", "printf '\\033[31mred\\033[0m\\n' >&2; cat", async ({ said, stderr }) => {
  await said("red");
  assertEquals(stderr, ["n0: red"]);
});

testScript("a node that is killed is reported with the signal", "kill -SEGV $$", async ({ failure }) => {
  assertStringIncludes((await failure).message, "Node n0 was ended by signal SIGSEGV");
});

testScript("a crash explains the bad lines before it", "echo oh no; exit 4", async ({ failure, failures, node }) => {
  const { type, message } = await failure;
  assertEquals(type, "node-crashed");
  assertStringIncludes(message, "exited with status 4");
  assert(message.endsWith("\n  oh no"), message);
  await node.stop();
  assertEquals(failures.length, 1);
});

testScript(
  "a node that closes its stdout, but runs, is reported",
  "exec 1>&-; exec 2>/dev/null; read -r line",
  async ({ failure }) => {
    assertStringIncludes((await failure).message, "Node n0 closed its stdout");
  },
);

testScript(
  "a node that closes its stdin, but runs, is reported at the next message",
  "exec 0<&-; echo closed >&2; sleep 60",
  async ({ failure, send, said }) => {
    await said("closed");
    send({ type: "hello" });
    assertStringIncludes((await failure).message, "Node n0 closed its stdin");
  },
);

testScript(
  "an unfinished line is the cause of a silence",
  `printf '{"src":"n0","dest"'; echo waiting >&2; read -r line`,
  async ({ node, said, failures }) => {
    await said("waiting");
    while (node.unfinishedLine!() === undefined) await new Promise((resolve) => setTimeout(resolve, 50));
    const { cause, activity, advice } = await node.diagnose("init");
    assertEquals(cause, "it wrote 18 bytes to stdout and no end of line");
    assertEquals(activity, ['  {"src":"n0","dest"']);
    assertEquals(advice, "Write a line feed after each message, and flush it");
    assertEquals(failures, []);
  },
);

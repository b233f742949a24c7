// @ts-types="../../../types/assert.d.ts"
import { assert, assertEquals, assertMatch, assertStringIncludes, assertThrows } from "@std/assert";
// @ts-types="../../../types/async.d.ts"
import { delay } from "@std/async/delay";
import type { Body } from "../../../lib/protocol.ts";
import { RealClock } from "../../../lib/workbench/clock.ts";
import { UsageError } from "../../../lib/workbench/errors.ts";
import type { NodeHost } from "../../../lib/workbench/hosts/node_host.ts";
import { processWorld, startProcess } from "../../../lib/workbench/hosts/process.ts";
import { formatLine } from "../../../lib/workbench/json.ts";
import { createNetwork, type Network } from "../../../lib/workbench/network.ts";
import { seededRandom } from "../../../lib/workbench/random.ts";
import type { TestException } from "../../../lib/workbench/results.ts";

const granted = (["run", "read", "write", "env", "sys"] as const)
  .every((name) => Deno.permissions.querySync({ name }).state === "granted");

/** A node, a client, and all that comes of them. */
interface Rig {
  node: NodeHost;
  network: Network;
  /** Sends a message from the client to the node. */
  send(body: Body): void;
  /** The bodies that the client has got. */
  replies: Body[];
  /** Resolves when the client has got so many. */
  answered(count: number): Promise<void>;
  failures: TestException[];
  /** Resolves with the first failure. */
  failure: Promise<TestException>;
  /** The lines of stderr. */
  stderr: string[];
  /** Resolves when there is a line on stderr with this in it, with the line. */
  said(text: string): Promise<string>;
  /** Where the log is: `n0.log`. */
  folder: string;
}

/** Starts a program as node n0. */
function startRig(folder: string, bin: string, args: string[] = []): Rig {
  const latency = { mean: 0, distribution: "constant" } as const;
  const network = createNetwork({ clock: new RealClock(), random: seededRandom("dune"), latency });
  const replies: Body[] = [];
  const stderr: string[] = [];
  const failures: TestException[] = [];
  const failure = Promise.withResolvers<TestException>();
  const watchers = new Set<() => void>();
  /** Keeps a value, and looks whether somebody has waited for it. */
  function note<T>(list: T[], value: T): void {
    list.push(value);
    for (const watcher of watchers) watcher();
  }
  function until<T>(find: () => T | undefined): Promise<T> {
    return new Promise((resolve) => {
      const watcher = () => {
        const found = find();
        if (found !== undefined) resolve(found);
      };
      watchers.add(watcher);
      watcher();
    });
  }
  network.attach("c0", ({ body }) => note(replies, body));
  const node = startProcess(
    "n0",
    { bin, args, logFile: (node) => `${folder}/${node}.log`, onStderr: (line) => note(stderr, line) },
    network,
    (exception) => {
      failures.push(exception);
      failure.resolve(exception);
    },
  );
  return {
    node,
    network,
    send: (body) => network.send({ src: "c0", dest: "n0", body }),
    replies,
    answered: async (count) => void await until(() => replies[count - 1]),
    failures,
    failure: failure.promise,
    stderr,
    said: (text) => until(() => stderr.find((line) => line.includes(text))),
    folder,
  };
}

/** Tests with a node that is this shell script; afterwards it is stopped. */
function testScript(name: string, script: string, test: (rig: Rig) => Promise<void>): void {
  Deno.test({
    name,
    ignore: !granted || Deno.build.os === "windows",
    async fn() {
      const folder = await Deno.makeTempDir();
      const rig = startRig(folder, "/bin/sh", ["-c", script]);
      try {
        await test(rig);
      } finally {
        await rig.node.stop();
        await Deno.remove(folder, { recursive: true });
      }
    },
  });
}

/** A line of shell that prints a message to the client. */
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
  "a node runs in the system's temporary folder, with the environment of this process",
  `pwd >&2; echo "path $PATH" >&2; read -r line`,
  async ({ said, stderr }) => {
    await said(`path ${Deno.env.get("PATH")}`);
    const folder = stderr[0]!.slice("n0: ".length);
    assertEquals(await Deno.realPath(folder), await Deno.realPath(Deno.env.get("TMPDIR") ?? "/tmp"));
  },
);

const BAD_LINES: Record<string, [line: string, problem: string]> = {
  "no JSON": ["hello", '"hello" is not valid JSON'],
  "JSON, but no object": ["[1]", "expected an object, got [1]"],
  "with a body of text": ['{"src":"n0","dest":"c0","body":"hi"}', 'expected body to be an object, got "hi"'],
  "with a field too many": [
    '{"src":"n0","dest":"c0","body":{},"time":1}',
    'expected only src, dest and body, got "time"',
  ],
  "with an id that is no integer": [
    '{"id":1.0,"src":"n0","dest":"c0","body":{}}',
    "expected id to be an integer, or left to the network, got 1.0",
  ],
  "in another node's name": [
    '{"src":"n7","dest":"c0","body":{"type":"hello"}}',
    'the source "n7" is not on the network',
  ],
  "to somebody unknown": [
    '{"src":"n0","dest":"n7","body":{"type":"hello"}}',
    'the destination "n7" is not on the network, expected one of n0, or a client',
  ],
};

for (const [kind, [line, problem]] of Object.entries(BAD_LINES)) {
  testScript(`a line that is ${kind} is reported`, `echo '${line}'; read -r line`, async ({ failure, failures }) => {
    const { type, node, message } = await failure;
    assertEquals([type, node], ["bad-line", "n0"]);
    assertStringIncludes(message, `Node n0 printed a line on stdout that cannot be sent: `);
    assertStringIncludes(message, problem);
    assertStringIncludes(message, `\n  line:     ${line}\n`);
    assertStringIncludes(message, '\n  expected: {"src": "n0", "dest": ');
    assertEquals(failures.length, 1);
  });
}

testScript(
  "a body is its recipient's business: ids of any kind and types that are missing pass, in another's name too",
  `read -r line
   echo '{"src":"n0","dest":"c0","body":{"msg_id":"a","in_reply_to":{"b":1.0}}}'
   echo '{"id":7,"src":"lin-kv","dest":"c0","body":{"type":5}}'
   echo '{"src":"n0","dest":"c0"}'
   read -r line`,
  async ({ send, network, answered, replies, failures }) => {
    network.attach("lin-kv", () => {});
    send({ type: "hello" });
    await answered(3);
    assertEquals(formatLine(replies), '[{"msg_id":"a","in_reply_to":{"b":1.0}},{"type":5},{}]');
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
  "a crash is reported with the exit status, the last 32 lines of stdout and stderr, and where the log is",
  `for i in $(seq 40); do ${print("\"number\":'$i'")}; echo "trouble $i" >&2; done; printf unfinished >&2; exit 3`,
  async ({ failure, failures, folder, answered }) => {
    const { type, node, message } = await failure;
    assertEquals([type, node, failures.length], ["node-crashed", "n0", 1]);
    const lines = message.split("\n").map((line) => line.trim());
    assertEquals(lines[0], "Node n0 exited with status 3 during the test, expected it to serve until it is stopped");
    assertEquals(lines.filter((line) => line.includes('"number"')).length, 32);
    assertEquals(lines.filter((line) => line.startsWith("trouble")).length, 31);
    assertStringIncludes(message, "  trouble 40\n  unfinished\n");
    assertEquals(lines.at(-1), `All of its stderr is in ${folder}/n0.log`);
    await answered(40);
    assertMatch(await Deno.readTextFile(`${folder}/n0.log`), /^trouble 1\n[^]*trouble 40\nunfinished$/);
  },
);

testScript("a node that ends in peace before it is asked to has crashed too", "exit 0", async ({ failure }) => {
  const { type, message } = await failure;
  assertEquals(type, "node-crashed");
  assertStringIncludes(message, "exited with status 0");
  assertStringIncludes(message, "It wrote nothing to stdout\nIt wrote nothing to stderr\n");
});

testScript("a node that is killed is reported with the signal", "kill -SEGV $$", async ({ failure }) => {
  assertStringIncludes((await failure).message, "Node n0 was ended by signal SIGSEGV during the test");
});

testScript("a crash explains the bad lines before it", "echo oh no; exit 4", async ({ failure, failures, node }) => {
  const { type, message } = await failure;
  assertEquals(type, "node-crashed");
  assertStringIncludes(message, "exited with status 4");
  assertStringIncludes(message, "  oh no\n");
  await node.stop();
  assertEquals(failures.length, 1);
});

testScript(
  "a node that closes its stdout, but lives, is reported",
  "exec 1>&-; exec 2>/dev/null; read -r line",
  async ({ failure }) => {
    assertStringIncludes((await failure).message, "Node n0 closed its stdout during the test");
  },
);

testScript(
  "a node that closes its stdin, but lives, is reported when there is something to tell it",
  "exec 0<&-; echo closed >&2; sleep 60",
  async ({ failure, send, said }) => {
    await said("closed");
    send({ type: "hello" });
    assertStringIncludes((await failure).message, "Node n0 closed its stdin during the test");
  },
);

testScript(
  "an unfinished line is shown where the output is asked for",
  `printf '{"src":"n0","dest"'; echo waiting >&2; read -r line`,
  async ({ node, said, failures }) => {
    await said("waiting");
    while (!node.output().includes("dest")) await new Promise((resolve) => setTimeout(resolve, 1));
    assertStringIncludes(node.output(), 'The last it wrote to stdout:\n  {"src":"n0","dest"\n');
    assertEquals(failures, []);
  },
);

testScript("a node that reads nothing holds nobody up", "sleep 60", async ({ send, node, failures }) => {
  for (let i = 0; i < 100; i++) send({ type: "hello", text: "x".repeat(100_000) });
  await node.stop();
  assertEquals(failures, []);
});

testScript(
  "stop ends the node, and what it has started",
  `sleep 600 & echo "child $! of $$" >&2; trap '' TERM INT HUP; wait`,
  async ({ node, said, failures, network }) => {
    const [, child, parent] = (await said("child")).match(/child (\d+) of (\d+)/)!;
    assertEquals([alive(child!), alive(parent!)], [true, true]);
    await node.stop();
    assertEquals([await ends(child!), await ends(parent!)], [true, true]);
    await node.stop();
    assertEquals(failures, []);
    network.attach("n0", () => {});
  },
);

testScript(
  "a crash ends what the node has started",
  `sleep 600 & echo "child $!" >&2; exit 1`,
  async ({ said, failure }) => {
    const [, child] = (await said("child")).match(/child (\d+)/)!;
    await failure;
    assertEquals(await ends(child!), true);
  },
);

/** Whether there is a process of that number, other than one that has ended and is not yet cleared away. */
function alive(pid: string): boolean {
  const { stdout } = new Deno.Command("ps", { args: ["-o", "stat=", "-p", pid] }).outputSync();
  const state = new TextDecoder().decode(stdout).trim();
  return state !== "" && !state.startsWith("Z");
}

/** Whether a process that was killed is gone, which takes the system a moment. */
async function ends(pid: string): Promise<boolean> {
  for (let i = 0; i < 500 && alive(pid); i++) await delay(20);
  return !alive(pid);
}

/** Tries to start a file with this content and mode. */
function testStart(name: string, content: string | undefined, mode: number, problem: string): void {
  Deno.test({
    name,
    ignore: !granted || Deno.build.os === "windows",
    fn() {
      const folder = Deno.makeTempDirSync();
      const bin = `${folder}/program`;
      if (content !== undefined) Deno.writeTextFileSync(bin, content, { mode });
      assertThrows(() => startRig(folder, bin), UsageError, `Cannot run ${bin}: ${problem}`);
      Deno.removeSync(folder, { recursive: true });
    },
  });
}

testStart("a program that is not there cannot be started", undefined, 0, "there is no such file");
testStart("a program without its run bit cannot be started", "#!/bin/sh\n", 0o644, "it is not executable");
testStart(
  "a script whose interpreter is not there cannot be started",
  "#! /no/such/interpreter -x\n",
  0o755,
  'its first line (#!) names "/no/such/interpreter", which does not exist here',
);
testStart(
  "a script with carriage returns cannot be started",
  "#!/bin/sh\r\necho\r\n",
  0o755,
  'its first line (#!) names "/bin/sh\\r", which does not exist here; the lines of the script end with a carriage return',
);
testStart(
  "a script whose interpreter is no program cannot be started",
  "#!/etc/passwd\n",
  0o755,
  'its first line (#!) names "/etc/passwd", which cannot be executed',
);

Deno.test({
  name: "processWorld starts nodes, and rejects where it cannot",
  ignore: !granted || Deno.build.os === "windows",
  async fn() {
    const clock = new RealClock();
    const folder = await Deno.makeTempDir();
    const random = seededRandom("dune");
    const network = createNetwork({ clock, random, latency: { mean: 0, distribution: "constant" } });
    const options = { clock, args: [], logFile: (node: string) => `${folder}/${node}.log` };
    const world = processWorld({ ...options, bin: "/bin/cat" });
    assertEquals([world.mode, world.clock], ["process", clock]);
    const nodes = await Promise.all(["n0", "n1"].map((id) => world.startNode(id, network, random, () => {})));
    assertEquals(nodes.map(({ id }) => id), ["n0", "n1"]);
    await Promise.all(nodes.map((node) => node.stop()));
    const rejected = processWorld({ ...options, bin: "/no/such" }).startNode("n2", network, random, () => {});
    assert(await rejected.then(() => false, (error) => error instanceof UsageError));
    await Deno.remove(folder, { recursive: true });
  },
});

Deno.test({
  name: "when the workbench exits, its nodes are killed",
  ignore: !granted || Deno.build.os === "windows",
  async fn() {
    const folder = await Deno.makeTempDir();
    const process = new URL("../../../lib/workbench/hosts/process.ts", import.meta.url);
    const config = new URL("../../../deno.json", import.meta.url);
    const script = `
      import { startProcess } from ${JSON.stringify(process)};
      const network = { attach() {}, detach() {}, send() {} };
      const args = ["-c", "echo $$ >&2; sleep 600"];
      const onStderr = (line) => { console.log(line.slice(4)); Deno.exit(7); };
      startProcess("n0", { bin: "/bin/sh", args, logFile: () => ${
      JSON.stringify(`${folder}/log`)
    }, onStderr }, network, () => {});
    `;
    await Deno.writeTextFile(`${folder}/exits.ts`, script);
    const args = ["run", "-A", "--no-check", "--config", config.pathname, `${folder}/exits.ts`];
    const { code, stdout } = await new Deno.Command(Deno.execPath(), { args }).output();
    assertEquals(code, 7);
    assertEquals(await ends(new TextDecoder().decode(stdout).trim()), true);
    await Deno.remove(folder, { recursive: true });
  },
});

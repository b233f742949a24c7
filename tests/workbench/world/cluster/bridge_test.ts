import { assertEquals, assertMatch, assertRejects } from "@std/assert";
import type { NatsNode } from "../../../../lib/cluster/nats_host.ts";
import type { Body, Message } from "../../../../lib/protocol.ts";
import { ProgramFailedError, startBridge } from "../../../../lib/workbench/world/cluster/bridge.ts";
import type { ProgramCommand } from "../../../../lib/workbench/world/hosts/process/spawn.ts";
import { createFakeHost } from "../../../fake_host.ts";

/** A program that the test plays, behind a bridge. */
function createRig() {
  const read: Message[] = [];
  const signals: string[] = [];
  const told: [what: string, text: string][] = [];
  const logged: string[] = [];
  const sent: Message[] = [];
  const timers = new Map<number, () => void>();
  const status = Promise.withResolvers<Deno.CommandStatus>();
  const sending: { room: Promise<void> | undefined } = { room: undefined };
  let stdout: ReadableByteStreamController;
  let command: ProgramCommand | undefined;
  let stdinError: Error | undefined;
  const stdin = new WritableStream<Uint8Array>({
    write(bytes) {
      if (stdinError !== undefined) throw stdinError;
      const lines = new TextDecoder().decode(bytes).trimEnd().split("\n");
      read.push(...lines.map((line) => JSON.parse(line)));
    },
  });
  const node: NatsNode = startBridge({
    id: "n0",
    command: { bin: "/node", args: ["--fast"] },
    host: {
      ...createFakeHost(),
      send: (message) => void sent.push(message),
      log: (level, text) => void logged.push(`${level} ${text}`),
    },
    link: { tell: (...words) => void told.push(words), untilSent: () => sending.room },
    system: {
      spawn(asked) {
        command = asked;
        const stream = new ReadableStream({ type: "bytes", start: (controller) => void (stdout = controller) });
        return { stdin, stdout: stream, status: status.promise, kill: (name) => void signals.push(name) };
      },
      after(delay, callback) {
        timers.set(delay, callback);
        return () => void timers.delete(delay);
      },
    },
  });
  /** Prints a text, and waits until the bridge has read it. */
  const print = async (text: string | Uint8Array<ArrayBuffer>) => {
    stdout.enqueue(typeof text === "string" ? new TextEncoder().encode(text) : text);
    await turn();
  };
  const closeStdout = async () => {
    stdout.close();
    stdout.byobRequest?.respond(0);
    await turn();
  };
  const exit = (code: number, signal: Deno.Signal | null = null) => {
    status.resolve({ success: code === 0, code, signal });
    return turn();
  };
  return {
    node,
    command,
    read,
    signals,
    told,
    logged,
    sent,
    timers,
    sending,
    print,
    closeStdout,
    exit,
    /** Delivers a message to the node. */
    receive: (src: string, body: Body) => node.receive({ src, dest: "n0", body }),
    /** Prints a message of the node. */
    say: (dest: string, body: Body) => print(`${JSON.stringify({ src: "n0", dest, body })}\n`),
    /** Ends the program, and its stdout. */
    end: (code: number, signal: Deno.Signal | null = null) => closeStdout().then(() => exit(code, signal)),
    closeStdin: () => void (stdinError = new Error("closed")),
  };
}

const turn = () => new Promise<void>((resolve) => setTimeout(resolve));
const INIT = { type: "init", msg_id: 1, node_id: "n0", node_ids: ["n0"] };
const INIT_OK = { type: "init_ok", in_reply_to: 1 };

Deno.test("bridge: the program is in the bridge's group, and gets init first", async () => {
  const { command, receive, read, say, sent, print, timers } = createRig();
  assertEquals(command, { bin: "/node", args: ["--fast"], isPart: true });
  receive("the host", INIT);
  receive("c1", { type: "echo", msg_id: 2 });
  receive("lin-kv", { type: "read_ok", in_reply_to: 7 });
  await turn();
  assertEquals(read.map(({ body: { type } }) => type), ["init", "read_ok"]);
  await say("the host", INIT_OK);
  assertEquals(timers.size, 0);
  receive("c1", { type: "echo", msg_id: 3 });
  await turn();
  assertEquals(read.slice(2).map(({ body: { msg_id } }) => msg_id), [2, 3]);
  await print('{"src":"n0","dest":"c1","body":{"type":"echo_ok","x":1.0,"in_reply_to":2}}\r\n\n');
  assertEquals(sent.map(({ dest }) => dest), ["the host", "c1"]);
  assertEquals(JSON.stringify(sent[1]!.body), '{"type":"echo_ok","x":1.0,"in_reply_to":2}');
});

Deno.test("bridge: another init is answered without the program", async () => {
  const { receive, read, say, sent } = createRig();
  receive("the host", INIT);
  receive("c0", { ...INIT, msg_id: 5 });
  await say("the host", INIT_OK);
  receive("c1", { ...INIT, msg_id: 6 });
  await turn();
  assertEquals(read.length, 1);
  assertEquals(sent.slice(1), [
    { src: "n0", dest: "c0", body: { type: "init_ok", in_reply_to: 5 } },
    { src: "n0", dest: "c1", body: { type: "init_ok", in_reply_to: 6 } },
  ]);
});

Deno.test("bridge: a line that is not a message is logged and told, and the next one is sent", async () => {
  const { print, say, told, logged, sent, node } = createRig();
  await print("hello\n");
  await print(Uint8Array.of(0x22, 0xff, 0x22, 0x0a));
  await print('{"src":"n0","to":"n1","body":{}}\n');
  await say("n1", { type: "error", code: 11 });
  assertEquals(told.map(([what, text]) => [what, text.split("\n")[0]]), [
    ["bad-line", "Node n0 printed a line that is not a message: it is not JSON"],
    [
      "bad-line",
      "Node n0 printed a line that is not a message: it is not UTF-8 (here \ufffd stands for the bytes that are not)",
    ],
    ["bad-line", "Node n0 printed a line that is not a message: expected dest to be a string, got nothing"],
  ]);
  assertEquals(logged, told.map(([, text]) => `error ${text}`));
  assertEquals([sent.length, node.stats.sent, node.stats.errors], [1, 1, 1]);
});

Deno.test("bridge: a message in another name is sent as it is, and the first one is logged", async () => {
  const { print, logged, sent } = createRig();
  await print('{"src":"n7","dest":"n1","body":{}}\n{"src":"n8","dest":"n1","body":{}}\n');
  assertEquals(sent.map(({ src }) => src), ["n7", "n8"]);
  assertEquals(logged, ['warn Sent a message in the name of n7, expected "src": "n0": it is sent as it is']);
});

Deno.test("bridge: the end of the program ends the node with its status, after its last message", async () => {
  const { node, print, end, sent, signals } = createRig();
  await print('{"src":"n0","dest":"n1","body":{"type":"bye"}}');
  await end(3);
  const error = await assertRejects(() => node.failed!, ProgramFailedError, "The program exited with status 3");
  assertEquals([error.status, sent.length], [3, 1]);
  node.stop();
  await node.idle();
  assertEquals(signals, []);
  const killed = createRig();
  await killed.end(139, "SIGSEGV");
  await assertRejects(() => killed.node.failed!, ProgramFailedError, "The program was ended by signal SIGSEGV");
});

Deno.test("bridge: a process that holds stdout open does not delay the end for long", async () => {
  const { node, exit, timers } = createRig();
  await exit(0);
  timers.get(1000)!();
  await assertRejects(() => node.failed!, ProgramFailedError, "The program exited with status 0");
});

Deno.test("bridge: at the end the program gets SIGTERM, and is killed if it stays", async () => {
  const { node, signals, end } = createRig();
  const ended = node.idle();
  assertEquals(signals, ["SIGTERM"]);
  assertEquals(await Promise.race([ended, turn().then(() => "runs")]), "runs");
  node.stop();
  assertEquals(signals, ["SIGTERM", "SIGKILL"]);
  await end(137, "SIGKILL");
  await ended;
});

Deno.test("bridge: a program that does not answer init fails with what it did", async () => {
  const { node, timers, receive } = createRig();
  receive("the host", INIT);
  timers.get(60_000)!();
  const error = await assertRejects(() => node.failed!, ProgramFailedError);
  assertMatch(
    error.message,
    /^The program did not answer the init of n0 within 60 s\nIt wrote nothing to stdout\n.*flushed/,
  );
  assertEquals(error.status, 1);
});

Deno.test("bridge: a program that closes stdin or stdout fails, unless its end says more", async () => {
  const mute = createRig();
  await mute.closeStdout();
  mute.timers.get(200)!();
  await assertRejects(() => mute.node.failed!, ProgramFailedError, "The program closed its stdout");
  const deaf = createRig();
  deaf.closeStdin();
  deaf.receive("the host", INIT);
  await turn();
  deaf.timers.get(200)!();
  await assertRejects(() => deaf.node.failed!, ProgramFailedError, "The program closed its stdin");
  const ended = createRig();
  await ended.closeStdout();
  await ended.exit(4);
  await assertRejects(() => ended.node.failed!, ProgramFailedError, "The program exited with status 4");
});

Deno.test("bridge: nothing is read from stdout while what was sent is on its way", async () => {
  const { say, sent, sending } = createRig();
  const sends = Promise.withResolvers<void>();
  sending.room = sends.promise;
  await say("n1", { type: "a" });
  await say("n1", { type: "b" });
  assertEquals(sent.length, 1);
  sending.room = undefined;
  sends.resolve();
  await turn();
  assertEquals(sent.length, 2);
});

Deno.test("bridge: there is no room for messages that the program does not read", async () => {
  const { node, receive, say } = createRig();
  receive("the host", INIT);
  await say("the host", INIT_OK);
  const text = "x".repeat(1 << 25);
  receive("c1", { type: "echo", text });
  assertEquals(node.hasRoom!(), true);
  receive("c1", { type: "echo", text });
  assertEquals(node.hasRoom!(), false);
});

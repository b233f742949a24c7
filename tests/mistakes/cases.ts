/**
 * The mistakes, by name. `tests/testdata/mistakes/` has what a person sees of each.
 *
 * @module
 */

import type { Message } from "../../lib/protocol.ts";
import { type FakeProcess, program } from "./fake_process.ts";
import type { Case } from "./run_case.ts";

const ECHO = "test -w echo --bin NODE --node-count 1 --time-limit 1";
const BROADCAST = "test -w broadcast --bin NODE --node-count 3 --time-limit 2";
const LOG = "test -w kafka --bin NODE --node-count 1 --rate 100 --time-limit 2";

const answer = (process: FakeProcess, message: Message) => process.reply(message, { echo: message.body.echo });
const nothing = () => {};

/** Node that echoes, unless `handlers` says otherwise. */
function echo(handlers: Parameters<typeof program>[0]): Case {
  return { command: ECHO, process: program({ echo: answer, ...handlers }) };
}

/** Node that does something wrong with a request instead of answering it. */
function wrong(echoes: (process: FakeProcess, message: Message) => void): Case {
  return echo({ echo: echoes });
}

/** Text of the reply to a request. */
function replyText({ src, dest, body }: Message, fields: Record<string, unknown> = {}): string {
  const reply = { type: `${body.type}_ok`, in_reply_to: body.msg_id, echo: body.echo, ...fields };
  return JSON.stringify({ src: dest, dest: src, body: reply });
}

const PROCESSES: Record<string, Case> = {
  "no end of line after init_ok": echo({ init: (process, message) => process.print(replyText(message)) }),
  "no end of line after a reply": wrong((process, message) => process.print(replyText(message))),
  "output that is not flushed": echo({ init: nothing }),
  "no answer to init": echo({ init: (process) => process.log("received init") }),
  "an endless loop at init": echo({ init: (process) => process.loop() }),
  "an error in reply to init": echo({
    init: (process, message) => process.reply(message, { type: "error", code: 13, text: "cannot open data.json" }),
  }),
  "a debug print": wrong((process, message) => {
    process.print("got a message\n");
    answer(process, message);
  }),
  "single quotes": wrong((process) => process.print("{'src': 'n0', 'dest': 'c1', 'body': {'type': 'echo_ok'}}\n")),
  "a message on several lines": wrong((process, message) => {
    process.print(`${JSON.stringify(JSON.parse(replyText(message)), null, 2)}\n`);
  }),
  "two messages on one line": wrong((process, message) => process.print(replyText(message).repeat(2) + "\n")),
  "a byte order mark on stdout": echo({ init: (process, message) => process.print(`\ufeff${replyText(message)}\n`) }),
  "ten megabytes on one line": wrong((process) => process.print("x".repeat(1e7) + "\n")),
  "a body that is no object": wrong((process, { dest, src }) => {
    process.print(`${JSON.stringify({ src: dest, dest: src, body: "echo_ok" })}\n`);
  }),
  "a destination that does not exist": wrong((process, { dest }) => {
    process.print(`${JSON.stringify({ src: dest, dest: "n7", body: { type: "gossip" } })}\n`);
  }),
  "a source that does not exist": wrong((process, message) => {
    process.print(`${replyText({ ...message, dest: "node-0" })}\n`);
  }),
  "the name of another node": {
    command: "test -w echo --bin NODE --node-count 2 --time-limit 1",
    process: program({ echo: (process, message) => process.print(`${replyText({ ...message, dest: "n1" })}\n`) }),
  },
  "a handler that returns nothing": wrong(nothing),
  "a handler that logs and returns nothing": wrong((process) => process.log("handled")),
  "an endless loop": wrong((process) => process.loop()),
  "a reply of the wrong type": wrong((process, message) => process.reply(message, { type: "echo", echo: "x" })),
  "a field of the wrong type": {
    command: "test -w g-counter --bin NODE --node-count 1 --time-limit 1",
    process: program({
      add: (process, message) => process.reply(message, {}),
      read: (process, message) => process.reply(message, { value: "7" }),
    }),
  },
  "a wrong in_reply_to": wrong((process, message) => process.reply(message, { echo: "x", in_reply_to: 1000 })),
  "no in_reply_to": wrong((process, message) => process.reply(message, { echo: "x", in_reply_to: undefined })),
  "a reply twice": wrong((process, message) => {
    answer(process, message);
    answer(process, message);
  }),
  "no handler": wrong((process, message) =>
    process.reply(message, { type: "error", code: 10, text: "unknown type echo" })
  ),
  "an exit in the middle": wrong((process) => process.exit(3)),
  "an exit at the start": echo({ init: (process) => process.exit(0) }),
  "an exception": wrong((process) => {
    process.log("Traceback (most recent call last):");
    process.log('  File "/home/me/node.py", line 12, in <module>');
    process.log('    reply(body["ecko"])');
    process.log("KeyError: 'ecko'");
    process.exit(1);
  }),
  "an exception after a flood on stderr": wrong((process) => {
    for (let line = 1; line <= 20_000; line++) process.log(`debug: step ${line}`);
    process.log("panic: runtime error: index out of range [3] with length 3");
    process.log("main.handle(...)");
    process.log("\t/home/me/node.go:41 +0x1d");
    process.exit(2);
  }),
  "a flood on stderr": wrong((process, message) => {
    for (let line = 1; line <= 5000; line++) process.log(`debug: step ${line}`);
    answer(process, message);
  }),
  "an error in the log": wrong((process, message) => {
    process.log("[ERROR] cannot write data.json: disk is full");
    answer(process, message);
  }),
};

const DATA: Record<string, Case> = {
  "no answer to topology": { command: BROADCAST, process: program({ topology: (process) => process.log("ignored") }) },
  "an error in reply to topology": {
    command: BROADCAST,
    process: program({
      topology: (process, message) =>
        process.reply(message, { type: "error", code: 10, text: "unknown type topology" }),
    }),
  },
  "a value that never reached some nodes": {
    command: BROADCAST,
    process(process) {
      const messages: unknown[] = [];
      return program({
        topology: (process, message) => process.reply(message, {}),
        broadcast(process, message) {
          messages.push(message.body.message);
          process.reply(message, {});
        },
        read: (process, message) => process.reply(message, { messages }),
      })(process);
    },
  },
  "a value that is forgotten": {
    command: "test -w broadcast --bin NODE --node-count 1 --time-limit 4",
    process(process) {
      let messages: unknown[] = [];
      return program({
        topology: (process, message) => process.reply(message, {}),
        broadcast(process, message) {
          messages = [...messages, message.body.message].slice(-2);
          process.reply(message, {});
        },
        read: (process, message) => process.reply(message, { messages }),
      })(process);
    },
  },
  "a counter that is not shared": {
    command: "test -w g-counter --bin NODE --node-count 2 --time-limit 2",
    process(process) {
      let value = 0;
      return program({
        add(process, message) {
          value += message.body.delta as number;
          process.reply(message, {});
        },
        read: (process, message) => process.reply(message, { value }),
      })(process);
    },
  },
  "ids that are not unique": {
    command: "test -w unique-ids --bin NODE --node-count 2 --rate 20 --time-limit 1",
    process(process) {
      let id = 0;
      return program({ generate: (process, message) => process.reply(message, { id: id++ }) })(process);
    },
  },
  "a zero where null is due in a transaction": {
    command: "test -w txn-rw-register --bin NODE --node-count 1 --rate 50 --time-limit 1",
    process(process) {
      const values = new Map<unknown, unknown>();
      return program({
        txn(process, message) {
          const txn = (message.body.txn as unknown[][]).map(([f, key, value]) => {
            if (f === "w") values.set(key, value);
            return [f, key, values.get(key) ?? 0];
          });
          process.reply(message, { txn });
        },
      })(process);
    },
  },
  "a zero where null is due in a register": {
    command: "test -w lin-kv --bin NODE --node-count 1 --concurrency 4n --rate 20 --time-limit 1",
    process(process) {
      const values = new Map<unknown, unknown>();
      return program({
        read: (process, message) => process.reply(message, { value: values.get(message.body.key) ?? 0 }),
        write(process, message) {
          values.set(message.body.key, message.body.value);
          process.reply(message, {});
        },
        cas(process, message) {
          const { key, from, to } = message.body;
          if (values.get(key) !== from) {
            return process.reply(message, { type: "error", code: 22, text: "another value" });
          }
          values.set(key, to);
          process.reply(message, {});
        },
      })(process);
    },
  },
  "a poll below the offset asked for": { command: LOG, process: logs(() => 0) },
  "a poll that skips the offset asked for": { command: LOG, process: logs((from) => from + 1) },
};

/** A log whose polls begin at `begin` of the offset that they are asked for. */
function logs(begin: (from: number) => number): NonNullable<Case["process"]> {
  return (process) => {
    const byKey = new Map<string, [number, unknown][]>();
    let committed: Record<string, number> = {};
    return program({
      send(process, message) {
        const { key, msg } = message.body as unknown as { key: string; msg: unknown };
        const log = byKey.get(key) ?? [];
        byKey.set(key, log);
        log.push([log.length, msg]);
        process.reply(message, { offset: log.length - 1 });
      },
      poll(process, message) {
        const asked = Object.entries(message.body.offsets as Record<string, number>);
        const msgs = asked.map(([key, from]) => [key, (byKey.get(key) ?? []).slice(begin(from))]);
        process.reply(message, { msgs: Object.fromEntries(msgs) });
      },
      commit_offsets(process, message) {
        committed = { ...committed, ...message.body.offsets as Record<string, number> };
        process.reply(message, {});
      },
      list_committed_offsets: (process, message) => process.reply(message, { offsets: committed }),
    })(process);
  };
}

const LIBRARY = new URL("../../mod.ts", import.meta.url).href;

/** Module whose program has these lines, simulated. */
function module(lines: string, command: string = `${ECHO} --sim`): Case {
  const text = `import { type Node, serve } from "${LIBRARY}";

export default function program(node: Node): void {
${lines}
}

if (import.meta.main) await serve(program);
`;
  return { command, file: { name: "node.ts", text } };
}

const MODULES: Record<string, Case> = {
  "an exception in an async handler": module(`  node.on("echo", async ({ echo }) => {
    await node.sleep(1);
    return { echo: (echo as { words: string[] }).words.map((word) => word.trim()) };
  });`),
  "a rejection that nothing handles": module(`  node.on("echo", ({ echo }) => {
    void Promise.reject(new Error("lost its way"));
    return { echo };
  });`),
  "a timer that throws": module(`  node.every(100, () => {
    throw new Error("tick failed");
  });
  node.on("echo", ({ echo }) => ({ echo }));`),
  "a simulated handler that returns nothing": module(`  node.on("echo", ({ echo }) => {
    node.log.info("got " + echo);
  });`),
  "console.log in a simulation": module(`  node.on("echo", ({ echo }) => {
    console.log("got", echo);
    return { echo };
  });`),
  "the environment in a simulation": module(`  const level = Deno.env.get("LEVEL");
  node.on("echo", ({ echo }) => ({ echo, level }));`),
  "an exit in a simulation": module(`  node.on("echo", ({ echo }) => {
    if (echo !== null) Deno.exit(0);
    return { echo };
  });`),
  "an init hook that never ends": module(`  node.onInit(() => new Promise<void>(() => {}));
  node.on("echo", ({ echo }) => ({ echo }));`),
  "an init hook that throws": module(`  node.onInit(() => {
    throw new Error("no state");
  });
  node.on("echo", ({ echo }) => ({ echo }));`),
  "the id before init": module(`  const me = node.id;
  node.on("echo", ({ echo }) => ({ echo, me }));`),
  "no handler for topology": module(
    `  node.on("broadcast", () => ({}));
  node.on("read", () => ({ messages: [] }));`,
    `${BROADCAST} --sim`,
  ),
  "a message to a node that does not exist": module(`  node.on("echo", ({ echo }) => {
    node.send("n7", { type: "gossip" });
    return { echo };
  });`),
  "a second reply in a simulation": module(`  node.on("echo", ({ echo }, message) => {
    node.reply(message, { echo });
    return { echo };
  });`),
  "a syntax error": module(`  const list = [1, 2;`),
  "a module that is missing": {
    command: `${ECHO} --sim`,
    file: { name: "node.ts", text: 'import { values } from "./values.ts";\nexport default () => values;\n' },
  },
  "a module without a program": {
    command: `${ECHO} --sim`,
    file: { name: "node.ts", text: "export function program() {}\n" },
  },
  "an argument that a program does not take": { command: "3e --sim --time-limit 1 -- --perid 5" },
  "an argument for a program without arguments": { command: "1 --sim --time-limit 1 -- --loud" },
};

const PYTHON = "#!/usr/bin/env python3\nimport sys\n";

/** File that cannot be run, or ends at once. */
function script(text: string, mode: number = 0o755): Case {
  return { command: ECHO, file: { name: "node", text, mode } };
}

const FILES: Record<string, Case> = {
  "no run bit": script(PYTHON, 0o644),
  "a byte order mark before the first line": script(`\ufeff${PYTHON}`),
  "carriage returns in the first line": script(PYTHON.replaceAll("\n", "\r\n")),
  "an interpreter that is missing": script("#!/opt/python9/bin/python\n"),
  "an interpreter that is not on the PATH": script("#!/usr/bin/env python9\n"),
  "a script that exits": script("#!/bin/sh\necho 'cannot find settings.json' >&2\nexit 1\n"),
  "a tilde after an equals sign": { command: "test -w echo --bin=~/node" },
  "no file": { command: "test -w echo --bin ./no/such/node" },
  "a workload that does not exist": { command: "test -w brodcast --bin NODE" },
};

/** All cases by name. */
export const CASES: Record<string, Case> = { ...PROCESSES, ...DATA, ...MODULES, ...FILES };

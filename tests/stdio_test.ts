import {
  assert,
  assertEquals,
  assertGreater,
  assertLess,
  assertMatch,
  assertRejects,
  assertStringIncludes,
} from "@std/assert";
import fc from "fast-check";
import type { LogLevel } from "../lib/host.ts";
import type { Node, Program } from "../lib/node.ts";
import { type Body, type Message, RPCError } from "../lib/protocol.ts";
import { serve } from "../lib/stdio.ts";
import { init, request, settle } from "./fake_host.ts";
import { nestedText } from "./nested.ts";

const INIT = JSON.stringify(init("n0", ["n0", "n1"])) + "\n";
const line = (body: Body) => JSON.stringify(request(body)) + "\n";
const bytes = (text: string) => new TextEncoder().encode(text);
const echo: Program = (node) => node.on("echo", ({ echo }) => ({ echo }));

/** Serves a program the chunks of input, each in its own turn of the event loop, until the input ends. */
async function run(program: Program, chunks: (string | Uint8Array)[]) {
  const writes: string[] = [];
  const logged: { level: LogLevel; text: string }[] = [];
  await serve(program, {
    readable: input(chunks),
    writable: new WritableStream({ write: (chunk) => void writes.push(new TextDecoder().decode(chunk)) }),
    log: (level, text) => void logged.push({ level, text }),
  });
  const messages: Message[] = writes.join("").split("\n").filter((line) => line !== "").map((line) => JSON.parse(line));
  return { writes, logged, bodies: messages.map(({ body }) => body), messages };
}

function input(chunks: (string | Uint8Array)[]): ReadableStream<Uint8Array> {
  const left = chunks.map((chunk) => typeof chunk === "string" ? bytes(chunk) : chunk);
  return new ReadableStream({
    async pull(controller) {
      await settle();
      const chunk = left.shift();
      if (chunk === undefined) controller.close();
      else controller.enqueue(chunk);
    },
  }, { highWaterMark: 0 });
}

Deno.test("serve reads messages and writes replies, one per line", async () => {
  const { messages, writes } = await run(echo, [INIT, line({ type: "echo", msg_id: 2, echo: "hi" })]);
  assertEquals(messages, [
    { src: "n0", dest: "c0", body: { type: "init_ok", in_reply_to: 1 } },
    { src: "n0", dest: "c1", body: { type: "echo_ok", echo: "hi", in_reply_to: 2 } },
  ]);
  assert(writes.every((text) => text.endsWith("\n")));
});

Deno.test("serve reads lines in any chunks, with any Unicode, ending in LF or CRLF", async () => {
  const cuts = fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 20 });
  const values = fc.array(fc.jsonValue({ stringUnit: "binary" }), { minLength: 1, maxLength: 5 });
  await fc.assert(
    fc.asyncProperty(values, cuts, fc.constantFrom("\n", "\r\n"), async (values, cuts, end) => {
      const lines = values.map((echo, i) => line({ type: "echo", msg_id: i, echo }));
      const whole = bytes([INIT, ...lines].join("").replaceAll("\n", end));
      const chunks: Uint8Array[] = [];
      for (let start = 0, i = 0; start < whole.length; i++) {
        const cut = cuts[i % cuts.length]!;
        chunks.push(whole.slice(start, start += cut));
      }
      const { bodies, logged } = await run(echo, chunks);
      assertEquals(logged, []);
      assertEquals(bodies.slice(1).map(({ echo }) => echo), JSON.parse(JSON.stringify(values)));
    }),
    { numRuns: 40 },
  );
});

Deno.test("serve reads a character that is split between chunks", async () => {
  const whole = bytes(INIT + line({ type: "echo", msg_id: 2, echo: "🦕é" }));
  const at = whole.indexOf(0xf0);
  for (const cut of [at + 1, at + 2, at + 3, at + 5]) {
    const { bodies } = await run(echo, [whole.slice(0, cut), whole.slice(cut)]);
    assertEquals(bodies[1]?.echo, "🦕é");
  }
});

Deno.test("serve reads lines of 4 MB", async () => {
  const big = "0123456789abcdé\n".repeat(2 ** 18);
  const whole = bytes(INIT + line({ type: "echo", msg_id: 2, echo: big }));
  assertGreater(whole.length, 4 * 2 ** 20);
  const chunks = Array.from(
    { length: Math.ceil(whole.length / 65536) },
    (_, i) => whole.slice(i * 65536, (i + 1) * 65536),
  );
  const { bodies } = await run(echo, chunks);
  assert(bodies[1]?.echo === big);
});

Deno.test("serve reads a last line without a line feed", async () => {
  const { bodies } = await run(echo, [INIT, line({ type: "echo", msg_id: 2, echo: 1 }).trimEnd()]);
  assertEquals(bodies[1]?.type, "echo_ok");
});

Deno.test("all replies to one chunk go out in one write, in order", async () => {
  const program: Program = (node) => {
    node.on("echo", ({ echo }) => ({ echo }));
    node.on("slow", async ({ echo }) => {
      for (let i = 0; i < 50; i++) await null;
      return { echo };
    });
  };
  const echoes = Array.from(
    { length: 500 },
    (_, i) => line({ type: i % 5 === 0 ? "slow" : "echo", msg_id: i, echo: i }),
  );
  const { writes, bodies } = await run(program, [INIT + echoes.join("")]);
  assertEquals(writes.length, 1);
  const replies = bodies.slice(1);
  assertEquals(replies.length, 500);
  const quick = replies.filter(({ type }) => type === "echo_ok").map(({ echo }) => echo as number);
  assertEquals(quick, [...quick].sort((a, b) => a - b));
});

Deno.test("each write has whole lines, and there are no more writes than chunks", async () => {
  const chunks = Array.from({ length: 30 }, (_, i) => line({ type: "echo", msg_id: i, echo: "x".repeat(i) }));
  const { writes, bodies } = await run(echo, [INIT, ...chunks]);
  assert(writes.every((text) => text.endsWith("\n")));
  assert(writes.length <= 31);
  assertEquals(bodies.slice(1).map(({ in_reply_to }) => in_reply_to), Array.from({ length: 30 }, (_, i) => i));
});

Deno.test("a line that is not a message is logged with what was expected, and skipped", async () => {
  const wrong: [string, string][] = [
    ["nonsense", "is not valid JSON: nonsense"],
    ["", "Cannot parse message: Unexpected end of JSON input"],
    ["[1]", "Cannot parse message: expected an object, got [1]: [1]"],
    ['{"src":"c1","dest":"n0"}', 'expected body to be an object, got nothing: {"src":"c1","dest":"n0"}'],
    ['{"src":"c1","dest":"n0","body":{}}', "expected body.type to be a string"],
    ['{"src":"c1","dest":"n0","body":{"type":"echo","msg_id":"1"}}', "expected body.msg_id to be an integer"],
  ];
  const { bodies, logged } = await run(echo, [
    INIT,
    ...wrong.map(([text]) => text + "\n"),
    line({ type: "echo", msg_id: 2 }),
  ]);
  assertEquals(bodies.map(({ type }) => type), ["init_ok", "echo_ok"]);
  assertEquals(logged.length, wrong.length);
  for (const [i, [, expected]] of wrong.entries()) {
    assertEquals(logged[i]!.level, "error");
    assertStringIncludes(logged[i]!.text, expected);
  }
});

Deno.test("debug logs every message, and entries of level debug", async () => {
  const lines = [INIT, line({ type: "echo_ok", in_reply_to: 5 })];
  for (const debug of [false, true]) {
    const logged: string[] = [];
    const log = (level: LogLevel, text: string) => void logged.push(`${level} ${text}`);
    await serve(echo, { readable: input(lines), writable: new WritableStream(), debug, log });
    const expected = [
      `debug Received ${INIT.trimEnd()}`,
      'debug Sent {"src":"n0","dest":"c0","body":{"type":"init_ok","in_reply_to":1}}',
      `debug Received ${lines[1]!.trimEnd()}`,
      `debug Got a duplicate reply: ${lines[1]!.trimEnd()}`,
    ];
    assertEquals(logged, debug ? expected : []);
  }
});

Deno.test("only the beginning of a long line is logged", async () => {
  const { logged } = await run(echo, ["x".repeat(100_000) + "\n"]);
  assertStringIncludes(logged[0]!.text, `${"x".repeat(1000)}… (100000 characters)`);
  assertLess(logged[0]!.text.length, 1200);
});

Deno.test("at the end of the input, handlers finish, and their RPCs still time out", async () => {
  const program: Program = (node) => {
    node.every(1, () => {});
    node.on("ask", async () => {
      await node.sleep(5);
      const error = await node.rpc("n1", { type: "ask" }, { timeout: 5 }).catch((error) => error.errorName);
      return { error };
    });
  };
  const { bodies } = await run(program, [INIT, line({ type: "ask", msg_id: 2 })]);
  assertEquals(bodies.map(({ type }) => type), ["init_ok", "ask", "ask_ok"]);
  assertEquals(bodies[2]?.error, "timeout");
});

Deno.test("at the end of the input, serve waits up to 5 s for handlers", async () => {
  const { setTimeout } = globalThis;
  const delays: unknown[] = [];
  const soon = (callback: () => void, delay?: number) => {
    delays.push(delay);
    queueMicrotask(callback);
    return setTimeout(() => {}, 0);
  };
  globalThis.setTimeout = soon as typeof setTimeout;
  try {
    const { bodies } = await run((node) => node.on("ask", () => new Promise<never>(() => {})), [
      INIT,
      line({ type: "ask", msg_id: 2 }),
    ]);
    assertEquals([bodies.map(({ type }) => type), delays], [["init_ok"], [5000]]);
  } finally {
    globalThis.setTimeout = setTimeout;
  }
});

Deno.test("bytes that are not UTF-8 are replaced, and half a line at the end is logged", async () => {
  const [before, after] = line({ type: "echo", msg_id: 2, echo: "@" }).split("@").map((part) =>
    new TextEncoder().encode(part)
  );
  const bytes = new Uint8Array([...new TextEncoder().encode(INIT), ...before!, 0xff, 0xc3, ...after!]);
  const { bodies, logged } = await run(echo, [bytes, '{"src":"c1","dest":']);
  assertEquals(bodies[1]?.echo, "\ufffd\ufffd");
  assertEquals(logged.map(({ level }) => level), ["error"]);
  assertStringIncludes(logged[0]!.text, "Cannot parse message: ");
});

Deno.test("the node is stopped after the end of the input", async () => {
  let node!: Node;
  await run((started) => void (node = started), [INIT]);
  await assertRejects(() => node.rpc("n1", { type: "ask" }), RPCError, "stopped");
});

Deno.test("a rejection that nothing handles ends the node", async () => {
  const program: Program = (node) => {
    echo(node);
    node.on("forget", () => void Promise.reject(new Error("forgotten")));
  };
  const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
  const logged: string[] = [];
  const served = serve(program, {
    readable,
    writable: new WritableStream(),
    log: (level, text) => void logged.push(`${level} ${text}`),
  });
  const writer = writable.getWriter();
  await writer.write(bytes(INIT + line({ type: "forget" })));
  await assertRejects(() => served, Error, "forgotten");
  assertEquals(logged.length, 1);
  assertMatch(
    logged[0]!,
    /^error The node ends: it did not handle a rejection: Error: forgotten\n +at .*stdio_test\.ts:\d+:\d+/,
  );
});

Deno.test("an RPC that the stop of the node rejects is not a failure", async () => {
  const program: Program = (node) => {
    echo(node);
    node.on("leave", () => void node.rpc("n1", { type: "ask" }));
  };
  const { bodies, logged } = await run(program, [INIT, line({ type: "leave" }), line({ type: "echo", msg_id: 2 })]);
  assertEquals(bodies.map(({ type }) => type), ["init_ok", "ask", "echo_ok"]);
  assertEquals(logged, []);
});

Deno.test("reading pauses while too much output is unwritten", async () => {
  const count = 200;
  const big = "x".repeat(10_000);
  let read = 0;
  const chunks = Array.from({ length: count }, (_, i) => bytes(line({ type: "echo", msg_id: i, echo: big })));
  const readable = new ReadableStream<Uint8Array>({
    async pull(controller) {
      await settle();
      if (read === count) controller.close();
      else controller.enqueue(read === 0 ? bytes(INIT + line({ type: "echo", msg_id: 0 })) : chunks[read]!);
      read++;
    },
  }, { highWaterMark: 0 });
  const gate = Promise.withResolvers<void>();
  let text = "";
  const decoder = new TextDecoder();
  const writable = new WritableStream<Uint8Array>({
    async write(chunk) {
      await gate.promise;
      text += decoder.decode(chunk, { stream: true });
    },
  });
  const served = serve(echo, { readable, writable });
  for (let before = -1; read !== before;) {
    before = read;
    for (let i = 0; i < 20; i++) await settle();
  }
  assertGreater(read, 5);
  assertLess(read, 12, "seven replies are more than 64 KB");
  gate.resolve();
  await served;
  const ids = text.trimEnd().split("\n").slice(1).map((line) => JSON.parse(line).body.in_reply_to);
  assertEquals(ids, Array.from({ length: count }, (_, i) => i));
});

Deno.test("serve ends without an error when the reader closes the output, even if the input continues", async () => {
  let cancelled = false;
  const logged: string[] = [];
  const left = [bytes(INIT), bytes(line({ type: "hang", msg_id: 2 }))];
  await serve((node) => node.on("hang", () => new Promise(() => {})), {
    readable: new ReadableStream({
      pull: (controller) => left.length > 0 ? controller.enqueue(left.shift()!) : new Promise(() => {}),
      cancel: () => void (cancelled = true),
    }),
    writable: new WritableStream({ write: () => Promise.reject(new Deno.errors.BrokenPipe("Broken pipe")) }),
    log: (_level, text) => void logged.push(text),
  });
  assertEquals([cancelled, logged], [true, []]);
});

Deno.test("serve throws if the output cannot be written for another reason", async () => {
  const writable = new WritableStream({ write: () => Promise.reject(new Error("No space left on device")) });
  await assertRejects(
    () => serve(echo, { readable: input([INIT, line({ type: "echo", msg_id: 2 })]), writable, log: () => {} }),
    Error,
    "Cannot write output: No space left on device",
  );
});

Deno.test("serve throws if the input cannot be read", async () => {
  const readable = new ReadableStream<Uint8Array>({
    pull: (controller) => controller.error(new Error("Input/output error")),
  });
  await assertRejects(() => serve(echo, { readable, writable: new WritableStream() }), Error, "Input/output error");
});

Deno.test("now never goes back, and is in milliseconds since 1970", async () => {
  const times: number[] = [];
  const program: Program = (node) => {
    node.on("time", () => void times.push(node.now()));
  };
  await run(program, [INIT, ...Array.from({ length: 50 }, () => line({ type: "time" }))]);
  assertEquals(times.length, 50);
  assertEquals(times, [...times].sort((a, b) => a - b));
  assertLess(Math.abs(times[0]! - Date.now()), 3_600_000);
});

Deno.test("random numbers and ids differ between processes", async () => {
  const drawn: unknown[] = [];
  const program: Program = (node) =>
    node.onInit(() => void drawn.push(node.random(), ...node.getRandomValues(new Uint32Array(4))));
  await run(program, [INIT]);
  await run(program, [INIT]);
  assertEquals(new Set(drawn).size, 10);
});

Deno.test("serve reads and writes integers of any size, also as ids", async () => {
  const lines = ["9007199254740993", "-18446744073709551616", '{"k":[12345678901234567890]}'].map((echo, i) =>
    `{"src":"c1","dest":"n0","body":{"type":"echo","msg_id":${2n ** 60n + BigInt(i)},"echo":${echo}}}\n`
  );
  const { writes } = await run(echo, [INIT, ...lines]);
  const text = writes.join("");
  for (
    const part of ['"echo":9007199254740993,', '"echo":-18446744073709551616,', '"echo":{"k":[12345678901234567890]},']
  ) {
    assertStringIncludes(text, part);
  }
  assertStringIncludes(text, '"in_reply_to":1152921504606846978}');
});

Deno.test("serve answers a line that is too deep with error 12, and continues", async () => {
  const deep = (content: string) =>
    `{"src":"c1","dest":"n0","body":{"type":"echo","msg_id":2,"echo":${nestedText(100_000, content)}}}\n`;
  const { bodies, logged } = await run(echo, [
    INIT,
    deep("1"),
    deep("9007199254740993"),
    `${nestedText(100_000)}\n`,
    `{"src":${nestedText(100_000)}}\n`,
    line({ type: "echo", msg_id: 3, echo: "hi" }),
  ]);
  assertEquals(bodies.map(({ type, code }) => code ?? type), ["init_ok", 12, 12, "echo_ok"]);
  assertEquals(logged.map(({ text }) => /^.*?(?=, got )/.exec(text)?.[0]), [
    "Cannot parse message: expected an object",
    "Cannot parse message: expected src to be a string",
  ]);
});

// @ts-types="../../../types/assert.d.ts"
import { assert, assertEquals, assertMatch, assertStringIncludes, assertThrows } from "@std/assert";
import { RPCError } from "../../../lib/protocol.ts";
import { formatFrame, framesOf, guard } from "../../../lib/workbench/hosts/guard.ts";
import type { TestException } from "../../../lib/workbench/results.ts";

/** Runs something under guard, and returns what was told. */
function guarded(run: () => void, caller?: string): TestException[] {
  const troubles: TestException[] = [];
  const release = guard((trouble) => void troubles.push(trouble), caller);
  try {
    run();
  } finally {
    release();
  }
  return troubles;
}

const BYTES = new Uint8Array(1);

/** What a program may not call, and what it is to call instead. */
const FORBIDDEN: Record<string, [call: () => unknown, instead: string]> = {
  "Date.now()": [() => Date.now(), "node.now()"],
  "new Date()": [() => new Date(), "new Date(node.now())"],
  "Date()": [() => Date(), "new Date(node.now())"],
  "performance.now()": [() => performance.now(), "node.now()"],
  "Math.random()": [() => Math.random(), "node.random()"],
  "crypto.getRandomValues()": [() => crypto.getRandomValues(new Uint8Array(1)), "node.getRandomValues()"],
  "crypto.randomUUID()": [() => crypto.randomUUID(), "node.getRandomValues()"],
  "setTimeout()": [() => setTimeout(() => {}, 0), "node.after(), node.every() or node.sleep()"],
  "setInterval()": [() => setInterval(() => {}, 0), "node.after(), node.every() or node.sleep()"],
  "AbortSignal.timeout()": [() => AbortSignal.timeout(0), "node.after(), node.every() or node.sleep()"],
  "crypto.subtle.digest()": [() => crypto.subtle.digest("SHA-256", BYTES), "node:crypto, which computes at once"],
  "Deno.readTextFile()": [() => Deno.readTextFile("x"), "Deno.readTextFileSync()"],
  "Deno.readFile()": [() => Deno.readFile("x"), "Deno.readFileSync()"],
  "Deno.writeTextFile()": [() => Deno.writeTextFile("x", ""), "Deno.writeTextFileSync()"],
  "Deno.open()": [() => Deno.open("x"), "Deno.openSync()"],
  "Deno.readDir()": [() => Deno.readDir("x"), "Deno.readDirSync()"],
  "fetch()": [() => fetch("https://example.com"), "messages to nodes and services"],
  "Deno.connect()": [() => Deno.connect({ port: 1 }), "messages to nodes and services"],
  "Deno.listen()": [() => Deno.listen({ port: 0 }), "messages to nodes and services"],
  "Deno.serve()": [() => Deno.serve(() => new Response()), "messages to nodes and services"],
  "Deno.resolveDns()": [() => Deno.resolveDns("localhost", "A"), "messages to nodes and services"],
  "new Deno.Command()": [() => new Deno.Command("x"), "messages to nodes and services"],
  "new WebSocket()": [() => new WebSocket("wss://example.com"), "messages to nodes and services"],
  "new Worker()": [() => new Worker("data:,", { type: "module" }), "messages to nodes and services"],
};

for (const [name, [call, instead]] of Object.entries(FORBIDDEN)) {
  Deno.test(`guard() stops ${name}, and says what to call instead`, () => {
    const troubles = guarded(() => assertThrows(call, Error, `Cannot call ${name} at `));
    assertEquals(troubles.map(({ type, count }) => ({ type, count })), [{ type: "nondeterminism", count: 1 }]);
    const { message } = troubles[0]!;
    assertMatch(message, /guard_test\.ts:\d+:\d+ in a simulation, where a seed must repeat a run: expected /);
    assert(message.endsWith(`expected ${instead}`), message);
  });
}

Deno.test("guard() stops Temporal.Now, where there is Temporal", () => {
  const { Temporal } = globalThis as unknown as { Temporal?: { Now: { instant(): unknown } } };
  if (Temporal === undefined) return;
  assertEquals(guarded(() => assertThrows(() => Temporal.Now.instant(), Error, "Temporal.Now.instant()")).length, 1);
});

Deno.test("guard() puts back everything exactly", () => {
  const owners: [object, string][] = [
    [globalThis, "Date"],
    [Date, "now"],
    [Math, "random"],
    [crypto, "getRandomValues"],
    [performance, "now"],
    [globalThis, "setTimeout"],
    [AbortSignal, "timeout"],
    [crypto.subtle, "digest"],
    [Deno, "readTextFile"],
    [Deno, "Command"],
  ];
  const describe = () => owners.map(([owner, name]) => Object.getOwnPropertyDescriptor(owner, name));
  const before = describe();
  guarded(() => {});
  assertEquals(describe(), before);
  assert(Date.now() > 0 && new Date() instanceof Date && Math.random() < 1);
});

Deno.test("guard() lets dates be made of a time", () => {
  const troubles = guarded(() => {
    assertEquals(new Date(0).toISOString(), "1970-01-01T00:00:00.000Z");
    assertEquals(Date.UTC(1970, 0, 2), 86_400_000);
    assert(new Date(5) instanceof Date);
  });
  assertEquals(troubles, []);
});

Deno.test("guard() guards until the last one has ended, and tells everyone", () => {
  const [first, second]: TestException[][] = [[], []];
  const releaseFirst = guard((trouble) => void first!.push(trouble));
  const releaseSecond = guard((trouble) => void second!.push(trouble));
  assertThrows(() => Math.random());
  releaseFirst();
  releaseFirst();
  assertThrows(() => Math.random());
  releaseSecond();
  assert(Math.random() < 1);
  assertEquals([first!.length, second!.length], [1, 2]);
});

Deno.test("guard() can be about one module alone", () => {
  assertEquals(guarded(() => void Math.random(), "file:///elsewhere.ts"), []);
  const troubles = guarded(() => assertThrows(() => Math.random()), import.meta.url);
  assertEquals(troubles.length, 1);
});

Deno.test("guard() lets a module read and hash while it is imported, for that is waited for", async () => {
  let digest: Promise<ArrayBuffer> | undefined;
  assertEquals(guarded(() => void (digest = crypto.subtle.digest("SHA-256", BYTES)), import.meta.url), []);
  assertEquals((await digest!).byteLength, 32);
  guarded(() => assertThrows(() => crypto.subtle.digest("SHA-256", BYTES)));
});

Deno.test("guard() leaves alone what others make with new, and what answers at once", () => {
  const url = "file:///elsewhere.ts";
  guarded(() => assert(new Deno.Command("x") instanceof Object), url);
  const before = [Deno.writeFileSync, Deno.openSync, Deno.stdout.writeSync];
  guarded(() => assertEquals([Deno.writeFileSync, Deno.openSync, Deno.stdout.writeSync], before));
});

Deno.test("guard() takes rejections that nobody handles, but for those of a stopped node", async () => {
  const troubles: TestException[] = [];
  const release = guard((trouble) => void troubles.push(trouble));
  void Promise.reject(new Error("nobody looks"));
  void Promise.reject(new RPCError("crash", "The node was stopped"));
  await new Promise<void>((resolve) => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => {
      port1.close();
      resolve();
    };
    port2.postMessage(0);
  });
  release();
  assertEquals(troubles.map(({ type }) => type), ["unhandled-rejection"]);
  assertStringIncludes(troubles[0]!.message, "A node has not handled a rejection: Error: nobody looks");
});

Deno.test("framesOf() finds places in every kind of line, and formatFrame() shows paths", () => {
  const error = new Error("x");
  error.stack = [
    "Error: x at the (file:///not/a/frame.ts:1:2) end",
    "    at f (file:///home/a%20b/node.ts:12:3)",
    "    at async file:///home/node.ts:1:2",
    "    at new C (https://example.com/x.ts:4:5)",
    "    at Array.map (<anonymous>)",
  ].join("\n");
  assertEquals(framesOf(error).map(formatFrame), [
    "/home/a b/node.ts:12:3",
    "/home/node.ts:1:2",
    "https://example.com/x.ts:4:5",
  ]);
  assertEquals(framesOf(Object.assign(new Error(), { stack: undefined })), []);
});

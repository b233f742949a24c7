// deno-lint-ignore-file no-console -- what programs do with it is tested here

import { assert, assertEquals, assertMatch, assertStringIncludes, assertThrows } from "@std/assert";
import process, { exit } from "node:process";
import { RPCError } from "../../../../../lib/protocol.ts";
import { guard, guardWait } from "../../../../../lib/workbench/world/hosts/guard/guard.ts";
import { createGuardedRunner, runGuarded } from "../../../../../lib/workbench/world/hosts/guard/guarded.ts";
import type { TestException } from "../../../../../lib/workbench/base/test_exception.ts";

/** Runs code of a node, or of a module that is imported; returns the reported problems. */
function guarded(run: () => void, importing?: string): TestException[] {
  const troubles: TestException[] = [];
  const release = guard();
  try {
    runGuarded({ importing, onTrouble: (trouble) => void troubles.push(trouble) }, run);
  } finally {
    release();
  }
  return troubles;
}

const BYTES = new Uint8Array(1);

/** Forbidden calls, and what to call instead. */
const FORBIDDEN: Record<string, [call: () => unknown, instead: string]> = {
  "Date.now()": [() => Date.now(), "node.now()"],
  "new Date()": [() => new Date(), "new Date(node.now())"],
  "Date()": [() => Date(), "new Date(node.now())"],
  "performance.now()": [() => performance.now(), "node.now()"],
  "performance.mark()": [() => performance.mark("x").startTime, "node.now()"],
  "performance.measure()": [() => performance.measure("x").duration, "node.now()"],
  "performance.toJSON()": [() => performance.toJSON(), "node.now()"],
  "performance.timeOrigin": [() => performance.timeOrigin, "node.now()"],
  "Deno.memoryUsage()": [() => Deno.memoryUsage(), "node.stats, which counts messages"],
  "process.cpuUsage()": [() => process.cpuUsage(), "node.stats, which counts messages"],
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
  Deno.test(`guard() refuses ${name}, and says what to call instead`, () => {
    const troubles = guarded(() => assertThrows(call, Error, `Cannot call ${name} at `));
    assertEquals(troubles.map(({ type, count }) => ({ type, count })), [{ type: "nondeterminism", count: 1 }]);
    const { message } = troubles[0]!;
    assertMatch(message, /guard_test\.ts:\d+:\d+ in a simulation, where a seed must repeat a run: expected /);
    assert(message.endsWith(`expected ${instead}`), message);
  });
}

Deno.test("guard() refuses the functions of node:process that read time and memory", () => {
  const calls = [
    () => process.hrtime(),
    () => process.hrtime.bigint(),
    () => process.uptime(),
    () => process.memoryUsage(),
  ];
  for (const call of calls) {
    const [trouble] = guarded(() => void assertThrows(call));
    assertEquals(trouble?.type, "nondeterminism");
    assertMatch(trouble!.message, /guard_test\.ts:\d+:\d+ in a simulation/);
  }
});

/** Runs code in the turn of a node; returns the problems and the lines on stderr. */
function inTurn(act: () => void) {
  const [troubles, written]: [TestException[], unknown[][]] = [[], []];
  const release = guard();
  const run = createGuardedRunner({
    node: "elm",
    onTrouble: (trouble) => void troubles.push(trouble),
    onStderr: (...entry) => void written.push(entry),
  });
  try {
    run(act);
  } finally {
    release();
  }
  return { troubles, written };
}

/** Ways to end a process, and the reported end. */
const ENDS: Record<string, [end: () => unknown, call: string, how: string]> = {
  "Deno.exit()": [() => Deno.exit(), "Deno.exit()", "exited with status 0"],
  "Deno.exit(7)": [() => Deno.exit(7), "Deno.exit()", "exited with status 7"],
  "process.exit()": [() => process.exit(3), "Deno.exit()", "exited with status 3"],
  "what was imported of node:process": [() => exit(4), "Deno.exit()", "exited with status 4"],
  "close()": [() => self.close(), "close()", "exited with status 0"],
  "process.abort()": [() => process.abort(), "process.abort()", "was ended by signal SIGABRT"],
  "Deno.kill()": [() => Deno.kill(Deno.pid), "Deno.kill()", "was ended by signal SIGTERM"],
  "process.kill()": [() => process.kill(process.pid, "SIGKILL"), "process.kill()", "was ended by signal SIGKILL"],
};

for (const [name, [end, call, how]] of Object.entries(ENDS)) {
  Deno.test(`guard() reports a node that ends its process as crashed: ${name}`, () => {
    const { troubles: [trouble, ...more] } = inTurn(() => assertThrows(end, Error, how));
    assertEquals([trouble?.type, trouble?.node, more], ["node-crashed", "elm", []]);
    const { message } = trouble!;
    assert(message.startsWith(`Node elm ${how} by ${call} at /`), message);
    assertMatch(message, /guard_test\.ts:\d+:\d+, expected it to serve until it is stopped$/);
  });
}

Deno.test("guard() lets code that is of no node and no module call everything", () => {
  const release = guard();
  assert(Date.now() > 0 && Math.random() < 1);
  release();
});

const PRINTS: Record<string, () => void> = {
  log: () => console.log("%s is %d", "elm", 7, { a: 1 }),
  info: () => console.info("elm is 7 { a: 1 }"),
  debug: () => console.debug("elm is 7", { a: 1 }),
};

for (const [name, print] of Object.entries(PRINTS)) {
  Deno.test(`guard() reports what a node prints as a bad line: console.${name}()`, () => {
    const { troubles: [trouble, ...more], written } = inTurn(print);
    assertEquals([trouble?.type, trouble?.node, more, written], ["bad-line", "elm", [], []]);
    const [first, line] = trouble!.message.split("\n");
    assertMatch(
      first!,
      new RegExp(`^Node elm printed a line that is not a message: console\\.${name}\\(\\) at /`),
    );
    assertMatch(first!, /guard_test\.ts:\d+:\d+ prints on stdout$/);
    assertEquals(line, "  line:     elm is 7 { a: 1 }");
    assertStringIncludes(trouble!.message, "use node.log.info() or console.error()");
  });
}

Deno.test("guard() passes on what a node writes to stderr", () => {
  const { troubles, written } = inTurn(() => {
    console.error("no %s", "luck", [1]);
    console.warn("hm");
    console.assert(1 < 2, "not told");
    console.assert(2 < 1, "less");
    console.assert();
  });
  assertEquals(troubles, []);
  assertEquals(written, [
    ["error", "no luck [ 1 ]"],
    ["warn", "hm"],
    ["error", "Assertion failed: less"],
    ["error", "Assertion failed"],
  ]);
});

Deno.test("guard() refuses a module that prints or ends the process while it is imported", () => {
  const troubles = guarded(() => {
    console.log("hello");
    assertThrows(() => Deno.exit(0));
  }, "file:///elsewhere.ts");
  assertEquals(troubles.map(({ type }) => type), ["bad-line", "node-crashed"]);
  assertMatch(
    troubles[0]!.message,
    /^console\.log\(\) at .*:\d+ prints on stdout, where a node's messages go, expected console/,
  );
  assertMatch(
    troubles[1]!.message,
    /^Deno\.exit\(\) at .*:\d+ would end the process, expected a module that only exports/,
  );
});

Deno.test("guard() refuses Temporal.Now, if there is Temporal", () => {
  const { Temporal } = globalThis as unknown as { Temporal?: { Now: { instant(): unknown } } };
  if (Temporal === undefined) return;
  assertEquals(guarded(() => assertThrows(() => Temporal.Now.instant(), Error, "Temporal.Now.instant()")).length, 1);
});

Deno.test("guard() restores everything exactly", () => {
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
    [Deno, "exit"],
    [globalThis, "close"],
    [process, "kill"],
    [console, "log"],
    [console, "error"],
    [performance, "timeOrigin"],
  ];
  const describe = () => owners.map(([owner, name]) => Object.getOwnPropertyDescriptor(owner, name));
  const before = describe();
  guarded(() => {});
  assertEquals(describe(), before);
  assert(Date.now() > 0 && new Date() instanceof Date && Math.random() < 1);
});

Deno.test("guard() allows dates of a given time", () => {
  const troubles = guarded(() => {
    assertEquals(new Date(0).toISOString(), "1970-01-01T00:00:00.000Z");
    assertEquals(Date.UTC(1970, 0, 2), 86_400_000);
    assert(new Date(5) instanceof Date);
  });
  assertEquals(troubles, []);
});

Deno.test("guard() lasts until the last guard ends, and tells only whose call it is", () => {
  const [first, second]: TestException[][] = [[], []];
  const draw = () => void Math.random();
  const inFirst = createGuardedRunner({ onTrouble: (trouble) => void first!.push(trouble) });
  const inSecond = createGuardedRunner({ onTrouble: (trouble) => void second!.push(trouble) });
  const releaseFirst = guard();
  const releaseSecond = guard();
  assertThrows(() => inFirst(draw));
  releaseFirst();
  releaseFirst();
  assertThrows(() => inSecond(draw));
  inFirst(() => assertThrows(() => inSecond(draw)));
  releaseSecond();
  inSecond(draw);
  assertEquals([first!.length, second!.length], [1, 2]);
});

Deno.test("guard() can be limited to one module", () => {
  assertEquals(guarded(() => void Math.random(), "file:///elsewhere.ts"), []);
  const troubles = guarded(() => assertThrows(() => Math.random()), import.meta.url);
  assertEquals(troubles.length, 1);
});

Deno.test("guard() allows a module to read and hash while it is imported, as the import waits for that", async () => {
  let digest: Promise<ArrayBuffer> | undefined;
  assertEquals(guarded(() => void (digest = crypto.subtle.digest("SHA-256", BYTES)), import.meta.url), []);
  assertEquals((await digest!).byteLength, 32);
  guarded(() => assertThrows(() => crypto.subtle.digest("SHA-256", BYTES)));
});

Deno.test("guard() allows other modules' new, and synchronous functions", () => {
  const url = "file:///elsewhere.ts";
  guarded(() => assert(new Deno.Command("x") instanceof Object), url);
  const before = [Deno.writeFileSync, Deno.openSync, Deno.stdout.writeSync];
  guarded(() => assertEquals([Deno.writeFileSync, Deno.openSync, Deno.stdout.writeSync], before));
});

/** Resolves after the event loop has told of unhandled rejections. */
function nextTurn(): Promise<void> {
  return new Promise<void>((resolve) => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => {
      port1.close();
      resolve();
    };
    port2.postMessage(0);
  });
}

Deno.test("guard() reports rejections that a node did not handle, except those of a stopped node", async () => {
  const troubles: Record<string, TestException[]> = { ash: [], elm: [] };
  const release = guard();
  const runs = Object.keys(troubles).map((node) =>
    createGuardedRunner({ node, onTrouble: (trouble) => void troubles[node]!.push(trouble) })
  );
  const wake = Promise.withResolvers<void>();
  runs[0]!(() =>
    void (async () => {
      await wake.promise;
      throw new Error("nobody looks");
    })()
  );
  runs[1]!(() => {
    void Promise.reject(new RPCError("crash", "The node was stopped"));
    wake.resolve();
  });
  await nextTurn();
  release();
  // Deno 2.5 does not tell whose rejection it was.
  const all = [...troubles.ash!, ...troubles.elm!];
  assertEquals(all.map(({ type }) => type), ["node-crashed"]);
  const at = /\n {2}Error: nobody looks\n.*guard_test\.ts:\d+:\d+/;
  assertMatch(all[0]!.message, at);
  if (Deno.version.deno.startsWith("2.5.")) return;
  assertEquals(troubles.ash!.map(({ node }) => node), ["ash"]);
  assertMatch(all[0]!.message, /^Node ash ended: nothing handled a rejection, expected it to serve/);
});

Deno.test("guard() reports an error outside of promises as a crash", async () => {
  const troubles: TestException[] = [];
  const release = guard();
  createGuardedRunner({ node: "elm", onTrouble: (trouble) => void troubles.push(trouble) })(() =>
    queueMicrotask(() => {
      throw new Error("boom");
    })
  );
  await Promise.resolve();
  release();
  assertEquals(troubles.map(({ type, node }) => [type, node]), [["node-crashed", "elm"]]);
  assertStringIncludes(troubles[0]!.message, "Node elm ended: nothing caught an error, ");
  assertStringIncludes(troubles[0]!.message, "Error: boom");
});

Deno.test("guard() allows a node to send itself signals that end nothing", () => {
  for (const signal of [0, "SIGWINCH"]) {
    assertEquals(guarded(() => void process.kill(process.pid, signal)), []);
  }
});

// The last test: the functions stay replaced.
Deno.test("guardWait() replaces the functions once, for good, and handles errors only until it ends", async () => {
  const real = Date;
  const releaseFirst = guardWait();
  const replaced = Date;
  assert(replaced !== real);
  releaseFirst();
  assert(Date === replaced, "the functions stay");
  const rejections: unknown[] = [];
  const onRejection = (event: PromiseRejectionEvent) => {
    rejections.push(event.reason, event.defaultPrevented);
    event.preventDefault();
  };
  const troubles: string[] = [];
  const rejects = () => {
    const onTrouble = ({ message }: TestException) => void troubles.push(message);
    runGuarded({ node: "n0", onTrouble }, () => void Promise.reject("late"));
    return new Promise((resolve) => setImmediate(resolve));
  };
  const release = guardWait();
  assert(Date === replaced);
  await rejects();
  assertEquals(troubles.length, 1);
  release();
  globalThis.addEventListener("unhandledrejection", onRejection);
  await rejects();
  globalThis.removeEventListener("unhandledrejection", onRejection);
  assertEquals([troubles.length, rejections], [1, ["late", false]]);
  assert(Date.now() > 0 && Math.random() < 1, "other code calls the real functions");
});

import { assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import type { AnyNode, Program } from "../lib/node.ts";
import { type Body, RPCError } from "../lib/protocol.ts";
import { createFakeHost, request } from "./fake_host.ts";
import { ask, startTestNode } from "./node_rig.ts";

Deno.test("the fields that a handler returns become the reply, of the request's type with _ok", async () => {
  const program: Program = (node) => node.on("echo", ({ echo }) => ({ echo }));
  assertEquals(await ask(program, { type: "echo", echo: [1, null] }), [
    { dest: "c1", type: "echo_ok", echo: [1, null], in_reply_to: 7 },
  ]);
});

Deno.test("a handler may be asynchronous", async () => {
  const program: Program = (node) =>
    node.on("echo", async ({ echo }) => {
      await Promise.resolve();
      return { echo };
    });
  assertEquals(await ask(program, { type: "echo", echo: 1 }), [{
    dest: "c1",
    type: "echo_ok",
    echo: 1,
    in_reply_to: 7,
  }]);
});

Deno.test("a handler may set the type of its reply, but not in_reply_to", async () => {
  const program: Program = (node) => node.on("ping", () => ({ type: "pong", in_reply_to: 99 }));
  assertEquals(await ask(program, { type: "ping" }), [{ dest: "c1", type: "pong", in_reply_to: 7 }]);
});

Deno.test("a handler may return the request's body: the reply has neither its type nor its msg_id", async () => {
  for (
    const program of [
      (node) => node.on("echo", (body) => body),
      (node) => node.on("echo", (body) => Promise.resolve({ ...body, echo: 1 })),
      (node) => node.on("echo", (body, request) => node.reply(request, body)),
    ] satisfies Program[]
  ) {
    assertEquals(await ask(program, { type: "echo", echo: 1 }), [{
      dest: "c1",
      type: "echo_ok",
      echo: 1,
      in_reply_to: 7,
    }]);
  }
  const sameType: Program = (node) => node.on("ping", () => ({ type: "ping" }));
  assertEquals((await ask(sameType, { type: "ping" }))[0]?.type, "ping");
});

Deno.test("a handler may return a thenable that is not a Promise", async () => {
  const thenable = { then: (resolve: (fields: object) => void) => resolve({ n: 1 }) };
  const program: Program = (node) => node.on("count", () => thenable as unknown as Promise<{ n: number }>);
  assertEquals(await ask(program, { type: "count" }), [{ dest: "c1", type: "count_ok", n: 1, in_reply_to: 7 }]);
});

Deno.test("a handler may throw any value, and the error reply describes it", async () => {
  const things: [thrown: unknown, text: string][] = [
    [{ code: 3 }, '{"code":3}'],
    [Object.create(null), "{}"],
    [{ toJSON: () => (0 as unknown as () => void)() }, "something that cannot be shown"],
    [Symbol("x"), "Symbol(x)"],
    [undefined, "undefined"],
  ];
  for (const [thrown, text] of things) {
    const program: Program = (node) =>
      node.on("read", () => {
        throw thrown;
      });
    assertEquals((await ask(program, { type: "read" })).map(({ code, text }) => [code, text]), [[13, text]]);
  }
});

Deno.test("a handler may return the same object, or a frozen one, each time", async () => {
  const OK = Object.freeze({});
  const program: Program = (node) => node.on("topology", () => OK);
  assertEquals(await ask(program, { type: "topology" }), [{ dest: "c1", type: "topology_ok", in_reply_to: 7 }]);
  assertEquals(OK, {});
});

Deno.test("a handler that returns nothing sends no reply", async () => {
  assertEquals(await ask((node) => node.on("note", () => {}), { type: "note" }), []);
  assertEquals(await ask((node) => node.on("note", async () => {}), { type: "note" }), []);
});

/** Runs a program with two requests; returns the bodies of the replies, and the errors in the log. */
async function answers(program: Program): Promise<{ bodies: Body[]; errors: string[] }> {
  const { host, handle } = await startTestNode(program);
  for (const msg_id of [7, 8]) handle.receive(request({ type: "count", msg_id }));
  await host.advance(10);
  const errors = host.logged.filter(({ level }) => level === "error").map(({ text }) => text);
  return { bodies: host.take().map(({ body }) => body), errors };
}

Deno.test("a handler that returns something without fields has made a mistake: error 13, and a log entry", async () => {
  const results: [result: unknown, shown: string][] = [
    ...[[true, "true"], [null, "null"], ["ok", '"ok"'], [7, "7"], [[1, 2], "[1,2]"]] as [unknown, string][],
    ...[[new Map([[1, 2]]), "[object Map]"], [new Set(), "[object Set]"]] as [unknown, string][],
  ];
  for (const [result, shown] of results) {
    const text = `Cannot reply to "count": expected an object with the fields of the reply, or nothing, got ${shown}`;
    const programs: ((node: AnyNode) => void)[] = [
      (node) => node.on("count", () => result),
      (node) => node.on("count", () => Promise.resolve(result)),
      (node) => node.on("count", (_body, message) => node.reply(message, result)),
    ];
    for (const program of programs) {
      const { bodies, errors } = await answers(program);
      assertEquals(
        bodies,
        [7, 8].map((in_reply_to) => ({ type: "error", code: 13, text: `TypeError: ${text}`, in_reply_to })),
      );
      assertEquals(errors.length, 2);
      assertStringIncludes(errors[0]!, `TypeError: ${text}`);
    }
  }
});

Deno.test("a handler that replies twice has made a mistake: the first reply counts, and the log says so", async () => {
  const programs: ((node: AnyNode) => void)[] = [
    (node) =>
      node.on("count", (_body, message) => {
        node.reply(message, { n: 1 });
        return { n: 2 };
      }),
    (node) =>
      node.on("count", async (_body, message) => {
        await node.sleep(1);
        node.reply(message, { n: 1 });
        node.reply(message, { n: 2 });
      }),
    (node) =>
      node.on("count", async (_body, message) => {
        node.reply(message, { n: 1 });
        await node.sleep(1);
        return { n: 2 };
      }),
  ];
  for (const program of programs) {
    const { bodies, errors } = await answers(program);
    assertEquals(bodies, [7, 8].map((in_reply_to) => ({ type: "count_ok", n: 1, in_reply_to })));
    assertEquals(errors.length, 2);
    assertStringIncludes(
      errors[0]!,
      'TypeError: Cannot reply to "count": expected one reply, got a second one: {"n":2}',
    );
  }
});

Deno.test("a handler that fails after its reply sends no error reply, and the log has the error", async () => {
  const { bodies, errors } = await answers((node) =>
    node.on("count", (_body, message) => {
      node.reply(message, { n: 1 });
      throw new Error("too late");
    })
  );
  assertEquals(bodies.map(({ type }) => type), ["count_ok", "count_ok"]);
  assertStringIncludes(errors[0]!, "Error: too late");
});

Deno.test("a request without msg_id gets no reply", async () => {
  const program: Program = (node) => node.on("echo", ({ echo }) => ({ echo }));
  assertEquals(await ask(program, { type: "echo", msg_id: undefined }), []);
});

Deno.test("a request with msg_id 0 gets a reply", async () => {
  const program: Program = (node) => node.on("echo", () => ({}));
  assertEquals(await ask(program, { type: "echo", msg_id: 0 }), [{ dest: "c1", type: "echo_ok", in_reply_to: 0 }]);
});

Deno.test("reply sends a reply after the handler has returned", async () => {
  const { host, handle } = await startTestNode((node) =>
    node.on("ask", (_body, message) => void node.after(50, () => node.reply(message, { answer: 42 })))
  );
  handle.receive(request({ type: "ask", msg_id: 3 }));
  await host.advance(49);
  assertEquals(host.take(), []);
  await host.advance(1);
  assertEquals(host.take()[0]?.body, { type: "ask_ok", answer: 42, in_reply_to: 3 });
});

Deno.test("send sends the body as it is, without a msg_id", async () => {
  const { host, node } = await startTestNode();
  node.send("n2", { type: "gossip", values: [1] });
  assertEquals(host.take(), [{ src: "n0", dest: "n2", body: { type: "gossip", values: [1] } }]);
});

Deno.test("an RPCError becomes the error reply, and is not logged", async () => {
  const refuse = () => {
    throw new RPCError("txn-conflict", "conflicting write");
  };
  const expected = [{ dest: "c1", type: "error", code: 30, text: "conflicting write", in_reply_to: 7 }];
  const host = createFakeHost();
  assertEquals(await ask((node) => node.on("txn", refuse), { type: "txn" }, host), expected);
  assertEquals(
    await ask((node) => node.on("txn", () => Promise.resolve().then(refuse)), { type: "txn" }, host),
    expected,
  );
  assertEquals(host.logged, []);
});

Deno.test("any other error becomes error 13, and is logged with its stack", async () => {
  const crash = () => {
    throw new TypeError("x is not a function");
  };
  for (const handler of [crash, () => Promise.resolve().then(crash)]) {
    const host = createFakeHost();
    assertEquals(await ask((node) => node.on("txn", handler), { type: "txn" }, host), [
      { dest: "c1", type: "error", code: 13, text: "TypeError: x is not a function", in_reply_to: 7 },
    ]);
    const [entry, ...more] = host.logged;
    assertEquals([entry?.level, more.length], ["error", 0]);
    assertStringIncludes(entry!.text, 'Cannot handle {"src":"c1"');
    assertStringIncludes(entry!.text, "handlers_test.ts");
  }
});

Deno.test("a value that is thrown becomes error 13", async () => {
  const host = createFakeHost();
  const program: Program = (node) => node.on("txn", () => Promise.reject("out of order"));
  const [reply] = await ask(program, { type: "txn" }, host);
  assertEquals([reply?.code, reply?.text], [13, "out of order"]);
  assertStringIncludes(host.logged[0]!.text, "out of order was thrown");
});

Deno.test("a reply that cannot be serialized becomes error 13", async () => {
  for (const reply of [{ big: 1n }, Promise.resolve({ big: 1n })]) {
    const host = createFakeHost();
    const [answer] = await ask((node) => node.on("txn", () => reply), { type: "txn" }, host);
    assertEquals([answer?.code, host.logged.length], [13, 1]);
  }
});

Deno.test("an error in a message without msg_id is logged, not sent", async () => {
  const host = createFakeHost();
  const program: Program = (node) => node.on("note", () => Promise.reject(new RPCError("abort", "not now")));
  assertEquals(await ask(program, { type: "note", msg_id: undefined }, host), []);
  assertEquals(host.logged.map(({ level }) => level), ["warn"]);
  assertStringIncludes(host.logged[0]!.text, "not now");
});

Deno.test("an unknown type gets error 10, which lists the types that are handled", async () => {
  const program: Program = (node) => {
    node.on("echo", () => ({}));
    node.on("read", () => ({}));
  };
  assertEquals(await ask(program, { type: "ecko" }), [{
    dest: "c1",
    type: "error",
    code: 10,
    text: 'Unknown message type "ecko": this node handles echo, read',
    in_reply_to: 7,
  }]);
});

Deno.test("types that are properties of every object are unknown, too", async () => {
  for (const type of ["constructor", "__proto__", "toString"]) {
    assertEquals((await ask(() => {}, { type }))[0]?.code, 10);
  }
});

Deno.test("an unknown type without msg_id is logged, and so is an error without in_reply_to", async () => {
  const { host, handle } = await startTestNode();
  handle.receive(request({ type: "gossip" }));
  handle.receive(request({ type: "error", code: 1, text: "node not found" }));
  assertEquals(host.take(), []);
  assertEquals(host.logged.map(({ level }) => level), ["warn", "warn"]);
  assertStringIncludes(host.logged[1]!.text, "node not found");
});

Deno.test("a type has at most one handler, and init has none", async () => {
  const { node } = await startTestNode((node) => node.on("echo", () => {}));
  assertThrows(() => node.on("echo", () => {}), TypeError, "Cannot handle echo: it has a handler already");
  assertThrows(() => node.on("init", () => {}), TypeError, "onInit");
});

Deno.test("a body that does not match its schema gets error 12, which says what was expected", async () => {
  const program: Program = (node) => {
    const schema = ({ delta }: Record<string, unknown>) => Number.isInteger(delta) || "expected delta to be an integer";
    node.on("add", () => ({}), { schema });
  };
  assertEquals((await ask(program, { type: "add", delta: 1 }))[0]?.type, "add_ok");
  assertEquals(await ask(program, { type: "add", delta: "1" }), [{
    dest: "c1",
    type: "error",
    code: 12,
    text: "Malformed add: expected delta to be an integer",
    in_reply_to: 7,
  }]);
});

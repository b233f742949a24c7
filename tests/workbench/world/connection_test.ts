import { assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import Type from "typebox";
import { type Message, RPCError } from "../../../lib/protocol.ts";
import type { Clock } from "../../../lib/workbench/world/clock.ts";
import { openConnection } from "../../../lib/workbench/world/connection.ts";
import { formatJSON, parseExactJSON } from "../../../lib/workbench/base/json.ts";
import type { TestException } from "../../../lib/workbench/base/test_exception.ts";
import type { RPC } from "../../../lib/workbench/world/rpc_schema.ts";
import { erring, silent, standIn, type StandInNode } from "../run/stand_in.ts";

const ASK: RPC = {
  type: "ask",
  doc: "",
  request: Type.Object({ what: Type.String() }),
  reply: Type.Object({ answer: Type.Integer() }),
};

function open(node: StandInNode) {
  const world = standIn(node);
  const mistakes: TestException[] = [];
  const connection = openConnection(world.network, world.clock, {
    onMistake: (mistake) => void mistakes.push(mistake),
  });
  return { ...world, connection, mistakes };
}

Deno.test("connections are named c0, c1, c2 … on each network, and names are not reused", () => {
  const { network, clock } = standIn(silent);
  const ids = [0, 1, 2].map(() => {
    const connection = openConnection(network, clock);
    connection.close();
    return connection.id;
  });
  assertEquals(ids, ["c0", "c1", "c2"]);
  assertEquals(openConnection(standIn(silent).network, clock).id, "c0");
});

Deno.test("rpc sends the fields with type and msg_id, and returns the reply", async () => {
  const { connection, settle, requests } = open(({ what }) => ({ type: "ask_ok", answer: what === "a" ? 1 : 2 }));
  assertEquals(await settle(connection.rpc("n0", ASK, { what: "a" })), { type: "ask_ok", answer: 1, in_reply_to: 1 });
  assertEquals(await settle(connection.rpc("n0", ASK, { what: "b" })), { type: "ask_ok", answer: 2, in_reply_to: 2 });
  assertEquals(requests, [{ type: "ask", msg_id: 1, what: "a" }, { type: "ask", msg_id: 2, what: "b" }]);
});

Deno.test("concurrent calls get their own replies", async () => {
  const { connection, settle } = open(({ what }) => ({ type: "ask_ok", answer: Number(what) }));
  const calls = ["1", "2", "3"].map((what) => connection.rpc("n0", ASK, { what }));
  assertEquals((await settle(Promise.all(calls))).map(({ answer }) => answer), [1, 2, 3]);
});

Deno.test("without a reply, rpc rejects with error 0 after 5 s, or after the given timeout", async () => {
  const { connection, settle, clock } = open(silent);
  const error = await assertRejects(() => settle(connection.rpc("n0", ASK, { what: "" })), RPCError);
  assertEquals([error.code, error.message], [0, "Node n0 did not answer ask within 5 s"]);
  assertEquals(clock.now(), 5000);
  await assertRejects(() => settle(connection.rpc("n0", ASK, { what: "" }, 100)), RPCError, "within 0.1 s");
  assertEquals(clock.now(), 5100);
});

Deno.test("a late reply is ignored, and a repeated one, which is a mistake", async () => {
  const { network, clock, settle } = standIn(silent);
  let receive = (_: Message) => {};
  const mistakes: TestException[] = [];
  const told: string[] = [];
  const attach = (_: string, receiver: typeof receive) => {
    receive = receiver;
  };
  const connection = openConnection({ ...network, attach }, clock, {
    onMistake: (mistake) => void mistakes.push(mistake),
    onSilence: ({ node, request, timeout }) => void told.push(`${node} ${request.type} ${timeout}`),
    onLateReply: (node) => void told.push(`${node} late`),
  });
  const reply = (fields: object) => receive({ src: "n0", dest: connection.id, body: { type: "ask_ok", ...fields } });
  await assertRejects(() => settle(connection.rpc("n0", ASK, { what: "" }, 10)), RPCError);
  const second = connection.rpc("n0", ASK, { what: "" });
  reply({ answer: 1, in_reply_to: 1 });
  reply({ answer: 2, in_reply_to: 2 });
  reply({ answer: 3, in_reply_to: 2 });
  assertEquals((await settle(second)).answer, 2);
  assertEquals(told, ["n0 ask 10", "n0 late"]);
  assertEquals(mistakes.map(({ type, node, message }) => [type, node, message]), [[
    "repeated-reply",
    "n0",
    `Node n0 answered a request of ${connection.id} twice: expected one reply to each msg_id\n` +
    '  body: {"type":"ask_ok","answer":3,"in_reply_to":2}\nThe first reply counts, this one is ignored',
  ]]);
});

Deno.test("an error reply rejects with its code and text", async () => {
  const { connection, settle } = open(erring(22, "expected 3"));
  const error = await assertRejects(() => settle(connection.rpc("n0", ASK, { what: "" })), RPCError);
  assertEquals([error.code, error.message, error.definite], [22, "expected 3", true]);
});

Deno.test("an error reply without text has the error's name as text", async () => {
  const { connection, settle } = open(erring(11));
  await assertRejects(() => settle(connection.rpc("n0", ASK, { what: "" })), RPCError, "temporarily-unavailable");
});

Deno.test("an error reply without a code is an error of an unknown kind and a mistake", async () => {
  for (const code of [undefined, null, "20", parseExactJSON("20.0")]) {
    const { connection, settle, mistakes } = open(() => ({ type: "error", text: "oops", code }));
    const error = await assertRejects(() => settle(connection.rpc("n0", ASK, { what: "" })), RPCError);
    assertEquals([error.errorName, error.message, error.definite], ["unknown", "oops", false]);
    assertEquals(mistakes.map(({ type, node, message }) => [type, node, message.split("\n")[0]]), [
      ["malformed-reply", "n0", "Node n0 answered ask with a malformed error: expected body.code to be integer"],
    ]);
  }
});

Deno.test("a message that answers nothing is ignored, and a mistake of the node", async () => {
  const ids = ["1", null, parseExactJSON("1.0"), 0, 2, 9007199254740993n];
  for (const in_reply_to of ids) {
    const { connection, settle, mistakes } = open(() => ({ type: "ask_ok", answer: 1, in_reply_to }));
    await assertRejects(() => settle(connection.rpc("n0", ASK, { what: "" })), RPCError, "did not answer");
    const got = formatJSON(in_reply_to);
    assertEquals(mistakes, [{
      type: "unmatched-reply",
      node: "n0",
      message:
        "Node n0 sent c0 a message that answers nothing: expected in_reply_to to be 1, the msg_id of its request, " +
        `got ${got}\n  body: {"in_reply_to":${got},"type":"ask_ok","answer":1}\n` +
        "Copy the msg_id of the request to in_reply_to of the reply",
      count: 1,
    }]);
  }
  const { connection, settle, mistakes } = open(() => ({ type: "ask_ok", answer: 1, in_reply_to: undefined }));
  await assertRejects(() => settle(connection.call("n0", { type: "ask" })), RPCError);
  assertStringIncludes(mistakes[0]!.message, "got nothing");
});

Deno.test("a reply without a type, or with 1.0 for an integer, is malformed", async () => {
  const ask = async (body: object) => {
    const { connection, settle } = open(() => body as { type: string });
    return (await assertRejects(() => settle(connection.rpc("n0", ASK, { what: "" })), TypeError)).message;
  };
  assertStringIncludes(await ask({ answer: 1 }), "body.type is missing");
  assertStringIncludes(await ask({ type: "ask_ok", answer: parseExactJSON("1.0") }), "to be integer, got 1.0");
  assertStringIncludes(
    await ask({ type: "ask_ok", answer: 1, msg_id: parseExactJSON("1.0") }),
    "to be integer, got 1.0",
  );
});

Deno.test("a malformed reply shows node, request, reply and what was expected", async () => {
  const { connection, settle } = open(() => ({ type: "ask_ok", answer: "42" }));
  const error = await assertRejects(() => settle(connection.rpc("n0", ASK, { what: "?" })), TypeError);
  assertEquals(error.message.split("\n"), [
    'Node n0 answered ask with a malformed reply: expected body.answer to be integer, got "42"',
    '  request:  {"type":"ask","msg_id":1,"what":"?"}',
    '  reply:    {"in_reply_to":1,"type":"ask_ok","answer":"42"}',
    '  expected: { type: "ask_ok", msg_id?: integer, in_reply_to: integer, answer: integer }',
  ]);
});

Deno.test("a reply of another type is malformed", async () => {
  const { connection, settle } = open(() => ({ type: "tell_ok", answer: 1 }));
  await assertRejects(
    () => settle(connection.rpc("n0", ASK, { what: "" })),
    TypeError,
    'to be "ask_ok", got "tell_ok"',
  );
});

Deno.test("a malformed request is not sent", async () => {
  const { connection, settle, requests } = open(silent);
  await assertRejects(
    () => settle(connection.rpc("n0", ASK, { what: 7 })),
    TypeError,
    'Cannot send {"type":"ask","msg_id":1,"what":7}: expected body.what to be string, got 7',
  );
  assertEquals(requests, []);
});

Deno.test("a finished call is forgotten: repeated replies and close change nothing", async () => {
  const world = standIn(() => ({ type: "ask_ok", answer: 1 }));
  let cancelled = 0;
  const clock: Clock = {
    lateness: 0,
    now: () => world.clock.now(),
    schedule: (at, callback) => world.clock.schedule(at, callback),
    cancel(timer) {
      cancelled++;
      world.clock.cancel(timer);
    },
    sleep: (delay) => world.clock.sleep(delay),
  };
  const connection = openConnection(world.network, clock);
  await world.settle(connection.rpc("n0", ASK, { what: "" }));
  await assertRejects(() => world.settle(connection.rpc("n0", ASK, { what: "" }, 1)), RPCError);
  connection.close();
  assertEquals(cancelled, 2);
});

Deno.test("a request that the network refuses is an error, and leaves no timer behind", async () => {
  const { network, clock } = standIn(silent);
  const send = () => {
    throw new RangeError("Cannot send ask from c0 to n7");
  };
  const connection = openConnection({ ...network, send }, clock);
  await assertRejects(() => connection.rpc("n7", ASK, { what: "" }), RangeError, "Cannot send ask from c0 to n7");
  await clock.run();
  assertEquals(clock.now(), 0);
});

Deno.test("call sends a body unchanged, and checks neither request nor reply", async () => {
  const { connection, settle } = open(({ type }) => ({ type: `${type}_ok`, more: [1] }));
  const reply = await settle(connection.call("n0", { type: "init", node_id: "n0" }));
  assertEquals(reply, { type: "init_ok", more: [1], in_reply_to: 1 });
});

Deno.test("call rejects at error replies and timeouts, as rpc does", async () => {
  const failing = open(erring(13, "no disk"));
  await assertRejects(() => failing.settle(failing.connection.call("n0", { type: "init" })), RPCError, "no disk");
  const waiting = open(silent);
  await assertRejects(
    () => waiting.settle(waiting.connection.call("n0", { type: "init" }, 10_000)),
    RPCError,
    "within 10 s",
  );
});

Deno.test("close rejects all open and later calls, and leaves no timer behind", async () => {
  const { connection, clock } = open(silent);
  const call = connection.rpc("n0", ASK, { what: "" });
  connection.close();
  await assertRejects(() => call, Error, "Cannot complete a call: connection c0 is closed");
  await assertRejects(() => connection.rpc("n0", ASK, { what: "" }), Error, "connection c0 is closed");
  await clock.run();
  // The request arrives at 1 ms; nothing is due at 5000 ms.
  assertEquals(clock.now(), 1);
});

import { assert, assertEquals, assertStrictEquals } from "@std/assert";
import fc from "fast-check";
import Type from "typebox";
import { formatExactJSON, parseExactJSON } from "../../../lib/workbench/base/json.ts";
import {
  arrayOf,
  checksOf,
  describeSchema,
  integer,
  malformedReply,
  mapOf,
  replySchema,
  type RPC,
} from "../../../lib/workbench/world/rpc_schema.ts";

const READ = Type.Tuple([Type.Literal("r"), Type.Unknown(), arrayOf(Type.Unknown())]);
const APPEND = Type.Tuple([Type.Literal("append"), Type.Unknown(), Type.Unknown()]);
const RPC: RPC = {
  type: "ask",
  doc: "",
  request: Type.Object({ what: Type.Unknown() }),
  reply: Type.Object({
    offsets: mapOf(Type.Integer()),
    txn: Type.Array(Type.Union([READ, APPEND])),
    note: Type.Optional(Type.String()),
  }),
};
const GOOD = {
  type: "ask_ok",
  in_reply_to: 3,
  offsets: { "9": 1, "a/b": 2 },
  txn: [["r", 1, null], ["r", 2, [1]], ["append", 1, 5]],
};

Deno.test("a body that matches its schema passes", () => {
  const { request, reply } = checksOf(RPC);
  assertEquals(request({ type: "ask", msg_id: 1, what: null }), undefined);
  for (const body of [GOOD, { ...GOOD, msg_id: 4 }, { ...GOOD, note: "hi" }, { ...GOOD, offsets: {}, txn: [] }]) {
    assertEquals(reply(body), undefined);
  }
});

Deno.test("an integer may be of any size, and is described as one", () => {
  const schema = Type.Object({ offset: integer(), list: arrayOf(Type.Tuple([integer(), Type.Unknown()])) });
  const { reply } = checksOf({ type: "ask", doc: "", request: Type.Object({}), reply: schema });
  const good = {
    type: "ask_ok",
    in_reply_to: 1,
    msg_id: 2n ** 60n,
    offset: 2n ** 63n,
    list: [[0, 1], [-(2n ** 64n), 1]],
  };
  assertEquals(reply(good), undefined);
  assertEquals(describeSchema(schema), "{ offset: integer, list: [integer, any][] | null }");
  for (const offset of [parseExactJSON("1.0"), 1.5, "1", null]) {
    assertEquals(reply({ ...good, offset }), `expected body.offset to be integer, got ${formatExactJSON(offset)}`);
  }
});

Deno.test("a body that does not match is described: what was expected, and what was there", () => {
  const { request, reply } = checksOf(RPC);
  const either = '["r", any, any[] | null] | ["append", any, any]';
  for (
    const [fields, expected] of [
      [{ type: "ask" }, 'expected body.type to be "ask_ok", got "ask"'],
      [{ in_reply_to: undefined }, "body.in_reply_to is missing"],
      [{ msg_id: "4" }, 'expected body.msg_id to be integer, got "4"'],
      [{ offsets: undefined }, "body.offsets is missing"],
      [{ offsets: undefined, txn: undefined }, "body.offsets is missing, body.txn is missing"],
      [{ offsets: [] }, "expected body.offsets to be { [key: string]: integer }, got []"],
      [{ offsets: null }, "expected body.offsets to be { [key: string]: integer }, got null"],
      [{ offsets: { "9": 1.5 } }, 'expected body.offsets["9"] to be integer, got 1.5'],
      [{ offsets: { "a/b~": "x" } }, 'expected body.offsets["a/b~"] to be integer, got "x"'],
      [{ txn: null }, `expected body.txn to be (${either})[], got null`],
      [{ txn: [["append", 1, 2], ["r", 1, 7]] }, `expected body.txn[1] to be ${either}, got ["r",1,7]`],
      [{ txn: [["r", 1]] }, `expected body.txn[0] to be ${either}, got ["r",1]`],
      [{ txn: [["r", 1, null, 0]] }, `expected body.txn[0] to be ${either}, got ["r",1,null,0]`],
      [{ txn: [["w", 1, 2]] }, `expected body.txn[0] to be ${either}, got ["w",1,2]`],
      [{ note: 7 }, "expected body.note to be string, got 7"],
      [{ surprise: 1 }, "body.surprise is not expected"],
    ] as const
  ) {
    const body = JSON.parse(JSON.stringify({ ...GOOD, ...fields }));
    assertEquals(reply(body), expected);
  }
  assertEquals(request({ type: "ask", msg_id: 1 }), "body.what is missing");
});

Deno.test("a long value is cut", () => {
  const problem = checksOf(RPC).reply({ ...GOOD, note: Array.from({ length: 1000 }, () => 7) })!;
  assert(problem.endsWith("7,7,7…"), problem);
  assert(problem.length < 200);
});

Deno.test("an RPC is compiled once", () => {
  assertStrictEquals(checksOf(RPC), checksOf(RPC));
});

Deno.test("the description of a malformed reply shows node, request, reply and what was expected", () => {
  const request = { type: "ask", msg_id: 3, what: 1 };
  const reply = { type: "ask_ok", in_reply_to: 3 };
  assertEquals(malformedReply("n2", RPC, request, reply, "body.offsets is missing").split("\n"), [
    "Node n2 answered ask with a malformed reply: body.offsets is missing",
    '  request:  {"type":"ask","msg_id":3,"what":1}',
    '  reply:    {"type":"ask_ok","in_reply_to":3}',
    '  expected: { type: "ask_ok", msg_id?: integer, in_reply_to: integer, offsets: { [key: string]: integer }, ' +
    'txn: (["r", any, any[] | null] | ["append", any, any])[], note?: string }',
  ]);
});

Deno.test("describeSchema writes an empty object without fields", () => {
  assertEquals(describeSchema(Type.Object({})), "{}");
});

Deno.test("a check returns for any JSON object, and never throws", () => {
  const { reply } = checksOf(RPC);
  const bodies = fc.oneof(
    fc.dictionary(fc.string(), fc.jsonValue()),
    fc.record({ offsets: fc.jsonValue(), txn: fc.array(fc.jsonValue()), note: fc.jsonValue() }),
  );
  fc.assert(fc.property(bodies, (fields) => {
    const problem = reply({ ...GOOD, ...fields });
    assert(problem === undefined || problem.includes("body"), problem);
  }));
});

Deno.test("the schema of a reply is plain JSON Schema", () => {
  const schema = JSON.parse(JSON.stringify(replySchema(RPC)));
  assertEquals(schema.required, ["type", "in_reply_to", "offsets", "txn"]);
  assertEquals(schema.additionalProperties, false);
});

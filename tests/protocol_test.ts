import { assertEquals, assertThrows } from "@std/assert";
import { parseMessage } from "../lib/protocol.ts";

Deno.test("parseMessage throws what was expected", () => {
  for (
    const [line, expected] of [
      ["nonsense", "Cannot parse message: Unexpected token"],
      ["[]", "expected an object, got []"],
      ["null", "expected an object, got null"],
      ['{"dest":"n0","body":{}}', "expected src to be a string, got nothing"],
      ['{"src":"c1","dest":3,"body":{}}', "expected dest to be a string, got 3"],
      ['{"src":"c1","dest":"n0","body":"hi"}', 'expected body to be an object, got "hi"'],
      ['{"src":"c1","dest":"n0","body":{}}', "expected body.type to be a string, got nothing"],
      ['{"src":"c1","dest":"n0","body":{"type":"a","msg_id":"1"}}', 'expected body.msg_id to be an integer, got "1"'],
    ] as const
  ) {
    assertThrows(() => parseMessage(line), SyntaxError, expected);
  }
});

Deno.test("parseMessage keeps every field of the body", () => {
  const message = { src: "c1", dest: "n0", body: { type: "x", msg_id: 1, deep: { a: [1, null, "é"] } } };
  assertEquals(parseMessage(JSON.stringify(message)), message);
});

Deno.test("parseMessage removes a msg_id of null", () => {
  const line = '{"src":"c1","dest":"n0","body":{"type":"x","msg_id":null,"in_reply_to":null}}';
  assertEquals(parseMessage(line).body, { type: "x", in_reply_to: null });
});

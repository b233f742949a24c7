import { assertEquals, assertThrows } from "@std/assert";
import { parseLine } from "../../../../../lib/workbench/world/hosts/process/message.ts";
import { formatJSON } from "../../../../../lib/workbench/base/json.ts";

Deno.test("parseLine is as strict as Maelstrom about everything except the body", () => {
  const body = '"body":{"type":"x"}';
  for (
    const [line, expected] of [
      ["nonsense", "Unexpected token"],
      ["", "Unexpected end of JSON input"],
      ["[]", "expected an object, got []"],
      ["7", "expected an object, got 7"],
      [`{"dest":"n1",${body}}`, "expected src to be a string, got nothing"],
      [`{"src":null,"dest":"n1",${body}}`, "expected src to be a string, got null"],
      [`{"src":"n0","dest":12345678901234567890,${body}}`, "expected dest to be a string, got 12345678901234567890"],
      ['{"src":"n0","dest":"n1","body":"hi"}', 'expected body to be an object, got "hi"'],
      ['{"src":"n0","dest":"n1","body":["type","x"]}', 'expected body to be an object, got ["type","x"]'],
      ['{"src":"n0","dest":"n1","body":false}', "expected body to be an object, got false"],
      [`{"src":"n0","dest":"n1","id":"m1",${body}}`, 'expected id to be an integer, or left to the network, got "m1"'],
      [`{"src":"n0","dest":"n1","id":null,${body}}`, "got null"],
      [`{"src":"n0","dest":"n1","id":1.0,${body}}`, "got 1.0"],
      [`{"src":"n0","dest":"n1","ttl":3,${body}}`, 'expected only src, dest and body, got "ttl"'],
      [`{"src":"n0","dest":"n1",${body}} {}`, "Unexpected"],
      ['{"src":"n0","dest":"n1","body":{"value":1e999}}', "expected numbers below 1.8e308, got a larger one"],
      ['{"src":"n0","dest":"n1","body":{"list":[-1E+400]}}', "expected numbers below 1.8e308"],
      [`{"src":"n0","dest":"n1","body":{"value":1${"0".repeat(400)}.5}}`, "expected numbers below 1.8e308"],
      [
        `{"src":"n0","dest":"n1","body":{"key":${"[".repeat(200_000)}${"]".repeat(200_000)}}}`,
        "expected at most 1000 nested forms, got more",
      ],
    ] as const
  ) {
    assertThrows(() => parseLine(line), SyntaxError, expected, line);
  }
});

Deno.test("parseLine accepts any body that Maelstrom accepts, unchanged", () => {
  for (
    const body of [
      "{}",
      '{"type":"x","msg_id":"a1","in_reply_to":[1]}',
      '{"type":"x","msg_id":1.0}',
      '{"type":"x","msg_id":9223372036854775807}',
      '{"type":7,"msg_id":null}',
      '{"msg_id":1,"deep":{"a":[1,null,"é"]}}',
      `{"text":"1e999","large":1${"0".repeat(400)},"float":1e+300}`,
    ]
  ) {
    for (const id of ["", '"id":5,', '"id":98765432109876543210,']) {
      const message = parseLine(`{${id}"src":"n1","dest":"n2","body":${body}}`);
      assertEquals([message.src, message.dest, formatJSON(message.body)], ["n1", "n2", body]);
    }
  }
});

Deno.test("a message without a body has an empty one, as in Maelstrom", () => {
  for (const body of ["", ',"body":null']) {
    assertEquals<unknown>(parseLine(`{"src":"n0","dest":"n1"${body}}`), { src: "n0", dest: "n1", body: {} });
  }
});

import { assert, assertEquals } from "@std/assert";
import { ROOT } from "../../lib/workbench/cli/root.ts";

const isReadable = Deno.permissions.querySync({ name: "read" }).state === "granted";

/** Messages that a page has in its headings. */
function messagesOf(page: string): string[] {
  return Array.from(page.matchAll(/^### `(.+)`$/gm), ([, message]) => message!);
}

/** Texts of all files below a folder, with the texts that `+` joins over several lines joined. */
function* sourcesIn(folder: string): Generator<string> {
  for (const { name, isDirectory } of Deno.readDirSync(folder)) {
    if (isDirectory) yield* sourcesIn(`${folder}/${name}`);
    else if (name.endsWith(".ts")) yield joined(Deno.readTextFileSync(`${folder}/${name}`));
  }
}

function joined(source: string): string {
  return source.replaceAll(/["`] \+\s+["`]/g, "");
}

/** The parts of a message between what differs. */
function partsOf(message: string): string[] {
  return message.split("…").map((part) => part.replaceAll(/^[\s:;,]+|[\s:;,]+$/g, "")).filter((part) =>
    part.length > 1
  );
}

Deno.test({
  name: "each message of docs/troubleshooting.md is one of the code",
  ignore: !isReadable,
  fn() {
    const messages = messagesOf(Deno.readTextFileSync(`${ROOT}/docs/troubleshooting.md`));
    assert(messages.length > 20);
    const sources = [...sourcesIn(`${ROOT}/lib`), Deno.readTextFileSync(`${ROOT}/maelstrom.sh`)];
    const isIn = (message: string) => sources.some((source) => partsOf(message).every((part) => source.includes(part)));
    assertEquals(messages.filter((message) => !isIn(message)), []);
  },
});

Deno.test("messages are compared part by part, in one file", () => {
  assertEquals(messagesOf("### `Node … failed: …`\n### Another\n"), ["Node … failed: …"]);
  assertEquals(partsOf("Node … failed: …, expected more"), ["Node", "failed", "expected more"]);
  assertEquals(joined('"one " +\n  "two"'), '"one two"');
});

import { assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { FailedError } from "../../../lib/workbench/base/errors.ts";
import { type OpenFile, readHistoryFile, readText } from "../../../lib/workbench/history/history_file.ts";

const EDN = '{:type :invoke, :process 0, :f :echo, :value "é\n"}\n{:type :ok, :process 0, :f :echo, :value 2}\n';

function opening(content: string | Uint8Array<ArrayBuffer>): OpenFile {
  return () => Promise.resolve(new Blob([content]).stream());
}

/** Opens a file that is read byte by byte. */
function trickling(bytes: Uint8Array<ArrayBuffer>): OpenFile {
  return () => Promise.resolve(ReadableStream.from(Array.from(bytes, (byte) => Uint8Array.of(byte))));
}

async function compress(text: string): Promise<Uint8Array<ArrayBuffer>> {
  const stream = new Blob([text]).stream().pipeThrough(new CompressionStream("gzip"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

Deno.test("a file is read from any chunks, compressed or not", async () => {
  const plain = new TextEncoder().encode(EDN);
  for (const open of [opening(EDN), trickling(plain), opening(await compress(EDN))]) {
    const history = await readHistoryFile("history.edn", open);
    assertEquals(history.map(({ value }) => value), ["é\n", 2]);
  }
  assertEquals(await readHistoryFile("empty", opening("")), []);
  assertEquals(await readHistoryFile("marked.edn", opening("\ufeff" + EDN)).then(({ length }) => length), 2);
});

Deno.test("a line of a history that is not UTF-8 is refused, for any chunks: its ids might become equal", async () => {
  const bytes = new TextEncoder().encode(`${EDN}${EDN.replace("2", '"@"')}\n`);
  bytes[bytes.indexOf("@".charCodeAt(0))] = 0xfc;
  const cut = Uint8Array.of(...new TextEncoder().encode(EDN), 0xc3);
  for (const [content, line] of [[bytes, 6], [cut, 4]] as const) {
    for (const open of [opening(content), trickling(content)]) {
      const expected = `Cannot read x.edn: line ${line} is not UTF-8`;
      await assertRejects(() => readHistoryFile("x.edn", open), FailedError, expected);
      const pieces = await Array.fromAsync(readText("x.log", open));
      assertEquals(pieces.join(""), new TextDecoder().decode(content));
    }
  }
});

Deno.test("an error in a file is one line with the file's name", async () => {
  const wrong = async (open: OpenFile) =>
    (await assertRejects(() => readHistoryFile("x.edn", open), FailedError) as Error).message;
  assertEquals(
    await wrong(opening(EDN + "{:type :ok")),
    "Cannot read history x.edn: Cannot parse EDN at line 4, column 11: " +
      "expected } to close the form of line 4, column 1, got the end of the text",
  );
  assertEquals(
    await wrong(opening("{:type :ok, :process 0, :f :echo}")),
    "Cannot read history x.edn: Cannot read operation 0 at line 1, column 1: " +
      "expected an invocation of process 0 before its ok, got none",
  );
  const binary = ": it is not a text in UTF-8, expected a history.jsonl, or the history.edn that Jepsen writes";
  assertEquals(await wrong(opening("\x7fELF\0\0")), `Cannot read x.edn${binary}`);
  assertStringIncludes(await wrong(opening("JEPSEN\0\0\0\x01")), "Cannot read x.edn: it is in Jepsen's binary format");
  const denied = () =>
    Promise.reject(new Deno.errors.PermissionDenied("Permission denied (os error 13), open 'x.edn'"));
  assertEquals(await wrong(denied), "Cannot read x.edn: Permission denied");
  const compressed = await compress(EDN);
  assertStringIncludes(
    await wrong(opening(compressed.slice(0, -9))),
    "its compressed data is damaged, incomplete, or several files in one (",
  );
  assertStringIncludes(
    await wrong(opening(compressed.fill(7, 12))),
    "its compressed data is damaged, incomplete, or several files in one (",
  );
  const twice = new Uint8Array([...await compress(EDN), ...await compress(EDN)]);
  assertStringIncludes(await wrong(opening(twice)), "several files in one (");
  assertEquals(await wrong(opening(Uint8Array.of(0xff, 0xfe, 0x7b, 0))), `Cannot read x.edn${binary}`);
});

Deno.test("only a file that cannot be decompressed is called damaged", async () => {
  const failing = (pieces: Uint8Array<ArrayBuffer>[], error: Error): OpenFile => () =>
    Promise.resolve(ReadableStream.from((async function* () {
      yield* pieces;
      throw error;
    })()));
  const reason = async (pieces: Uint8Array<ArrayBuffer>[], error: Error) =>
    (await assertRejects(() => readHistoryFile("x.edn", failing(pieces, error)), FailedError) as Error).message;
  const compressed = await compress(EDN);
  for (const pieces of [[], [new TextEncoder().encode("{:type")], [compressed.slice(0, 20)]]) {
    for (const error of [new TypeError("The stream is locked"), new Error("corrupt gzip disk (os error 5)")]) {
      const said = error.message.replace(/ \(.*/, "");
      assertEquals(await reason(pieces, error), `Cannot read x.edn: ${said}`);
    }
  }
});

Deno.test("a text that is abandoned is read no further", async () => {
  let cancelled = false;
  const endless = new ReadableStream<Uint8Array<ArrayBuffer>>({
    pull: (controller) => controller.enqueue(new TextEncoder().encode("line\n")),
    cancel() {
      cancelled = true;
    },
  });
  for await (const piece of readText("log", () => Promise.resolve(endless))) {
    assertEquals(piece, "line\n");
    break;
  }
  assertEquals(cancelled, true);
});

Deno.test("a line that is too long is told, in any chunks", async () => {
  const line = `{"type":"invoke","process":0,"f":"echo","value":"${"x".repeat(1000)}"}`;
  const text = `${line.replaceAll("x", "")}\n${line}\n`;
  const problem = "Cannot read x: line 2 is longer than 1 kB";
  for (const open of [opening(text), trickling(new TextEncoder().encode(text)), opening(await compress(text))]) {
    await assertRejects(() => readHistoryFile("x", open, 1000), FailedError, problem);
  }
  // The length of a line counts, not that of a file.
  await assertRejects(() => readHistoryFile("x", opening(text), 1100), FailedError, "Cannot read history x: ");
});

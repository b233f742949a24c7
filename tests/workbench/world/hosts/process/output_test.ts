import { assert, assertEquals } from "@std/assert";
import { setImmediate } from "node:timers";
import { readOutput } from "../../../../../lib/workbench/world/hosts/process/output.ts";

/** Returns a stream of bytes, as processes have. Each read gets one chunk. */
function streamOf(chunks: Iterable<Uint8Array<ArrayBuffer>>): ReadableStream<Uint8Array<ArrayBuffer>> {
  const left = [...chunks].filter(({ length }) => length > 0);
  return new ReadableStream({
    type: "bytes",
    pull(controller) {
      const chunk = left.shift();
      // The stream takes the bytes away.
      if (chunk !== undefined) return controller.enqueue(chunk.slice());
      controller.close();
      controller.byobRequest?.respond(0);
    },
  });
}

/** Reads chunks of text; returns the lines and the report at the end. */
async function read(...chunks: string[]) {
  const encoder = new TextEncoder();
  const stream = streamOf(chunks.map((chunk) => encoder.encode(chunk)));
  const lines: string[] = [];
  let endless = 0;
  const output = readOutput(stream, {
    onLine: (line) => void lines.push(line),
    onTooLong: () => endless++,
    longest: 1000,
    signal: new AbortController().signal,
  });
  await output.ended;
  return { lines, last: output.lastLines(32), endless };
}

Deno.test("lines are whole for any chunks", async () => {
  assertEquals((await read("a\nb", "c\n", "", "d\r", "\ne\n\nf")).lines, ["a", "bc", "d", "e", "", "f"]);
});

Deno.test("characters are whole for any chunks of bytes", async () => {
  const bytes = new TextEncoder().encode("grüße 🦊\n");
  const stream = streamOf([...bytes].map((byte) => Uint8Array.of(byte)));
  const lines: string[] = [];
  const { signal } = new AbortController();
  await readOutput(stream, { onLine: (line) => void lines.push(line), onTooLong() {}, signal }).ended;
  assertEquals(lines, ["grüße 🦊"]);
});

/** Splits bytes into chunks of `size`. */
function chunksOf(bytes: Uint8Array<ArrayBuffer>, size: number): ReadableStream<Uint8Array<ArrayBuffer>> {
  return streamOf(
    Array.from({ length: Math.ceil(bytes.length / size) }, (_, i) => bytes.subarray(i * size, (i + 1) * size)),
  );
}

Deno.test("the first line that is not UTF-8 is found, for any chunks; a U+FFFD that was printed is UTF-8", async () => {
  const good = ["ü\ufffd", "🦊", ""];
  // A byte that is none of UTF-8, the beginning of a character, one too long, a surrogate, a byte too many.
  for (const invalid of [[0xff], [0xc3], [0xf0, 0x9f, 0xa6], [0xc0, 0x80], [0xed, 0xa0, 0x80], [0xc3, 0xbc, 0xbc]]) {
    const encoded = new TextEncoder().encode(`${good.join("\n")}\nbad ü@\nlater\n`);
    const at = encoded.indexOf("@".charCodeAt(0));
    const bytes = Uint8Array.of(...encoded.subarray(0, at), ...invalid, ...encoded.subarray(at + 1));
    for (const size of [1, 2, 3, 5, 7, 100]) {
      const lines: [string, boolean][] = [];
      const onLine = (line: string, isUTF8: boolean) => void lines.push([line, isUTF8]);
      const { signal } = new AbortController();
      await readOutput(chunksOf(bytes, size), { onLine, onTooLong() {}, signal }).ended;
      const shown = new TextDecoder().decode(bytes).split("\n");
      assertEquals(lines.map(([line]) => line), shown.slice(0, -1), `${invalid} in chunks of ${size}`);
      assertEquals(lines.map(([, isUTF8]) => isUTF8), [true, true, true, false, false]);
    }
  }
});

Deno.test("a line that is too long is reported once and ends the reading; several lines are not added up", async () => {
  const right = await read("x".repeat(600), "x".repeat(400) + "\n", "y".repeat(900) + "\n");
  assertEquals([right.lines.length, right.endless], [2, 0]);
  const { lines, endless, last } = await read("first\n", ...Array.from({ length: 50 }, () => "x".repeat(100)));
  assertEquals([lines, endless], [["first"], 1]);
  assertEquals(last[0], "first");
});

Deno.test("the last 32 lines are kept, with the unfinished one", async () => {
  const { last } = await read(...Array.from({ length: 40 }, (_, i) => `line ${i}\n`), "unfini", "shed");
  assertEquals(last, [...Array.from({ length: 31 }, (_, i) => `line ${i + 9}`), "unfinished"]);
});

Deno.test("an unfinished line is known, and for how long, until it has its end", async () => {
  const encoder = new TextEncoder();
  let source!: ReadableByteStreamController;
  const stream = new ReadableStream({ type: "bytes", start: (controller) => void (source = controller) });
  const print = (text: string) => {
    source.enqueue(encoder.encode(text));
    return new Promise((resolve) => setImmediate(resolve));
  };
  const { signal } = new AbortController();
  let now = 0;
  const output = readOutput(stream, { onLine: () => {}, onTooLong() {}, signal, now: () => now });
  await print("first\n{}");
  now = 700;
  assertEquals([output.unfinished(), output.quietFor(), output.lineCount()], ["{}", 700, 1]);
  await print("\n");
  assertEquals([output.unfinished(), output.quietFor(), output.lineCount()], ["", 0, 2]);
  assertEquals(output.lastLines(1), ["{}"]);
  source.close();
  source.byobRequest?.respond(0);
  await output.ended;
});

Deno.test("a byte order mark is part of the first line", async () => {
  assertEquals((await read("\ufeff{}\n")).lines, ["\ufeff{}"]);
});

Deno.test("long lines are clipped", async () => {
  const { lines, last } = await read(`${"x".repeat(900)}\n`, "end\n");
  assertEquals(lines[0]!.length, 900);
  assert(last[0]!.endsWith("… (900 characters)") && last[0]!.length < 600);
});

Deno.test("the beginning of a line that never ends is kept", async () => {
  const controller = new AbortController();
  const stream = new ReadableStream({
    type: "bytes",
    pull(source) {
      source.enqueue(new TextEncoder().encode("abc".repeat(100)));
      if (++pulled === 100) controller.abort();
    },
  });
  let pulled = 0;
  const output = readOutput(stream, { onLine: () => {}, onTooLong() {}, signal: controller.signal });
  await output.ended;
  assertEquals(output.lastLines(1), ["abc".repeat(200).slice(0, 500)]);
});

Deno.test("empty lines and colours are left out of the last lines", async () => {
  assertEquals((await read()).last, []);
  assertEquals((await read("\n\n")).last, []);
  const { lines, last } = await read("\x1b[0m\x1b[1m\x1b[31merror\x1b[0m: Module not found\n");
  assertEquals(lines, ["\x1b[0m\x1b[1m\x1b[31merror\x1b[0m: Module not found"]);
  assertEquals(last, ["error: Module not found"]);
});

Deno.test("reading ends at the signal, even if the stream is open", async () => {
  const controller = new AbortController();
  let cancelled = false;
  const stream = new ReadableStream({
    type: "bytes",
    start: (source) => source.enqueue(new TextEncoder().encode("first\nunfinished")),
    cancel() {
      cancelled = true;
    },
  });
  const lines: string[] = [];
  const output = readOutput(stream, {
    onTooLong() {},
    onLine(line) {
      lines.push(line);
      controller.abort();
    },
    signal: controller.signal,
  });
  await output.ended;
  await new Promise((resolve) => setTimeout(resolve, 0));
  assertEquals([lines, cancelled], [["first"], true]);
  assertEquals(output.lastLines(9), ["first", "unfinished"]);
});

Deno.test("lines beyond the number for a turn wait for the next turn of the event loop", async () => {
  const lines: (string | number)[] = [];
  let turn = 0;
  let isOver = false;
  const next = () => setImmediate(() => ++turn && !isOver && next());
  const output = readOutput(streamOf([new TextEncoder().encode("a\nb\nc\nd\ne\nf")]), {
    onLine(line) {
      if (lines.length === 0) next();
      lines.push(line, turn);
    },
    onTooLong() {},
    linesPerTurn: 2,
    signal: new AbortController().signal,
  });
  await output.ended;
  isOver = true;
  await new Promise((resolve) => setImmediate(resolve));
  assertEquals(lines.filter((each) => typeof each === "string").join(""), "abcdef");
  const turns = lines.filter((each) => typeof each === "number");
  assertEquals([turns[1], turns[3], turns[5]], [turns[0], turns[2], turns[4]]);
  assert(turns[1]! < turns[2]! && turns[3]! < turns[4]!, turns.join());
});

Deno.test("of the lines that wait for a turn, none is handled after reading was stopped", async () => {
  const lines: string[] = [];
  const stopping = new AbortController();
  const output = readOutput(streamOf([new TextEncoder().encode("a\nb\nc\n")]), {
    onLine(line) {
      lines.push(line);
      if (line === "b") stopping.abort();
    },
    onTooLong() {},
    linesPerTurn: 2,
    signal: stopping.signal,
  });
  await output.ended;
  assertEquals(lines, ["a", "b"]);
});

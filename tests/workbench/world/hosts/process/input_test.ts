import { assertEquals } from "@std/assert";
import { MAX_UNREAD, openInput } from "../../../../../lib/workbench/world/hosts/process/input.ts";

function message(value: unknown) {
  return { id: 0, src: "c0", dest: "n0", body: { type: "hello", value } };
}

/** Resolves after a turn of the event loop and all promises. */
function turn(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 0));
}

/** Stdin that records its chunks, and accepts them only when told to. */
function createStdin({ reads = true } = {}) {
  const chunks: string[] = [];
  const stalled = Promise.withResolvers<void>();
  if (reads) stalled.resolve();
  const stream = new WritableStream<Uint8Array>({
    async write(chunk) {
      chunks.push(new TextDecoder().decode(chunk));
      await stalled.promise;
    },
  });
  const problems: string[] = [];
  const input = openInput(stream, {
    onClosed: () => void problems.push("closed"),
    onBacklog: () => void problems.push("backlog"),
  });
  return { chunks, input, problems, read: stalled.resolve, close: stalled.reject };
}

Deno.test("messages are written as JSON, one a line", async () => {
  const { input, chunks } = createStdin();
  input.write(message("a\nb"));
  await turn();
  assertEquals(chunks, ['{"id":0,"src":"c0","dest":"n0","body":{"type":"hello","value":"a\\nb"}}\n']);
});

Deno.test("messages of one turn are written together, those of another separately", async () => {
  const { input, chunks } = createStdin();
  for (const value of [1, 2, 3]) input.write(message(value));
  await turn();
  input.write(message(4));
  await turn();
  assertEquals(chunks.map((chunk) => chunk.split("\n").length - 1), [3, 1]);
  assertEquals(
    chunks.join("").trimEnd().split("\n").map((line) => JSON.parse(line).body.value),
    [1, 2, 3, 4],
  );
});

Deno.test("a process that does not read blocks nothing, and gets all messages in order when it does", async () => {
  const { input, chunks, problems, read } = createStdin({ reads: false });
  for (let value = 0; value < 1000; value++) {
    input.write(message(value));
    if (value % 100 === 0) await turn();
  }
  assertEquals(chunks.length, 1);
  read();
  await turn();
  const values = chunks.join("").trimEnd().split("\n").map((line) => JSON.parse(line).body.value);
  assertEquals(values, Array.from({ length: 1000 }, (_, value) => value));
  assertEquals(problems, []);
});

Deno.test("too many unread characters are a problem", async () => {
  const { input, problems } = createStdin({ reads: false });
  const big = "x".repeat(MAX_UNREAD / 2);
  input.write(message(big));
  await turn();
  assertEquals([problems, input.unread() > big.length], [[], true]);
  const unread = input.unread();
  input.write(message(big));
  // The message is dropped, so the backlog has a bound.
  assertEquals([problems, input.unread()], [["backlog"], unread]);
});

Deno.test("a stdin that the process closes is a problem, once, and nothing more is written", async () => {
  const { input, chunks, problems, close } = createStdin({ reads: false });
  input.write(message(1));
  await turn();
  close(new Error("broken pipe"));
  await turn();
  input.write(message(2));
  await turn();
  assertEquals([problems, chunks.length], [["closed"], 1]);
});

Deno.test("a stdin that we close is not a problem, and waiting messages are dropped", async () => {
  const { input, chunks, problems, read } = createStdin({ reads: false });
  input.write(message(1));
  await turn();
  input.write(message(2));
  input.close();
  input.write(message(3));
  read();
  await turn();
  assertEquals([problems, chunks.length], [[], 1]);
});

import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import {
  bytesOf,
  lastLines,
  lastLinesOf,
  openChildLog,
  readLogPart,
} from "../../../../lib/workbench/world/cluster/child_log.ts";

const NEEDED: readonly Deno.PermissionDescriptor["name"][] = ["read", "write"];
const isPermitted = (await Promise.all(NEEDED.map((name) => Deno.permissions.query({ name }))))
  .every(({ state }) => state === "granted");

/** Declares a test with a folder of its own. */
function testInFolder(name: string, fn: (folder: string) => Promise<void>): void {
  Deno.test({
    name,
    ignore: !isPermitted,
    async fn() {
      const folder = await Deno.makeTempDir();
      try {
        await fn(folder);
      } finally {
        await Deno.remove(folder, { recursive: true });
      }
    },
  });
}

const encode = (text: string) => new TextEncoder().encode(text);
const decode = (bytes: Uint8Array) => new TextDecoder().decode(bytes);

testInFolder("a log keeps what was written, in pieces with their times", async (folder) => {
  const append = openChildLog(`${folder}/n0.log`);
  const before = Date.now();
  // Two streams write at once.
  await Promise.all([append(encode("one\n")), append(encode("two\nthree\n"))]);
  const { pieces, next, now } = await readLogPart(`${folder}/n0.log`, 0);
  assertEquals(pieces.map((piece) => decode(bytesOf(piece))), ["one\n", "two\nthree\n"]);
  assert(pieces.every(({ time }) => time >= before && time <= now));
  assertEquals(next, 14);
});

testInFolder(
  "a part of a log begins at an offset, also from the end, and has the times of its pieces",
  async (folder) => {
    const path = `${folder}/n0.log`;
    await Deno.writeTextFile(path, "abcdefgh");
    await Deno.writeTextFile(`${path}.times`, "10 3\n20 6\n");
    const read = async (from: number) =>
      (await readLogPart(path, from)).pieces.map((
        piece,
      ) => [piece.time > 20 ? "now" : piece.time, decode(bytesOf(piece))]);
    // The times of what is new are not written yet.
    assertEquals(await read(0), [[10, "abc"], [20, "def"], ["now", "gh"]]);
    assertEquals(await read(2), [[10, "c"], [20, "def"], ["now", "gh"]]);
    assertEquals(await read(-4), [[20, "ef"], ["now", "gh"]]);
    assertEquals(await read(-100), [[10, "abc"], [20, "def"], ["now", "gh"]]);
    assertEquals([await read(8), await read(99)], [[], []]);
    assertEquals((await readLogPart(`${folder}/none.log`, 5)).pieces, []);
  },
);

testInFolder("a long log comes in parts", async (folder) => {
  const path = `${folder}/n0.log`;
  const append = openChildLog(path);
  const bytes = crypto.getRandomValues(new Uint8Array(50_000));
  for (let count = 0; count < 100; count++) await append(bytes);
  const first = await readLogPart(path, 0);
  const second = await readLogPart(path, first.next);
  assertEquals([first.next, second.next], [4 * 1024 * 1024, 5_000_000]);
  const whole = [...first.pieces, ...second.pieces].flatMap((piece) => [...bytesOf(piece)]);
  assertEquals(whole.length, 5_000_000);
  assertEquals(whole.slice(-50_000), [...bytes]);
});

testInFolder("any part of a long log has the times of its pieces", async (folder) => {
  const path = `${folder}/n0.log`;
  const letters = Array.from(
    { length: 5000 },
    (_, index) => String.fromCharCode(97 + index % 26).repeat(1 + index % 7),
  );
  const ends = letters.map((_, index) => letters.slice(0, index + 1).join("").length);
  await Deno.writeTextFile(path, letters.join(""));
  await Deno.writeTextFile(`${path}.times`, ends.map((end, index) => `${1000 + index} ${end}\n`).join(""));
  const size = ends.at(-1)!;
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: -size, max: size }), async (from) => {
      const start = from < 0 ? size + from : from;
      const { pieces, next } = await readLogPart(path, from);
      const first = ends.findIndex((end) => end > start);
      const expected = first < 0 ? [] : letters.slice(first).map((text, at) => [
        1000 + first + at,
        at === 0 ? text.slice(text.length - (ends[first]! - start)) : text,
      ]);
      assertEquals([pieces.map((piece) => [piece.time, decode(bytesOf(piece))]), next], [expected, size]);
    }),
    { numRuns: 30 },
  );
});

testInFolder(
  "a log that was there, and one that could not be written for a while, has right times again",
  async (folder) => {
    const path = `${folder}/n0.log`;
    await Deno.writeTextFile(path, "old\n");
    const append = openChildLog(path);
    await append(encode("one\n"));
    await Deno.mkdir(`${folder}/other`);
    await Deno.rename(`${path}.times`, `${folder}/other/times`);
    await Deno.mkdir(`${path}.times`);
    await append(encode("lost\n"));
    await Deno.remove(`${path}.times`);
    await Deno.rename(`${folder}/other/times`, `${path}.times`);
    await append(encode("two\n"));
    const pieces = (await readLogPart(path, 0)).pieces.map((piece) => decode(bytesOf(piece)));
    assertEquals(pieces, ["old\none\n", "lost\ntwo\n"]);
  },
);

testInFolder("the last lines are read from the end of a log, however long it is", async (folder) => {
  const path = `${folder}/n0.log`;
  await Deno.writeTextFile(path, "");
  // No text can be as long; most of the file takes no room.
  await Deno.truncate(path, 1 << 30);
  const lines = Array.from({ length: 3000 }, (_, index) => `line ${index} ${"x".repeat(20)}`);
  await Deno.writeTextFile(path, `\n\x1b[31mred\x1b[0m\n${lines.join("\n \n")}\n`, { append: true });
  assertEquals(lastLines(path, 2), lines.slice(-2));
  assertEquals(lastLines(path, 3001), ["red", ...lines]);
  await Deno.writeTextFile(path, "short");
  assertEquals([lastLines(path, 2), lastLines(`${folder}/none`, 2)], [["short"], []]);
});

Deno.test("the last lines of a log have text and no colours", () => {
  const base64 = btoa("one\n\x1b[31mtwo\x1b[0m\n\n  \nthree\n");
  assertEquals(lastLinesOf({ pieces: [{ time: 0, base64 }], next: 0, now: 0 }, 2), ["two", "three"]);
});

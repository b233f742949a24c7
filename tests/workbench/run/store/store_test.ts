import { assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import type { Operation } from "../../../../lib/workbench/history/operation.ts";
import { openStore } from "../../../../lib/workbench/run/store/store.ts";

const ignore = ["read", "write"].some((name) =>
  Deno.permissions.querySync({ name: name as "read" | "write" }).state !== "granted"
);

const NOW = new Date("2026-11-22T12:00:00.123Z");

function lines(path: string): unknown[] {
  return Deno.readTextFileSync(path).trimEnd().split("\n").map((line) => JSON.parse(line));
}

Deno.test({ name: "a run is stored in its own folder, and latest links to it", ignore }, async () => {
  const root = await Deno.makeTempDir();
  const first = openStore(root, "echo", NOW);
  const second = openStore(root, "echo", NOW);
  assertEquals(first.path, `${root}/echo/20261122T120000`);
  assertEquals(second.path, `${root}/echo/20261122T120000-2`);
  assertEquals(await Deno.realPath(`${root}/latest`), await Deno.realPath(second.path));
  first.close();
  second.close();
  await Deno.remove(root, { recursive: true });
});

Deno.test({ name: "the history and the messages are stored line by line, however many", ignore }, async () => {
  const root = await Deno.makeTempDir();
  const store = openStore(root, "echo", NOW);
  const history: Operation[] = Array.from({ length: 5000 }, (_, index) => {
    return { index, time: index, type: "invoke", process: 0, f: "écho", value: "x".repeat(100) };
  });
  const message = { src: "c0", dest: "n0", body: { type: "echo", echo: "é".repeat(50) } };
  const entries = history.map(({ index }) => ({ id: index, time: index, type: "send" as const, message }));
  entries.forEach(store.message);
  store.history(history);
  store.close();
  assertEquals(lines(`${store.path}/history.jsonl`), history);
  assertEquals(lines(`${store.path}/messages.jsonl`), entries);
  assertEquals(store.nodeLogPath("n0"), `${store.path}/node-logs/n0.log`);
  await Deno.remove(root, { recursive: true });
});

Deno.test({ name: "a failed write is reported, and everything else is written", ignore }, async () => {
  const root = await Deno.makeTempDir();
  const store = openStore(root, "echo", NOW);
  assertEquals(store.problem(), undefined);
  // A folder at the path of the history makes its write fail.
  await Deno.mkdir(`${store.path}/history.jsonl`);
  store.history([]);
  assertStringIncludes(store.problem()!, `Cannot store all of the run in ${store.path}: `);
  store.message({ id: 0, time: 0, type: "send", message: { src: "c0", dest: "n0", body: { type: "echo" } } });
  store.close();
  assertEquals(lines(`${store.path}/messages.jsonl`).length, 1);
  await Deno.remove(root, { recursive: true });
});

Deno.test({ name: "a store whose folder cannot be made throws", ignore }, async () => {
  const file = await Deno.makeTempFile();
  assertThrows(() => openStore(file, "echo", NOW));
  await Deno.remove(file);
});

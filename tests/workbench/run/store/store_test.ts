import { setImmediate } from "node:timers";
import { assertEquals, assertInstanceOf, assertStringIncludes } from "@std/assert";
import { formatEDNOperation } from "../../../../lib/workbench/history/edn_writer.ts";
import type { Operation } from "../../../../lib/workbench/history/operation.ts";
import { openStore } from "../../../../lib/workbench/run/store/store.ts";

const ignore = ["read", "write"].some((name) =>
  Deno.permissions.querySync({ name: name as "read" | "write" }).state !== "granted"
);

const MAY_RUN = Deno.build.os === "linux" && Deno.permissions.querySync({ name: "run" }).state === "granted";

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
  const edn = history.map((operation) => `${formatEDNOperation(operation)}\n`).join("");
  assertEquals(await Deno.readTextFile(`${store.path}/history.edn`), edn);
  // As JSON: the store keeps the text of a message with it.
  assertEquals(lines(`${store.path}/messages.jsonl`), JSON.parse(JSON.stringify(entries)));
  await Deno.remove(root, { recursive: true });
});

Deno.test({ name: "a lazy store writes messages in order, in a later turn or when it is asked", ignore }, async () => {
  const root = await Deno.makeTempDir();
  const store = openStore(root, "echo", NOW, { isLazy: true });
  const send = (id: number) =>
    store.message({ id, time: id, type: "send", message: { src: "c0", dest: "n0", body: { type: "echo" } } });
  const stored = () => (lines(`${store.path}/messages.jsonl`) as { id: number }[]).map(({ id }) => id);
  send(0);
  send(1);
  store.problem();
  assertEquals(stored(), [0, 1]);
  send(2);
  await new Promise((resolve) => setImmediate(resolve));
  send(3);
  store.close();
  assertEquals(stored(), [0, 1, 2, 3]);
  await Deno.remove(root, { recursive: true });
});

Deno.test({ name: "a failed write is reported, and everything else is written", ignore }, async () => {
  const root = await Deno.makeTempDir();
  const store = openStore(root, "echo", NOW);
  assertEquals(store.problem(), undefined);
  // A folder at the path of the history makes its write fail.
  await Deno.mkdir(`${store.path}/history.jsonl`);
  store.history([]);
  assertStringIncludes(store.problem()!.message, `Cannot store all of the run in ${store.path}: `);
  store.message({ id: 0, time: 0, type: "send", message: { src: "c0", dest: "n0", body: { type: "echo" } } });
  store.close();
  assertEquals(lines(`${store.path}/messages.jsonl`).length, 1);
  await Deno.remove(root, { recursive: true });
});

Deno.test({ name: "a node that starts again appends to its log", ignore }, async () => {
  const root = await Deno.makeTempDir();
  const store = openStore(root, "echo", NOW);
  for (const text of ["first\n", "second\n"]) {
    const log = store.openNodeLog("n0");
    assertEquals(log.path, `${store.path}/node-logs/n0.log`);
    log.write(new TextEncoder().encode(text));
    log.close();
  }
  assertEquals(await Deno.readTextFile(`${store.path}/node-logs/n0.log`), "first\nsecond\n");
  store.close();
  await Deno.remove(root, { recursive: true });
});

Deno.test({ name: "the times of a log's lines are beside it, one for each line", ignore }, async () => {
  const root = await Deno.makeTempDir();
  const store = openStore(root, "echo", NOW);
  let now = 0;
  for (const [time, text] of [[5, "first, in"], [1234.5678, " two parts\nsecond\nthird"], [2000, "\n"]] as const) {
    const log = store.openNodeLog("n0", () => now);
    now = time;
    log.write(new TextEncoder().encode(text));
    log.close();
  }
  const read = (name: string) => Deno.readTextFileSync(`${store.path}/node-logs/${name}`);
  assertEquals(read("n0.log"), "first, in two parts\nsecond\nthird\n");
  assertEquals(read("n0.times"), "1.235\n1.235\n2.000\n");
  store.close();
  await Deno.remove(root, { recursive: true });
});

Deno.test({ name: "a store whose folder cannot be made has the error, and stores nothing", ignore }, async () => {
  const file = await Deno.makeTempFile();
  const store = openStore(file, "echo", NOW);
  assertInstanceOf(store.error, Deno.errors.NotADirectory);
  store.openNodeLog("n0").write(new Uint8Array(1));
  store.history([]);
  const { message, isStored } = store.problem()!;
  assertEquals(isStored, false);
  assertStringIncludes(
    message,
    "Not a directory; missing or incomplete: messages.jsonl, node-logs/n0.log, history.jsonl",
  );
  store.close();
  await Deno.remove(file);
});

Deno.test({ name: "a folder in the place of the link latest stays, and is a problem", ignore }, async () => {
  const root = await Deno.makeTempDir();
  await Deno.mkdir(`${root}/latest`);
  const store = openStore(root, "echo", NOW);
  store.close();
  assertEquals(store.problem(), {
    message: `Cannot set the link ${root}/latest to echo/20261122T120000: ${root}/latest is no link`,
    isStored: true,
  });
  const names = (await Array.fromAsync(Deno.readDir(root))).map(({ name }) => name);
  assertEquals(names.sort(), ["echo", "latest"]);
  await Deno.remove(root, { recursive: true });
});

Deno.test({ name: "a file that may not grow is a failed write", ignore: ignore || !MAY_RUN }, async () => {
  const root = await Deno.makeTempDir();
  const module = new URL("../../../../lib/workbench/run/store/store.ts", import.meta.url);
  const config = new URL("../../../../deno.json", import.meta.url);
  const script = `
    import { openStore } from ${JSON.stringify(module)};
    const store = openStore(${JSON.stringify(root)}, "echo", new Date());
    const log = store.openNodeLog("n0");
    for (let i = 0; i < 300; i++) log.write(new Uint8Array(100_000));
    console.log(log.isWhole, store.problem().message);
    store.close();
  `;
  await Deno.writeTextFile(`${root}/run.ts`, script);
  const args = ["run", "-A", "--no-check", "--config", config.pathname, `${root}/run.ts`];
  const command = ["-c", 'ulimit -f 20000; exec "$@"', "sh", Deno.execPath(), ...args];
  const { code, stdout } = await new Deno.Command("/bin/sh", { args: command }).output();
  assertEquals(code, 0);
  assertStringIncludes(new TextDecoder().decode(stdout), "File too large; missing or incomplete: node-logs/n0.log");
  await Deno.remove(root, { recursive: true });
});

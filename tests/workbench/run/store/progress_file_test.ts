import { assertEquals } from "@std/assert";
import { startProgressFile } from "../../../../lib/workbench/run/store/progress_file.ts";
import type { StoredProgress, TestFacts } from "../../../../lib/workbench/run/store/stored_progress.ts";
import { openStore } from "../../../../lib/workbench/run/store/store.ts";
import type { Progress } from "../../../../lib/workbench/run/progress.ts";
import { VirtualClock } from "../../../../lib/workbench/world/virtual_clock.ts";
import { createDisk } from "./full_disk.ts";
import { testWithStore } from "./test_with_store.ts";

const FACTS: TestFacts = { challenge: "3e", workload: "broadcast", mode: "process", seed: "dune" };

const STATE: Progress = {
  phase: "running",
  elapsed: 1234.5,
  total: 20_000,
  faults: ["partition"],
  exceptions: [],
  ok: 3,
  fail: 2,
  info: 1,
  messages: 40,
  operationsPerSecond: 6,
  messagesPerSecond: 40,
  p99: null,
};

Deno.test("progress is written at once, once a second, and when it is asked for", async () => {
  const clock = new VirtualClock();
  const written: StoredProgress[] = [];
  const store = { progress: (progress: StoredProgress) => void written.push(progress) };
  const file = startProgressFile(FACTS, () => ({ ...STATE, elapsed: clock.now() }), store, clock);
  clock.schedule(2500, () => {
    file.write();
    file.stop();
  });
  while (await clock.step());
  assertEquals(written.map(({ elapsed_ms }) => elapsed_ms), [0, 1000, 2000, 2500]);
  assertEquals(written.at(-1), {
    schema: 1,
    ...FACTS,
    phase: "running",
    elapsed_ms: 2500,
    total_ms: 20_000,
    recovery_left_ms: null,
    ok: 3,
    fail: 2,
    info: 1,
    messages: 40,
    ops_per_second: 6,
    messages_per_second: 40,
    p99_ms: null,
    faults: ["partition"],
    exceptions: 0,
  });
});

testWithStore("the store removes the progress when it is closed; a full disk costs nothing else", async (root) => {
  const clock = new VirtualClock();
  const store = openStore(root, "echo", new Date());
  startProgressFile(FACTS, () => STATE, store, clock).stop();
  assertEquals(JSON.parse(await Deno.readTextFile(`${store.path}/progress.json`)).elapsed_ms, 1235);
  assertEquals(store.problem(), undefined);
  store.close();
  const names = await Array.fromAsync(Deno.readDir(store.path), ({ name }) => name);
  assertEquals(names.sort(), ["messages.jsonl", "node-logs"]);
  const full = openStore(root, "echo", new Date(), { disk: createDisk(10) });
  startProgressFile(FACTS, () => STATE, full, clock).stop();
  assertEquals(full.problem(), undefined);
  full.close();
});

import { assertEquals } from "@std/assert";
import type { RunChange } from "../../../../lib/workbench/report/serve/run_row.ts";
import { testWithStore } from "../../run/store/test_with_store.ts";
import { serveStore, writeRun, writeRunning } from "./served_store.ts";

const RUN = "broadcast/20261129T120000";

/** Reads events from a response. */
function eventsOf(response: Response) {
  const reader = response.body!.getReader();
  return {
    async text() {
      const { value, done } = await reader.read();
      return done ? undefined : new TextDecoder().decode(value);
    },
    async next(): Promise<RunChange> {
      return JSON.parse((await this.text())!.replace(/^data: /, ""));
    },
    close: () => reader.cancel(),
  };
}

/** The part of an event that tests look at. */
function shape({ all, rows, removed }: RunChange) {
  return [all, rows.map(({ path, state, durationMs }) => `${path} ${state} ${durationMs}`), removed];
}

testWithStore("a test appears when it begins, goes on, and becomes a finished run", async (store) => {
  const server = serveStore(store);
  const response = await server.get("/events");
  assertEquals(response.headers.get("content-type"), "text/event-stream; charset=utf-8");
  const events = eventsOf(response);
  assertEquals(shape(await events.next()), [true, [], []]);
  await writeRunning(store, RUN);
  server.tick();
  assertEquals(shape(await events.next()), [false, [`${RUN} running 4200`], []]);
  server.tick();
  await writeRunning(store, RUN, { elapsed_ms: 5200 });
  server.tick();
  assertEquals(shape(await events.next()), [false, [`${RUN} running 5200`], []]);
  await writeRun(store, RUN, { duration_ms: 20_000 });
  server.tick();
  assertEquals(shape(await events.next()), [false, [`${RUN} passed 20000`], []]);
  await Deno.remove(`${store}/${RUN}`, { recursive: true });
  server.tick();
  assertEquals(shape(await events.next()), [false, [], [RUN]]);
  server.close();
  assertEquals(await events.text(), undefined);
});

testWithStore("every page gets all runs at first, and nothing twice", async (store) => {
  await writeRun(store, RUN);
  const server = serveStore(store);
  const first = eventsOf(await server.get("/events"));
  assertEquals(shape(await first.next()), [true, [`${RUN} passed null`], []]);
  await writeRun(store, "echo/20261129T130000");
  const second = eventsOf(await server.get("/events"));
  assertEquals((await second.next()).rows.length, 2);
  assertEquals(shape(await first.next()), [false, ["echo/20261129T130000 passed null"], []]);
  await second.close();
  // Without changes, there is a sign of life now and then.
  for (let i = 0; i < 15; i++) server.tick();
  assertEquals(await first.text(), ": alive\n\n");
  await first.close();
});

testWithStore("a page that does not read is let go", async (store) => {
  const server = serveStore(store);
  const events = eventsOf(await server.get("/events"));
  for (let elapsed_ms = 0; elapsed_ms < 200; elapsed_ms++) {
    await writeRunning(store, RUN, { elapsed_ms });
    server.tick();
  }
  let count = 0;
  while (await events.text() !== undefined) count++;
  assertEquals(count < 100, true, String(count));
  server.close();
});

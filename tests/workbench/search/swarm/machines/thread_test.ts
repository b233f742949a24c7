import { assertEquals, assertRejects } from "@std/assert";
import type { Pool } from "../../../../../lib/workbench/search/swarm/pool.ts";
import { openTestThread } from "../../../../../lib/workbench/search/swarm/machines/thread.ts";
import type { TaskResult } from "../../../../../lib/workbench/search/swarm/task.ts";

const SURVIVED: TaskResult = {
  survived: true,
  hasVerdict: true,
  operations: 1,
  duration: 1,
  findings: [],
  store: null,
};
const TASK = { challenge: "1", flags: [] };

/** Opens a thread among four whose tests end as `run` says, on a clock that the test advances. */
function thread(run: () => Promise<TaskResult>) {
  const state = { now: 0, processorTime: 0, opened: 0, closed: 0 };
  let look = () => {};
  const pool: Pool = { run, close: () => void state.closed++ };
  const opened = openTestThread({
    machine: { root: "", every: (_, tick) => (look = tick, () => look = () => {}) },
    clock: { now: () => state.now, processorTime: () => state.processorTime },
    jobs: 4,
    openPool: () => (state.opened++, pool),
  });
  /** Advances the times, and looks. */
  const pass = (now: number, processorTime: number) => {
    state.now = now;
    state.processorTime = processorTime;
    look();
  };
  return { ...opened, state, pass };
}

const NEVER = () => new Promise<TaskResult>(() => {});

Deno.test("a test that takes the processor for too long is stuck, and its thread is replaced", async () => {
  const { run, pass, state } = thread(NEVER);
  const outcome = run(TASK, new AbortController().signal);
  pass(200_000, 480_000);
  pass(200_000, 480_001);
  assertEquals([await outcome, state.opened, state.closed], [{ overdue: "stuck" }, 2, 1]);
});

Deno.test("a test is not stuck while the machine is busy otherwise; after half an hour it is given up", async () => {
  const { run, pass, state } = thread(NEVER);
  const outcome = run(TASK, new AbortController().signal);
  pass(1_800_000, 20_000);
  pass(1_800_001, 20_000);
  assertEquals([await outcome, state.opened, state.closed], [{ overdue: "starved" }, 2, 1]);
});

Deno.test("a test that ends late has its result", async () => {
  const { promise, resolve } = Promise.withResolvers<TaskResult>();
  const { run, pass, state } = thread(() => promise);
  const outcome = run(TASK, new AbortController().signal);
  pass(1_000_000, 400_000);
  resolve(SURVIVED);
  assertEquals([await outcome, state.opened], [{ result: SURVIVED }, 1]);
  // The next one starts at 0.
  const aborted = new AbortController();
  aborted.abort(new Error("Ctrl-C"));
  await assertRejects(() => run(TASK, aborted.signal), Error, "Ctrl-C");
});

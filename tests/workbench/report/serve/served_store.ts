/** Stores on disk, for tests of `serve` and `compare`. */

import { createMachine } from "../../../../lib/workbench/engines/real_machine.ts";
import { createStoreServer, type StoreServer } from "../../../../lib/workbench/report/serve/handler.ts";
import type { Results } from "../../../../lib/workbench/run/results.ts";
import type { StoredProgress } from "../../../../lib/workbench/run/store/stored_progress.ts";
import { ROOT } from "../../../../lib/workbench/cli/root.ts";
import { resultsWith } from "../good_run.ts";

/** Progress of a test in its main phase. */
export const PROGRESS: StoredProgress = {
  schema: 1,
  challenge: "3b",
  workload: "broadcast",
  mode: "process",
  seed: "live",
  phase: "running",
  elapsed_ms: 4200,
  total_ms: 20_000,
  recovery_left_ms: null,
  ok: 90,
  fail: 0,
  info: 10,
  messages: 4000,
  ops_per_second: 98.7,
  messages_per_second: 1234,
  p99_ms: 17.4,
  faults: ["partition"],
  exceptions: 0,
};

/** Operations of a run, one each 100 ms, and a fault. */
export function historyText(count: number, latencyMs: number): string {
  const nemesis = (time: number, f: string, value: unknown) => ({ time, type: "info", process: "nemesis", f, value });
  const entries = Array.from({ length: count }, (_, index) => [
    { time: index * 1e8, type: "invoke", process: 0, f: "read", value: null },
    { time: index * 1e8 + latencyMs * 1e6 * (1 + index % 3), type: "ok", process: 0, f: "read", value: [] },
  ]).flat();
  const faults = [["start-partition", 0.2], ["start-partition", 0.2], ["stop-partition", 0.6], ["stop-partition", 0.6]];
  const all = [...entries, ...faults.map(([f, at]) => nemesis(Math.round(count * 1e8 * Number(at)), String(f), null))]
    .sort((a, b) => a.time - b.time);
  return all.map((entry, index) => `${JSON.stringify({ index, ...entry })}\n`).join("");
}

/** Writes a run into a store. */
export async function writeRun(
  store: string,
  path: string,
  changes: Partial<Results> = {},
  files: Record<string, string> = {},
): Promise<void> {
  await Deno.mkdir(`${store}/${path}/node-logs`, { recursive: true });
  const results = resultsWith({ workload: path.split("/")[0]!, store: null, ...changes });
  const texts = { "results.json": JSON.stringify(results), "node-logs/n0.log": "0.000 info ready\n", ...files };
  for (const [name, text] of Object.entries(texts)) await Deno.writeTextFile(`${store}/${path}/${name}`, text);
}

/** Time at which runs under way were written last, ms since 1970: no test depends on how fast the machine is. */
export const WRITTEN_AT = Date.parse("2026-11-29T15:00:05Z");

/** Writes a run under way into a store, at {@linkcode WRITTEN_AT}. */
export async function writeRunning(store: string, path: string, changes: Partial<StoredProgress> = {}): Promise<void> {
  await Deno.mkdir(`${store}/${path}/node-logs`, { recursive: true });
  const file = `${store}/${path}/progress.json`;
  await Deno.writeTextFile(file, JSON.stringify({ ...PROGRESS, ...changes }));
  await Deno.utime(file, new Date(WRITTEN_AT), new Date(WRITTEN_AT));
}

/** Server of a store whose clock stands still until `tick` is called. */
export interface ServedStore extends StoreServer {
  get(path: string, headers?: Record<string, string>, method?: string): Promise<Response>;
  /** Calls what runs every second. */
  tick(): void;
}

/** Creates the server of a store, without a port. */
export function serveStore(store: string, host = "127.0.0.1"): ServedStore {
  const ticks = new Set<() => void>();
  const server = createStoreServer(store, host, {
    ...createMachine(ROOT),
    now: () => WRITTEN_AT,
    every(_, tick) {
      ticks.add(tick);
      return () => void ticks.delete(tick);
    },
  });
  return {
    ...server,
    get: (path, headers = {}, method = "GET") =>
      server.handle(
        new Request(`http://127.0.0.1:8080${path}`, { method, headers: { host: "127.0.0.1:8080", ...headers } }),
      ),
    tick: () => ticks.forEach((tick) => tick()),
  };
}

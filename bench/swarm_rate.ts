/**
 * Rate of a swarm over many machines, by the number of its workers, all on this machine:
 * `deno run -A bench/swarm_rate.ts [--workers 1,2,3,4] [--seeds 150]`. Each worker runs one test at a time. All swarms
 * have the same tests. The time begins when they are handed out; the workers wait by then. Run nothing else meanwhile.
 *
 * The overhead of a run is the time that its worker was not in a test: NATS, and waiting for the last of the others.
 */

import { parseArgs } from "@std/cli/parse-args";
import { columns } from "../lib/workbench/base/text.ts";
import { ROOT } from "../lib/workbench/cli/root.ts";
import { requireServer } from "../lib/workbench/world/cluster/servers/find.ts";
import { startServer } from "../lib/workbench/world/cluster/servers/group.ts";

/** Time that workers have to start, ms. */
const START_TIME = 4000;

/** Document that a coordinator prints, as far as it is used. */
interface SwarmFigures {
  seconds: number;
  complete: boolean;
  workers: { runs: number; busy_seconds: number }[];
}

function swarm(...args: string[]): Deno.ChildProcess {
  const env = { DENO: Deno.execPath() };
  return new Deno.Command(`${ROOT}/maelstrom.sh`, { args: ["swarm", ...args], env, stdout: "piped", stderr: "null" })
    .spawn();
}

async function measure(url: string, count: number, seeds: number): Promise<string[]> {
  const name = `rate-${count}`;
  const workers = Array.from({ length: count }, () => swarm("--worker", url, "--name", name, "--jobs", "1"));
  await new Promise((resolve) => setTimeout(resolve, START_TIME));
  const coordinator = swarm("--coordinator", url, "--name", name, "--seed", "rate", "--seeds", String(seeds), "--json");
  const { stdout } = await coordinator.output();
  await Promise.all(workers.map((worker) => worker.output()));
  const { seconds, complete, workers: counted } = JSON.parse(new TextDecoder().decode(stdout)) as SwarmFigures;
  if (!complete) throw new Error(`The swarm of ${count} workers has not ended`);
  const busy = counted.reduce((sum, { busy_seconds }) => sum + busy_seconds, 0);
  const overhead = 1000 * (seconds * count - busy) / seeds;
  return [String(count), seconds.toFixed(1), (seeds / seconds).toFixed(2), (1000 * busy / seeds).toFixed(0)]
    .concat(overhead.toFixed(0));
}

async function main(): Promise<void> {
  const { workers = "1,2,3,4", seeds = "150" } = parseArgs(Deno.args, { string: ["workers", "seeds"] });
  const folder = await Deno.makeTempDir({ prefix: "rate-" });
  const env = { PATH: Deno.env.get("PATH") ?? "" };
  const server = await startServer("nats-server", { folder, bin: requireServer("nats-server", "nats"), env });
  try {
    const rows = [["workers", "seconds", "runs a second", "ms in a test", "overhead, ms"]];
    for (const count of workers.split(",")) {
      rows.push(await measure(server.url, Number(count), Number(seeds)));
      Deno.stderr.writeSync(new TextEncoder().encode(`${rows.at(-1)!.join("  ")}\n`));
    }
    // deno-lint-ignore no-console -- this is what the script is for
    console.log(columns(rows).join("\n"));
  } finally {
    await server.stop();
    await Deno.remove(folder, { recursive: true });
  }
}

if (import.meta.main) {
  await main();
  Deno.exit(0);
}

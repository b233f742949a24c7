/** A simulation with a watchdog that loses patience soon; the argument says who computes without end, and how. */

import { startWatchdog } from "../../../lib/workbench/hosts/watchdog.ts";
import { runSimulation } from "../../../lib/workbench/simulation.ts";
import { WORKLOADS } from "../../../lib/workbench/workloads/mod.ts";
import { runOptions } from "../stand_in.ts";

const LIMIT = 1000;
const { now } = performance;

/** What each node does when it is asked for an echo. */
const HANDLERS: Record<string, () => Promise<void>> = {
  async microtasks() {
    for (;;) await 0;
  },
  loop() {
    for (;;);
  },
  workbench: () => Promise.resolve(),
};

const handler = HANDLERS[Deno.args[0]!]!;
// As a person would try to end it.
Deno.addSignalListener("SIGTERM", () => {});
const stop = startWatchdog(LIMIT);
const options = { workload: WORKLOADS.echo!, nodes: ["ash", "elm"], concurrency: 2, timeLimit: 1, rate: 10 };
const { valid } = await runSimulation(runOptions(options), (node) =>
  node.on("echo", async ({ echo }) => {
    if (node.id === "elm") await handler();
    return { echo };
  }));
const since = now.call(performance);
while (now.call(performance) < since + 2 * LIMIT);
Deno.stdout.writeSync(new TextEncoder().encode(`${valid}\n`));
stop();
Deno.exit(0);

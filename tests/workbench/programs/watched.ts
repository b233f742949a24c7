/** Simulation with a short watchdog timeout. The argument selects the code that loops forever or runs for too long. */

import { loadProgram } from "../../../lib/workbench/world/hosts/in_process/program_module.ts";
import { startWatchdog, whileWriting } from "../../../lib/workbench/base/watchdog.ts";
import { runVirtualTest } from "../../../lib/workbench/engines/virtual_run.ts";
import type { Workload } from "../../../lib/workbench/workloads/workload.ts";
import { WORKLOADS } from "../../../lib/workbench/workloads/mod.ts";
import { runOptions } from "../run/stand_in.ts";

/** Timeout of the watchdog, ms. */
const LIMIT = 1000;
const { now } = performance;
const [how] = Deno.args;
const held = new Set<string>();

function hold(time: number): void {
  const since = now.call(performance);
  while (now.call(performance) < since + time);
}

/** Runs for longer than the watchdog's timeout, once for each `who`. */
function holdLong(who: string): void {
  if (!held.has(who)) hold(2 * LIMIT);
  held.add(who);
}

/** Actions of node elm when it receives an echo. */
const HANDLERS: Record<string, () => Promise<void>> = {
  async microtasks() {
    for (;;) await 0;
  },
  loop() {
    for (;;);
  },
  // Writes do not count as computing.
  async writes() {
    for (;;) await whileWriting(() => hold(3));
  },
  heldUp: () => Promise.resolve(whileWriting(() => holdLong("pipe"))),
};

/** Modules that never give their program. */
const MODULES: Record<string, string> = { import: "loops_at_import.ts", start: "loops_when_started.ts" };

/** Echo workload whose clients run for too long if the argument is `workbench`. */
const workload: Workload = {
  ...WORKLOADS.echo!,
  client(...args) {
    const client = WORKLOADS.echo!.client(...args);
    return {
      async invoke(invocation) {
        const completion = await client.invoke(invocation);
        if (how === "workbench") holdLong("client");
        return completion;
      },
    };
  },
};

// As a person would try to end it.
Deno.addSignalListener("SIGTERM", () => {});
const stop = startWatchdog(LIMIT);
const module = MODULES[how!];
if (module !== undefined) await loadProgram({ path: new URL(module, import.meta.url).pathname, args: [] });
const options = runOptions({ workload, nodes: ["ash", "elm"], concurrency: 2, timeLimitSeconds: 1, rate: 10 });
const { valid } = await runVirtualTest(options, (node) =>
  node.on("echo", async ({ echo }) => {
    if (node.id === "elm") await HANDLERS[how!]?.();
    return { echo };
  }));
if (how === "workbench") hold(2 * LIMIT);
Deno.stdout.writeSync(new TextEncoder().encode(`${valid}\n`));
stop();
Deno.exit(0);

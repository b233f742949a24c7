/**
 * `deno task swarm`: see {@linkcode runSwarm}.
 *
 * @module
 */

import { reportErrors } from "./main.ts";
import { RealClock } from "../world/clock.ts";
import { createMachine } from "../engines/real_machine.ts";
import { openPool } from "../search/swarm/pool.ts";
import { runSwarm } from "../search/swarm/swarm.ts";

if (import.meta.main) {
  const root = new URL("../../..", import.meta.url).pathname.replace(/\/$/, "");
  const machine = createMachine(decodeURIComponent(root));
  const resources = { machine, clock: new RealClock(), cores: navigator.hardwareConcurrency, openPool };
  Deno.exit(await reportErrors(() => runSwarm(Deno.args, resources), machine));
}

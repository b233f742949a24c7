/**
 * `deno task swarm`: see {@linkcode runSwarm}.
 *
 * @module
 */

import { createMachine } from "../engines/real_machine.ts";
import { openPool } from "../search/swarm/pool.ts";
import { runSwarm } from "../search/swarm/swarm.ts";
import { RealClock } from "../world/clock.ts";
import { reportErrors } from "./report_errors.ts";
import { ROOT } from "./root.ts";

if (import.meta.main) {
  const machine = createMachine(ROOT);
  const resources = { machine, clock: new RealClock(), cores: navigator.hardwareConcurrency, openPool };
  Deno.exit(await reportErrors(() => runSwarm(Deno.args, resources), machine));
}

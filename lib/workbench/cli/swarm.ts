/**
 * `deno task swarm`: see {@linkcode runSwarm}.
 *
 * @module
 */

import { reportErrors } from "./main.ts";
import { RealClock } from "../world/clock.ts";
import { machineEdge } from "../engines/machine.ts";
import { openPool } from "../search/swarm/pool.ts";
import { runSwarm } from "../search/swarm/swarm.ts";

if (import.meta.main) {
  const root = new URL("../../..", import.meta.url).pathname.replace(/\/$/, "");
  const edge = machineEdge(decodeURIComponent(root));
  const machine = { edge, clock: new RealClock(), cores: navigator.hardwareConcurrency, openPool };
  Deno.exit(await reportErrors(() => runSwarm(Deno.args, machine), edge));
}

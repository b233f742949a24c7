/**
 * `deno task swarm`: see {@linkcode runSwarm}.
 *
 * @module
 */

import { reportErrors } from "../../cli/main.ts";
import { RealClock } from "../../world/clock.ts";
import { machineEdge } from "../../cli/machine.ts";
import { openPool } from "./pool.ts";
import { runSwarm } from "./swarm.ts";

if (import.meta.main) {
  const root = new URL("../../../..", import.meta.url).pathname.replace(/\/$/, "");
  const edge = machineEdge(decodeURIComponent(root));
  const machine = { edge, clock: new RealClock(), cores: navigator.hardwareConcurrency, openPool };
  Deno.exit(await reportErrors(() => runSwarm(Deno.args, machine), edge));
}

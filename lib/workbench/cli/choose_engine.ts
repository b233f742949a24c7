/**
 * Choice of the engine that runs the tests of a command line.
 *
 * @module
 */

import { UsageError } from "../base/errors.ts";
import type { Engine } from "../engines/engine.ts";
import type { Machine } from "../engines/machine.ts";
import { findMaelstrom } from "../engines/maelstrom_engine.ts";
import type { FlagValues } from "../request/flags.ts";
import { serversHitBy } from "../run/nemesis/server_faults.ts";

/** An engine and its name. */
export interface NamedEngine {
  name: "processes" | "simulation" | "cluster" | "maelstrom";
  engine: Engine;
}

/** Flags that the real Maelstrom cannot follow, and why. */
const WORKBENCH_ONLY = {
  seed: "takes no --seed",
  strict: "has only its own verdict, not a --strict one",
} as const satisfies Partial<Record<keyof FlagValues, string>>;

/**
 * Chooses the simulation with `--sim`, else what `--engine` asks for. `auto` is the real Maelstrom if there is one and
 * the user gave none of the flags that it cannot follow.
 *
 * @throws {UsageError} The flags contradict each other, or the real Maelstrom cannot be used.
 */
export function chooseEngine(given: FlagValues, machine: Machine): NamedEngine {
  const wanted = given.engine ?? "auto";
  const ofServers = given.nemesis?.find((fault) => serversHitBy(fault) !== undefined);
  if (ofServers !== undefined && (wanted !== "cluster" || given.sim)) {
    throw new UsageError(
      `Cannot cause ${ofServers} without a cluster: expected ./maelstrom.sh up, and --engine cluster`,
    );
  }
  if (given.sim) {
    if (wanted === "auto" || wanted === "workbench") return { name: "simulation", engine: machine.engines.simulation };
    throw new UsageError(`Cannot use --sim with --engine ${wanted}: only the workbench simulates`);
  }
  if (wanted === "cluster") return { name: "cluster", engine: machine.engines.cluster };
  const processes: NamedEngine = { name: "processes", engine: machine.engines.processes };
  if (wanted === "workbench") return processes;
  const found = findMaelstrom(machine);
  if (wanted === "auto" && found === undefined) return processes;
  const refused = Object.entries(WORKBENCH_ONLY).find(([name]) => given[name as keyof FlagValues] !== undefined);
  if (wanted === "auto" && refused !== undefined) {
    machine.stderr(`Note: the real Maelstrom ${refused[1]}, so the workbench runs this\n`);
    return processes;
  }
  if (found === undefined) {
    throw new UsageError(
      "Cannot use --engine maelstrom: it is not installed; " +
        "run ./maelstrom.sh install, or set $MAELSTROM to its executable",
    );
  }
  if ("problem" in found) throw new UsageError(`Cannot use Maelstrom: ${found.problem}, or use --engine workbench`);
  if (refused !== undefined) {
    throw new UsageError(`Cannot use --${refused[0]} with --engine maelstrom: it ${refused[1]}`);
  }
  return { name: "maelstrom", engine: machine.engines.maelstrom(found.executable) };
}

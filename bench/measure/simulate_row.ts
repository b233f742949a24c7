/**
 * Simulation of a row, as its command runs it with `--sim`.
 *
 * @module
 */

import type { AnyNode } from "../../lib/node.ts";
import { ROOT } from "../../lib/workbench/cli/root.ts";
import { parseArguments } from "../../lib/workbench/request/arguments.ts";
import { createMachine } from "../../lib/workbench/engines/real_machine.ts";
import { runOptionsOf } from "../../lib/workbench/engines/workbench_run.ts";
import { loadProgram } from "../../lib/workbench/world/hosts/in_process/program_module.ts";
import { findModule } from "../../lib/workbench/request/challenges.ts";
import { createRequest } from "../../lib/workbench/request/request.ts";
import type { Results } from "../../lib/workbench/run/results.ts";
import type { RunOptions } from "../../lib/workbench/run/run.ts";
import { runVirtualTest } from "../../lib/workbench/engines/virtual_run.ts";
import type { Store } from "../../lib/workbench/run/store/store.ts";
import { challengeOf, type Row, wordsOf } from "./rows.ts";

/** Parts of a row that matter for a simulation. */
export type Simulated = Pick<Row, "id" | "flags" | "args">;

/**
 * Simulates a row once.
 *
 * @param store Receives the history and each message.
 * @param prepare Called with each node before the program.
 */
export async function simulateRow(
  row: Simulated,
  seed: string,
  store?: Store,
  prepare: (node: AnyNode) => void = () => {},
): Promise<Results> {
  const args = parseArguments(wordsOf(row).slice(1));
  const request = createRequest(challengeOf(row), args, createMachine(ROOT));
  const options: RunOptions = { ...runOptionsOf(request), seed };
  const program = await loadProgram(findModule(request.bin, request.args, ROOT));
  const prepared = (node: AnyNode) => {
    prepare(node);
    program(node);
  };
  return await runVirtualTest(options, prepared, { store });
}

/**
 * The engine for nodes in any language: runs a test in real time, each node a process, and stores it.
 *
 * @module
 */

import type { TestRequest } from "../request/request.ts";
import type { Results } from "../run/results.ts";
import { RealClock } from "../world/real_clock.ts";
import { nodeEnvironment } from "../world/hosts/process/environment.ts";
import { processWorld } from "../world/hosts/process/process.ts";
import { commandOf } from "../world/hosts/process/spawn.ts";
import type { EngineHooks } from "./engine.ts";
import { runInRealTime } from "./real_time_run.ts";

/**
 * Runs one test, each node a process.
 *
 * @throws {UsageError} The store cannot be written, the binary cannot be run, or a variable of `--env` is not set.
 * @throws {FailedError} The system has no room for the nodes' processes.
 */
export async function runWithProcesses(request: TestRequest, hooks: EngineHooks): Promise<Results> {
  const { bin, args, isModule, logStderr, options: { nodes } } = request;
  const env = nodeEnvironment(request.env);
  const program = commandOf({ bin, args, isModule });
  return await runInRealTime(request, hooks, ({ openNodeLog }) => {
    const clock = new RealClock();
    return processWorld({
      ...program,
      env,
      clock,
      openLog: (node) => openNodeLog(node, () => clock.now()),
      onStderr: logStderr ? hooks.log : undefined,
      isAlone: nodes.length === 1,
    });
  });
}

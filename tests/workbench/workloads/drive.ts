/**
 * Drives a workload against a stand-in node: one operation after another, by the workers in turn.
 *
 * @module
 */

import { openConnection } from "../../../lib/workbench/world/connection.ts";
import type { Operation } from "../../../lib/workbench/history/operation.ts";
import { seededRandom } from "../../../lib/workbench/world/random.ts";
import type {
  Invocation,
  Outcome,
  TestOptions,
  Workload,
  WorkloadClient,
} from "../../../lib/workbench/workloads/workload.ts";
import { standIn, type StandInNode, testOptions } from "../run/stand_in.ts";

/** Options for {@linkcode drive}. */
export interface Drive {
  workload: Workload;
  node: StandInNode;
  options?: Partial<TestOptions>;
  seed?: string;
  /** Operations in the main phase, and most operations in the final phase. */
  count: number;
  /** Milliseconds between operations. */
  interval?: number;
}

/** History of both phases, and the length of the main phase's part. */
export interface Driven {
  history: Operation[];
  main: number;
}

/** Runs the main phase and then the final phase. */
export async function drive(
  { workload, node, options = {}, seed = "drive", count, interval = 10 }: Drive,
): Promise<Driven> {
  const { clock, network, settle } = standIn(node);
  const test = testOptions(options);
  const history: Operation[] = [];
  const workers = Array.from({ length: test.concurrency }, (_, process) => ({ process, client: connect() }));
  let turn = 0;

  function connect(): WorkloadClient {
    return workload.client(openConnection(network, clock), "n0", test);
  }

  function record(
    invocation: Invocation,
    completion: Omit<Outcome, "type"> & { type: Operation["type"] },
    process: number,
  ) {
    const entry = { index: history.length, time: clock.now() * 1e6, process, ...invocation, ...completion };
    history.push({ ...entry, value: entry.value ?? null } as Operation);
    return history.at(-1)!;
  }

  async function phase(generator: ReturnType<Workload["generator"]>): Promise<void> {
    for (let step = 0; step < count; step++) {
      await clock.run(clock.now() + interval);
      const index = turn++ % workers.length;
      const worker = workers[index]!;
      const invocation = generator.next(index, worker.process);
      if (invocation === undefined) return;
      if (invocation === "pending") continue;
      const invoked = record(invocation, { type: "invoke" }, worker.process);
      generator.update?.(invoked, index);
      const completion = await settle(worker.client.invoke(invocation));
      const completed = record(invocation, completion, worker.process);
      generator.update?.(completed, index);
      if (completion.type !== "info") continue;
      worker.process += workers.length;
      if (!workload.reusable) worker.client = connect();
    }
  }

  const random = seededRandom(seed);
  await phase(workload.generator(test, random));
  const main = history.length;
  if (workload.final !== undefined) await phase(workload.final.generator(test, random, history.slice()));
  return { history, main };
}

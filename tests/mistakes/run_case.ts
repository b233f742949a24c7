/**
 * Runs the command of a case as a person would, and returns all that the person sees.
 *
 * @module
 */

import { main } from "../../lib/workbench/cli/main.ts";
import { ROOT } from "../../lib/workbench/cli/root.ts";
import type { Engine } from "../../lib/workbench/engines/engine.ts";
import type { Machine } from "../../lib/workbench/engines/machine.ts";
import { createMachine } from "../../lib/workbench/engines/real_machine.ts";
import { openRunStore, runOptionsOf } from "../../lib/workbench/engines/workbench_run.ts";
import { runTest } from "../../lib/workbench/run/run.ts";
import { VirtualClock } from "../../lib/workbench/world/virtual_clock.ts";
import { processWorld } from "../../lib/workbench/world/hosts/process/process.ts";
import { type FakeProgram, fakeSystem } from "./fake_process.ts";

/** A mistake, made on purpose. */
export interface Case {
  /** Words of the command after `./maelstrom.sh`. `NODE` stands for the program. */
  command: string;
  /** Program as a function, for a process in virtual time. */
  process?: FakeProgram;
  /** Program as the text of a file, by its name: a module for `--sim`, or a script for a real process. */
  file?: { name: string; text: string; mode?: number };
}

/** Runs a case in a folder of its own. */
export async function runCase({ command, process, file }: Case): Promise<string> {
  // Its path always has the same length, so that lines end at the same words.
  const folder = `/tmp/mistake-${crypto.randomUUID()}`;
  await Deno.mkdir(folder);
  try {
    const name = file?.name ?? "node";
    const path = `${folder}/${name}`;
    await Deno.writeTextFile(path, file?.text ?? "#!/bin/sh\n");
    await Deno.chmod(path, file?.mode ?? 0o755);
    let seen = "";
    const show = (text: string) => void (seen += text);
    const machine = fakeTerminal(show, process);
    const words = command.replace("NODE", path).split(" ").filter((word) => word !== "");
    const runs = /^(?:test|all|\d)/.test(command);
    const status = await main(runs ? withStore(words, folder) : words, machine);
    return masked(`$ ./maelstrom.sh ${command.replace("NODE", name)}\n${seen}\nexit status ${status}\n`, folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** Adds a seed and a store, before `--`. */
function withStore(words: readonly string[], folder: string): string[] {
  const end = words.includes("--") ? words.indexOf("--") : words.length;
  return [...words.slice(0, end), "--seed", "dune", "--store", `${folder}/store`, ...words.slice(end)];
}

/** This machine, but for its outputs, and for its processes if there is a program for them. */
function fakeTerminal(show: (text: string) => void, process: FakeProgram | undefined): Machine {
  const machine = createMachine(ROOT);
  return {
    ...machine,
    stdout: show,
    stderr: show,
    isTerminal: { stdout: false, stderr: false },
    every: () => () => {},
    onInterrupt: () => () => {},
    engines: { ...machine.engines, ...process === undefined ? {} : { processes: virtually(process) } },
  };
}

/** Engine of processes in virtual time. */
function virtually(program: FakeProgram): Engine {
  return async (request, { signal, log, progress }) => {
    const clock = new VirtualClock();
    const store = openRunStore(request);
    const world = processWorld({
      bin: request.bin,
      args: request.args,
      clock,
      openLog: store.openNodeLog,
      system: fakeSystem(program, clock),
    });
    const running = runTest(runOptionsOf(request), world, { signal, log, progress, store });
    try {
      return await clock.settle(running);
    } finally {
      store.close();
    }
  };
}

/** Replaces what differs between machines and between runs. */
function masked(text: string, folder: string): string {
  return text
    .replaceAll(folder, "~")
    .replaceAll(`${ROOT}/`, "./")
    .replaceAll(/--seed dune --store ~\/store |--store ~\/store /g, "")
    .replaceAll(/(store\/[\w-]+)\/\d{8}T\d{6}(-\d+)?/g, "$1/TIME")
    .replaceAll(/\n +(?:stored in|report|run again|trace) .*(?:\n {15}\S.*)*/g, "")
    .replaceAll(/(used) (?:less than 1|\d+) s of CPU/g, "$1 N s of CPU")
    .trimEnd() + "\n";
}

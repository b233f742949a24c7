/**
 * Runs nodes as processes, in whatever language: messages go in on stdin and come out on stdout, one a line; stderr is the log.
 *
 * Each process leads a group of its own (a session, where the system has them): a Ctrl-C in the terminal does not reach it, and what
 * it has started ends with it, unless that has left the group. When this process exits, the nodes are killed.
 *
 * @module
 */

import { tmpdir } from "node:os";
import type { Clock } from "../../clock.ts";
import { UsageError } from "../../../base/errors.ts";
import type { Network } from "../../network/network.ts";
import type { TestException } from "../../../base/test_exception.ts";
import type { World } from "../world.ts";
import { badLine, nodeCrashed, type NodeHost } from "../node_host.ts";
import { openInput } from "./input.ts";
import { parseLine } from "./message.ts";
import { readOutput } from "./output.ts";

/** How to start a node's process. */
export interface ProcessOptions {
  /** The program: an absolute path. */
  bin: string;
  /** Its arguments. */
  args: readonly string[];
  /** The file that gets a node's stderr. */
  logFile(node: string): string;
  /** Is given each line of stderr as well. */
  onStderr?(line: string): void;
}

/** How long to wait for the end of a process, which would explain what looks wrong, ms. */
const GRACE = 200;
/** How long a process that has ended, or was killed, may leave its output open, ms: someone it has started may hold it. */
const DRAIN = 1000;

/** The world in which each node is a process, in real time. */
export function processWorld({ clock, ...options }: ProcessOptions & { clock: Clock }): World {
  return {
    mode: "process",
    clock,
    // deno-lint-ignore require-await -- what startProcess throws is to be a rejection
    startNode: async (id, network, _random, onFailure) => startProcess(id, options, network, onFailure),
  };
}

/**
 * Starts a program as a node on a network, in the system's temporary folder.
 *
 * @param onFailure Is told, once, when the process ends by itself, prints what is not a message, or cannot be reached any more.
 * @throws {UsageError} The program cannot be started.
 */
export function startProcess(
  id: string,
  options: ProcessOptions,
  network: Pick<Network, "attach" | "detach" | "send">,
  onFailure: (failure: TestException) => void,
): NodeHost {
  const logFile = options.logFile(id);
  // A node that starts again goes on with its log.
  const log = Deno.openSync(logFile, { append: true, create: true });
  const child = spawn(options, log);
  const failure = failOnce(onFailure);
  let paused = false;
  const drained = new AbortController();
  const stdout = readOutput("stdout", child.stdout, {
    onLine(line) {
      const problem = failure.over ? undefined : sendLine(line, network);
      if (problem !== undefined) failure.soon(() => badLine(id, line, problem));
    },
    onEndless: () => lost("printed a line of more than 64 MB on stdout"),
    signal: drained.signal,
  });
  const stderr = readOutput("stderr", child.stderr, {
    onLine: (line) => options.onStderr?.(`${id}: ${line}`),
    onEndless: () => lost("wrote a line of more than 64 MB to stderr"),
    signal: drained.signal,
    file: log,
  });
  const output = () => [stdout.report(), stderr.report(), `All of its stderr is in ${logFile}`].join("\n");
  const lost = (how: string) => failure.soon(() => nodeCrashed(id, how, output()));
  stdout.ended.then(() => lost("closed its stdout"));
  const input = openInput(child.stdin, {
    onClosed: () => lost("closed its stdin"),
    onBacklog: () => void (paused || lost("did not read its stdin, with more than 64 MB waiting,")),
  });
  network.attach(id, input.write);

  const exit = watchExit(child, async (status) => {
    const timeout = setTimeout(() => drained.abort(), DRAIN);
    await Promise.all([stdout.ended, stderr.ended]);
    clearTimeout(timeout);
    log.close();
    input.close();
    failure.now(nodeCrashed(id, status, output()));
  });
  return {
    id,
    output,
    pause() {
      paused = true;
      exit.signal("SIGSTOP");
    },
    resume() {
      paused = false;
      exit.signal("SIGCONT");
    },
    async stop() {
      failure.none();
      network.detach(id);
      input.close();
      await exit.force();
    },
  };
}

/** Reports the first failure, and no other. */
function failOnce(onFailure: (failure: TestException) => void) {
  let over = false;
  let timeout: ReturnType<typeof setTimeout> | undefined;
  function none(): void {
    over = true;
    clearTimeout(timeout);
  }
  function now(failure: TestException): void {
    if (over) return;
    none();
    onFailure(failure);
  }
  return {
    /** Whether there was one, or none is to be reported any more. */
    get over() {
      return over;
    },
    none,
    now,
    /** Reports a failure after a while, unless one that says more comes meanwhile. */
    soon(failure: () => TestException) {
      if (!over) timeout ??= setTimeout(() => now(failure()), GRACE);
    },
  };
}

/** Waits for the end of a process, and ends with it what it has started. */
function watchExit(child: Deno.ChildProcess, onExit: (how: string) => Promise<void>) {
  let exited = false;
  const kill = () => signalGroup(child, "SIGKILL");
  addEventListener("unload", kill);
  const done = child.status.then(async ({ code, signal }) => {
    exited = true;
    kill();
    removeEventListener("unload", kill);
    await onExit(signal === null ? `exited with status ${code}` : `was ended by signal ${signal}`);
  });
  return {
    /** Sends the process a signal if it is there, and all that it has started. */
    signal(name: Deno.Signal): void {
      if (!exited) signalGroup(child, name);
    },
    /** Kills the process if it is there, and resolves when all is over. */
    force(): Promise<void> {
      if (!exited) kill();
      return done;
    },
  };
}

function spawn({ bin, args }: ProcessOptions, log: Deno.FsFile): Deno.ChildProcess {
  try {
    return new Deno.Command(bin, {
      args: [...args],
      cwd: tmpdir(),
      stdin: "piped",
      stdout: "piped",
      stderr: "piped",
      detached: true,
    }).spawn();
  } catch (error) {
    log.close();
    throw new UsageError(`Cannot run ${bin}: ${spawnProblem(bin, error as Error)}`);
  }
}

/** Why a program cannot be started; of a script, it may be the program that its first line names. */
function spawnProblem(bin: string, error: Error): string {
  const missing = error instanceof Deno.errors.NotFound;
  if (missing || error instanceof Deno.errors.PermissionDenied) {
    const file = lookInto(bin);
    if (file === undefined) return missing ? "there is no such file" : "it may not be read";
    if (!file.executable) return "it is not executable, expected a program (try chmod +x)";
    const what = missing ? "does not exist here" : "cannot be executed";
    if (file.interpreter === undefined) return `it ${what}, expected a program that is built for this system`;
    const hint = file.interpreter.endsWith("\r") ? "; the lines of the script end with a carriage return" : "";
    return `its first line (#!) names ${JSON.stringify(file.interpreter)}, which ${what}${hint}`;
  }
  if (error.message.includes("os error 8")) {
    return "the system does not know how to, expected a program or a script whose first line names one (#!/usr/bin/env python3)";
  }
  return error.message;
}

/** Whether a file may be executed, and which program its first line names; undefined where there is no file to look into. */
function lookInto(path: string): { executable: boolean; interpreter: string | undefined } | undefined {
  try {
    const { mode } = Deno.statSync(path);
    using file = Deno.openSync(path);
    const start = new Uint8Array(256);
    const text = new TextDecoder().decode(start.subarray(0, file.readSync(start) ?? 0));
    return { executable: mode === null || (mode & 0o111) !== 0, interpreter: /^#![ \t]*([^ \t\n]+)/.exec(text)?.[1] };
  } catch {
    return undefined;
  }
}

function signalGroup(child: Deno.ChildProcess, name: Deno.Signal): void {
  try {
    Deno.kill(-child.pid, name);
  } catch {
    try {
      child.kill(name);
    } catch {
      // It has ended.
    }
  }
}

/** Puts a line on the network as a message; says what is wrong if it is none. */
function sendLine(line: string, network: Pick<Network, "send">): string | undefined {
  try {
    network.send(parseLine(line));
    return undefined;
  } catch (error) {
    return (error as Error).message;
  }
}

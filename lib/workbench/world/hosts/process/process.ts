/**
 * Runs nodes as processes, in any language: messages are lines on stdin and stdout, stderr is the log.
 *
 * 1. `spawn.ts` starts the process, or says why it cannot.
 * 2. `input.ts` writes messages to its stdin; `output.ts` reads its stdout and stderr; `message.ts` parses messages.
 * 3. Here the three are tied together, and the first failure is reported.
 * 4. `exit.ts` waits for the end of the process, and kills what it has started; `guardian.ts` does so if the workbench
 *    is killed.
 * 5. `diagnosis.ts` reports on a process that has ended or does not answer.
 *
 * @module
 */

import { stripVTControlCharacters } from "node:util";
import { formatSize } from "../../../base/size.ts";
import type { TestException } from "../../../base/test_exception.ts";
import type { Message } from "../../../../protocol.ts";
import { counted } from "../../../base/text.ts";
import type { Clock } from "../../clock.ts";
import type { Network } from "../../network/network.ts";
import { createErrorLog, type ErrorLog, loggedError } from "../error_log.ts";
import { badLine, nodeCrashed, type NodeHost } from "../node_host.ts";
import type { World } from "../world.ts";
import { diagnoseProcess, groupUsage, type Observed, reportLines, unfinishedLine, type Usage } from "./diagnosis.ts";
import { type Exit, watchExit } from "./exit.ts";
import { MAX_UNREAD, openInput, type ProcessInput } from "./input.ts";
import { explainLine, parseLine } from "./message.ts";
import { type NodeLog, type ProcessOutput, readOutput } from "./output.ts";
import { interpreterAdvice, type ProgramCommand, spawn } from "./spawn.ts";

/** Options for {@linkcode startProcess}. */
export interface ProcessOptions {
  /** Absolute path of the program. */
  bin: string;
  /** Arguments of the program. */
  args: readonly string[];
  /** Environment of the program. `@default nodeEnvironment()` */
  env?: Readonly<Record<string, string>>;
  /** Opens the log of a node's stderr. A node that starts again appends to its log. */
  openLog(node: string): NodeLog;
  /** Called with each line of stderr. */
  onStderr?(line: string): void;
  /** True if the test has no other node. `@default false` */
  isAlone?: boolean;
  /** The operating system; a test may have one of its own. */
  system?: System;
}

/**
 * Lines of a lone node that are handled in one turn of the event loop. The node gets the requests that follow from them
 * at the end of the turn, and works on them while the workbench handles its next lines. Where there are more nodes,
 * there is always one that works, and smaller batches would only cost time.
 */
const LINES_PER_TURN = 10;

/** The operating system, as far as a host of processes needs it. */
export interface System {
  /** Starts a program. */
  spawn(program: ProgramCommand): Pick<Deno.ChildProcess, "pid" | "stdin" | "stdout" | "stderr" | "status">;
  /** Waits for the end of a process, and then calls `onExit`. */
  watchExit(child: ReturnType<System["spawn"]>, onExit: (how: string) => Promise<void>): Pick<Exit, "signal" | "kill">;
  /** Returns the usage of the CPU by a process group; undefined if that is not known. */
  usage(group: number): Promise<Usage | undefined>;
  /** Returns the time, ms. */
  now(): number;
  /** Calls `callback` after a delay, ms, unless the function that it returns is called before. */
  after(delay: number, callback: () => void): () => void;
}

/** The system that this process runs on. */
const REAL_SYSTEM: System = {
  spawn,
  watchExit: (child, onExit) => watchExit(child as Deno.ChildProcess, onExit),
  usage: groupUsage,
  now: () => performance.now(),
  after(delay, callback) {
    const timer = setTimeout(callback, delay);
    return () => clearTimeout(timer);
  },
};

/** Time to wait for the exit of a process that looks broken, ms: its exit status says more. */
const EXIT_WAIT = 200;
/** Time that output may stay open after the end of a process, ms: a process that it has started may hold it. */
const DRAIN_TIMEOUT = 1000;

/**
 * Most characters that wait to be read by a paused process. It is less than {@linkcode MAX_UNREAD}, so that a process
 * has time to read them when it is resumed.
 */
const MAX_PAUSED = MAX_UNREAD / 2;

/** Creates the world in which each node is a process, in real time. */
export function processWorld({ clock, ...options }: ProcessOptions & { clock: Clock }): World {
  return {
    mode: "process",
    clock,
    // deno-lint-ignore require-await -- errors of startProcess become rejections
    startNode: async (id, network, _random, onFailure, note) => startProcess(id, options, network, onFailure, note),
  };
}

/** State of a running process. */
interface Running {
  readonly id: string;
  readonly network: Pick<Network, "attach" | "detach" | "send">;
  readonly log: NodeLog;
  readonly failures: FailureReporter;
  readonly errors: ErrorLog;
  stdout: ProcessOutput;
  stderr: ProcessOutput;
  /** The last message to it. */
  lastMessage: Message | undefined;
  isPaused: boolean;
}

/**
 * Starts a program as a node on a network, in the system's temporary folder.
 *
 * @param onFailure Called once, when the process ends without being stopped, prints a line that is not a message, or
 *   cannot be reached any more.
 * @param note Called with each message that is lost because too many wait for a paused process.
 * @throws {UsageError} The program cannot be started.
 * @throws {FailedError} The system has no room for another process.
 */
export function startProcess(
  id: string,
  options: ProcessOptions,
  network: Pick<Network, "attach" | "detach" | "send">,
  onFailure: (failure: TestException) => void,
  note: (exception: TestException) => void = () => {},
): NodeHost {
  const { system = REAL_SYSTEM } = options;
  const child = system.spawn(options);
  const startedAt = system.now();
  const reading = new AbortController();
  const node = createRunning(id, child, { ...options, system, network, signal: reading.signal, onFailure, note });
  const input = openInput(child.stdin, {
    onClosed: () => fail(node, "closed its stdin"),
    onBacklog: () => fail(node, `did not read its stdin, with ${formatSize(MAX_UNREAD)} of messages waiting,`),
  });
  network.attach(id, (message) => deliver(node, input, message), () => hasRoom(node, input, note));
  const exit = system.watchExit(child, async (how) => {
    await drain(node, reading);
    node.log.close();
    input.close();
    const advice = interpreterAdvice(options.bin) ?? (how.endsWith("status 0") ? READ_ON : undefined);
    reportEnd(node, how, advice, system.now() - startedAt, note);
  });
  return {
    id,
    diagnose: (asked) => diagnoseProcess(observed(node), asked, () => system.usage(child.pid)),
    unfinishedLine: () => unfinishedLine(node.stdout),
    pause: () => setPaused(node, exit, true),
    resume: () => setPaused(node, exit, false),
    stop() {
      node.failures.close();
      network.detach(id);
      input.close();
      return exit.kill();
    },
  };
}

function deliver(node: Running, input: ProcessInput, message: Message): void {
  node.lastMessage = message;
  input.write(message);
}

/** Parts of a running process. */
interface RunningParts extends Pick<ProcessOptions, "openLog" | "onStderr" | "isAlone"> {
  network: Running["network"];
  system: System;
  /** Stops reading its output. */
  signal: AbortSignal;
  onFailure: (failure: TestException) => void;
  note: (exception: TestException) => void;
}

function createRunning(id: string, child: ReturnType<System["spawn"]>, parts: RunningParts): Running {
  const { network, system, signal, openLog, onStderr, isAlone, onFailure, note } = parts;
  const log = openLog(id);
  const failures = createFailureReporter(onFailure, system.after);
  const errors = createErrorLog((entry) => note(loggedError(id, entry)));
  const stdout = readOutput(child.stdout, {
    onLine: (line, isUTF8) => sendLine(node, line, isUTF8),
    onTooLong: () => fail(node, "printed a line of more than 67 MB on stdout"),
    linesPerTurn: isAlone ? LINES_PER_TURN : Infinity,
    now: system.now,
    signal,
  });
  const stderr = readOutput(child.stderr, {
    onLine(line) {
      const text = stripVTControlCharacters(line);
      errors.take(text);
      onStderr?.(`${id}: ${text}`);
    },
    onTooLong: () => fail(node, "wrote a line of more than 67 MB to stderr"),
    signal,
    log,
  });
  stdout.ended.then(() => fail(node, "closed its stdout"));
  const node: Running = { id, network, log, failures, errors, stdout, stderr, lastMessage: undefined, isPaused: false };
  return node;
}

/** Number of lines on stderr, in all and in a second, from which on they are told as a flood. */
const FLOOD = { lines: 10_000, perSecond: 1000 };

/** Describes a flood of lines on stderr: writing them takes time, which looks like latency. */
function stderrFlood({ id, stderr }: Running, elapsed: number): TestException | undefined {
  const lines = stderr.lineCount();
  const seconds = Math.max(elapsed / 1000, 1);
  if (lines < FLOOD.lines || lines / seconds < FLOOD.perSecond) return undefined;
  const message = `Node ${id} wrote ${counted(lines, "line")} to stderr in ${seconds.toFixed(1)} s, which takes time ` +
    "that its answers wait for\nLog less, or nothing for each message";
  return { type: "stderr-flood", node: id, message, count: 1 };
}

/** Reads the rest of the output after the end of the process. */
async function drain({ stdout, stderr }: Running, reading: AbortController): Promise<void> {
  const timeout = setTimeout(() => reading.abort(), DRAIN_TIMEOUT);
  await Promise.allSettled([stdout.ended, stderr.ended]);
  clearTimeout(timeout);
}

function setPaused(node: Running, exit: Pick<Exit, "signal">, isPaused: boolean): void {
  node.isPaused = isPaused;
  exit.signal(isPaused ? "SIGSTOP" : "SIGCONT");
}

/** Returns false, and notes it, if too many messages wait for a paused node to take another one. */
function hasRoom(node: Running, input: ProcessInput, note: (exception: TestException) => void): boolean {
  if (!node.isPaused || input.unread() < MAX_PAUSED) return true;
  note(backlogFull(node.id));
  return false;
}

function backlogFull(node: string): TestException {
  const message =
    `Node ${node} is paused, and ${formatSize(MAX_PAUSED)} of messages wait for it: until it is resumed, ` +
    "further messages to it are lost, and count as sent but not as received";
  return { type: "backlog-full", node, message, count: 1 };
}

function sendLine({ id, network, failures }: Running, line: string, isUTF8: boolean): void {
  if (failures.isClosed) return;
  try {
    network.send(parseLine(line, isUTF8), id);
  } catch (error) {
    failures.reportSoon(() => badLine(id, "printed a line that is not a message", line, explainLine(id, line, error)));
  }
}

function fail(node: Running, how: string): void {
  node.failures.reportSoon(() => crash(node, how));
}

/** Reports the end of a process: a crash, unless it was stopped; the error at the end of its log; a flood. */
function reportEnd(
  node: Running,
  how: string,
  advice: string | undefined,
  elapsed: number,
  note: (exception: TestException) => void,
): void {
  const when = node.stdout.lineCount() === 0 ? " before it printed anything" : "";
  reportCrash(node, how + when, advice);
  node.errors.flush();
  const flood = stderrFlood(node, elapsed);
  if (flood !== undefined) note(flood);
}

const READ_ON = "Read messages from stdin until it ends, also while there are none";

function reportCrash(node: Running, how: string, advice?: string): void {
  if (!node.failures.isClosed) node.failures.reportNow(crash(node, how, advice));
}

function crash(node: Running, how: string, advice?: string): TestException {
  // Its last lines are in this report.
  node.errors.drop();
  return nodeCrashed(node.id, how, ...reportLines(observed(node)), advice);
}

function observed({ stdout, stderr, log, lastMessage }: Running): Observed {
  return { stdout, stderr, log, lastMessage };
}

/** Reporter of a node's first failure. */
interface FailureReporter {
  /** True after a failure was reported, or {@linkcode FailureReporter.close}. */
  readonly isClosed: boolean;
  /** Reports a failure. */
  reportNow(failure: TestException): void;
  /** Reports a failure after {@linkcode EXIT_WAIT}, unless another one is reported before that. */
  reportSoon(failure: () => TestException): void;
  /** Ends reporting: later failures are ignored. */
  close(): void;
}

function createFailureReporter(
  onFailure: (failure: TestException) => void,
  after: System["after"],
): FailureReporter {
  let isClosed = false;
  let cancel: (() => void) | undefined;
  function close(): void {
    isClosed = true;
    cancel?.();
  }
  function reportNow(failure: TestException): void {
    if (isClosed) return;
    close();
    onFailure(failure);
  }
  return {
    get isClosed() {
      return isClosed;
    },
    close,
    reportNow,
    reportSoon(failure) {
      if (!isClosed) cancel ??= after(EXIT_WAIT, () => reportNow(failure()));
    },
  };
}

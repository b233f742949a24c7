/**
 * Runs nodes as processes, in any language: messages are lines on stdin and stdout, stderr is the log.
 *
 * 1. `spawn.ts` starts the process, or says why it cannot.
 * 2. `input.ts` writes messages to its stdin; `output.ts` reads its stdout and stderr; `message.ts` parses messages.
 * 3. Here the three are tied together, and the first failure is reported.
 * 4. `exit.ts` waits for the end of the process, and kills what it has started; `guardian.ts` does so if the workbench
 *    is killed.
 *
 * @module
 */

import { stripVTControlCharacters } from "node:util";
import { formatSize } from "../../../base/size.ts";
import type { TestException } from "../../../base/test_exception.ts";
import type { Clock } from "../../clock.ts";
import type { Network } from "../../network/network.ts";
import { badLine, nodeCrashed, type NodeHost } from "../node_host.ts";
import type { World } from "../world.ts";
import { type Exit, watchExit } from "./exit.ts";
import { MAX_UNREAD, openInput, type ProcessInput } from "./input.ts";
import { parseLine } from "./message.ts";
import { type NodeLog, type ProcessOutput, readOutput } from "./output.ts";
import { spawn } from "./spawn.ts";

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
}

/**
 * Lines of a lone node that are handled in one turn of the event loop. The node gets the requests that follow from them
 * at the end of the turn, and works on them while the workbench handles its next lines. Where there are more nodes,
 * there is always one that works, and smaller batches would only cost time.
 */
const LINES_PER_TURN = 10;

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
  /** Its stdout and stderr. */
  outputs: readonly ProcessOutput[];
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
  const child = spawn(options);
  const log = options.openLog(id);
  const failures = createFailureReporter(onFailure);
  const node: Running = { id, network, log, failures, outputs: [], isPaused: false };
  const reading = new AbortController();
  node.outputs = readOutputs(node, child, options, reading.signal);
  const input = openInput(child.stdin, {
    onClosed: () => fail(node, "closed its stdin"),
    onBacklog: () => fail(node, `did not read its stdin, with ${formatSize(MAX_UNREAD)} of messages waiting,`),
  });
  network.attach(id, input.write, () => hasRoom(node, input, note));
  const exit = watchExit(child, async (how) => {
    await drain(node, reading);
    log.close();
    input.close();
    node.failures.reportNow(nodeCrashed(id, how, report(node)));
  });
  return {
    id,
    output: () => outputOf(node),
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

function readOutputs(
  node: Running,
  child: Deno.ChildProcess,
  { onStderr, isAlone }: ProcessOptions,
  signal: AbortSignal,
): ProcessOutput[] {
  const stdout = readOutput("stdout", child.stdout, {
    onLine: (line, isUTF8) => sendLine(node, line, isUTF8),
    onTooLong: () => fail(node, "printed a line of more than 67 MB on stdout"),
    linesPerTurn: isAlone ? LINES_PER_TURN : undefined,
    signal,
  });
  stdout.ended.then(() => fail(node, "closed its stdout"));
  const stderr = readOutput("stderr", child.stderr, {
    onLine: (line) => onStderr?.(`${node.id}: ${stripVTControlCharacters(line)}`),
    onTooLong: () => fail(node, "wrote a line of more than 67 MB to stderr"),
    signal,
    log: node.log,
  });
  return [stdout, stderr];
}

/** Reads the rest of the output after the end of the process. */
async function drain({ outputs }: Running, reading: AbortController): Promise<void> {
  const timeout = setTimeout(() => reading.abort(), DRAIN_TIMEOUT);
  await Promise.allSettled(outputs.map(({ ended }) => ended));
  clearTimeout(timeout);
}

function setPaused(node: Running, exit: Exit, isPaused: boolean): void {
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
    if (!isUTF8) throw new SyntaxError("it is not UTF-8 (here \ufffd stands for the bytes that are not)");
    network.send(parseLine(line), id);
  } catch (error) {
    failures.reportSoon(() => badLine(id, line, (error as Error).message));
  }
}

function fail(node: Running, how: string): void {
  node.failures.reportSoon(() => nodeCrashed(node.id, how, report(node)));
}

function report({ outputs, log: { path, isWhole } }: Running): string {
  const where = isWhole ? `All of its stderr is in ${path}` : `Its stderr is in ${path}, but not all of it`;
  return [...outputs.map((output) => output.report()), where].join("\n");
}

/** The report of a node that runs. If it has printed nothing, its messages may be in a buffer. */
function outputOf(node: Running): string {
  const [stdout] = node.outputs;
  if (!stdout!.isEmpty()) return report(node);
  return `${report(node)}\nIf it has printed a message: is its stdout flushed after each? docs/protocol.md says how`;
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

function createFailureReporter(onFailure: (failure: TestException) => void): FailureReporter {
  let isClosed = false;
  let timeout: ReturnType<typeof setTimeout> | undefined;
  function close(): void {
    isClosed = true;
    clearTimeout(timeout);
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
      if (!isClosed) timeout ??= setTimeout(() => reportNow(failure()), EXIT_WAIT);
    },
  };
}

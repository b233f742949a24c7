/**
 * The process host: each node is a process of its own, in any language, which speaks JSON lines over stdin and stdout.
 *
 * @module
 */

// @ts-types="../../../types/streams.d.ts"
import { TextLineStream } from "@std/streams/text-line-stream";
import { type Message, parseMessage } from "../../protocol.ts";
import { type Clock, RealClock } from "../clock.ts";
import type { Network } from "../network.ts";
import type { TestException } from "../results.ts";
import type { NodeHost, World } from "../run.ts";

/** How to start the nodes' processes. */
export interface ProcessOptions {
  /** The program: an absolute path. */
  bin: string;
  /** Its arguments. */
  args: readonly string[];
  /** Where a node's stderr is written. */
  nodeLog(node: string): string;
  /** Takes each line of stderr as well; nowhere without. */
  onStderr?(node: string, line: string): void;
}

/** How many lines of stdout and stderr a report of a crash shows. */
const LAST_LINES = 32;
/** How much of a line a report shows, in characters. */
const MAX_LINE = 500;
/** How long a bad line waits for the end of the process that would explain it, ms. */
const CRASH_GRACE = 100;

/** A world of real processes in real time. */
export function processWorld(options: ProcessOptions, clock: Clock = new RealClock()): World {
  return {
    mode: "process",
    clock,
    startNode: (id, network, _random, onFailure) => startProcess(id, options, network, onFailure),
  };
}

/** A process under the host's care. */
interface NodeProcess {
  id: string;
  child: Deno.ChildProcess;
  options: ProcessOptions;
  network: Network;
  stdout: string[];
  stderr: string[];
  stopping: boolean;
  report(failure: TestException): void;
}

/**
 * Starts a program as a node of the network. The program runs in the system's temporary folder, in a process group of its own, so
 * that a signal from the terminal does not reach it, and its children end with it.
 *
 * @param onFailure Is told, once, when the program exits by itself or prints what is no message.
 * @throws {Error} The program cannot be started; the message says why.
 */
// deno-lint-ignore require-await -- whoever waits for a host should not have to know that this one is there at once
export async function startProcess(
  id: string,
  options: ProcessOptions,
  network: Network,
  onFailure: (failure: TestException) => void,
): Promise<NodeHost> {
  const child = spawn(id, options);
  const node: NodeProcess = {
    id,
    child,
    options,
    network,
    stdout: [],
    stderr: [],
    stopping: false,
    report(failure) {
      if (node.stopping) return;
      node.stopping = true;
      onFailure(failure);
    },
  };
  const input = createInput(child.stdin);
  network.attach(id, input.write);
  const outputs = Promise.all([readStdout(node), readStderr(node)]);
  const end = child.status.then(async (status) => {
    await outputs;
    node.report(crash(node, status));
  });
  return {
    id,
    async stop() {
      node.stopping = true;
      network.detach(id);
      input.close();
      killGroup(child.pid);
      await end;
    },
  };
}

function spawn(id: string, { bin, args }: ProcessOptions): Deno.ChildProcess {
  try {
    return new Deno.Command(bin, {
      args: [...args],
      cwd: temporaryFolder(),
      stdin: "piped",
      stdout: "piped",
      stderr: "piped",
      detached: true,
    }).spawn();
  } catch (error) {
    const text = (error as Error).message;
    const reason = text.includes("os error 8")
      ? "the system does not know how to run it (a script needs a first line such as #!/usr/bin/env python3)"
      : text;
    throw new Error(`Cannot start node ${id}: cannot run ${bin}: ${reason}`, { cause: error });
  }
}

function temporaryFolder(): string {
  return Deno.env.get("TMPDIR") ?? Deno.env.get("TEMP") ?? "/tmp";
}

/** Ends a process and all its descendants that stayed in its group. */
function killGroup(pid: number): void {
  try {
    Deno.kill(-pid, "SIGKILL");
  } catch {
    // It has ended by itself.
  }
}

/** Writes messages to a process; those of one turn together. Never waits: what the process does not read yet is kept. */
function createInput(stream: WritableStream<Uint8Array>): { write(message: Message): void; close(): void } {
  const writer = stream.getWriter();
  const encoder = new TextEncoder();
  let buffer = "";
  let pumping = false;
  // A process that has ended cannot be written to; its end is reported by its status.
  writer.closed.catch(() => {});
  async function pump(): Promise<void> {
    try {
      for (await null; buffer !== ""; await null) {
        const bytes = encoder.encode(buffer);
        buffer = "";
        await writer.write(bytes);
      }
    } catch {
      buffer = "";
    }
    pumping = false;
  }
  return {
    write(message) {
      buffer += JSON.stringify(message) + "\n";
      if (pumping) return;
      pumping = true;
      pump();
    },
    close() {
      writer.abort().catch(() => {});
    },
  };
}

async function readStdout(node: NodeProcess): Promise<void> {
  for await (const line of lines(node.child.stdout)) {
    keep(node.stdout, line);
    try {
      const message = parseMessage(line);
      if (message.src !== node.id) {
        throw new TypeError(`Cannot send: expected src to be the node's own id, got ${JSON.stringify(message.src)}`);
      }
      if (!node.stopping) node.network.send(message);
    } catch (error) {
      setTimeout(() => node.report(badLine(node, line, error as Error)), CRASH_GRACE);
    }
  }
}

async function readStderr(node: NodeProcess): Promise<void> {
  using log = await Deno.open(node.options.nodeLog(node.id), { write: true, create: true, truncate: true });
  const encoder = new TextEncoder();
  for await (const line of lines(node.child.stderr)) {
    keep(node.stderr, line);
    log.writeSync(encoder.encode(line + "\n"));
    node.options.onStderr?.(node.id, line);
  }
}

function lines(stream: ReadableStream<Uint8Array>): ReadableStream<string> {
  return stream.pipeThrough(new TextDecoderStream() as TransformStream<Uint8Array, string>)
    .pipeThrough(new TextLineStream());
}

function keep(last: string[], line: string): void {
  last.push(line);
  if (last.length > LAST_LINES) last.shift();
}

function clip(line: string): string {
  return line.length > MAX_LINE ? `${line.slice(0, MAX_LINE)}… (${line.length} characters)` : line;
}

function badLine({ id }: NodeProcess, line: string, error: Error): TestException {
  const message = `Node ${id} printed a line on stdout that is no message:\n\n  ${clip(line)}\n\n${error.message}\n` +
    'Expected one JSON object a line, {"src": …, "dest": …, "body": {"type": …, …}}; what is not for the network belongs on stderr';
  return { type: "bad-line", node: id, message, count: 1 };
}

function crash({ id, stdout, stderr, options }: NodeProcess, status: Deno.CommandStatus): TestException {
  const how = status.signal === null ? `exited with status ${status.code}` : `was ended by ${status.signal}`;
  const message = `Node ${id} ${how} during the test, expected it to run until it is stopped\n` +
    `${section("stdout", stdout)}\n${section("stderr", stderr)}\nAll of its stderr is in ${options.nodeLog(id)}`;
  return { type: "node-crashed", node: id, message, count: 1 };
}

function section(name: string, last: readonly string[]): string {
  if (last.length === 0) return `It wrote nothing to ${name}`;
  return `The last lines it wrote to ${name}:\n\n${last.map((line) => `  ${clip(line)}`).join("\n")}\n`;
}

/**
 * Node of a cluster whose program is a process of its own, in any language: messages are lines of its stdin and stdout.
 * The host of processes (`../hosts/process/`) has the parts, that of NATS (`nats_host.ts`) the life of the node.
 *
 * 1. The program starts in the process group of the bridge: what pauses or kills a node pauses or kills both. Its
 *    stderr is that of the bridge, the node's log.
 * 2. It gets its `init` from the host. Other messages wait until it has answered, except replies: it may ask a service
 *    first. A later `init`, as a test sends it, is answered here: no program expects a second one.
 * 3. Lines of its stdout are published. A line that is not a message is logged, and told on `CLUSTER.ID.bad-line`.
 * 4. If it ends, the bridge ends with its status. SIGTERM is passed on; a program that still runs 5 s later is killed.
 *
 * Run as a process, its arguments are the name of the cluster, that of the node, those of all nodes separated by
 * commas, and the command of the program. The environment has the addresses of NATS, and what is needed to be
 * let in.
 *
 * @module
 */

import type { Host } from "../../../host.ts";
import { type NatsNode, runOnNats } from "../../../cluster/nats_host.ts";
import type { NatsLink } from "../../../cluster/nats_link.ts";
import { logToStderr } from "../../../process_host.ts";
import type { Message } from "../../../protocol.ts";
import { createStats, type NodeStats } from "../../../stats.ts";
import { messageOf } from "../../base/errors.ts";
import { badLine, joinLines } from "../hosts/node_host.ts";
import { nodeEnvironment } from "../hosts/process/environment.ts";
import { diagnoseOutput } from "../hosts/process/diagnosis.ts";
import { MAX_UNREAD, openInput, type ProcessInput } from "../hosts/process/input.ts";
import { explainLine, parseLine } from "../hosts/process/message.ts";
import { type ProcessOutput, readOutput } from "../hosts/process/output.ts";
import { type ProgramCommand, spawn } from "../hosts/process/spawn.ts";
import { ownMark } from "./strays.ts";

/** Options for {@linkcode startBridge}. */
export interface BridgeOptions {
  /** Name of the node. */
  id: string;
  command: Pick<ProgramCommand, "bin" | "args" | "env">;
  host: Host;
  link: Pick<NatsLink, "tell" | "untilSent">;
  /** The operating system; a test may have one of its own. */
  system?: BridgeSystem;
}

/** Process of a program. */
export interface BridgedProcess {
  stdin: WritableStream<Uint8Array>;
  stdout: ReadableStream<Uint8Array>;
  status: Promise<Deno.CommandStatus>;
  kill(signal: Deno.Signal): void;
}

/** The operating system, as far as a bridge needs it. */
export interface BridgeSystem {
  /** Starts a program. */
  spawn(command: ProgramCommand): BridgedProcess;
  /** Calls `callback` after a delay, ms, unless the function that it returns is called before. */
  after(delay: number, callback: () => void): () => void;
}

/** The system that this process runs on. */
const REAL_SYSTEM: BridgeSystem = {
  spawn,
  after(delay, callback) {
    const timer = setTimeout(callback, delay);
    return () => clearTimeout(timer);
  },
};

/** Error of a program that has ended, or does not work as a node. */
export class ProgramFailedError extends Error {
  override name = "ProgramFailedError";
  /** Exit status of the program; 1 if it still runs. */
  readonly status: number;

  /** Creates the error. */
  constructor(message: string, status: number = 1) {
    super(message);
    this.status = status;
  }
}

/** Time that a program has to answer its `init`, ms: it may have to start a runtime, and to ask a service. */
const INIT_TIMEOUT = 60_000;
/** Time to wait for the end of a program that has closed a pipe, ms: its status says more. */
const EXIT_WAIT = 200;
/** Time that stdout may stay open after the end of the program, ms: a process that it has started may hold it. */
const DRAIN_TIMEOUT = 1000;
/** Characters that wait to be read by the program, at most; messages beyond are lost. */
const MAX_WAITING = MAX_UNREAD / 2;

/** State of a bridge. */
interface Bridge {
  readonly id: string;
  readonly host: Host;
  readonly link: BridgeOptions["link"];
  readonly system: BridgeSystem;
  readonly child: BridgedProcess;
  readonly input: ProcessInput;
  stdout: ProcessOutput;
  readonly stats: NodeStats;
  readonly incarnation: string;
  /** Ends the bridge, unless it is ending. */
  readonly fail: (error: ProgramFailedError) => void;
  /** The host's `init`; undefined before it has arrived. */
  init: Message | undefined;
  /** Messages that wait for the answer to `init`; undefined after it. */
  early: Message[] | undefined;
  /** Ends the wait for the answer to `init`. */
  cancelInit: () => void;
  /** True after a message in the name of another node has been logged. */
  hasForged: boolean;
}

/**
 * Starts a program as a node.
 *
 * @throws {FailedError} The program cannot be started, or the system has no room for another process.
 */
export function startBridge(options: BridgeOptions): NatsNode {
  const { id, command, host, link, system = REAL_SYSTEM } = options;
  const failed = Promise.withResolvers<never>();
  failed.promise.catch(() => {});
  const child = system.spawn({ ...command, isPart: true });
  const reading = new AbortController();
  const failSoon = (how: string) =>
    void system.after(EXIT_WAIT, () => failed.reject(new ProgramFailedError(`The program ${how}`)));
  const input = openInput(child.stdin, {
    onClosed: () => failSoon("closed its stdin"),
    onBacklog: () => failSoon("did not read its stdin"),
  });
  const bridge: Bridge = {
    id,
    host,
    link,
    system,
    child,
    input,
    stats: createStats(),
    incarnation: crypto.randomUUID().slice(0, 8),
    init: undefined,
    early: [],
    cancelInit() {},
    hasForged: false,
    fail: failed.reject,
    stdout: readOutput(child.stdout, {
      onLine: (line, isUTF8) => takeLine(bridge, line, isUTF8),
      onTooLong: () => failSoon("printed a line of more than 67 MB on stdout"),
      untilRoom: () => link.untilSent(),
      signal: reading.signal,
    }),
  };
  bridge.stdout.ended.then(() => failSoon("closed its stdout"));
  const ended = watchEnd(bridge, reading);
  return nodeOf(bridge, failed.promise, ended);
}

function nodeOf(bridge: Bridge, failed: Promise<never>, ended: Promise<void>): NatsNode {
  const { child, input, incarnation, stats } = bridge;
  let hasEnded = false;
  ended.then(() => hasEnded = true);
  const signal = (name: Deno.Signal) => {
    if (!hasEnded) child.kill(name);
  };
  return {
    incarnation,
    stats,
    failed,
    hasRoom: () => input.unread() < MAX_WAITING,
    receive: (message) => receive(bridge, message),
    idle() {
      bridge.cancelInit();
      signal("SIGTERM");
      return ended;
    },
    stop() {
      bridge.cancelInit();
      input.close();
      signal("SIGKILL");
    },
  };
}

/** Waits for the end of the program, and of its output. */
async function watchEnd({ child, stdout, fail, system }: Bridge, reading: AbortController): Promise<void> {
  const { code, signal } = await child.status;
  const cancel = system.after(DRAIN_TIMEOUT, () => reading.abort());
  await stdout.ended;
  cancel();
  const how = signal === null ? `exited with status ${code}` : `was ended by signal ${signal}`;
  fail(new ProgramFailedError(`The program ${how}`, code));
}

function receive(bridge: Bridge, message: Message): void {
  const { input, early, stats } = bridge;
  const { type, in_reply_to } = message.body;
  stats.received++;
  if (bridge.init === undefined) {
    bridge.init = message;
    bridge.cancelInit = bridge.system.after(INIT_TIMEOUT, () => void failInit(bridge));
    input.write(message);
  } else if (early === undefined) deliver(bridge, message);
  else if (typeof in_reply_to === "number" && type !== "init") input.write(message);
  else early.push(message);
}

function deliver({ id, input, host }: Bridge, message: Message): void {
  const { src, body: { type, msg_id } } = message;
  if (type === "init") host.send({ src: id, dest: src, body: { type: "init_ok", in_reply_to: msg_id } });
  else input.write(message);
}

/** Publishes a line of stdout. */
function takeLine(bridge: Bridge, line: string, isUTF8: boolean): void {
  const { id, host, link, stats } = bridge;
  let message: Message;
  try {
    // After the first line that is not UTF-8, a line with U+FFFD may be another one.
    message = parseLine(line, isUTF8 || !line.includes("\ufffd"));
  } catch (error) {
    const problem = badLine(id, "printed a line that is not a message", line, explainLine(id, line, error)).message;
    host.log("error", problem);
    return link.tell("bad-line", problem);
  }
  if (message.src !== id && !bridge.hasForged) {
    bridge.hasForged = true;
    host.log("warn", `Sent a message in the name of ${message.src}, expected "src": "${id}": it is sent as it is`);
  }
  stats.sent++;
  if (message.body.type === "error") stats.errors++;
  host.send(message);
  if (message.dest === bridge.init?.src && message.body.type === "init_ok") becomeReady(bridge);
}

/** Delivers the messages that have waited for the answer to `init`. */
function becomeReady(bridge: Bridge): void {
  const early = bridge.early ?? [];
  bridge.early = undefined;
  bridge.cancelInit();
  for (const message of early) deliver(bridge, message);
}

/** Fails because the program has not answered its `init`. */
async function failInit({ id, stdout, init, fail }: Bridge): Promise<void> {
  const nothing = () => Promise.resolve(undefined);
  const { cause, activity, advice } = await diagnoseOutput({ stdout, lastMessage: init }, "init", nothing);
  const problem = `The program did not answer the init of ${id} within ${INIT_TIMEOUT / 1000} s`;
  fail(new ProgramFailedError(joinLines(cause === undefined ? problem : `${problem}: ${cause}`, ...activity, advice)));
}

if (import.meta.main) {
  const [cluster, id, nodes, bin, ...args] = Deno.args as [string, string, string, string, ...string[]];
  const place = { cluster, id, nodes: nodes.split(",") };
  const command = { bin, args, env: { ...nodeEnvironment(), ...ownMark() } };
  try {
    await runOnNats((host, link) => startBridge({ id, command, host, link }), {
      ...place,
      // A test may have killed the server for a while.
      waitsForServer: true,
      debug: false,
    });
  } catch (error) {
    logToStderr("error", messageOf(error));
    Deno.exit(error instanceof ProgramFailedError ? error.status : 1);
  }
  Deno.exit();
}

/**
 * Processes that are functions, in virtual time: the host of processes runs as it is, but nothing is started. So a
 * mistake that takes a real node ten seconds takes none.
 *
 * @module
 */

import type { Message } from "../../lib/protocol.ts";
import type { VirtualClock } from "../../lib/workbench/world/virtual_clock.ts";
import type { System } from "../../lib/workbench/world/hosts/process/process.ts";

/** Process as its program sees it. */
export interface FakeProcess {
  /** Writes a text to stdout, as it is. */
  print(text: string): void;
  /** Writes a line to stderr. */
  log(line: string): void;
  /** Replies to a message; the reply is a line of its own. */
  reply(message: Message, body: Record<string, unknown>): void;
  exit(status: number): void;
  /** Computes without end: it reads no message any more. */
  loop(): void;
}

/** A program: called once for each process; what it returns gets each message. */
export type FakeProgram = (process: FakeProcess) => (message: Message) => void;

/** Creates a program from what it does for each type of message. It answers `init` unless `handlers` has that, too. */
export function program(handlers: Record<string, (process: FakeProcess, message: Message) => void>): FakeProgram {
  const all = { init: (process: FakeProcess, message: Message) => process.reply(message, {}), ...handlers };
  return (process) => (message) =>
    Object.entries(all).find(([type]) => type === message.body.type)?.[1](process, message);
}

/** Creates the system on which every process runs a program. */
export function fakeSystem(run: FakeProgram, clock: VirtualClock): System {
  const processes = new Map<number, ReturnType<typeof start>>();
  return {
    spawn() {
      const started = start(processes.size + 1, run);
      processes.set(started.child.pid, started);
      return started.child;
    },
    watchExit(child, onExit) {
      const done = child.status.then(({ code, signal }) =>
        onExit(signal === null ? `exited with status ${code}` : `was ended by signal ${signal}`)
      );
      const { end } = processes.get(child.pid)!;
      return {
        signal() {},
        kill() {
          end({ success: false, code: 137, signal: "SIGKILL" });
          return done;
        },
      };
    },
    usage(group) {
      const isComputing = processes.get(group)!.isComputing();
      return Promise.resolve({ isComputing, cpuSeconds: isComputing ? 5 : 0 });
    },
    now: () => clock.now(),
    after(delay, callback) {
      const timer = clock.schedule(clock.now() + delay, callback);
      return () => clock.cancel(timer);
    },
  };
}

/** A stream of text that can be written to and closed. Like the output of a process, it is one of bytes. */
function output() {
  const encoder = new TextEncoder();
  let controller: ReadableByteStreamController;
  const stream = new ReadableStream({ type: "bytes", start: (each) => void (controller = each) });
  return {
    stream: stream as Deno.ChildProcess["stdout"],
    write: (text: string) => controller.enqueue(encoder.encode(text)),
    close() {
      controller.close();
      // A read that waits ends only with this.
      controller.byobRequest?.respond(0);
    },
  };
}

function start(pid: number, run: FakeProgram) {
  const [stdout, stderr] = [output(), output()];
  const status = Promise.withResolvers<Deno.CommandStatus>();
  let state: "running" | "computing" | "ended" = "running";
  function end(how: Deno.CommandStatus): void {
    if (state === "ended") return;
    state = "ended";
    stdout.close();
    stderr.close();
    status.resolve(how);
  }
  const process: FakeProcess = {
    print: (text) => stdout.write(text),
    log: (line) => stderr.write(`${line}\n`),
    reply({ src, dest, body }, fields) {
      const reply = { src: dest, dest: src, body: { type: `${body.type}_ok`, in_reply_to: body.msg_id, ...fields } };
      stdout.write(`${JSON.stringify(reply)}\n`);
    },
    exit: (code) => end({ success: code === 0, code, signal: null }),
    loop() {
      state = "computing";
    },
  };
  const take = run(process);
  const decoder = new TextDecoder();
  const stdin = new WritableStream<Uint8Array<ArrayBuffer>>({
    write(bytes) {
      for (const line of decoder.decode(bytes).trimEnd().split("\n")) {
        if (state === "running") take(JSON.parse(line));
      }
    },
  });
  const child = { pid, stdin, stdout: stdout.stream, stderr: stderr.stream, status: status.promise };
  return { child, end, isComputing: () => state === "computing" };
}

/**
 * Nodes as shell scripts, for the tests of processes.
 *
 * @module
 */

import { delay } from "@std/async/delay";
import type { Body, Message } from "../../../../../lib/protocol.ts";
import { RealClock } from "../../../../../lib/workbench/world/real_clock.ts";
import type { NodeHost } from "../../../../../lib/workbench/world/hosts/node_host.ts";
import { type ProcessOptions, startProcess } from "../../../../../lib/workbench/world/hosts/process/process.ts";
import { createNetwork, type Network } from "../../../../../lib/workbench/world/network/network.ts";
import { seededRandom } from "../../../../../lib/workbench/world/random.ts";
import { openRunFiles } from "../../../../../lib/workbench/run/store/run_files.ts";
import type { TestException } from "../../../../../lib/workbench/base/test_exception.ts";

/** True if tests of processes are ignored: they need permissions and a Unix shell. */
export const IGNORED = Deno.build.os === "windows" ||
  (["run", "read", "write", "env", "sys"] as const).some((name) =>
    Deno.permissions.querySync({ name }).state !== "granted"
  );

/** Node, client, and records of both. */
export interface Rig {
  node: NodeHost;
  network: Network;
  /** Sends a message from the client to the node. */
  send(body: Body): void;
  /** Bodies that the client has received. */
  replies: Body[];
  /** Resolves when the client has received this many bodies. */
  answered(count: number): Promise<void>;
  /** Messages of the node in another's name. */
  forged: { sender: string; message: Message }[];
  failures: TestException[];
  /** Resolves with the first failure. */
  failure: Promise<TestException>;
  /** Lines of stderr. */
  stderr: string[];
  /** Resolves with the first line on stderr that contains this. */
  said(text: string): Promise<string>;
  /** Path of the log, `n0.log`. */
  folder: string;
}

/** Returns a function that opens the log of a node in a folder: `n0.log`. */
export function logsIn(folder: string): ProcessOptions["openLog"] {
  return (node) => openRunFiles(folder).openGrowing(`${node}.log`);
}

/** Starts a program as node n0. */
export function startRig(folder: string, bin: string, args: string[] = [], env?: Record<string, string>): Rig {
  const latency = { mean: 0, distribution: "constant" } as const;
  const forged: Rig["forged"] = [];
  const network = createNetwork({
    clock: new RealClock(),
    random: seededRandom("dune"),
    latency,
    onForged: (sender, message) => void forged.push({ sender, message }),
  });
  const replies: Body[] = [];
  const stderr: string[] = [];
  const failures: TestException[] = [];
  const failure = Promise.withResolvers<TestException>();
  const watchers = new Set<() => void>();
  /** Records a value, and resolves the promises that wait for it. */
  function note<T>(list: T[], value: T): void {
    list.push(value);
    for (const watcher of watchers) watcher();
  }
  function until<T>(find: () => T | undefined): Promise<T> {
    return new Promise((resolve) => {
      const watcher = () => {
        const found = find();
        if (found !== undefined) resolve(found);
      };
      watchers.add(watcher);
      watcher();
    });
  }
  network.attach("c0", ({ body }) => note(replies, body));
  const node = startProcess(
    "n0",
    { bin, args, env, openLog: logsIn(folder), onStderr: (line) => note(stderr, line) },
    network,
    (exception) => {
      failures.push(exception);
      failure.resolve(exception);
    },
  );
  return {
    node,
    network,
    send: (body) => network.send({ src: "c0", dest: "n0", body }),
    replies,
    answered: async (count) => void await until(() => replies[count - 1]),
    forged,
    failures,
    failure: failure.promise,
    stderr,
    said: (text) => until(() => stderr.find((line) => line.includes(text))),
    folder,
  };
}

/** Runs a test with a node that is this shell script, and stops it afterwards. */
export function testScript(name: string, script: string, test: (rig: Rig) => Promise<void>): void {
  Deno.test({
    name,
    ignore: IGNORED,
    async fn() {
      const folder = await Deno.makeTempDir();
      const rig = startRig(folder, "/bin/sh", ["-c", script]);
      try {
        await test(rig);
      } finally {
        await rig.node.stop();
        await Deno.remove(folder, { recursive: true });
      }
    },
  });
}

/** Returns the state of a process by `ps`: `"T…"` stopped, `"Z…"` a zombie, `""` none. */
export function stateOf(pid: number | string): string {
  const { stdout } = new Deno.Command("ps", { args: ["-o", "stat=", "-p", String(pid)] }).outputSync();
  return new TextDecoder().decode(stdout).trim();
}

/** Returns true if there is a process with this id that is not a zombie. */
export function runs(pid: number | string): boolean {
  return !/^Z|^$/.test(stateOf(pid));
}

/** Resolves when all processes have stopped. A signal has its effect when its process gets the processor. */
export async function untilStopped(pids: readonly number[]): Promise<void> {
  while (!pids.every((pid) => stateOf(pid).startsWith("T"))) await delay(20);
}

/** Resolves when all processes have ended. What was killed with a node ends a moment later than the node. */
export async function untilEnded(pids: readonly (number | string)[]): Promise<void> {
  while (pids.some(runs)) await delay(20);
}

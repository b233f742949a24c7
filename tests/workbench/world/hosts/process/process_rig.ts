/**
 * Nodes that are shell scripts, for the tests of processes.
 *
 * @module
 */

import type { Body } from "../../../../../lib/protocol.ts";
import { RealClock } from "../../../../../lib/workbench/world/clock.ts";
import type { NodeHost } from "../../../../../lib/workbench/world/hosts/node_host.ts";
import { startProcess } from "../../../../../lib/workbench/world/hosts/process/process.ts";
import { createNetwork, type Network } from "../../../../../lib/workbench/world/network/network.ts";
import { seededRandom } from "../../../../../lib/workbench/world/random.ts";
import type { TestException } from "../../../../../lib/workbench/base/test_exception.ts";

/** Whether tests of processes are left out: they need permissions, and a Unix shell. */
export const IGNORED = Deno.build.os === "windows" ||
  (["run", "read", "write", "env", "sys"] as const).some((name) =>
    Deno.permissions.querySync({ name }).state !== "granted"
  );

/** A node, a client, and all that comes of them. */
export interface Rig {
  node: NodeHost;
  network: Network;
  /** Sends a message from the client to the node. */
  send(body: Body): void;
  /** The bodies that the client has got. */
  replies: Body[];
  /** Resolves when the client has got so many. */
  answered(count: number): Promise<void>;
  failures: TestException[];
  /** Resolves with the first failure. */
  failure: Promise<TestException>;
  /** The lines of stderr. */
  stderr: string[];
  /** Resolves when there is a line on stderr with this in it, with the line. */
  said(text: string): Promise<string>;
  /** Where the log is: `n0.log`. */
  folder: string;
}

/** Starts a program as node n0. */
export function startRig(folder: string, bin: string, args: string[] = []): Rig {
  const latency = { mean: 0, distribution: "constant" } as const;
  const network = createNetwork({ clock: new RealClock(), random: seededRandom("dune"), latency });
  const replies: Body[] = [];
  const stderr: string[] = [];
  const failures: TestException[] = [];
  const failure = Promise.withResolvers<TestException>();
  const watchers = new Set<() => void>();
  /** Keeps a value, and looks whether somebody has waited for it. */
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
    { bin, args, logFile: (node) => `${folder}/${node}.log`, onStderr: (line) => note(stderr, line) },
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
    failures,
    failure: failure.promise,
    stderr,
    said: (text) => until(() => stderr.find((line) => line.includes(text))),
    folder,
  };
}

/** Tests with a node that is this shell script; afterwards it is stopped. */
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

/** What `ps` says of a process: `"T…"` is stopped, `"Z…"` has ended and is not cleared away yet, `""` is not there. */
export function stateOf(pid: number | string): string {
  const { stdout } = new Deno.Command("ps", { args: ["-o", "stat=", "-p", String(pid)] }).outputSync();
  return new TextDecoder().decode(stdout).trim();
}

/** Whether there is a process of that number, other than one that has ended and is not yet cleared away. */
export function runs(pid: number | string): boolean {
  return !/^Z|^$/.test(stateOf(pid));
}

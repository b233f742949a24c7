/**
 * NATS and etcd on the machines of a test (`namespaces.ts`), as `docs/machines.md` sets them up: a nats-server and a
 * member of etcd on each, with the files that `deploy/configure.sh` writes.
 *
 * @module
 */

import { ROOT } from "../lib/workbench/cli/root.ts";
import type { TestMachine } from "./namespaces.ts";

/** Machine whose servers run. */
export interface ServedMachine extends TestMachine {
  /** Folder of its configuration, data and logs. */
  readonly folder: string;
  /** Variables of `maelstrom.env`. */
  readonly env: Record<string, string>;
}

/**
 * Configures and starts the servers, and waits until those of every machine answer.
 *
 * @param folder Folder for all files.
 * @param flags Flags of `deploy/configure.sh`.
 */
export async function startServersOn(
  machines: readonly TestMachine[],
  folder: string,
  flags: readonly string[] = [],
): Promise<ServedMachine[]> {
  const configure = [`${ROOT}/deploy/configure.sh`, ...flags, ...machines.map(({ address }) => address)];
  await machines[0]!.run(["sh", ...configure], { cwd: folder });
  const served = await Promise.all(machines.map((machine) => settle(machine, `${folder}/${machine.name}`)));
  for (const machine of served) {
    await setKernel(machine);
    await startServers(machine);
  }
  await Promise.all(served.map((machine) => Promise.all([untilNatsAnswers(machine), untilEtcdAnswers(machine)])));
  return served;
}

/** Applies `deploy/sysctl.conf` to the network of a machine, as `sysctl` would. */
async function setKernel(machine: TestMachine): Promise<void> {
  const settings = (await Deno.readTextFile(`${ROOT}/deploy/sysctl.conf`)).matchAll(/^([\w.]+) = (\w+)$/gm);
  for (const [, name, value] of settings) {
    await machine.run(["sh", "-c", 'echo "$2" >"$1"', "sh", `/proc/sys/${name!.replaceAll(".", "/")}`, value!]);
  }
}

/** Starts the servers of a machine, which may have run before. */
export async function startServers(machine: ServedMachine): Promise<void> {
  const { folder } = machine;
  machine.start(["nats-server", "--config", `${folder}/nats.conf`], { log: `${folder}/nats.log` });
  machine.start(["etcd"], { log: `${folder}/etcd.log`, env: await readEnv(`${folder}/etcd.env`) });
}

/** Puts the files of a machine, which are for `/etc/maelstrom`, and its data into a folder of the test. */
async function settle(machine: TestMachine, folder: string): Promise<ServedMachine> {
  for (const file of ["nats.conf", "etcd.env", "maelstrom.env"]) {
    const path = `${folder}/${file}`;
    const text = await Deno.readTextFile(path);
    await Deno.writeTextFile(path, text.replaceAll(/\/etc\/maelstrom\/|\/var\/lib\//g, `${folder}/`));
  }
  return { ...machine, folder, env: await readEnv(`${folder}/maelstrom.env`) };
}

/** Reads a file of variables, as systemd does. */
export async function readEnv(path: string): Promise<Record<string, string>> {
  const lines = (await Deno.readTextFile(path)).split("\n").filter((line) => /^\w+=/.test(line));
  return Object.fromEntries(lines.map((line) => [line.slice(0, line.indexOf("=")), line.slice(line.indexOf("=") + 1)]));
}

/** A server with JetStream is healthy when it knows the leader of its cluster. */
async function untilNatsAnswers(machine: TestMachine): Promise<void> {
  await until(async () => (await get(machine, "8222/healthz")).includes('"ok"'));
}

async function untilEtcdAnswers(machine: TestMachine): Promise<void> {
  await until(async () => (await get(machine, "2381/health")).includes('"true"'));
}

/** Gets a page of a machine, from the machine itself. */
export function get(machine: TestMachine, page: string): Promise<string> {
  const script = 'exec 3<>"/dev/tcp/127.0.0.1/${1%%/*}"; printf "GET /%s HTTP/1.0\\r\\n\\r\\n" "${1#*/}" >&3; cat <&3';
  return machine.run(["timeout", "10", "bash", "-c", script, "get", page]);
}

/** Waits until a condition holds; an error means that it does not yet. */
export async function until(condition: () => Promise<boolean>): Promise<void> {
  while (!(await condition().catch(() => false))) await new Promise((resolve) => setTimeout(resolve, 50));
}

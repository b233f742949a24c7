/**
 * Machines for tests, on one machine: each is a network namespace of Linux with an address of its own, joined to the
 * others by a bridge, which is in one more namespace. A machine is cut off for real, by nftables in its namespace.
 *
 * It needs root, `ip` and `nft`. A test that cannot have them is ignored, with the reason in its name. At the end of a
 * test all processes in its namespaces are killed, and the namespaces removed; those that a killed test has left are
 * removed by the next one.
 *
 * @module
 */

import { reasonToIgnoreServers } from "./servers.ts";

/** Machine of a test. */
export interface TestMachine {
  /** Name, such as `n1`. */
  readonly name: string;
  /** Address, such as `10.0.0.1`. */
  readonly address: string;
  /** Command words that run what follows them on this machine. */
  readonly enter: readonly string[];
  /** Starts a command here, which ends at the end of the test at the latest. Its output goes to a file. */
  start(words: readonly string[], options: { env?: Record<string, string>; cwd?: string; log: string }): Started;
  /** Runs a command here, and returns what it prints. It fails with all output if the command does. */
  run(words: readonly string[], options?: { env?: Record<string, string>; cwd?: string }): Promise<string>;
  /** Drops all packets from and to the other machines. */
  cut(): Promise<void>;
  /** Ends the cut. */
  heal(): Promise<void>;
}

/** Command that runs. */
export interface Started {
  readonly pid: number;
  /** Resolves when it has ended. */
  readonly ended: Promise<Deno.CommandStatus>;
}

/** First part of the names of all namespaces. The second is the process of the test. */
const PREFIX = "maelstrom";

/** Rules of nftables that cut a machine off. It goes on hearing itself. */
const CUT = `
  table inet cut {
    chain input { type filter hook input priority 0; policy drop; iif lo accept; }
    chain output { type filter hook output priority 0; policy drop; oif lo accept; }
  }`;

const servers = ["nats-server", "etcd"] as const;

/** Reason why tests on machines are ignored; undefined if they run. */
const REASON = reasonToIgnoreServers(servers) ?? await reasonToIgnoreNamespaces();

/** Declares a test with nats-server and etcd on machines. If it is ignored, its name says why. */
export function testOnMachines(
  name: string,
  names: readonly string[],
  fn: (machines: TestMachine[], folder: string) => Promise<void>,
): void {
  const shown = REASON === undefined ? name : `${name} (ignored: ${REASON})`;
  Deno.test({ name: shown, ignore: REASON !== undefined, fn: () => withMachines(names, fn) });
}

/** Runs a function with machines and a folder for their files; afterwards all of them are gone. */
export async function withMachines(
  names: readonly string[],
  fn: (machines: TestMachine[], folder: string) => Promise<void>,
): Promise<void> {
  await removeLeft();
  const folder = await Deno.makeTempDir({ prefix: "machines-" });
  const group = `${PREFIX}-${Deno.pid}-${crypto.randomUUID().slice(0, 8)}`;
  try {
    const bridge = `${group}-bridge`;
    await addNamespace(bridge);
    await ip("-n", bridge, "link", "add", "bridge", "type", "bridge");
    await ip("-n", bridge, "link", "set", "bridge", "up");
    const machines: TestMachine[] = [];
    for (const [index, name] of names.entries()) machines.push(await addMachine(group, name, `10.0.0.${index + 1}`));
    await fn(machines, folder);
  } finally {
    await removeNamespaces((name) => name.startsWith(`${group}-`));
    await Deno.remove(folder, { recursive: true });
  }
}

async function addNamespace(name: string): Promise<void> {
  await ip("netns", "add", name);
  await ip("-n", name, "link", "set", "lo", "up");
}

async function addMachine(group: string, name: string, address: string): Promise<TestMachine> {
  const [namespace, bridge] = [`${group}-${name}`, `${group}-bridge`];
  await addNamespace(namespace);
  await ip("-n", namespace, "link", "add", "eth0", "type", "veth", "peer", "name", name, "netns", bridge);
  await ip("-n", bridge, "link", "set", name, "master", "bridge", "up");
  await ip("-n", namespace, "address", "add", `${address}/24`, "dev", "eth0");
  await ip("-n", namespace, "link", "set", "eth0", "up");
  const enter = ["ip", "netns", "exec", namespace];
  const run: TestMachine["run"] = (words, options) => execute([...enter, ...words], options);
  return {
    name,
    address,
    enter,
    start: (words, { log, ...options }) => start([...enter, ...words], log, options),
    run,
    cut: async () => void await run(["nft", CUT]),
    heal: async () => void await run(["nft", "delete table inet cut"]),
  };
}

/** Starts a command whose output the shell appends to a file, so that nobody has to read it. */
function start(
  words: readonly string[],
  log: string,
  options: { env?: Record<string, string>; cwd?: string },
): Started {
  const [bin, args] = ["sh", ["-c", 'log=$1; shift; exec "$@" >>"$log" 2>&1', "sh", log, ...words]];
  const child = new Deno.Command(bin, { ...options, args, stdin: "null", stdout: "null", stderr: "null" }).spawn();
  return { pid: child.pid, ended: child.status };
}

async function execute(
  [bin, ...args]: readonly string[],
  options: { env?: Record<string, string>; cwd?: string } = {},
): Promise<string> {
  const { code, stdout, stderr } = await new Deno.Command(bin!, { ...options, args, stdin: "null" }).output();
  const [out, err] = [stdout, stderr].map((bytes) => new TextDecoder().decode(bytes));
  if (code !== 0) throw new Error(`${bin} ${args.join(" ")} ended with ${code}:\n${out}${err}`);
  return out!;
}

function ip(...words: string[]): Promise<string> {
  return execute(["ip", ...words]);
}

/** Removes the namespaces of tests whose processes have ended. */
async function removeLeft(): Promise<void> {
  await removeNamespaces((name) => {
    const [, pid] = new RegExp(`^${PREFIX}-(\\d+)-`).exec(name) ?? [];
    return pid !== undefined && !isRunning(pid);
  });
}

async function removeNamespaces(isOurs: (name: string) => boolean): Promise<void> {
  const names = (await ip("netns", "list")).split("\n").map((line) => line.split(" ")[0]!).filter(isOurs);
  for (const name of names) {
    // A process may start another one meanwhile.
    for (let pids = await pidsOf(name); pids.length > 0; pids = await pidsOf(name)) pids.forEach(kill);
    await ip("netns", "delete", name);
  }
}

/** Processes in a namespace. */
async function pidsOf(name: string): Promise<number[]> {
  const pids = (await ip("netns", "pids", name)).split("\n").filter((line) => line !== "");
  return pids.filter(isRunning).map(Number);
}

/** True while a process runs; one that has ended but was not waited for does not count. */
function isRunning(pid: string): boolean {
  try {
    return !/^State:\s+[ZX]/m.test(Deno.readTextFileSync(`/proc/${pid}/status`));
  } catch {
    return false;
  }
}

function kill(pid: number): void {
  try {
    Deno.kill(pid, "SIGKILL");
  } catch {
    // It has ended.
  }
}

/** Tries it: a container may have root, but not the right to make namespaces, or a kernel without nftables. */
async function reasonToIgnoreNamespaces(): Promise<string | undefined> {
  if (Deno.build.os !== "linux") return "needs network namespaces of Linux";
  const name = `${PREFIX}-${Deno.pid}-probe`;
  try {
    await ip("netns", "add", name);
    await execute(["ip", "netns", "exec", name, "nft", CUT]);
    return undefined;
  } catch (error) {
    return `cannot make and cut network namespaces: ${(error as Error).message.replaceAll(/\s+/g, " ").trim()}`;
  } finally {
    await ip("netns", "delete", name).catch(() => {});
  }
}

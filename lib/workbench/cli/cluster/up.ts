/**
 * `up CHALLENGE` and `up --bin FILE`: start a cluster, whose nodes are services on NATS, or the part of one that is on
 * this machine. It runs until `down`.
 *
 * @module
 */

import { expectedOneOf, FailedError, messageOf, UsageError } from "../../base/errors.ts";
import type { Machine } from "../../engines/machine.ts";
import { parseArguments } from "../../request/arguments.ts";
import { type Challenge, CHALLENGE_NAMES, findChallenge } from "../../request/challenges.ts";
import { clusterProgram } from "../../request/cluster_program.ts";
import { scriptPath, shellWord } from "../../request/command_line.ts";
import { splitLogin } from "../../../cluster/login.ts";
import type { Flag, ValuesOf } from "../../request/flag.ts";
import { readAccess } from "../../world/cluster/access.ts";
import { findProgram } from "../../request/request.ts";
import { CLUSTER_FOLDER, type ClusterPlan, type ClusterState, describeProgram } from "../../world/cluster/state.ts";
import { PLACEMENT_FLAGS, placementOf } from "./placement.ts";
import { EXIT_STATUS } from "../../base/exit_status.ts";
import { counted } from "../../base/text.ts";

/** The most servers of one kind: etcd's own advice. */
const MOST_SERVERS = 7;

/** The flags of `up`. */
export const UP_FLAGS = [
  {
    name: "bin",
    kind: "text",
    placeholder: "FILE",
    help: "Program of your own, in any language, as for test; its arguments go after --",
    origin: "workbench",
  },
  ...PLACEMENT_FLAGS,
  {
    name: "nats",
    kind: "list",
    placeholder: "URLS",
    help: "Addresses of your own NATS, with JetStream, comma-separated; $NATS_URL by default, else it is started",
    origin: "workbench",
  },
  {
    name: "etcd",
    kind: "list",
    placeholder: "URLS",
    help: "Addresses of your own etcd, comma-separated; $ETCD_URL by default, else it is started",
    origin: "workbench",
  },
  {
    name: "nats-servers",
    kind: "integer",
    placeholder: "NUMBER",
    default: "1",
    least: 1,
    most: MOST_SERVERS,
    help: "Number of nats-servers that are started; 1 by default, 3 to go on without one of them",
    origin: "workbench",
  },
  {
    name: "etcd-members",
    kind: "integer",
    placeholder: "NUMBER",
    default: "1",
    least: 1,
    most: MOST_SERVERS,
    help: "Number of members of etcd that are started; 1 by default, 3 to go on without one of them",
    origin: "workbench",
  },
  {
    name: "cluster",
    kind: "text",
    placeholder: "NAME",
    default: "maelstrom",
    help: "Name of the cluster: the first part of its subjects and keys; maelstrom by default",
    origin: "workbench",
  },
  {
    name: "foreground",
    kind: "switch",
    help: "Run until SIGTERM or Ctrl-C; if a process crashes, end all with status 1: for systemd and containers",
    origin: "workbench",
  },
] as const satisfies readonly Flag[];

/** Paragraphs of the help of `up`. */
export const UP_NOTES: readonly string[] = [
  "It starts nats-server and etcd, unless you name yours, then lin-kv, seq-kv, lww-kv and lin-tso, and the nodes. " +
  "All of them listen on 127.0.0.1, and keep their data and logs in .cluster/, which down removes.",
  "For one cluster on several machines, run up on each, with the same servers and --nodes, and its own --here and " +
  "--listen. A test on any of them tests the whole.",
  "A test uses the cluster with --engine cluster: ./maelstrom.sh kafka --engine cluster. docs/cluster.md has the rest.",
  "With --bin, the nodes run a program of your own: up --bin ./my_node --nodes 3, and then test -w broadcast " +
  "--bin ./my_node --engine cluster.",
];

/** Schemes of the addresses of each server. */
const SCHEMES = { nats: /^(nats|tls):\/\/[^\s,]+$/, etcd: /^https?:\/\/[^\s,]+$/ };

/**
 * Starts a cluster.
 *
 * @param words What was written after the command.
 * @returns The exit status.
 * @throws {UsageError} The arguments are bad.
 * @throws {FailedError} A cluster runs already, or this one cannot be started.
 */
export async function up(words: readonly string[], machine: Machine): Promise<number> {
  const parsed = parseWords(words);
  const plan = createPlan(parsed, machine);
  const { clusters } = machine;
  await rejectRunning(clusters.state(), machine);
  const ending = new AbortController();
  const stopListening = machine.onInterrupt(() => ending.abort());
  const tell = (line: string) =>
    line === "ready" ? machine.stdout(readyText(plan, parsed, scriptOf(machine))) : machine.stderr(`${line}\n`);
  try {
    const problem = await clusters.start(plan, tell, ending.signal);
    if (problem !== undefined) {
      machine.stderr(`${problem}\nThis part of the cluster has ended; its logs are in ${plan.folder}\n`);
      return EXIT_STATUS.failed;
    }
    if (plan.isForeground) clusters.remove();
    return EXIT_STATUS.passed;
  } catch (error) {
    if (!ending.signal.aborted) throw error;
    machine.stderr(`${messageOf(error)}\n`);
    return EXIT_STATUS.interrupted;
  } finally {
    stopListening();
  }
}

/** `maelstrom.sh`, as it is called in the folder that the command was given in. */
function scriptOf({ root, files }: Machine): string {
  return shellWord(scriptPath(root, files.inspect(".").path));
}

function readyText(plan: ClusterPlan, { given: { bin }, ownArgs }: UpWords, script: string): string {
  const { challenge, program, nodes, here, isForeground } = plan;
  const test = [
    challenge === null ? `${script} test -w WORKLOAD` : `${script} ${challenge}`,
    ...bin === undefined ? [] : ["--bin", shellWord(bin)],
    "--engine cluster",
    ...ownArgs.length === 0 ? [] : ["--", ...ownArgs.map(shellWord)],
  ].join(" ");
  const isPart = here.length < nodes.length;
  const others = isPart ? `; ${nodes.filter((name) => !here.includes(name)).join(", ")} on other machines` : "";
  return [
    `${challenge === null ? program.path : `Challenge ${challenge}`} runs on ${here.join(", ")}${others}`,
    "",
    `  ${test}   tests ${isPart ? "the whole cluster" : "it"}`,
    `  ${`${script} status`.padEnd(test.length)}   shows its processes`,
    `  ${(isForeground ? "Ctrl-C" : `${script} down`).padEnd(test.length)}   ends ${isPart ? "this part of it" : "it"}`,
    "",
  ].join("\n");
}

/** Words after `up`. */
interface UpWords {
  given: ValuesOf<typeof UP_FLAGS>;
  /** Null if only a program is named. */
  challenge: Challenge | null;
  /** Arguments of the program. */
  ownArgs: readonly string[];
}

function parseWords(words: readonly string[]): UpWords {
  const { given, positional: [word, extra], positional, program } = parseArguments(words, UP_FLAGS);
  if (extra !== undefined) throw new UsageError(`Cannot use ${extra} with up: expected one challenge`);
  const challenge = word === undefined && given.bin !== undefined ? null : challengeOf(word);
  return { given, challenge, ownArgs: program.slice(positional.length) };
}

function createPlan({ given, challenge, ownArgs }: UpWords, machine: Machine): ClusterPlan {
  const { root } = machine;
  const bin = given.bin ?? `${root}/challenges/bin/${challenge!.program}`;
  const { cluster = "maelstrom", foreground: isForeground = false } = given;
  if (!/^\w[\w-]*$/.test(cluster)) {
    throw new UsageError(`Cannot use --cluster ${JSON.stringify(cluster)}: expected letters, digits, - and _`);
  }
  const servers = serversOf(given, machine);
  return {
    root,
    folder: `${root}/${CLUSTER_FOLDER}`,
    cluster,
    challenge: challenge?.id ?? null,
    program: clusterProgram({ ...findProgram(bin, false, machine), args: [...ownArgs] }, machine),
    ...placementOf(given, servers),
    isForeground,
    ...servers,
    access: readAccess(machine.env, (path) => machine.files.inspect(path).path),
  };
}

/** Addresses of servers that run, and numbers of those to start. */
function serversOf(
  given: { [name in "nats" | "etcd"]?: readonly string[] } & { [name in "nats-servers" | "etcd-members"]?: number },
  machine: Machine,
): Pick<ClusterPlan, "nats" | "etcd" | "natsServers" | "etcdMembers"> {
  const nats = addressesOf("nats", given.nats, machine.env("NATS_URL"));
  const etcd = addressesOf("etcd", given.etcd, machine.env("ETCD_URL"));
  for (const [flag, addresses, name] of [["nats-servers", nats, "nats"], ["etcd-members", etcd, "etcd"]] as const) {
    if (given[flag] === undefined || addresses === undefined) continue;
    throw new UsageError(
      `Cannot use --${flag} with servers that run: --${name} or $${name.toUpperCase()}_URL names them`,
    );
  }
  return { nats, etcd, natsServers: given["nats-servers"], etcdMembers: given["etcd-members"] };
}

function challengeOf(word: string | undefined): Challenge {
  if (word === undefined) {
    throw new UsageError("Missing challenge: expected up CHALLENGE, such as up kafka, or up --bin FILE");
  }
  const challenge = findChallenge(word);
  if (challenge === undefined) throw new UsageError(`Cannot find ${word}: ${expectedOneOf(word, CHALLENGE_NAMES)}`);
  return challenge;
}

/** Addresses from a flag, else from a variable. Other users see flags, so a password may be in the variable only. */
function addressesOf(
  name: keyof typeof SCHEMES,
  given: readonly string[] | undefined,
  variable: string | undefined,
): readonly string[] | undefined {
  const addresses = given ?? (variable === undefined || variable === "" ? undefined : variable.split(","));
  const bad = addresses?.find((address) => !SCHEMES[name].test(address));
  if (bad !== undefined) {
    const expected = name === "nats" ? "nats://HOST:PORT" : "http://HOST:PORT";
    const shown = JSON.stringify(splitLogin([bad]).servers[0]);
    throw new UsageError(`Cannot use the address ${shown} for ${name}: expected ${expected}`);
  }
  if (name === "etcd" && addresses?.some((address) => address.includes("@"))) {
    throw new UsageError("Cannot use a password in the address of etcd: set $ETCD_USER to user:password");
  }
  if (given?.some((address) => address.includes("@"))) {
    throw new UsageError(
      "Cannot use --nats with a password: other users of this machine can see it; set $NATS_URL instead",
    );
  }
  return addresses;
}

/** A state may be left of a cluster that was killed: then a new one takes its place. */
async function rejectRunning(state: ClusterState | undefined, machine: Machine): Promise<void> {
  if (state === undefined) return;
  if (!await machine.clusters.isRunning(state)) return;
  const what = state.isReady ? "one runs here already" : "one is being started here";
  throw new FailedError(
    `Cannot start a cluster: ${what}, ${describeProgram(state)} on ${counted(state.here.length, "node")}; ` +
      `end it with ${scriptOf(machine)} down`,
  );
}

/**
 * `up CHALLENGE`: starts a cluster on this machine, whose nodes are services on NATS. It runs until `down`.
 *
 * @module
 */

import { expectedOneOf, FailedError, UsageError } from "../../base/errors.ts";
import type { Machine } from "../../engines/machine.ts";
import { parseArguments } from "../../request/arguments.ts";
import { type Challenge, CHALLENGE_NAMES, findChallenge, findModule } from "../../request/challenges.ts";
import type { Flag } from "../../request/flag.ts";
import { UnreachableError } from "../../world/cluster/control.ts";
import { CLUSTER_FOLDER, type ClusterPlan, type ClusterState } from "../../world/cluster/state.ts";
import { EXIT_STATUS } from "../exit_status.ts";

/** The flags of `up`. */
export const UP_FLAGS = [
  {
    name: "nodes",
    kind: "integer",
    placeholder: "NUMBER",
    default: "3",
    least: 1,
    most: 100,
    help: "Number of nodes: n0, n1, …; 3 by default",
    origin: "workbench",
  },
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
    name: "cluster",
    kind: "text",
    placeholder: "NAME",
    default: "maelstrom",
    help: "Name of the cluster: the first part of its subjects and keys; maelstrom by default",
    origin: "workbench",
  },
] as const satisfies readonly Flag[];

/** Paragraphs of the help of `up`. */
export const UP_NOTES: readonly string[] = [
  "It starts nats-server and etcd, unless you name yours, then lin-kv, seq-kv, lww-kv and lin-tso, and the nodes. " +
  "All of them listen on 127.0.0.1, and keep their data and logs in .cluster/, which down removes.",
  "A test uses the cluster with --engine cluster: ./maelstrom.sh kafka --engine cluster. docs/cluster.md has the rest.",
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
  const plan = createPlan(words, machine);
  const { clusters } = machine;
  await rejectRunning(clusters.state(), machine);
  const ending = new AbortController();
  const stopListening = machine.onInterrupt(() => ending.abort());
  try {
    await clusters.start(plan, (line) => machine.stderr(`${line}\n`), ending.signal);
  } finally {
    stopListening();
  }
  machine.stdout(readyText(plan));
  return EXIT_STATUS.passed;
}

function readyText({ challenge, nodes }: ClusterPlan): string {
  const test = `./maelstrom.sh ${challenge} --engine cluster`;
  return [
    `Challenge ${challenge} runs on ${nodes.join(", ")}`,
    "",
    `  ${test}   tests it`,
    `  ${"./maelstrom.sh status".padEnd(test.length)}   shows its processes`,
    `  ${"./maelstrom.sh down".padEnd(test.length)}   ends it`,
    "",
  ].join("\n");
}

function createPlan(words: readonly string[], machine: Machine): ClusterPlan {
  const { given, program: [word, extra] } = parseArguments(words, UP_FLAGS);
  const challenge = challengeOf(word);
  if (extra !== undefined) throw new UsageError(`Cannot use ${extra} with up: expected one challenge`);
  const { root } = machine;
  const { nodes = 3, cluster = "maelstrom" } = given;
  if (!/^\w[\w-]*$/.test(cluster)) {
    throw new UsageError(`Cannot use --cluster ${JSON.stringify(cluster)}: expected letters, digits, - and _`);
  }
  return {
    root,
    folder: `${root}/${CLUSTER_FOLDER}`,
    cluster,
    challenge: challenge.id,
    program: findModule(`${root}/challenges/bin/${challenge.program}`, [], root),
    nodes: Array.from({ length: nodes }, (_, index) => `n${index}`),
    nats: addressesOf("nats", given.nats, machine.env("NATS_URL")),
    etcd: addressesOf("etcd", given.etcd, machine.env("ETCD_URL")),
  };
}

function challengeOf(word: string | undefined): Challenge {
  if (word === undefined) throw new UsageError("Missing challenge: expected up CHALLENGE, such as up kafka");
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
    const shown = JSON.stringify(bad.replace(/^.*@/s, "…@"));
    throw new UsageError(`Cannot use the address ${shown} for ${name}: expected ${expected}`);
  }
  if (given?.some((address) => address.includes("@"))) {
    throw new UsageError(
      `Cannot use --${name} with a password: other users of this machine can see it; set ` +
        `$${name.toUpperCase()}_URL instead`,
    );
  }
  return addresses;
}

/** A state may be left of a cluster that was killed: then a new one takes its place. */
async function rejectRunning(state: ClusterState | undefined, { clusters }: Machine): Promise<void> {
  if (state === undefined) return;
  try {
    await clusters.control(state).report();
  } catch (error) {
    if (error instanceof UnreachableError) return;
    throw error;
  }
  throw new FailedError(
    `Cannot start a cluster: one runs here already, challenge ${state.challenge} on ${state.nodes.length} nodes; ` +
      "end it with ./maelstrom.sh down",
  );
}

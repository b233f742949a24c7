/**
 * The table of flags: those of Maelstrom's `test`, those it inherits from Jepsen, and the workbench's own. Arguments,
 * help and near matches all come from it.
 *
 * @module
 */

import type { Variable } from "../world/hosts/process/environment.ts";
import { CONSISTENCY_MODELS } from "../checkers/consistency_model.ts";
import { TOPOLOGIES } from "../workloads/topology.ts";
import { WORKLOADS } from "../workloads/mod.ts";
import { SERVICES } from "../world/services/mod.ts";

/** The value of each kind of flag. */
export interface KindValues {
  /** Given without a value. */
  switch: true;
  text: string;
  /** Text without control characters: it can be copied from a terminal. */
  seed: string;
  /** Comma-separated. */
  list: string[];
  /** A whole number. */
  integer: number;
  number: number;
  /** Bytes. */
  size: number;
  /** Duration, ms: `7d`. */
  age: number;
  /** Nodes of a role: `storage=n2,n3`. */
  role: { name: string; nodes: string[] };
  /** Workers: `4`, or `4n` for four per node. */
  concurrency: { count: number; perNode: boolean };
  /** Variable of an environment; without a value, the one of that name here. */
  variable: Variable;
  /** `"total"`, or the least fraction of operations that must succeed. */
  availability: "total" | number;
}

/** One flag. */
export interface Flag {
  /** Name without dashes. */
  name: string;
  /** Letter for it. */
  short?: string;
  kind: keyof KindValues;
  /** Stands for the value in the help. */
  placeholder?: string;
  /** Text of the value if the flag is not given. */
  default?: string;
  /** The allowed values; any of its kind by default. */
  allowed?: readonly string[];
  /** The value must be greater than this. */
  above?: number;
  /** The value must not be less than this. */
  least?: number;
  /** The value must not be more than this. */
  most?: number;
  /** True if it may be given more than once. */
  repeatable?: boolean;
  /** Its effect, for the help. */
  help: string;
  /** The program it comes from. Maelstrom knows those of Jepsen, too. */
  origin: "maelstrom" | "jepsen" | "workbench";
  /** True if changing it changes what is tested. */
  shapesTest?: boolean;
  /** Its effect on `check`. A flag without it is refused by `check`. */
  check?: string;
  /** Reason why it has no effect in the workbench. */
  ignored?: string;
}

const NO_SSH = "nodes are processes on this machine, nothing uses SSH";

/** All flags. */
export const FLAGS = [
  {
    name: "workload",
    short: "w",
    kind: "text",
    placeholder: "NAME",
    default: "lin-kv",
    allowed: Object.keys(WORKLOADS),
    help: "The operations of the clients and the properties to check",
    check: "The workload of the history; inferred from its folder or operations by default",
    origin: "maelstrom",
    shapesTest: true,
  },
  { name: "bin", kind: "text", placeholder: "FILE", help: "The program that runs a node", origin: "maelstrom" },
  {
    name: "node-count",
    kind: "integer",
    placeholder: "NUMBER",
    above: 0,
    help: "Number of nodes: n0, n1, …",
    check: "Number of nodes in the test: n0, n1, …",
    origin: "maelstrom",
    shapesTest: true,
  },
  {
    name: "concurrency",
    kind: "concurrency",
    placeholder: "NUMBER",
    default: "1n",
    help: "Number of workers; 4n means four per node",
    check: "Number of workers in the test; 4n means four per node",
    origin: "jepsen",
    shapesTest: true,
  },
  {
    name: "time-limit",
    kind: "integer",
    placeholder: "SECONDS",
    default: "60",
    above: 0,
    help: "Length of the main phase",
    origin: "jepsen",
    shapesTest: true,
  },
  {
    name: "rate",
    kind: "number",
    placeholder: "NUMBER",
    default: "5",
    least: 0,
    help: "Operations a second, all workers together",
    origin: "maelstrom",
    shapesTest: true,
  },
  {
    name: "latency",
    kind: "integer",
    placeholder: "MILLIS",
    default: "0",
    least: 0,
    help: "Mean latency between nodes, in ms",
    origin: "maelstrom",
    shapesTest: true,
  },
  {
    name: "latency-dist",
    kind: "text",
    placeholder: "TYPE",
    default: "constant",
    allowed: ["constant", "uniform", "exponential"],
    help: "Distribution of the latencies",
    origin: "maelstrom",
    shapesTest: true,
  },
  {
    name: "nemesis",
    kind: "list",
    placeholder: "FAULTS",
    default: "none",
    allowed: [
      "none",
      "partition",
      "one-way-partition",
      "loss",
      "duplicate",
      "delay",
      "reorder",
      "pause",
      "kill",
      "membership",
    ],
    help: "Faults to inject, comma-separated",
    origin: "maelstrom",
    shapesTest: true,
  },
  {
    name: "nemesis-interval",
    kind: "number",
    placeholder: "SECONDS",
    default: "10",
    above: 0,
    help: "Mean time between the nemesis' operations",
    origin: "maelstrom",
    shapesTest: true,
  },
  {
    name: "availability",
    kind: "availability",
    placeholder: "EXPECTED",
    help: "Share of operations that must succeed: total, or a fraction from 0 to 1",
    check: "Share of operations that must have succeeded: total, or a fraction from 0 to 1",
    origin: "maelstrom",
    shapesTest: true,
  },
  {
    name: "consistency-models",
    kind: "list",
    placeholder: "MODELS",
    default: "strict-serializable",
    allowed: CONSISTENCY_MODELS,
    help: "Consistency models that transactions must satisfy, comma-separated, as Elle names them",
    check: "Consistency models that transactions must satisfy, comma-separated, as Elle names them",
    origin: "maelstrom",
    shapesTest: true,
  },
  {
    name: "topology",
    kind: "text",
    placeholder: "SPEC",
    default: "grid",
    allowed: Object.keys(TOPOLOGIES),
    help: "The topology that broadcast's nodes get",
    origin: "maelstrom",
    shapesTest: true,
  },
  {
    name: "key-count",
    kind: "integer",
    placeholder: "NUMBER",
    above: 0,
    help: "Keys in use at once (kafka, transactions)",
    origin: "maelstrom",
    shapesTest: true,
  },
  {
    name: "max-txn-length",
    kind: "integer",
    placeholder: "NUMBER",
    default: "4",
    above: 0,
    help: "Operations in a transaction, at most",
    origin: "maelstrom",
    shapesTest: true,
  },
  {
    name: "max-writes-per-key",
    kind: "integer",
    placeholder: "NUMBER",
    default: "16",
    above: 0,
    help: "Writes to a key before another takes its place",
    origin: "maelstrom",
    shapesTest: true,
  },
  {
    name: "test-count",
    kind: "integer",
    placeholder: "NUMBER",
    default: "1",
    above: 0,
    help: "Number of runs; the first one that does not pass ends the series",
    origin: "jepsen",
  },
  {
    name: "node",
    short: "n",
    kind: "text",
    placeholder: "NAME",
    repeatable: true,
    help: "A node's name; may be given more than once",
    check: "A node's name; may be given more than once",
    origin: "jepsen",
    shapesTest: true,
  },
  {
    name: "nodes",
    kind: "list",
    placeholder: "NAMES",
    help: "The nodes' names, comma-separated",
    check: "The nodes' names, comma-separated",
    origin: "jepsen",
    shapesTest: true,
  },
  {
    name: "nodes-file",
    kind: "text",
    placeholder: "FILE",
    help: "A file with the nodes' names, one a line",
    check: "A file with the nodes' names, one a line",
    origin: "jepsen",
    shapesTest: true,
  },
  {
    name: "role",
    kind: "role",
    placeholder: "NAME=NODES",
    repeatable: true,
    help: "Gives nodes a role, such as storage=n2,n3. Clients use only nodes without one; may be given more than once",
    origin: "workbench",
    shapesTest: true,
  },
  {
    name: "services",
    kind: "list",
    placeholder: "NAMES",
    default: Object.keys(SERVICES).join(),
    allowed: ["none", ...Object.keys(SERVICES)],
    help: "Services that nodes can use, comma-separated; none for those who build their own",
    origin: "workbench",
    shapesTest: true,
  },
  {
    name: "repeat-adds",
    kind: "number",
    placeholder: "FRACTION",
    default: "0",
    least: 0,
    most: 1,
    help: "Share of the values that clients send a second time (broadcast, g-set); no read may show a value twice",
    origin: "workbench",
    shapesTest: true,
  },
  {
    name: "fail-fast",
    kind: "switch",
    help: "A client learns at once that its node was killed, instead of waiting for a reply until its timeout",
    origin: "workbench",
    shapesTest: true,
  },
  { name: "log-stderr", kind: "switch", help: "Show what nodes write to stderr", origin: "maelstrom" },
  { name: "log-net-send", kind: "switch", help: "Show each message sent", origin: "maelstrom" },
  { name: "log-net-recv", kind: "switch", help: "Show each message received", origin: "maelstrom" },
  {
    name: "env",
    kind: "variable",
    placeholder: "NAME[=VALUE]",
    repeatable: true,
    help: "A variable that nodes get besides the usual ones, such as PATH; '*' for all; may be given more than once",
    origin: "workbench",
  },
  {
    name: "engine",
    kind: "text",
    placeholder: "NAME",
    default: "auto",
    allowed: ["auto", "workbench", "maelstrom"],
    help: "Engine that runs the test; auto is the real Maelstrom if there is one",
    origin: "workbench",
  },
  {
    name: "seed",
    kind: "seed",
    placeholder: "TEXT",
    help: "Repeats the random draws of an earlier run",
    origin: "workbench",
  },
  {
    name: "sim",
    kind: "switch",
    help: "Simulate: all nodes in one process, in virtual time; --bin is the module that exports their program",
    origin: "workbench",
  },
  {
    name: "seeds",
    kind: "integer",
    placeholder: "NUMBER",
    above: 0,
    help: "Number of seeds to simulate: S, S-2, S-3 … with --seed S; without --store, only failed runs are stored",
    origin: "workbench",
  },
  {
    name: "check-determinism",
    kind: "switch",
    help: "Simulate each seed twice, and compare history, messages and results",
    origin: "workbench",
  },
  {
    name: "no-shrink",
    kind: "switch",
    help: "After a failure, do not search for a smaller run that fails in the same way",
    origin: "workbench",
  },
  {
    name: "no-report",
    kind: "switch",
    help: "Do not write report.html, the page that shows a stored run",
    origin: "workbench",
  },
  {
    name: "watch",
    kind: "switch",
    help: "Run the test again whenever the program's files change, until Ctrl-C",
    origin: "workbench",
  },
  {
    name: "strict",
    kind: "switch",
    help: "Let every finding decide, also one that Maelstrom does not look for: the default of test, demo and --sim",
    check: "Let every finding decide, also one that Maelstrom does not look for: the default, but for runs that were " +
      "decided as Maelstrom",
    origin: "workbench",
  },
  {
    name: "as-maelstrom",
    kind: "switch",
    help: "Let only those findings decide that Maelstrom looks for: the default of challenges without --sim",
    check: "Let only those findings decide that Maelstrom looks for: the default for runs that were decided so",
    origin: "workbench",
  },
  {
    name: "store",
    kind: "text",
    placeholder: "FOLDER",
    default: "store",
    help: "Folder that runs are stored in",
    origin: "workbench",
  },
  {
    name: "max-store",
    kind: "size",
    placeholder: "SIZE",
    default: "2GB",
    help: "Limit on the size of a run's files; beyond it, messages and logs are not stored, but still counted",
    origin: "workbench",
  },
  {
    name: "keep-runs",
    kind: "integer",
    placeholder: "NUMBER",
    default: "100",
    above: 0,
    help: "Number of runs that the store keeps: the newest, and as many that failed; a test removes older ones first",
    origin: "workbench",
  },
  {
    name: "json",
    kind: "switch",
    help: "Print the results as one JSON document on stdout",
    check: "Print the results as one JSON document",
    origin: "workbench",
  },
  {
    name: "quiet",
    short: "q",
    kind: "switch",
    help: "Show no progress",
    check: "No effect: check shows nothing but the results",
    origin: "workbench",
  },
  { name: "help", short: "h", kind: "switch", help: "Show this", check: "Show this", origin: "jepsen" },
  { name: "username", kind: "text", placeholder: "USER", help: "", origin: "jepsen", ignored: NO_SSH },
  { name: "password", kind: "text", placeholder: "PASS", help: "", origin: "jepsen", ignored: NO_SSH },
  { name: "ssh-private-key", kind: "text", placeholder: "FILE", help: "", origin: "jepsen", ignored: NO_SSH },
  { name: "strict-host-key-checking", kind: "switch", help: "", origin: "jepsen", ignored: NO_SSH },
  { name: "no-ssh", kind: "switch", help: "", origin: "jepsen", ignored: NO_SSH },
  {
    name: "leave-db-running",
    kind: "switch",
    help: "",
    origin: "jepsen",
    ignored: "nodes end with the test",
  },
  {
    name: "logging-json",
    kind: "switch",
    help: "",
    origin: "jepsen",
    ignored: "results and history are JSON already, and there is no other log",
  },
] as const satisfies readonly Flag[];

/** The name of a flag. */
export type FlagName = typeof FLAGS[number]["name"];

/** Values of some flags by name; flags without a value are missing. */
export type ValuesOf<Flags extends readonly Flag[]> = {
  [F in Flags[number] as F["name"]]?: F extends { repeatable: true } ? KindValues[F["kind"]][] : KindValues[F["kind"]];
};

/** Values of the {@linkcode FLAGS}. */
export type FlagValues = ValuesOf<typeof FLAGS>;

/** Finds the flag that a word such as `--rate` or `-w` names. */
export function findFlag(word: string, flags: readonly Flag[] = FLAGS): Flag | undefined {
  return flags.find(({ name, short }) => word === `--${name}` || (short !== undefined && word === `-${short}`));
}

/**
 * The flags, as data: those of Maelstrom's `test` with its defaults, Jepsen's own which it inherits, and the workbench's.
 *
 * @module
 */

import { CONSISTENCY_MODELS } from "../checkers/consistency_model.ts";
import { TOPOLOGIES } from "../workloads/topology.ts";
import { WORKLOADS } from "../workloads/mod.ts";

/** What each kind of flag is parsed into. */
export interface KindValues {
  /** Given or not. */
  switch: true;
  text: string;
  /** Any text that can be shown and copied from a terminal. */
  seed: string;
  /** Comma-separated. */
  list: string[];
  /** A whole number. */
  integer: number;
  number: number;
  /** Workers: `4`, or `4n` for four per node. */
  concurrency: { count: number; perNode: boolean };
  /** `"total"`, or the least fraction of operations that must succeed. */
  availability: "total" | number;
}

/** One flag. */
export interface Flag {
  /** Its name, without dashes. */
  name: string;
  /** A letter that stands for it. */
  short?: string;
  kind: keyof KindValues;
  /** What stands for its value in the help. */
  placeholder?: string;
  /** The value where it is not given, as one would write it. */
  default?: string;
  /** The values it may have; any of its kind without. */
  allowed?: readonly string[];
  /** The value must be greater than this. */
  above?: number;
  /** The value must not be less than this. */
  least?: number;
  /** Whether it may be given more than once. */
  repeatable?: boolean;
  /** What it does. */
  help: string;
  /** Who knows it besides the workbench: Maelstrom itself, or Jepsen and so Maelstrom; nobody else where it is `"workbench"`. */
  origin: "maelstrom" | "jepsen" | "workbench";
  /** Whether a run with another value than the official one is another test. */
  shapesTest?: boolean;
  /** What it means to `check`, which takes no other flags. */
  check?: string;
  /** Why the workbench accepts it without doing anything. */
  ignored?: string;
}

const NO_SSH = "nodes are processes of this machine, nothing logs in anywhere";

/** All flags. */
export const FLAGS = [
  {
    name: "workload",
    short: "w",
    kind: "text",
    placeholder: "NAME",
    default: "lin-kv",
    allowed: Object.keys(WORKLOADS),
    help: "What the nodes are tested for",
    check: "What the history is of; told by its folder or its operations by default",
    origin: "maelstrom",
    shapesTest: true,
  },
  { name: "bin", kind: "text", placeholder: "FILE", help: "The program that runs a node", origin: "maelstrom" },
  {
    name: "node-count",
    kind: "integer",
    placeholder: "NUMBER",
    above: 0,
    help: "How many nodes to run: n0, n1, …",
    check: "How many nodes there were: n0, n1, …",
    origin: "maelstrom",
    shapesTest: true,
  },
  {
    name: "concurrency",
    kind: "concurrency",
    placeholder: "NUMBER",
    default: "1n",
    help: "How many workers; 4n means four per node",
    check: "How many workers there were; 4n means four per node",
    origin: "jepsen",
    shapesTest: true,
  },
  {
    name: "time-limit",
    kind: "integer",
    placeholder: "SECONDS",
    default: "60",
    above: 0,
    help: "How long the main phase lasts",
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
    help: "How latencies are distributed",
    origin: "maelstrom",
    shapesTest: true,
  },
  {
    name: "nemesis",
    kind: "list",
    placeholder: "FAULTS",
    default: "none",
    allowed: ["none", "partition", "one-way-partition", "loss", "duplicate", "delay", "reorder", "pause", "kill"],
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
    help: "What must succeed: total, or a fraction from 0 to 1",
    check: "What must have succeeded: total, or a fraction from 0 to 1",
    origin: "maelstrom",
    shapesTest: true,
  },
  {
    name: "consistency-models",
    kind: "list",
    placeholder: "MODELS",
    default: "strict-serializable",
    allowed: CONSISTENCY_MODELS,
    help: "What transactions must satisfy, comma-separated, in Elle's words",
    check: "What transactions must satisfy, comma-separated, in Elle's words",
    origin: "maelstrom",
    shapesTest: true,
  },
  {
    name: "topology",
    kind: "text",
    placeholder: "SPEC",
    default: "grid",
    allowed: Object.keys(TOPOLOGIES),
    help: "What broadcast's nodes are told of each other",
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
    help: "How often to run it; the first that is not valid is the last",
    origin: "jepsen",
  },
  {
    name: "node",
    short: "n",
    kind: "text",
    placeholder: "NAME",
    repeatable: true,
    help: "A node's name; may be given often",
    check: "A node's name; may be given often",
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
  { name: "log-stderr", kind: "switch", help: "Show what nodes write to stderr", origin: "maelstrom" },
  { name: "log-net-send", kind: "switch", help: "Show each message sent", origin: "maelstrom" },
  { name: "log-net-recv", kind: "switch", help: "Show each message received", origin: "maelstrom" },
  {
    name: "engine",
    kind: "text",
    placeholder: "NAME",
    default: "auto",
    allowed: ["auto", "workbench", "maelstrom"],
    help: "Who runs it; auto is the real Maelstrom where there is one",
    origin: "workbench",
  },
  { name: "seed", kind: "seed", placeholder: "TEXT", help: "Repeats the draws of an earlier run", origin: "workbench" },
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
    help: "How many seeds to simulate: S, S-2, S-3 … with --seed S; without --store, only runs that fail are kept",
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
    help: "Simulate no smaller runs in search of one that fails as the first one that failed",
    origin: "workbench",
  },
  {
    name: "store",
    kind: "text",
    placeholder: "FOLDER",
    default: "store",
    help: "Where runs are kept",
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
    check: "Show nothing but the results, as always",
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
    ignored: "nodes end with the test, which is all that speaks to them",
  },
  {
    name: "logging-json",
    kind: "switch",
    help: "",
    origin: "jepsen",
    ignored: "there is no log but the results and the history, which are JSON already",
  },
] as const satisfies readonly Flag[];

/** The name of a flag. */
export type FlagName = typeof FLAGS[number]["name"];

/** What the flags were parsed into; those neither given nor with a default are missing. */
export type FlagValues = {
  [F in typeof FLAGS[number] as F["name"]]?: F extends { repeatable: true } ? KindValues[F["kind"]][]
    : KindValues[F["kind"]];
};

/** The flag that a word such as `--rate` or `-w` names. */
export function findFlag(word: string): Flag | undefined {
  const flags: readonly Flag[] = FLAGS;
  return flags.find(({ name, short }) => word === `--${name}` || (short !== undefined && word === `-${short}`));
}

/**
 * Options of `simulate()`: checks what a test has written, and fills in the defaults.
 *
 * @module
 */

import type { AnyMessages, MessageTypes } from "../../messages.ts";
import type { AnyNode, Program } from "../../node.ts";
import type { ProgramModule } from "../world/hosts/in_process/program_module.ts";
import { isPlainName, PLAIN_NAME, show } from "../base/text.ts";
import { LATENCIES, type Latency } from "../world/network/latency.ts";
import { isReservedName } from "../world/services/mod.ts";

/** Options for {@linkcode simulate}. */
export interface SimulateOptions<M extends MessageTypes = AnyMessages> {
  /**
   * The program of every node: a function, or the URL of the module whose default export it is, such as
   * `new URL("./node.ts", import.meta.url)`.
   *
   * A function is the same for all nodes: they share what is outside of it, such as a variable at the top level of its
   * module. Of a module each start of a node gets instances of its own, as if it were a process.
   */
  program: Program<M> | URL;
  /** Arguments of the program of a module. `@default []` */
  args?: readonly string[];
  /** Number of nodes, called n0, n1 and so on, or their names. `@default 5` */
  nodes?: number | readonly string[];
  /** Seed of all random draws. `@default "0"` */
  seed?: string | number;
  /** Latency between nodes and services: ms, or a distribution. Messages of clients take no time. `@default 0` */
  latency?: number | Latency;
}

/** Options after the check, with defaults. */
export interface CheckedOptions {
  program: ((node: AnyNode) => void) | ProgramModule;
  nodes: readonly string[];
  seed: string;
  latency: Latency;
}

/**
 * Checks the options of a simulation.
 *
 * @throws {TypeError} The program is not a function.
 * @throws {RangeError} Another option is bad.
 */
export function checkOptions<M extends MessageTypes>(options: SimulateOptions<M>): CheckedOptions {
  const { program, args = [], nodes = 5, seed = "0", latency = 0 } = options;
  return {
    program: checkProgram(program as (node: AnyNode) => void, args),
    seed: checkSeed(seed),
    nodes: checkNodes(nodes),
    latency: checkLatency(latency),
  };
}

function checkProgram(program: ((node: AnyNode) => void) | URL, args: readonly string[]): CheckedOptions["program"] {
  if (program instanceof URL && program.protocol === "file:") {
    return { path: decodeURIComponent(program.pathname), args };
  }
  if (typeof program === "function" && args.length === 0) return program;
  throw new TypeError(
    typeof program === "function"
      ? "Cannot simulate: expected no args for a function; give it the arguments, (node) => program(node, args)"
      : "Cannot simulate: expected program to be a function of a node, or the URL of a file",
  );
}

function checkSeed(seed: string | number): string {
  if (typeof seed === "string" || Number.isFinite(seed)) return String(seed);
  throw new RangeError(`Cannot simulate: expected seed to be a text or a number, got ${seed}`);
}

function checkLatency(latency: number | Latency): Latency {
  const { mean, distribution } = typeof latency === "number"
    ? { mean: latency, distribution: "constant" } as const
    : latency;
  if (!(mean >= 0 && mean < Infinity)) {
    throw new RangeError(`Cannot simulate: expected latency to be 0 ms or more, got ${mean}`);
  }
  if (Object.hasOwn(LATENCIES, distribution)) return { mean, distribution };
  const known = Object.keys(LATENCIES).join(", ");
  throw new RangeError(
    `Cannot simulate: expected the distribution of latencies to be one of ${known}, got ${distribution}`,
  );
}

function checkNodes(nodes: number | readonly string[]): readonly string[] {
  if (typeof nodes !== "number") return checkNames(nodes);
  if (Number.isInteger(nodes) && nodes > 0) return Array.from({ length: nodes }, (_, index) => `n${index}`);
  throw new RangeError(`Cannot simulate: expected nodes to be a whole number above 0, or names, got ${nodes}`);
}

function checkNames(names: readonly string[]): readonly string[] {
  if (names.length === 0) throw new RangeError("Cannot simulate: there are no nodes");
  const bad = names.find((name, index) =>
    typeof name !== "string" || !isPlainName(name) || isReservedName(name) || names.indexOf(name) !== index
  );
  if (bad === undefined) return [...names];
  throw new RangeError(
    `Cannot name a node ${show(bad)}: expected ${PLAIN_NAME}; not used twice, ` +
      "and not that of a client (c0, c1, …) or service",
  );
}

/**
 * What the hosts have in common: a node that runs, and what is said when it fails.
 *
 * @module
 */

import type { TestException } from "../results.ts";

/** A node under test, however it runs. */
export interface NodeHost {
  /** The node's name on the network. */
  readonly id: string;
  /** Ends the node for good, and takes it off the network. */
  stop(): Promise<void>;
}

/** The node has ended though nobody asked it to. */
export function nodeCrashed(node: string, message: string): TestException {
  return { type: "node-crashed", node, message, count: 1 };
}

/** The node has printed, or sent, what is not a message that the network can take. */
export function badLine(node: string, line: string, problem: string): TestException {
  const message = [
    `Node ${node} printed a line that cannot be sent: ${problem}`,
    `  line:     ${clip(line)}`,
    `  expected: {"src": ${JSON.stringify(node)}, "dest": a node, client or service, "body": {"type": string, …}}`,
    "  Messages go to stdout, one a line; whatever else a node has to say goes to stderr",
  ].join("\n");
  return { type: "bad-line", node, message, count: 1 };
}

/** Cuts a line to what a person will read. */
export function clip(line: string, length = 400): string {
  return line.length <= length ? line : `${line.slice(0, length)}… (${line.length} characters)`;
}

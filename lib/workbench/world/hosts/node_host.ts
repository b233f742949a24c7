/**
 * What the hosts have in common: a node that runs, and what is said when it fails.
 *
 * @module
 */

import type { TestException } from "../../base/test_exception.ts";
import { clip } from "../../base/text.ts";

/** A node under test, however it runs. */
export interface NodeHost {
  /** The node's name on the network. */
  readonly id: string;
  /** What it has written last, in lines for a report; nothing where it has written nothing that can be seen. */
  output(): string;
  /** Holds the node up: it does nothing, and what comes for it waits. One that is held up already stays so. */
  pause(): void;
  /** Lets a paused node go on: with what has waited for it, in order. */
  resume(): void;
  /**
   * Ends the node at once and for good, paused or not, with all that it has in memory, and takes it off the network. It is not asked,
   * nor told.
   */
  stop(): Promise<void>;
}

/**
 * The node has ended, or is out of reach, though nobody asked it to.
 *
 * @param how What has become of it: `"exited with status 1"`.
 * @param output What it has written last.
 */
export function nodeCrashed(node: string, how: string, output: string): TestException {
  const message = `Node ${node} ${how} during the test, expected it to serve until it is stopped\n${output}`;
  return { type: "node-crashed", node, message: message.trimEnd(), count: 1 };
}

/** The node has printed, or sent, what is not a message that the network can take. */
export function badLine(node: string, line: string, problem: string): TestException {
  const message = [
    `Node ${node} printed a line on stdout that cannot be sent: ${problem}`,
    `  line:     ${clip(line)}`,
    `  expected: {"src": ${JSON.stringify(node)}, "dest": a node, client or service, "body": {"type": string, …}}`,
    "Messages go to stdout, one a line; whatever else a node has to say belongs on stderr",
  ].join("\n");
  return { type: "bad-line", node, message, count: 1 };
}

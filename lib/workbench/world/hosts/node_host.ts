/**
 * Interface of a running node, and descriptions of its failures, which both worlds share.
 *
 * @module
 */

import type { Message } from "../../../protocol.ts";
import { formatJSONLine } from "../../base/json.ts";
import type { TestException } from "../../base/test_exception.ts";
import { clip } from "../../base/text.ts";

/** Running node. */
export interface NodeHost {
  /** Name on the network. */
  readonly id: string;
  /** Returns the node's last output, as lines for a report; empty if there is none to see. */
  output(): string;
  /** Pauses the node: it does nothing, and its messages wait. Has no effect on a paused node. */
  pause(): void;
  /** Resumes a paused node. The messages that have waited arrive in order. */
  resume(): void;
  /**
   * Kills the node, even if it is paused, and removes it from the network. It gets no chance to save or send anything.
   */
  stop(): Promise<void>;
}

/**
 * Describes a node that ended or became unreachable without being stopped.
 *
 * @param how Its end: `"exited with status 1"`.
 * @param output Its last output.
 */
export function nodeCrashed(node: string, how: string, output: string): TestException {
  const message = `Node ${node} ${how} during the test, expected it to serve until it is stopped\n${output}`;
  return { type: "node-crashed", node, message: message.trimEnd(), count: 1 };
}

/** Describes a line or a message of a node that the network cannot send. */
export function badLine(node: string, line: string, problem: string): TestException {
  const message = [
    `Node ${node} printed a line on stdout that cannot be sent: ${problem}`,
    `  line:     ${clip(line)}`,
    `  expected: {"src": ${JSON.stringify(node)}, "dest": a node, client or service, "body": {"type": string, …}}`,
    "Messages go to stdout, one a line; print everything else to stderr",
  ].join("\n");
  return { type: "bad-line", node, message, count: 1 };
}

/** Describes a message that a node has sent in the name of another. The network delivers it, and the test continues. */
export function forgedSource(node: string, sent: Message): TestException {
  const message = [
    `Node ${node} sent a message in the name of ${sent.src}`,
    `  line:     ${clip(formatJSONLine(sent))}`,
    `  expected: "src": ${JSON.stringify(node)}`,
    `It was delivered as it is, and travelled and counted as a message of ${node}`,
  ].join("\n");
  return { type: "forged-source", node, message, count: 1 };
}

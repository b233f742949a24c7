/**
 * Interface of a running node, and descriptions of its failures, which both worlds share.
 *
 * @module
 */

import type { Message } from "../../../protocol.ts";
import { formatJSON } from "../../base/json.ts";
import type { TestException } from "../../base/test_exception.ts";
import { clip } from "../../base/text.ts";
import type { StrangerError } from "../network/network.ts";
import { isReservedName } from "../services/mod.ts";

/** Running node. */
export interface NodeHost {
  /** Name on the network. */
  readonly id: string;
  /** Finds out what the node is doing, for a report on why it does not answer a request of type `asked`. */
  diagnose(asked: string): Promise<Diagnosis>;
  /** Returns what the node wrote without an end of line at least half a second ago; undefined if there is nothing. */
  unfinishedLine?(): string | undefined;
  /** Pauses the node: it does nothing, and its messages wait. Has no effect on a paused node. */
  pause(): void;
  /** Resumes a paused node. The messages that have waited arrive in order. */
  resume(): void;
  /**
   * Kills the node, even if it is paused, and removes it from the network. It gets no chance to save or send anything.
   */
  stop(): Promise<void>;
}

/** Diagnosis of a node that does not answer, as far as its host can tell. */
export interface Diagnosis {
  /** Reason why it does not answer, as the end of a sentence: "it wrote 66 bytes and no end of line". */
  cause?: string;
  /** Lines on what it is doing: its process, what it has printed. */
  activity: readonly string[];
  /** Lines with the end of its log. */
  log: readonly string[];
  /** Advice, if one follows from the diagnosis. */
  advice?: string;
}

/** Joins the lines that there are. */
export function joinLines(...lines: readonly (string | undefined)[]): string {
  return lines.filter((line) => line !== undefined && line !== "").join("\n");
}

/**
 * Describes a node that ended or became unreachable without being stopped.
 *
 * @param how Its end: `"exited with status 1"`.
 * @param evidence Lines that show why.
 */
export function nodeCrashed(node: string, how: string, ...evidence: readonly (string | undefined)[]): TestException {
  const message = joinLines(`Node ${node} ${how}, expected it to serve until it is stopped`, ...evidence);
  return { type: "node-crashed", node, message, count: 1 };
}

/** A line that is not a message, as {@linkcode describeBadLine} explains it. */
export interface LineProblem {
  /** Reason why it is none: "it is not JSON". */
  problem: string;
  /** Form that it should have. */
  expected?: string;
  /** Advice to the author of the node. */
  advice?: string;
}

/**
 * Describes a line or a message of a node that the network cannot send.
 *
 * @param what What the node did: `"printed a line that is not a message"`.
 */
export function badLine(
  node: string,
  what: string,
  line: string,
  { problem, expected, advice }: LineProblem,
): TestException {
  const message = joinLines(
    `Node ${node} ${what}: ${problem}`,
    `  line:     ${clip(line.replace(/^\ufeff/, "\\ufeff"), BAD_LINE)}`,
    expected && `  expected: ${expected}`,
    advice,
  );
  return { type: "bad-line", node, message, count: 1 };
}

/** Longest line that is shown of those that are not messages, in characters. */
const BAD_LINE = 240;

/** Describes the envelope of a message that a node may send. */
export function expectedEnvelope(node: string): string {
  return `{"src": ${JSON.stringify(node)}, "dest": a node, client or service, "body": {"type": string, …}}`;
}

/** Describes a message that cannot be sent because a name in it is not on the network. */
export function describeStranger({ role, id, present }: StrangerError, node: string): LineProblem {
  const name = JSON.stringify(id);
  if (role === "source") {
    return {
      problem: `its source is ${name}, which is not on the network`,
      expected: `"src": ${JSON.stringify(node)}`,
    };
  }
  const nodesFirst = [...present.filter((each) => !isReservedName(each)), ...present.filter(isReservedName)];
  return {
    problem: `it is for ${name}, which is not on the network`,
    expected: `"dest": one of ${nodesFirst.join(", ")}, or the client that asked`,
  };
}

/** Describes a message that a node has sent in the name of another. The network delivers it, and the test continues. */
export function forgedSource(node: string, sent: Message): TestException {
  const message = [
    `Node ${node} sent a message in the name of ${sent.src}`,
    `  line:     ${clip(formatJSON(sent))}`,
    `  expected: "src": ${JSON.stringify(node)}`,
    `It was delivered as it is, and travelled and counted as a message of ${node}`,
  ].join("\n");
  return { type: "forged-source", node, message, count: 1 };
}

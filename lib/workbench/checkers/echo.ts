/**
 * The checker of echo: each reply must contain what was sent.
 *
 * @module
 */

import { asText, show } from "../base/text.ts";
import { type Pair, pairs } from "../history/history.ts";
import type { Operation } from "../history/operation.ts";
import { type ClusterShape, nameProcess, nodeOf } from "./cluster_shape.ts";
import { explainCases, outcome, seconds } from "./explain.ts";
import { identify } from "./identify.ts";
import { isDown } from "./stats.ts";
import type { Verdict } from "./verdict.ts";

/** Number of wrong answers that the verdict lists. */
const LISTED = 48;

/**
 * Checks that each reply contains the value that was sent, in its field `echo`. As in Maelstrom, an operation that
 * failed is wrong as well: echo shows that a node works at all. An operation of unknown outcome, such as one that timed
 * out, is no wrong echo, nor is one that `--fail-fast` ends because the node is down.
 *
 * @param history Operations `echo`: the value is what was sent; when ok, the body of the reply.
 * @returns Figures: `error_count`; `errors`, the first 48 `{ process, time, expected, received }`, times in
 *   nanoseconds.
 */
export function checkEcho(history: readonly Operation[], shape: ClusterShape = {}): Verdict {
  const wrong = pairs(history).filter((pair) => !isEchoed(pair));
  const errors = wrong.slice(0, LISTED).map(({ invocation: { process, time, value }, completion }) => {
    return { process, time, expected: value, received: completion?.value ?? null };
  });
  return {
    valid: wrong.length === 0,
    error_count: wrong.length,
    errors,
    anomalies: explainCases("wrong-echo", wrong, (pair) => explainWrong(pair, shape), ({ invocation, completion }) => ({
      operations: [completion ?? invocation],
      values: [invocation.value, completion?.value ?? null],
    })),
  };
}

function isEchoed({ invocation, completion }: Pair): boolean {
  if (completion === undefined || completion.type === "info") return true;
  if (completion.type === "fail") return Array.isArray(completion.error) && isDown(asText(completion.error[1]));
  const reply = completion.value as { echo?: unknown } | null;
  // As in Clojure, a missing field is null.
  return identify(reply?.echo) === identify(invocation.value);
}

function explainWrong({ invocation, completion }: Pair, shape: ClusterShape): string {
  const { process, time, value } = invocation;
  const sent = `${nameProcess(process, nodeOf(process, shape))} sent ${show(value)} at ${seconds(time)}`;
  if (completion?.type === "ok") return `${sent} and received ${show(completion.value)}, which does not echo it`;
  return `${sent} and received no echo: the operation ${outcome(completion!)}`;
}

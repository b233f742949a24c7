/**
 * The checker of echo: what comes back is what was sent.
 *
 * @module
 */

import { type Pair, pairs } from "../history/history.ts";
import type { Operation } from "../history/operation.ts";
import { explain, outcome, seconds } from "./explain.ts";
import { show } from "../base/text.ts";
import { identify } from "./identify.ts";
import type { Verdict } from "./verdict.ts";

/** How many wrong answers the verdict lists. */
const LISTED = 48;

/**
 * Checks that each invocation was answered with its own value in the reply's field `echo`. As in Maelstrom, an operation that was not
 * answered counts as wrong too: echo is for showing that a node works at all. Only where the test itself was interrupted, the node is
 * not to blame.
 *
 * @param history Operations `echo`: the invocation's value is what was sent, that of an `ok` the body of the reply.
 * @returns Figures: `error_count`; `errors`, the first 48 `{ process, time, expected, received }`, times in nanoseconds.
 */
export function checkEcho(history: readonly Operation[]): Verdict {
  const wrong = pairs(history).filter((pair) => !isEchoed(pair));
  const errors = wrong.slice(0, LISTED).map(({ invocation: { process, time, value }, completion }) => {
    return { process, time, expected: value, received: completion?.value ?? null };
  });
  return {
    valid: wrong.length === 0,
    error_count: wrong.length,
    errors,
    anomalies: wrong.length === 0 ? [] : [explain("wrong-echo", wrong, ({ invocation, completion }) => {
      const { process, time, value } = invocation;
      const sent = `Process ${process} sent ${show(value)} at ${seconds(time)}`;
      if (completion?.type === "ok") return `${sent} and got ${show(completion.value)}, which does not echo it`;
      return `${sent} and got no answer: ${outcome(completion ?? invocation)}`;
    })],
  };
}

function isEchoed({ invocation, completion }: Pair): boolean {
  if (completion?.error === "interrupted") return true;
  if (completion?.type !== "ok") return false;
  const reply = completion.value as { echo?: unknown } | null;
  return reply?.echo !== undefined && identify(reply.echo) === identify(invocation.value);
}

/** Random histories of sets. */

import fc from "fast-check";
import type { Operation } from "../../../../lib/workbench/history/operation.ts";

/** The next step of a process in a random history. The draw decides what it does. */
export interface Move {
  process: number;
  draw: number;
}

/** Moves of five processes. */
export const MOVES: fc.Arbitrary<Move[]> = fc.array(
  fc.record({ process: fc.nat({ max: 4 }), draw: fc.nat({ max: 999 }) }),
  {
    maxLength: 200,
    size: "max",
  },
);

/**
 * Runs moves on a correct set: an operation takes effect atomically between its invocation and its completion. At the
 * end all processes read. `answer` can change the results of reads.
 */
export function play(moves: readonly Move[], answer: (elements: number[], draw: number) => unknown[]): Operation[] {
  const history: Operation[] = [];
  const elements: number[] = [];
  const open = new Map<number, { invocation: Operation; seen?: number[] }>();
  let added = 0;
  function log(process: number, fields: Pick<Operation, "type" | "f" | "value">) {
    const operation = { index: history.length, time: history.length * 1e6, process, ...fields };
    history.push(operation);
    return operation;
  }
  function step({ process, draw }: Move) {
    const current = open.get(process);
    if (current === undefined) {
      const [f, value] = draw % 2 === 0 ? ["add", added++] as const : ["read", null] as const;
      open.set(process, { invocation: log(process, { type: "invoke", f, value }) });
      return;
    }
    const { f, value } = current.invocation;
    if (current.seen === undefined) {
      const happens = draw % 8 !== 0 || f === "read";
      if (f === "add" && happens) elements.push(value as number);
      current.seen = [...elements];
      if (!happens) complete(process, draw % 16 === 0 ? "fail" : "info");
    } else complete(process, draw % 8 === 0 && f === "add" ? "info" : "ok", draw);
  }
  function complete(process: number, type: Operation["type"], draw = 0) {
    const { invocation: { f, value }, seen } = open.get(process)!;
    open.delete(process);
    log(process, { type, f, value: f === "read" ? answer(seen!, draw) : value });
  }
  for (const move of moves) step(move);
  for (const { process } of moves) {
    while (open.has(process)) step({ process, draw: 1 });
  }
  for (let process = 0; process < 5; process++) {
    for (let count = 0; count < 3; count++) step({ process, draw: 1 });
  }
  return history;
}

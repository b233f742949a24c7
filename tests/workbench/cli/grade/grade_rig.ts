/** Machine for `grade`: its runs are command lines on fake machines, and the report is kept in memory. */

import { main } from "../../../../lib/workbench/cli/main.ts";
import type { ScriptLimits, ScriptOutcome } from "../../../../lib/workbench/engines/machine.ts";
import type { GradeDocument } from "../../../../lib/workbench/report/grade/document.ts";
import type { Results } from "../../../../lib/workbench/run/results.ts";
import { type FakeMachine, fakeMachine } from "../../engines/fake_machine.ts";

/** Run of a test. */
export interface Run extends ScriptLimits {
  words: readonly string[];
  seed: string;
}

/** Grading that has ended. */
export interface Graded extends FakeMachine {
  runs: FakeMachine["runs"];
  /** Runs of tests, in order. */
  tests: Run[];
  /** Files that were written, as they are in the end. */
  written: Map<string, string>;
}

/** Outcome of a run that printed results like those of a run that passed. */
export function printed(
  changes: Partial<Results> | ((run: Run) => Partial<Results>),
): (run: Run) => Promise<ScriptOutcome> {
  return async (run: Run): Promise<ScriptOutcome> => {
    const machine = fakeMachine({ runs: () => typeof changes === "function" ? changes(run) : changes });
    const status = await main(run.words, machine);
    return { status, stdout: machine.out, stderr: machine.err, isTimeout: false };
  };
}

/** Results that are invalid because of one anomaly. */
export const INVALID: Partial<Results> = {
  valid: false,
  passed: false,
  anomalies: [{ type: "lost", count: 2, explanation: "Element 7 was missing" }],
};

/** Grades on a fake machine. */
export async function grade(
  line: string,
  run: (run: Run, machine: Graded) => ScriptOutcome | Promise<ScriptOutcome> = printed({}),
  changes: Partial<FakeMachine> = {},
): Promise<Graded> {
  const tests: Run[] = [];
  const written = new Map<string, string>();
  const machine: Graded = {
    ...fakeMachine({
      replaceFile: (path, text) => void written.set(path, text),
      runScript(words, limits) {
        const test = { words, seed: words[words.indexOf("--seed") + 1]!, ...limits };
        tests.push(test);
        return Promise.resolve(run(test, machine));
      },
      ...changes,
    }),
    tests,
    written,
  };
  machine.stdout = (text) => void (machine.out += text);
  machine.stderr = (text) => void (machine.err += text);
  machine.status = await main(["grade", ...line.split(" ")], machine);
  return machine;
}

/** The document of a grading. */
export function documentOf({ written }: Graded): GradeDocument {
  return JSON.parse(written.get("grade/grade.json")!);
}

/** Points of each claim, by name. */
export function pointsOf(graded: Graded): Record<string, number> {
  return Object.fromEntries(documentOf(graded).claims.map(({ id, points }) => [id, points]));
}

/**
 * The targets of the fuzzer.
 *
 * @module
 */

import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { FOUND } from "./found.ts";
import { programProperty } from "./program_target.ts";
import { FUZZED_PROGRAMS } from "./programs.ts";
import { damagedFiles, equalHistories } from "./reader_target.ts";

/** Property to fuzz. */
export interface Target {
  name: string;
  /** Number of cases of a round. */
  cases: number;
  property: fc.IAsyncProperty<unknown>;
}

/** All targets: 10,000 cases a round. */
export const TARGETS: readonly Target[] = [
  ...Object.entries(FUZZED_PROGRAMS).map(([name, fuzzed]) => ({
    name,
    cases: 600,
    property: programProperty(fuzzed) as fc.IAsyncProperty<unknown>,
  })),
  { name: "check-damaged", cases: 1700, property: damagedFiles },
  { name: "check-equal", cases: 1700, property: equalHistories },
];

/** Time after which a failure is not made smaller any more, ms. */
const LIMIT = 20_000;

/** Fuzzes a target once; the first cases are those that have failed before. Returns a description of the failure. */
export async function fuzz({ name, cases, property }: Target, seed: number): Promise<string | undefined> {
  const rejections: unknown[] = [];
  const onRejection = (event: PromiseRejectionEvent) => {
    event.preventDefault();
    rejections.push(event.reason);
  };
  globalThis.addEventListener("unhandledrejection", onRejection);
  try {
    const details = await fc.check(property, {
      seed,
      numRuns: cases,
      examples: FOUND[name] ?? [],
      includeErrorInReport: true,
      interruptAfterTimeLimit: LIMIT,
    });
    if (details.failed) return fc.defaultReportMessage(details);
    return rejections.length === 0
      ? undefined
      : `unhandled rejection: ${(rejections[0] as Error)?.stack ?? rejections[0]}`;
  } finally {
    globalThis.removeEventListener("unhandledrejection", onRejection);
  }
}

/** Declares a test for each target whose name passes. */
export function testTargets(passes: (name: string) => boolean): void {
  for (const target of TARGETS.filter(({ name }) => passes(name))) {
    Deno.test(`${target.name} withstands ${target.cases} hostile cases`, async () => {
      assertEquals(await fuzz(target, 1), undefined);
    });
  }
}

/**
 * Plan of a series: the runs that one command line asks for, each with its seed.
 *
 * @module
 */

import { UsageError } from "../base/errors.ts";
import type { Arguments } from "./arguments.ts";
import { type ExportName, exportsOf } from "./exports.ts";
import type { FlagValues } from "./flags.ts";
import type { TestRequest } from "./request.ts";

/** The runs of one command line, in order. It never changes. */
export interface SeriesPlan {
  /** The arguments that all requests were created from. */
  args: Arguments;
  /** One request for each run. The runs of one test follow each other. */
  requests: readonly TestRequest[];
  /** Number of seeds each test is simulated with (`--seeds`), 1 without; `requests.length` is a multiple of it. */
  seeds: number;
  /** True if the first run that does not pass ends the series, as in Jepsen. Many challenges or seeds all run. */
  stopsAtFailure: boolean;
  /** True if failed runs are shrunk. */
  shrinks: boolean;
  /** True if each stored run gets a report. */
  reports: boolean;
  /** Other forms that each stored run is written in. */
  exports: readonly ExportName[];
  /** True if the results are a list: a table, or one JSON document with all runs. */
  isList: boolean;
}

/**
 * Plans the runs of some tests, with `--test-count` or `--seeds` runs each.
 *
 * @param requests One for each test.
 * @param newSeed Draws a seed that was not used before.
 * @throws {UsageError} Both flags were given.
 */
export function planSeries(requests: readonly TestRequest[], args: Arguments, newSeed: () => string): SeriesPlan {
  const { given } = args;
  if (given.seeds !== undefined && given["test-count"] !== undefined) {
    throw new UsageError("Cannot use --seeds with --test-count: expected one of them");
  }
  const planned = requests.flatMap((request) => withSeeds(request, given, newSeed));
  const seeds = given.seeds ?? 1;
  return {
    args,
    requests: planned,
    seeds,
    stopsAtFailure: requests.length === 1 && seeds === 1,
    shrinks: given.sim === true && given["no-shrink"] !== true,
    reports: given["no-report"] !== true,
    exports: exportsOf(given.export),
    isList: planned.length > 1 || given.seeds !== undefined,
  };
}

/** The runs of one test. With a seed S, they have the seeds S, S-2, S-3 … */
function withSeeds(request: TestRequest, given: FlagValues, newSeed: () => string): TestRequest[] {
  const first = request.seed ?? (given.seeds === undefined ? null : newSeed());
  const count = given.seeds ?? given["test-count"] ?? 1;
  return Array.from({ length: count }, (_, index) => ({
    ...request,
    seed: first === null ? newSeed() : numberedSeed(first, index),
  }));
}

/** The seed of run `index` of a series: `S` for the first, then `S-2`, `S-3` … */
export function numberedSeed(first: string, index: number): string {
  return index === 0 ? first : `${first}-${index + 1}`;
}

/**
 * Everything a person sees of a series: seeds, progress, each result, and the table or JSON document at the end.
 *
 * @module
 */

import { formatExactJSON } from "../base/json.ts";
import { escapeControls } from "../base/text.ts";
import type { Machine } from "../engines/machine.ts";
import { nameOfTest, type TestRequest } from "../request/request.ts";
import type { SeriesPlan } from "../request/series_plan.ts";
import type { Results, ShrunkRun } from "../run/results.ts";
import {
  createProgressLine,
  createStatusLine,
  type ProgressLine,
  SILENT_PROGRESS,
  SILENT_STATUS,
  type StatusLine,
} from "./progress.ts";
import { type Screen, screenOf } from "./screen.ts";
import { createSeriesDocument, printable } from "./series_document.ts";
import { formatShrunk } from "./shrunk.ts";
import { formatSummary, formatVerdict, formatVerdictAndCommand, judgementOf } from "./summary.ts";
import { formatRunsTable, formatSeedsTable } from "./tables.ts";

/**
 * Number of failed seeds that are shown in detail: in full or, if one of them will be shrunk, with verdict and command.
 * Further ones are shown with verdict and command or, if one will be shrunk, not at all.
 */
const DETAILED_FAILURES = 3;

/** Shows the progress and the results of a series. */
export class SeriesReport {
  readonly #plan: SeriesPlan;
  readonly #machine: Machine;
  readonly #screen: Screen;
  readonly #json: boolean;
  readonly #quiet: boolean;
  /** True if there is more than one run. */
  readonly #several: boolean;
  /** Number of runs shown that did not pass, or have findings. */
  #noted = 0;

  constructor(plan: SeriesPlan, machine: Machine) {
    const { json = false, quiet = false } = plan.args.given;
    this.#plan = plan;
    this.#machine = machine;
    this.#screen = screenOf(machine);
    this.#json = json;
    this.#quiet = quiet;
    this.#several = plan.requests.length > 1;
  }

  /**
   * Prints the seed of a simulation before its first run, so that the run can be repeated even if this process dies.
   * Prints nothing if the user gave the seed of the only run.
   */
  showSeed(request: TestRequest): void {
    const { args, seeds } = this.#plan;
    const isKnown = !this.#several && args.given.seed !== undefined;
    if (request.simulation === null || this.#quiet || isKnown) return;
    const more = seeds > 1 ? `, ${request.seed}-2, …` : "";
    this.#machine.stderr(`${nameOfTest(request)}  seed ${request.seed}${more}\n`);
  }

  /** Opens the progress line of run `index`. Stop it when the run has ended. */
  openProgress(request: TestRequest, index: number): ProgressLine {
    const { requests, seeds } = this.#plan;
    const name = nameOfTest(request);
    const title = seeds === 1 ? name : `${name}  ${index + 1} of ${requests.length}`;
    const line = this.#quiet
      ? SILENT_PROGRESS
      : createProgressLine(this.#machine, title, request.options.timeLimitSeconds);
    return { ...line, log: this.#log(request, line), output: this.#json ? line.output : this.#machine.stdout };
  }

  /** Log lines are shown for a single run, and wherever the user asked for them, even with `--quiet`. */
  #log({ logStderr, logNetSend, logNetRecv }: TestRequest, line: ProgressLine): ProgressLine["log"] {
    const isAskedFor = logStderr || logNetSend || logNetRecv;
    if (isAskedFor && this.#quiet) return (text) => this.#machine.stderr(`${escapeControls(text)}\n`);
    return isAskedFor || this.#plan.seeds === 1 ? line.log : SILENT_PROGRESS.log;
  }

  /**
   * Shows the results of a run: in full if it is the only one, has failed or has findings, else in one line until the
   * table.
   */
  showResults(results: Results, request: TestRequest, interrupted: boolean): void {
    const isClean = judgementOf(results) === "passed";
    if (!isClean) this.#noted++;
    if (this.#json || (this.#several && isClean)) this.#showVerdict(results);
    else this.#showSummary(results, request, interrupted);
  }

  /** One line on stderr. A seed that passed needs none. */
  #showVerdict(results: Results): void {
    if (this.#quiet) return;
    const needsLine = this.#several && !(this.#plan.seeds > 1 && judgementOf(results) === "passed");
    if (needsLine) this.#machine.stderr(`${formatVerdict(results, { ...this.#screen, colour: false })}\n`);
    if (this.#json) { for (const { message, fatal } of results.exceptions) if (fatal) this.#showFirstLine(message); }
    if (this.#json && results.mode === "simulation" && results.store !== null) {
      this.#machine.stderr(`Stored in ${results.store}\n`);
    }
  }

  #showFirstLine(text: string): void {
    this.#machine.stderr(`${escapeControls(text).split("\n", 1)[0]}\n`);
  }

  #showSummary(results: Results, { deviations, command }: TestRequest, interrupted: boolean): void {
    const { seeds, shrinks } = this.#plan;
    const isFurther = this.#noted > DETAILED_FAILURES;
    // The shrunk run is shown in full later, and the table lists all seeds that failed.
    if (seeds > 1 && shrinks && isFurther) return;
    const format = seeds > 1 && (shrinks || isFurther) ? formatVerdictAndCommand : formatSummary;
    const text = format(results, { deviations, command, interrupted }, this.#screen);
    this.#machine.stdout(`${text}\n${this.#several ? "\n" : ""}`);
  }

  /** Shows the path of a run's report, if there is one. Those of several runs are beside their other files. */
  showReport(path: string | undefined): void {
    if (path === undefined || this.#json || this.#several) return;
    // The path stays on one line, so that it can be opened.
    this.#machine.stdout(`  report       ${path}\n`);
  }

  /** Shows the paths of a run's exports. Those of several runs are beside their other files. */
  showExports(paths: readonly string[]): void {
    if (this.#json || this.#several) return;
    for (const path of paths) this.#machine.stdout(`  exported     ${path}\n`);
  }

  /** Opens the status line of a search for a smaller failing run. Stop it when the search has ended. */
  openStatus(): StatusLine {
    return this.#quiet ? SILENT_STATUS : createStatusLine(this.#machine);
  }

  /** Shows the smallest failing run that was found. */
  showShrunk(shrunk: ShrunkRun): void {
    if (this.#json) {
      const isSmaller = shrunk.changes.length > 0;
      const { store } = shrunk.results;
      const where = store === null ? "but not stored" : `and stored in ${store}`;
      if (isSmaller && !this.#quiet) this.#machine.stderr(`Shrunk, ${where}\n`);
      return;
    }
    const text = formatShrunk(shrunk, this.#plan.seeds === 1, this.#screen);
    this.#machine.stdout(this.#several ? `${text}\n\n` : `\n${text}\n`);
  }

  /**
   * Shows all runs: a table, or the JSON document.
   *
   * @param isCutShort True if Ctrl-C kept some of the planned runs from running.
   */
  showEnd(runs: readonly Results[], isCutShort: boolean): void {
    const { requests, seeds, isList } = this.#plan;
    if (this.#json) {
      const decidedBy = runs[0]?.decided_by ?? requests[0]!.decidedBy;
      const document = isList ? createSeriesDocument(runs, isCutShort, decidedBy) : printable(runs[0]!);
      this.#machine.stdout(`${formatExactJSON(document, 2)}\n`);
    } else if (isList) {
      const format = seeds > 1 ? formatSeedsTable : formatRunsTable;
      this.#machine.stdout(`${format(runs, requests.length, this.#screen)}\n`);
    }
  }
}

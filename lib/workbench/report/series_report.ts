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
import { decisionOf, type Results, type ShrunkRun } from "../run/results.ts";
import type { Progress } from "../run/progress.ts";
import { RECOVERY } from "../workloads/workload.ts";
import { WORKLOADS } from "../workloads/mod.ts";
import { createLiveLine, type LiveLine, SILENT_LINE, textSource, withLiveLine } from "./live_line.ts";
import { progressSource, type SeriesProgress } from "./progress.ts";
import { type Screen, screenOf } from "./screen.ts";
import { createSeriesDocument, printable } from "./series_document.ts";
import { formatShrunk } from "./shrunk.ts";
import { judgementOf } from "./judgement.ts";
import { formatSummary, formatVerdict, formatVerdictAndCommand } from "./summary.ts";
import { formatRunsTable, formatSeedsTable } from "./tables.ts";
import { estimateTimeLeft, type TimeLeft } from "./time_left.ts";

/**
 * Number of failed seeds that are shown in detail: in full or, if one of them will be shrunk, with verdict and command.
 * Further ones are shown with verdict and command or, if one will be shrunk, not at all.
 */
const DETAILED_FAILURES = 3;

/** Callbacks of one run, through which its engine shows what happens. */
export interface RunLine {
  /** Shows the progress that `ask` returns. */
  progress(ask: () => Progress): void;
  /** Shows what the run waits for, instead of its time; undefined when it goes on. */
  waiting(what: string | undefined): void;
  /** Shows the progress at once. */
  beforeChecking(): void;
  /** Shows the first line of a text, with control characters made visible. */
  log(text: string): void;
  /** Shows a text as it is. */
  output(text: string): void;
}

/** Shows the progress and the results of a series. */
export class SeriesReport {
  /** The machine of the series. Its outputs erase the live line before they write. */
  readonly machine: Machine;
  readonly #plan: SeriesPlan;
  readonly #live: LiveLine;
  readonly #timeLeft: TimeLeft;
  readonly #startedAt: number;
  readonly #screen: Screen;
  readonly #json: boolean;
  readonly #quiet: boolean;
  /** True if there is more than one run. */
  readonly #several: boolean;
  /** Number of runs shown that did not pass, or have findings. */
  #noted = 0;
  /** Number of runs that did not pass. */
  #failed = 0;

  constructor(plan: SeriesPlan, machine: Machine) {
    const { json = false, quiet = false } = plan.args.given;
    const { requests } = plan;
    this.#plan = plan;
    this.#live = quiet ? SILENT_LINE : createLiveLine(machine);
    this.#timeLeft = estimateTimeLeft(requests.map(lengthOf), requests[0]?.simulation === null, machine.now);
    this.#startedAt = machine.now();
    this.machine = withLiveLine(machine, this.#live);
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
    this.machine.stderr(`${nameOfTest(request)}  seed ${request.seed}${more}\n`);
  }

  /** Begins to show run `index`. */
  beginRun(request: TestRequest, index: number): RunLine {
    const { requests } = this.#plan;
    let ask: (() => Progress) | undefined;
    let waiting: string | undefined;
    if (this.#several) this.#timeLeft.begin(index);
    this.#live.show(progressSource(() => {
      const progress = ask?.();
      const series = this.#several ? this.#seriesProgress(index, progress, lengthOf(requests[index]!)) : undefined;
      return { request, progress, waiting, series };
    }));
    return {
      progress: (source) => ask = source,
      waiting: (what) => waiting = what,
      beforeChecking: this.#live.draw,
      log: this.#log(request),
      output: this.#json ? this.machine.stderr : this.machine.stdout,
    };
  }

  #seriesProgress(index: number, progress: Progress | undefined, length: number): SeriesProgress {
    const { requests, seeds } = this.#plan;
    const seconds = (this.machine.now() - this.#startedAt) / 1000;
    const isFast = requests[0]!.simulation !== null && seeds > 1 && seconds > 0;
    const done = progress === undefined || progress.phase === "starting" ? 0 : Math.min(progress.elapsed / length, 1);
    return {
      run: index + 1,
      runs: requests.length,
      failed: this.#failed,
      runsPerSecond: isFast && index > 0 ? index / seconds : undefined,
      left: this.#timeLeft.read(done),
    };
  }

  /** Log lines are shown for a single run, and wherever the user asked for them, even with `--quiet`. */
  #log({ logStderr, logNetSend, logNetRecv }: TestRequest): RunLine["log"] {
    const isAskedFor = logStderr || logNetSend || logNetRecv;
    if (isAskedFor && this.#quiet) return (text) => this.machine.stderr(`${escapeControls(text)}\n`);
    // The summary has the rest of a text, such as the last lines of a node that crashed.
    const isShown = !this.#quiet && (isAskedFor || this.#plan.seeds === 1);
    return isShown ? (text) => this.#showFirstLine(text) : () => {};
  }

  /** Ends the live line: nothing more runs. */
  close(): void {
    this.#live.stop();
  }

  /**
   * Shows the results of a run: in full if it is the only one, has failed or has findings, else in one line until the
   * table.
   */
  showResults(results: Results, request: TestRequest, interrupted: boolean): void {
    const isClean = judgementOf(results) === "passed";
    if (!decisionOf(results).passed) this.#failed++;
    // After the only run, nothing remains to wait for but its report.
    if (!this.#several) this.#live.show(undefined);
    if (!isClean) this.#noted++;
    if (this.#json || (this.#several && isClean)) this.#showVerdict(results);
    else this.#showSummary(results, request, interrupted);
  }

  /** One line on stderr. A seed that passed needs none. */
  #showVerdict(results: Results): void {
    if (this.#quiet) return;
    const needsLine = this.#several && !(this.#plan.seeds > 1 && judgementOf(results) === "passed");
    if (needsLine) this.machine.stderr(`${formatVerdict(results, { ...this.#screen, colour: false })}\n`);
    if (this.#json) { for (const { message, fatal } of results.exceptions) if (fatal) this.#showFirstLine(message); }
    if (this.#json && results.mode === "simulation" && results.store !== null) {
      this.machine.stderr(`Stored in ${results.store}\n`);
    }
  }

  #showFirstLine(text: string): void {
    this.machine.stderr(`${escapeControls(text).split("\n", 1)[0]}\n`);
  }

  #showSummary(results: Results, { deviations, command }: TestRequest, interrupted: boolean): void {
    const { seeds, shrinks } = this.#plan;
    const isFurther = this.#noted > DETAILED_FAILURES;
    // The shrunk run is shown in full later, and the table lists all seeds that failed.
    if (seeds > 1 && shrinks && isFurther) return;
    const format = seeds > 1 && (shrinks || isFurther) ? formatVerdictAndCommand : formatSummary;
    const text = format(results, { deviations, command, interrupted }, this.#screen);
    this.machine.stdout(`${text}\n${this.#several ? "\n" : ""}`);
  }

  /** Shows the path of a run's report, if there is one. Those of several runs are beside their other files. */
  showReport(path: string | undefined): void {
    if (path === undefined || this.#json || this.#several) return;
    // The path stays on one line, so that it can be opened.
    this.machine.stdout(`  report       ${path}\n`);
  }

  /** Shows the paths of a run's exports. Those of several runs are beside their other files. */
  showExports(paths: readonly string[]): void {
    if (this.#json || this.#several) return;
    for (const path of paths) this.machine.stdout(`  exported     ${path}\n`);
  }

  /** Shows the progress of a search for a smaller failing run. */
  showShrinking(request: TestRequest, tried: number): void {
    const texts = [nameOfTest(request), `shrinking: ${tried} smaller runs tried`];
    this.#live.show(textSource(() => texts));
  }

  /** Shows the smallest failing run that was found. */
  showShrunk(shrunk: ShrunkRun): void {
    if (this.#json) {
      const isSmaller = shrunk.changes.length > 0;
      const { store } = shrunk.results;
      const where = store === null ? "but not stored" : `and stored in ${store}`;
      if (isSmaller && !this.#quiet) this.machine.stderr(`Shrunk, ${where}\n`);
      return;
    }
    const text = formatShrunk(shrunk, this.#plan.seeds === 1, this.#screen);
    this.machine.stdout(this.#several ? `${text}\n\n` : `\n${text}\n`);
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
      this.machine.stdout(`${formatExactJSON(document, 2)}\n`);
    } else if (isList) {
      const format = seeds > 1 ? formatSeedsTable : formatRunsTable;
      this.machine.stdout(`${format(runs, requests.length, this.#screen)}\n`);
    }
  }
}

/** Length of a test, ms: its main phase and, if clients read once more, the recovery. */
export function lengthOf({ workload, options: { timeLimitSeconds } }: TestRequest): number {
  return timeLimitSeconds * 1000 + (WORKLOADS[workload]?.final === undefined ? 0 : RECOVERY);
}

/**
 * Progress on stderr: one line that changes on a terminal, a plain line now and then elsewhere.
 *
 * @module
 */

import { escapeControls } from "../base/text.ts";
import type { Progress } from "../run/progress.ts";

/** The part of the machine that progress is shown on. */
export interface ProgressScreen {
  stderr(text: string): void;
  isTerminal: { stderr: boolean };
  /** In characters. */
  width(): number;
  every(interval: number, tick: () => void): () => void;
}

/** The progress of one test. */
export interface ProgressLine {
  /** Starts to show the progress that `ask` returns. */
  show(ask: () => Progress): void;
  /** Shows the first line of a text for good, with control characters made visible. */
  log(text: string): void;
  /** Shows a text for good, as it is. */
  output(text: string): void;
  /** Stops, and erases the line. */
  stop(): void;
}

/** Shows nothing. */
export const SILENT_PROGRESS: ProgressLine = { show() {}, log() {}, output() {}, stop() {} };

/** Time between two changes of the line on a terminal, and between two lines elsewhere, ms. */
const REDRAW_INTERVAL = 200;
const LINE_INTERVAL = 10_000;

/** Moves to the beginning of the line and erases it. */
const ERASE = "\r\x1b[K";

/**
 * Creates the progress line of a test.
 *
 * @param title Name of the test, such as `"3e broadcast"`.
 * @param timeLimitSeconds Length of its main phase.
 */
export function createProgressLine(screen: ProgressScreen, title: string, timeLimitSeconds: number): ProgressLine {
  const isTerminal = screen.isTerminal.stderr;
  let ask: (() => Progress) | undefined;
  let cancel = () => {};
  const line = () => ask === undefined ? "" : formatProgress(title, timeLimitSeconds, ask());
  const draw = () => screen.stderr(ERASE + fitted(line(), screen));
  return {
    show(source) {
      ask = source;
      cancel = isTerminal
        ? screen.every(REDRAW_INTERVAL, draw)
        : screen.every(LINE_INTERVAL, () => screen.stderr(`${line()}\n`));
    },
    log(text) {
      // The summary has the rest, such as the last lines of a node that crashed.
      const [first] = escapeControls(text).split("\n", 1);
      screen.stderr(isTerminal ? `${ERASE}${first}\n` : `${first}\n`);
      if (isTerminal) draw();
    },
    output: (text) => screen.stderr(text),
    stop() {
      cancel();
      if (isTerminal && ask !== undefined) screen.stderr(ERASE);
      ask = undefined;
    },
  };
}

/** Cuts a line below the width of the terminal: a full line would wrap, and could not be erased whole. */
function fitted(line: string, screen: ProgressScreen): string {
  return line.slice(0, screen.width() - 1);
}

/** The progress of a search that runs many tests: a line that its caller writes. */
export interface StatusLine {
  /** Shows a line instead of the last one. */
  show(line: string): void;
  /** Stops, and erases the line. */
  stop(): void;
}

/** Shows nothing. */
export const SILENT_STATUS: StatusLine = { show() {}, stop() {} };

/** Creates a status line. On a terminal, each call replaces it; elsewhere, at most one call in 10 s adds a line. */
export function createStatusLine(screen: ProgressScreen): StatusLine {
  const isTerminal = screen.isTerminal.stderr;
  let due = false;
  const cancel = screen.every(LINE_INTERVAL, () => due = true);
  return {
    show(line) {
      if (isTerminal) screen.stderr(ERASE + fitted(line, screen));
      else if (due) screen.stderr(`${line}\n`);
      due = false;
    },
    stop() {
      cancel();
      if (isTerminal) screen.stderr(ERASE);
    },
  };
}

/** Words for the phases of a test besides its main phase. */
const PHASES: Readonly<Record<string, string>> = {
  starting: "starting the nodes",
  recovering: "waiting for recovery",
  final: "final operations",
  checking: "checking",
};

/** Formats progress: `3e broadcast  12 of 20 s  1180 ok  0 fail  0 info  3560 messages  partition`. */
export function formatProgress(title: string, timeLimitSeconds: number, progress: Progress): string {
  const { phase, elapsed, recoveryLeft, ok, fail, info, messages, faults } = progress;
  if (phase === "starting") return `${title}  ${PHASES.starting}`;
  const seconds = Math.min(Math.floor(elapsed / 1000), timeLimitSeconds);
  const left = recoveryLeft === undefined ? "" : `, ${Math.ceil(recoveryLeft / 1000)} s left`;
  const words = (PHASES[phase] ?? `${seconds} of ${timeLimitSeconds} s`) + left;
  const counts = `${ok} ok  ${fail} fail  ${info} info  ${messages} messages`;
  return [title, words, counts, ...faults.length === 0 ? [] : [faults.join(", ")]].join("  ");
}

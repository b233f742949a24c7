/**
 * What a person sees while a test runs: one line that changes, or a few plain ones where nobody is looking.
 *
 * @module
 */

import type { Progress } from "../run/run.ts";
import { visible } from "../base/text.ts";

/** What showing progress needs of the machine. */
export interface ProgressScreen {
  stderr(text: string): void;
  isTerminal: { stderr: boolean };
  width(): number;
  every(interval: number, tick: () => void): () => void;
}

/** Shows how a test goes on, on stderr. */
export interface ProgressLine {
  /** Begins to show what `ask` tells. */
  show(ask: () => Progress): void;
  /** Shows the first line of a text, which stays, control characters made visible. */
  log(line: string): void;
  /** Shows text that stays, as it is. */
  output(text: string): void;
  /** Ends showing; takes the line away. */
  stop(): void;
}

/** How often the line changes on a terminal, and how often a line is added elsewhere; milliseconds. */
const REDRAW = 200;
const SPARSE = 10_000;

/** Takes the line away: back to its beginning, erased to its end. */
const ERASE = "\r\x1b[K";

/**
 * Makes a progress line.
 *
 * @param title What runs, such as `"3e broadcast"`.
 * @param timeLimitSeconds How long its main phase lasts, in seconds.
 */
export function createProgressLine(screen: ProgressScreen, title: string, timeLimitSeconds: number): ProgressLine {
  const live = screen.isTerminal.stderr;
  let ask: (() => Progress) | undefined;
  let cancel = () => {};
  const line = () => ask === undefined ? "" : formatProgress(title, timeLimitSeconds, ask());
  // A line as wide as the terminal would wrap, and not be taken away whole.
  const draw = () => screen.stderr(ERASE + line().slice(0, screen.width() - 1));
  return {
    show(source) {
      ask = source;
      cancel = screen.every(live ? REDRAW : SPARSE, live ? draw : () => screen.stderr(`${line()}\n`));
    },
    log(text) {
      // What a node last wrote, and all that, stands in the summary.
      const [first] = visible(text).split("\n", 1);
      screen.stderr(live ? `${ERASE}${first}\n` : `${first}\n`);
      if (live) draw();
    },
    output: (text) => screen.stderr(text),
    stop() {
      cancel();
      if (live && ask !== undefined) screen.stderr(ERASE);
      ask = undefined;
    },
  };
}

/** Shows how something else goes on, on stderr. */
export interface StatusLine {
  /** Shows this line instead of the one before. */
  show(line: string): void;
  /** Ends showing; takes the line away. */
  stop(): void;
}

/** Shows nothing. */
export const SILENT_STATUS: StatusLine = { show() {}, stop() {} };

/** Makes a status line: on a terminal it changes as often as it is told; elsewhere a line is added now and then. */
export function createStatusLine(screen: ProgressScreen): StatusLine {
  const live = screen.isTerminal.stderr;
  let due = false;
  const cancel = screen.every(SPARSE, () => due = true);
  return {
    show(line) {
      if (live) screen.stderr(ERASE + line.slice(0, screen.width() - 1));
      else if (due) screen.stderr(`${line}\n`);
      due = false;
    },
    stop() {
      cancel();
      if (live) screen.stderr(ERASE);
    },
  };
}

/** How far a test is: `3e broadcast  12 of 20 s  1180 ok  0 fail  0 info  3560 messages  partition`. */
export function formatProgress(title: string, timeLimitSeconds: number, progress: Progress): string {
  const { phase, elapsed, ok, fail, info, messages, fault } = progress;
  const words: Record<string, string> = {
    starting: "starting the nodes",
    recovering: "waiting for recovery",
    final: "final operations",
    checking: "checking",
  };
  if (phase === "starting") return `${title}  ${words.starting}`;
  const seconds = Math.min(Math.floor(elapsed / 1000), timeLimitSeconds);
  const what = words[phase] ?? `${seconds} of ${timeLimitSeconds} s`;
  const counts = `${ok} ok  ${fail} fail  ${info} info  ${messages} messages`;
  return [title, what, counts, ...fault === null ? [] : [fault]].join("  ");
}

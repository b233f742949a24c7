/**
 * The line on stderr that shows progress. On a terminal it is redrawn several times a second, never wider than the
 * terminal is then. Elsewhere, as in a log of CI, a sentence is added now and then.
 *
 * @module
 */

import { fitLine, type LinePart } from "../base/fit_line.ts";
import { createStyle, escapeControls, type Style } from "../base/text.ts";

/** The part of the machine that a live line is shown on. */
export interface LiveScreen {
  stderr(text: string): void;
  isTerminal: { stderr: boolean };
  env(name: string): string | undefined;
  /** In characters. */
  width(): number;
  every(interval: number, tick: () => void): () => void;
}

/** Content of a live line, asked for whenever it is shown. */
export interface LineSource {
  /** The parts of the line on a terminal, in their order. */
  parts(style: Style): LinePart[];
  /** The same as a sentence, for a log. */
  sentence(): string;
}

/** Line that shows progress. */
export interface LiveLine {
  /** Shows this content from now on; undefined for none. */
  show(source: LineSource | undefined): void;
  /** Draws the line at once, if it is on a terminal. */
  draw(): void;
  /** Erases the line until it is drawn again. Do this before anything else is written. */
  hide(): void;
  /** Erases the line for good. */
  stop(): void;
}

/** Shows nothing. */
export const SILENT_LINE: LiveLine = { show() {}, draw() {}, hide() {}, stop() {} };

/** Time between two changes of the line on a terminal, and between two sentences elsewhere, ms. */
const REDRAW_INTERVAL = 200;
const SENTENCE_INTERVAL = 10_000;

/** Moves to the beginning of the line and erases it. */
const ERASE = "\r\x1b[K";

/** Creates a live line. It has a timer until it is stopped. */
export function createLiveLine(screen: LiveScreen): LiveLine {
  const isTerminal = screen.isTerminal.stderr;
  const style = createStyle(isTerminal && !screen.env("NO_COLOR"));
  let source: LineSource | undefined;
  let isShown = false;
  const draw = () => {
    if (!isTerminal || source === undefined) return;
    // A full line would wrap, and could not be erased whole.
    screen.stderr(ERASE + fitLine(source.parts(style), screen.width() - 1));
    isShown = true;
  };
  const hide = () => {
    if (isShown) screen.stderr(ERASE);
    isShown = false;
  };
  const say = () => source === undefined ? undefined : screen.stderr(`${escapeControls(source.sentence())}\n`);
  const cancel = isTerminal ? screen.every(REDRAW_INTERVAL, draw) : screen.every(SENTENCE_INTERVAL, say);
  return {
    show: (content) => source = content,
    draw,
    hide,
    stop() {
      cancel();
      hide();
      source = undefined;
    },
  };
}

/** Returns a machine like this one that erases the line before it writes. */
export function withLiveLine<M extends { stdout(text: string): void; stderr(text: string): void }>(
  machine: M,
  line: LiveLine,
): M {
  const clearing = (write: (text: string) => void) => (text: string) => {
    line.hide();
    write(text);
  };
  return { ...machine, stdout: clearing(machine.stdout), stderr: clearing(machine.stderr) };
}

/** Line that its caller writes, for a search that runs many tests. */
export interface StatusLine {
  /** Shows a line instead of the last one. */
  show(line: string): void;
  /** Stops, and erases the line. */
  stop(): void;
}

/** Creates a status line. On a terminal, each call replaces it; elsewhere, at most one call in 10 s adds a line. */
export function createStatusLine(screen: Omit<LiveScreen, "env">): StatusLine {
  const isTerminal = screen.isTerminal.stderr;
  let isDue = false;
  const cancel = screen.every(SENTENCE_INTERVAL, () => isDue = true);
  return {
    show(line) {
      if (isTerminal) screen.stderr(ERASE + fitLine(plainSource(line).parts(createStyle(false)), screen.width() - 1));
      else if (isDue) screen.stderr(`${line}\n`);
      isDue = false;
    },
    stop() {
      cancel();
      if (isTerminal) screen.stderr(ERASE);
    },
  };
}

/** Content of a line with a few texts, of which the first leaves last. */
export function plainSource(...texts: readonly string[]): LineSource {
  return { parts: () => texts.map((text, rank) => ({ forms: [{ text, rank }] })), sentence: () => texts.join(": ") };
}

/**
 * The line on stderr that shows progress. On a terminal it is redrawn several times a second, never wider than the
 * terminal is then. Elsewhere, as in a log of CI, a sentence is added now and then.
 *
 * @module
 */

import { fitLine, type LinePart } from "../base/fit_line.ts";
import { createStyle, escapeControls, type Paint, type Style } from "../base/text.ts";

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

/** Text of a line, maybe with its colour. */
export type LineText = string | readonly [text: string, paint: Paint];

/**
 * Content of a line with a few texts, the most important first.
 *
 * @param look Returns the texts as they are then. Empty ones are left out.
 */
export function textSource(look: (style: Style) => readonly LineText[]): LineSource {
  return {
    parts: (style) =>
      look(style).map((each, rank) => {
        const [text, paint] = typeof each === "string" ? [each] : each;
        return { forms: [{ text, rank }], paint };
      }),
    sentence() {
      const [first, ...others] = look(createStyle(false)).map((each) => typeof each === "string" ? each : each[0])
        .filter((text) => text !== "");
      return others.length === 0 ? first ?? "" : `${first}: ${others.join(", ")}`;
    },
  };
}

/**
 * The comparison as a table for a terminal.
 *
 * @module
 */

import { createStyle, table, wrap } from "../../base/text.ts";
import { figure } from "../numbers.ts";
import type { Screen } from "../screen.ts";
import { COLOURS, MARKS } from "../judgement.ts";
import type { ComparedFigure, Comparison } from "./comparison.ts";

/** Formats the comparison: the runs with their verdicts, notes, and a row for each figure. */
export function formatComparison({ runs, notes, figures }: Comparison, screen: Screen): string {
  const style = createStyle(screen.colour);
  const heads = runs.map(({ letter, judgement, name, folder, facts }) => [
    style[COLOURS[judgement]](`${letter}  ${MARKS[judgement]} ${name}: ${judgement}`),
    ...wrap([folder, ...facts].join(", "), screen.width, "   ").map(style.dim),
  ]);
  const head = ["", ...runs.flatMap(({ letter }, at) => at === 0 ? [letter] : [letter, `${letter} to A`])];
  const rows = figures.map((each) => [labelOf(each), ...cellsOf(each)]);
  const [title, ...lines] = table(head, rows, screen.width);
  const noted = notes.flatMap((note) => wrap(`Note: ${note}.`, screen.width, ""));
  return [...heads.flat(), ...noted.map(style.yellow), "", style.dim(title!), ...lines].join("\n");
}

function labelOf({ label, unit }: ComparedFigure): string {
  return unit === "" || unit === "/s" ? label : `${label}, ${unit}`;
}

function cellsOf({ values, changes }: ComparedFigure): string[] {
  return values.flatMap((value, at) => {
    const text = value === null ? "" : figure(value);
    return at === 0 ? [text] : [text, changeText(changes[at]!)];
  });
}

/** The change against the first run, with a mark: `−12 % ✓`. */
function changeText(change: ComparedFigure["changes"][number]): string {
  if (change === null) return "";
  const { text, isBetter } = change;
  return `${text} ${isBetter === null ? " " : isBetter ? MARKS.passed : MARKS.invalid}`;
}

/**
 * Cases of one anomaly in a summary. Those that are alike are summed up:
 *
 * 1. Divide the explanation into the sentences of its cases.
 * 2. Take from each sentence what differs from case to case: nodes, numbers, keys, values and times. What is left is
 *    its pattern: cases with one pattern are alike.
 * 3. Show the first case of each pattern in full, and count the others, unless that would save no lines.
 *
 * It works for every checker, because they all explain with `explainCases()`.
 *
 * @module
 */

import { wrap } from "../base/text.ts";
import { EXAMPLES } from "../checkers/explain.ts";
import type { Anomaly, AnomalyCase } from "../checkers/verdict.ts";

/** Most lines about one anomaly. */
const MAX_LINES = 12;

/** Format of cases. */
export interface CaseFormat {
  /** True if the results are stored: then they are where the other cases are. */
  isStored: boolean;
  /** Widest line, in characters. */
  width: number;
  /** Beginning of each line. */
  indent: string;
}

/** Lines with the cases of an anomaly. */
export function caseLines(anomaly: Anomaly, { isStored, width, indent }: CaseFormat): string[] {
  const { explanation, cases = [], count } = anomaly;
  const all = wrap(explanation, width, indent);
  const sentences = sentencesOf(anomaly);
  // Of some cases, a sentence has several lines that are not indented.
  if (sentences.length > count) return bounded(all, indent);
  const patterns = sentences.map((sentence, index) => patternOf(sentence, cases[index]));
  const firsts = [...new Set(patterns)].map((pattern) => patterns.indexOf(pattern));
  const texts = firsts.map((index) => wrap(sentences[index]!, width, indent));
  const fitting = texts.findLastIndex((_, last) => texts.slice(0, last + 1).flat().length < MAX_LINES);
  const shown = Math.max(fitting + 1, 1);
  const lines = bounded(texts.slice(0, shown).flat(), indent);
  if (shown === count || lines.length + 1 >= all.length) return bounded(all, indent);
  const rest = cases.filter((_, index) => !firsts.slice(0, shown).includes(index));
  const likeness = shown < firsts.length ? "" : shown === 1 ? " like it" : " like these";
  const where = isStored ? whereRestIs(anomaly) : "";
  const more = `… and ${count - shown} more${likeness}${nodesOf(rest, count - shown)}${where}`;
  return [...lines, ...wrap(more, width, indent)];
}

function bounded(lines: string[], indent: string): string[] {
  if (lines.length <= MAX_LINES) return lines;
  return [...lines.slice(0, MAX_LINES - 1), `${indent}… and ${lines.length - MAX_LINES + 1} more lines`];
}

/** Divides an explanation into one text for each case: a cycle, or a sentence with the indented lines after it. */
function sentencesOf({ explanation, count }: Anomaly): string[] {
  const isCycle = explanation.startsWith("T1 is ");
  const texts = explanation.split(isCycle ? /\n(?=T1 is )/ : /\n(?=\S)/);
  if (count <= EXAMPLES) return texts;
  const last = texts.at(-1)!.replace(/\n?… and \d+ more$/, "");
  return [...texts.slice(0, -1), ...last === "" ? [] : [last]];
}

/** Parts of a sentence that differ from case to case, but for lists. A quoted text can have escaped marks. */
const PARTICULARS = /"(?:[^"\\]|\\.)*"|\b(?:once|twice|\d+ times|null|true|false)\b|[a-z]?\d[\d.]*|…/g;
/** A JSON list or object, without others in it. */
const INNERMOST = /\[[^[\]{}]*\]|\{[^[\]{}]*\}/g;
/** Deepest list that is taken for one value. */
const MAX_DEPTH = 8;

/** The pattern of a case: its sentence without particulars. A list counts as its first item, however long it is. */
function patternOf(sentence: string, { nodes = [] }: AnomalyCase = {}): string {
  let text = sentence.replaceAll(/[\w@-][\w.:@-]*\b/g, (word) => nodes.includes(word) ? "#" : word)
    .replaceAll(PARTICULARS, "#");
  for (let depth = 0; depth < MAX_DEPTH; depth++) text = text.replaceAll(INNERMOST, "#");
  const parts = text.replaceAll(/#[ #,]*#/g, "#").split(/, | and /);
  return parts.filter((part, index) => part !== "# more" && !parts[index - 1]?.endsWith(part)).join(", ");
}

/** Most nodes that a line names. */
const MAX_NODES = 4;

/** Names the nodes of cases that are each about one node. */
function nodesOf(cases: readonly AnomalyCase[], count: number): string {
  const nodes = new Set(cases.map(({ nodes }) => nodes?.length === 1 ? nodes[0] : undefined));
  if (cases.length < count || nodes.size < count || nodes.has(undefined)) return "";
  return `, on ${[...nodes].slice(0, MAX_NODES).join(", ")}${nodes.size > MAX_NODES ? " …" : ""}`;
}

/** Says which cases the stored results have. */
function whereRestIs({ cases = [], count }: Anomaly): string {
  if (cases.length === 0) return "";
  return ` (results.json has ${cases.length < count ? `the first ${cases.length}` : "all"})`;
}

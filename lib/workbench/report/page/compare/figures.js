/**
 * Sections "Runs" and "Figures": which runs are compared, and their figures side by side.
 *
 * @module
 */

import { element, section } from "../dom.js";
import { formatFigure } from "../format.js";

/** @typedef {import("../../compare/comparison.ts").ComparisonPage} Comparison */
/** @typedef {import("../../compare/comparison.ts").ComparedRun} ComparedRun */
/** @typedef {import("../../compare/comparison.ts").ComparedFigure} ComparedFigure */

/** Words for judgements, with their symbols. */
const JUDGEMENTS = /** @type {Record<ComparedRun["judgement"], [text: string, kind: string]>} */ ({
  passed: ["✓ valid", "good"],
  noted: ["✓ valid, with findings", "good"],
  missed: ["✕ valid, but not within its limits", "bad"],
  unknown: ["? unknown", "unclear"],
  invalid: ["✕ invalid", "bad"],
});

/**
 * The letter of a run, in its colour.
 *
 * @param {number} index
 * @param {string} letter
 * @returns {HTMLElement}
 */
export function letterOf(index, letter) {
  return element("span", { class: `letter run-${index}` }, letter);
}

/**
 * Creates the section with the runs, and with what makes them hard to compare.
 *
 * @param {Comparison} comparison
 * @returns {HTMLElement}
 */
export function runsSection({ runs, notes, home }) {
  const cards = runs.map(({ letter, name, judgement, folder, facts }, index) => {
    const [text, kind] = JUDGEMENTS[judgement];
    const report = home === null ? null : `/runs/${folder.split("/").slice(-2).map(encodeURIComponent).join("/")}/`;
    return element(
      "li",
      {},
      element(
        "p",
        {},
        letterOf(index, letter),
        " ",
        element("strong", {}, name),
        " ",
        element("span", { class: kind }, text),
      ),
      element("p", { class: "muted" }, [folder, ...facts].join(" · ")),
      report === null ? null : element(
        "p",
        {},
        element("a", { href: `${report}report.html` }, "report"),
        " ",
        element("a", { href: report }, "files"),
      ),
    );
  });
  return section(
    "runs",
    "Runs",
    element("ul", { class: "cards" }, ...cards),
    ...notes.map((note) => element("p", { class: "note" }, `${note}.`)),
  );
}

/**
 * Creates the section with the figures. The others are compared with the first run.
 *
 * @param {Comparison} comparison
 * @returns {HTMLElement}
 */
export function figuresSection({ runs, figures }) {
  const caption = "Figures of the runs";
  const heads = runs.map(({ letter }, index) =>
    element("th", { scope: "col", class: "number" }, letterOf(index, letter))
  );
  const rows = figures.map((figure) =>
    element(
      "tr",
      {},
      element("th", { scope: "row" }, figure.label, unitOf(figure)),
      ...figure.values.map((_, index) => figureCell(figure, index)),
    )
  );
  const table = element(
    "table",
    { class: "figures" },
    element("caption", { class: "hidden-text" }, caption),
    element("thead", {}, element("tr", {}, element("td"), ...heads)),
    element("tbody", {}, ...rows),
  );
  return section(
    "figures",
    "Figures",
    element("p", { class: "muted" }, "Percentages are changes to A; ✓ better, ✕ worse."),
    element("div", { class: "scrolls", tabindex: "0", role: "region", "aria-label": caption }, table),
  );
}

/**
 * @param {ComparedFigure} figure
 * @returns {HTMLElement | null}
 */
function unitOf({ unit }) {
  return unit === "" || unit === "/s" ? null : element("span", { class: "muted" }, `, ${unit}`);
}

/**
 * @param {ComparedFigure} figure
 * @param {number} index
 * @returns {HTMLElement}
 */
function figureCell({ values, changes }, index) {
  const value = values[index];
  return element("td", { class: "number" }, value === null ? "–" : formatFigure(value), changeNode(changes[index]));
}

/**
 * @param {ComparedFigure["changes"][number]} change
 * @returns {HTMLElement | null}
 */
function changeNode(change) {
  if (change === null) return null;
  const { text, isBetter } = change;
  if (isBetter === null) return element("span", { class: "change muted" }, text);
  const words = element("span", { class: "hidden-text" }, isBetter ? " better" : " worse");
  return element("span", { class: `change ${isBetter ? "good" : "bad"}` }, `${text} ${isBetter ? "✓" : "✕"}`, words);
}

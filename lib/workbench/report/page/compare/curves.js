/**
 * Section "Curves": latency, rates and messages over time, and the distribution of latencies, a line for each run.
 *
 * @module
 */

import { choice, element, section, tableOf } from "../dom.js";
import { formatTime } from "../format.js";
import { drawPlot, FLOOR, redrawWhenNeeded } from "../plot.js";
import { latencyQuantiles, rates, withShortGaps } from "../series.js";

/** @typedef {import("../../compare/comparison.ts").ComparisonPage} Comparison */
/** @typedef {import("../../compare/comparison.ts").ComparedRun} ComparedRun */

/** @typedef {{ f: string, quantile: number }} Chosen Choice of a function, or all of them, and of a quantile. */

/** Dashes of the lines, one for each run: colour is never the only sign. */
const RUN_DASHES = [[], [8, 4], [2, 3], [10, 3, 2, 3], [5, 2], [1, 4], [14, 4], [6, 2, 2, 2, 2, 2]];

const QUANTILE_OPTIONS = [
  { value: "0.5", text: "p50" },
  { value: "0.95", text: "p95" },
  { value: "0.99", text: "p99" },
  { value: "1", text: "max" },
];

/** Number of points of a distribution. */
const STEPS = 240;

/** Charts, with the titles above them. */
const CHARTS = [
  { title: "Latency, by the time at which an operation ended", chart: latencyChart },
  { title: "Operations a second that succeeded", chart: rateChart },
  { title: "Messages a second", chart: messageChart },
  { title: "Distribution of latencies: share of operations that took no longer", chart: distributionChart },
];

/**
 * Creates the sections with curves and faults. The curves are drawn when they have a width.
 *
 * @param {Comparison} comparison
 * @returns {HTMLElement[]}
 */
export function curveSections(comparison) {
  const { runs } = comparison;
  /** @type {Chosen} */
  let chosen = { f: "", quantile: 0.99 };
  const shown = CHARTS.filter(({ chart }) => chart(comparison, chosen) !== null)
    .map((each) => ({ ...each, place: element("div", { class: "chart" }) }));
  const draw = () => {
    for (const { chart, place } of shown) {
      const drawn = chart(comparison, chosen);
      if (drawn === null) place.replaceChildren("No operation succeeded.");
      else drawPlot(place, drawn);
    }
  };
  const bar = choices(runs, (part) => {
    chosen = { ...chosen, ...part };
    draw();
  });
  redrawWhenNeeded(shown[0].place, draw);
  const strips = runs.some(({ faults }) => faults.length > 0)
    ? ["Strips at the bottom of a chart: times at which a run had faults."]
    : [];
  const note = ["Times count from the first operation of each run.", ...strips].join(" ");
  const charts = shown.flatMap(({ title, place }) => [element("h3", {}, title), place]);
  return [
    section("curves", "Curves", bar, element("p", { class: "muted" }, note), ...charts),
    ...faultSection(comparison),
  ];
}

/**
 * Lists with the functions of all runs, and with quantiles.
 *
 * @param {ComparedRun[]} runs
 * @param {(part: Partial<Chosen>) => void} onChange
 * @returns {HTMLElement}
 */
function choices(runs, onChange) {
  const functions = [...new Set(runs.flatMap(({ operations }) => operations.functions))].sort();
  const options = [{ value: "", text: "all" }, ...functions.map((f) => ({ value: f, text: f }))];
  const quantile = choice("Latency", QUANTILE_OPTIONS, (value) => onChange({ quantile: Number(value) }));
  /** @type {HTMLSelectElement} */ (quantile.querySelector("select")).value = "0.99";
  return element("div", { class: "filters" }, choice("Operations", options, (f) => onChange({ f })), quantile);
}

/**
 * Lines of all runs.
 *
 * @param {Comparison} comparison
 */
function lineStyles({ runs }) {
  return runs.map(({ letter, name }, index) => ({
    label: `${letter} ${name}`,
    colour: `run-${index}`,
    dash: RUN_DASHES[index % RUN_DASHES.length],
  }));
}

/**
 * Parts that all charts over time have.
 *
 * @param {Comparison} comparison
 */
function timeChart(comparison) {
  const { runs, bin } = comparison;
  const end = runs.reduce((last, run) => Math.max(last, run.end), 0);
  const count = Math.max(1, Math.ceil((end + 1) / bin));
  const times = Array.from({ length: count }, (_, index) => (index + 0.5) * bin / 1e6);
  const strips = runs.map(({ faults }, index) => ({ colour: `run-${index}`, faults }));
  return { times, end, lines: lineStyles(comparison), faults: [], points: [], strips };
}

/**
 * Position of a function in a run; null for all, -1 if the run does not have it.
 *
 * @param {ComparedRun} run
 * @param {string} f
 */
function positionIn({ operations }, f) {
  return f === "" ? null : operations.functions.indexOf(f);
}

/**
 * @param {Comparison} comparison
 * @param {Chosen} chosen
 * @returns {import("../plot.js").Chart}
 */
function latencyChart(comparison, { f, quantile }) {
  const chart = timeChart(comparison);
  const values = comparison.runs.map((run) =>
    withShortGaps(
      latencyQuantiles(asColumns(run), chart.end, comparison.bin, [quantile], positionIn(run, f))[0]
        .map((value) => value === null ? null : Math.max(FLOOR, value / 1000)),
    )
  );
  return { ...chart, values, unit: "ms", top: topOf(values), isLog: true };
}

/**
 * @param {Comparison} comparison
 * @param {Chosen} chosen
 * @returns {import("../plot.js").Chart}
 */
function rateChart(comparison, { f }) {
  const chart = timeChart(comparison);
  const values = comparison.runs.map((run) => {
    const position = positionIn(run, f);
    const curves = rates(asColumns(run), run.end, comparison.bin).curves
      .filter((curve) => curve.outcome === 0 && (position === null || curve.f === position));
    return chart.times.map((_, at) => curves.reduce((sum, { perSecond }) => sum + (perSecond[at] ?? 0), 0));
  });
  return { ...chart, values, unit: "/s", top: topOf(values) };
}

/**
 * @param {Comparison} comparison
 * @returns {import("../plot.js").Chart | null} Null if no run has its messages.
 */
function messageChart(comparison) {
  const { runs, bin } = comparison;
  if (runs.every(({ messages }) => messages === null)) return null;
  const chart = timeChart(comparison);
  const values = runs.map(({ messages }) =>
    chart.times.map((_, at) => messages === null ? null : (messages[at] ?? 0) * 1e6 / bin)
  );
  return { ...chart, values, unit: "/s", top: topOf(values) };
}

/**
 * @param {Comparison} comparison
 * @param {Chosen} chosen
 * @returns {import("../plot.js").Chart | null} Null if no operation succeeded.
 */
function distributionChart(comparison, { f }) {
  const sorted = comparison.runs.map((run) => {
    const { outcome, duration, f: functions } = run.operations;
    const position = positionIn(run, f);
    return Float64Array.from(
      duration.filter((_, row) => outcome[row] === 0 && (position === null || functions[row] === position)),
      (time) => Math.max(FLOOR, time / 1000),
    ).sort();
  });
  const all = sorted.filter((list) => list.length > 0);
  if (all.length === 0) return null;
  const low = Math.min(...all.map((list) => list[0])) * 0.9;
  const high = Math.max(...all.map((list) => list[list.length - 1])) * 1.1;
  const times = Array.from({ length: STEPS }, (_, at) => low * (high / low) ** (at / (STEPS - 1)));
  const values = sorted.map((list) => {
    let count = 0;
    return times.map((limit) => {
      while (count < list.length && list[count] <= limit) count++;
      return list.length === 0 ? null : count / list.length * 100;
    });
  });
  const x = { unit: "ms", range: /** @type {[number, number]} */ ([low, high]) };
  return { times, values, lines: lineStyles(comparison), faults: [], points: [], end: 0, unit: "%", top: 101, x };
}

/**
 * The columns that curves are computed from.
 *
 * @param {ComparedRun} run
 * @returns {import("../../html/report_data.ts").OperationColumns}
 */
function asColumns({ operations }) {
  return { ...operations, index: [], completion: [], process: [], worker: [], argument: [], result: [] };
}

/**
 * @param {(number | null | undefined)[][]} values
 * @returns {number}
 */
function topOf(values) {
  return values.flat().reduce((/** @type {number} */ top, value) => Math.max(top, value ?? 0), 1) * 1.1;
}

/**
 * Section with the faults in words; none if there were none.
 *
 * @param {Comparison} comparison
 * @returns {HTMLElement[]}
 */
function faultSection({ runs }) {
  const rows = runs.flatMap(({ letter, faults }) =>
    faults.map(({ name, start, end, text }) => [letter, name, formatTime(start), formatTime(end), text])
  );
  if (rows.length === 0) return [];
  return [section("faults", "Faults", tableOf("Faults of the runs", ["run", "fault", "from", "to", "what"], rows))];
}

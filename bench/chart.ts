/**
 * Charts with two logarithmic axes, as SVG. The background is transparent and the colours have a medium brightness, so
 * that a chart is readable on a light page and on a dark one.
 *
 * @module
 */

/** Logarithmic axis. */
export interface Axis {
  label: string;
  /** The lowest and the highest value shown, both above 0. */
  domain: readonly [number, number];
  /** Values that have a tick and a label. */
  ticks: readonly number[];
}

/** Colours of a series. */
export type Tone = "blue" | "orange" | "green" | "purple" | "grey";

/** Points with a common name, colour and mark. */
export interface Series {
  name: string;
  tone: Tone;
  points: readonly Point[];
  /** Line through the points; dashed for values that are not measured. None by default. */
  line?: "solid" | "dashed";
  /** Mark of each point; a dot by default. */
  mark?: "dot" | "cross" | "none";
}

/** Point of a series. */
export interface Point {
  x: number;
  y: number;
  /** Text beside the point; none by default. */
  label?: string;
  /** Position of the label: above and to the right by default, or below and to the left. */
  side?: "above" | "below";
}

/** Two limits, drawn as a corner: points should stay left of it and below it. */
export interface Corner {
  x: number;
  y: number;
  label: string;
}

/** Options for {@linkcode drawChart}. */
export interface Chart {
  /** Description for screen readers. */
  title: string;
  x: Axis;
  y: Axis;
  series: readonly Series[];
  corners?: readonly Corner[];
}

const WIDTH = 720;
const HEIGHT = 440;
const MARGIN = { left: 64, right: 24, bottom: 52 };
const LINE = 20;
/** Approximate width of a character. */
const CHARACTER = 6.9;
const TONES: Readonly<Record<Tone, string>> = {
  blue: "#3b82f6",
  orange: "#d97706",
  green: "#16a34a",
  purple: "#a855f7",
  grey: "#7a828e",
};

/** Conversion from values to positions, and the upper edge of the plot. */
interface Scales {
  x(value: number): number;
  y(value: number): number;
  top: number;
}

/**
 * Draws a chart as SVG.
 *
 * @example
 * ```ts
 * import { assertStringIncludes } from "@std/assert";
 * import { drawChart } from "./chart.ts";
 *
 * const svg = drawChart({
 *   title: "Messages by nodes",
 *   x: { label: "nodes", domain: [1, 100], ticks: [1, 10, 100] },
 *   y: { label: "messages", domain: [1, 1000], ticks: [1, 10, 100, 1000] },
 *   series: [{ name: "mesh", tone: "blue", line: "solid", points: [{ x: 2, y: 2 }, { x: 100, y: 990 }] }],
 * });
 * assertStringIncludes(svg, "<title>Messages by nodes</title>");
 * ```
 */
export function drawChart(chart: Chart): string {
  const { places, height } = placeLegend(chart.series);
  const top = height + 16;
  const scales: Scales = {
    x: logarithmic(chart.x.domain, [MARGIN.left, WIDTH - MARGIN.right]),
    y: logarithmic(chart.y.domain, [HEIGHT - MARGIN.bottom, top]),
    top,
  };
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" width="${WIDTH}" height="${HEIGHT}" ` +
    `role="img" font-family="system-ui, sans-serif" font-size="13" fill="${TONES.grey}">`,
    `<title>${escape(chart.title)}</title>`,
    ...drawAxes(chart, scales),
    ...(chart.corners ?? []).flatMap((corner) => drawCorner(corner, scales)),
    ...chart.series.flatMap((series) => drawSeries(series, scales)),
    ...chart.series.flatMap((series, i) => drawLegend(series, places[i]!)),
    "</svg>\n",
  ].join("\n");
}

function logarithmic([low, high]: readonly [number, number], [from, to]: readonly [number, number]) {
  return (value: number) => from + Math.log(value / low) / Math.log(high / low) * (to - from);
}

/** Places the names of the series from left to right, on as many lines as needed. */
function placeLegend(series: readonly Series[]): { places: { x: number; y: number }[]; height: number } {
  let [x, y] = [MARGIN.left, LINE];
  const places = series.map(({ name }) => {
    const width = 34 + name.length * CHARACTER;
    if (x > MARGIN.left && x + width > WIDTH) [x, y] = [MARGIN.left, y + LINE];
    const place = { x, y };
    x += width + 14;
    return place;
  });
  return { places, height: y };
}

function drawLegend(series: Series, { x, y }: { x: number; y: number }): string[] {
  const middle = y - 4;
  const line = series.line === undefined ? [] : [stroke(`M${x} ${middle}h24`, series)];
  return [...line, ...drawMark(x + 12, middle, series), text(x + 30, y, series.name)];
}

function drawAxes({ x, y }: Chart, scales: Scales): string[] {
  const [left, right, bottom] = [MARGIN.left, WIDTH - MARGIN.right, HEIGHT - MARGIN.bottom];
  const grid = (path: string) => `<path d="${path}" stroke="${TONES.grey}" stroke-opacity="0.25" fill="none"/>`;
  const middle = (scales.top + bottom) / 2;
  return [
    ...x.ticks.flatMap((tick) => [
      grid(`M${round(scales.x(tick))} ${scales.top}V${bottom}`),
      text(scales.x(tick), bottom + 18, tick.toLocaleString("en"), "middle"),
    ]),
    ...y.ticks.flatMap((tick) => [
      grid(`M${left} ${round(scales.y(tick))}H${right}`),
      text(left - 8, scales.y(tick) + 4, tick.toLocaleString("en"), "end"),
    ]),
    text((left + right) / 2, HEIGHT - 10, x.label, "middle"),
    `<text transform="translate(14 ${round(middle)}) rotate(-90)" text-anchor="middle">${escape(y.label)}</text>`,
  ];
}

function drawCorner({ x, y, label }: Corner, scales: Scales): string[] {
  const [right, top] = [scales.x(x), scales.y(y)];
  const path = `M${MARGIN.left} ${round(top)}H${round(right)}V${HEIGHT - MARGIN.bottom}`;
  return [
    `<path d="${path}" stroke="${TONES.grey}" stroke-width="1.5" stroke-dasharray="2 4" fill="none"/>`,
    text(right - 6, top - 6, label, "end"),
  ];
}

function drawSeries(series: Series, scales: Scales): string[] {
  const places = series.points.map(({ x, y }) => ({ x: round(scales.x(x)), y: round(scales.y(y)) }));
  const line = series.line === undefined || places.length === 0
    ? []
    : [stroke(`M${places.map(({ x, y }) => `${x} ${y}`).join("L")}`, series)];
  const labels = series.points.flatMap(({ label, side }, i) => {
    if (label === undefined) return [];
    const { x, y } = places[i]!;
    return side === "below" ? text(x - 4, y + 18, label, "end") : text(x + 8, y - 7, label);
  });
  return [...line, ...places.flatMap(({ x, y }) => drawMark(x, y, series)), ...labels];
}

function drawMark(x: number, y: number, { mark = "dot", tone }: Series): string[] {
  if (mark === "none") return [];
  if (mark === "dot") return [`<circle cx="${x}" cy="${y}" r="4" fill="${TONES[tone]}"/>`];
  const path = `M${x - 4} ${y - 4}l8 8m0 -8l-8 8`;
  return [`<path d="${path}" stroke="${TONES[tone]}" stroke-width="2" fill="none"/>`];
}

function stroke(path: string, { tone, line }: Series): string {
  const dashes = line === "dashed" ? ' stroke-dasharray="6 4"' : "";
  return `<path d="${path}" stroke="${TONES[tone]}" stroke-width="2"${dashes} fill="none"/>`;
}

function text(x: number, y: number, content: string, anchor: "start" | "middle" | "end" = "start"): string {
  const anchored = anchor === "start" ? "" : ` text-anchor="${anchor}"`;
  return `<text x="${round(x)}" y="${round(y)}"${anchored}>${escape(content)}</text>`;
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}

function escape(content: string): string {
  return content.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}

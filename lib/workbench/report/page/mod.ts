/**
 * The page of a report, as texts. Its modules run in a browser as they are. They are in the order in which they can be
 * joined: each imports only from those before it.
 *
 * - Data and computations, which `trace` and other pages can use, too: `format.js`, `run_data.js`, `unpack.js`,
 *   `causality.js`, `series.js`, `filter.js`, `lanes.js`.
 * - Tools: `dom.js`, `theme.js`, `view.js` (shared state), `picture.js` (a canvas with time from left to right).
 * - Sections: one module each; `inspector.js` shows what is selected.
 *
 * `compare/` has the page of several runs, and `runs/` those of `serve`.
 *
 * Colours, sizes and symbols are in `page.css` and `run_data.js`; the terminal has the same symbols.
 *
 * @module
 */

import anomalies from "./anomalies.js" with { type: "text" };
import causality from "./causality.js" with { type: "text" };
import charts from "./charts.js" with { type: "text" };
import cycles from "./cycles.js" with { type: "text" };
import dom from "./dom.js" with { type: "text" };
import evidence from "./evidence.js" with { type: "text" };
import files from "./files.js" with { type: "text" };
import filter from "./filter.js" with { type: "text" };
import filterBar from "./filter_bar.js" with { type: "text" };
import format from "./format.js" with { type: "text" };
import inspector from "./inspector.js" with { type: "text" };
import labelPlaces from "./label_places.js" with { type: "text" };
import lanes from "./lanes.js" with { type: "text" };
import logs from "./logs.js" with { type: "text" };
import main from "./main.js" with { type: "text" };
import messages from "./messages.js" with { type: "text" };
import operations from "./operations.js" with { type: "text" };
import style from "./page.css" with { type: "text" };
import picture from "./picture.js" with { type: "text" };
import plot from "./plot.js" with { type: "text" };
import runData from "./run_data.js" with { type: "text" };
import series from "./series.js" with { type: "text" };
import svg from "./svg.js" with { type: "text" };
import theme from "./theme.js" with { type: "text" };
import timeScale from "./time_scale.js" with { type: "text" };
import traffic from "./traffic.js" with { type: "text" };
import unpack from "./unpack.js" with { type: "text" };
import verdict from "./verdict.js" with { type: "text" };
import view from "./view.js" with { type: "text" };

/** Texts of the page's modules. */
export const PAGE_MODULES: readonly string[] = [
  ...[format, runData, unpack, causality, series, filter, lanes, labelPlaces, timeScale],
  ...[dom, svg, theme, view, picture, plot],
  ...[verdict, charts, operations, evidence, cycles, anomalies, filterBar, messages, inspector, traffic, logs, files],
  main,
];

/** Text of the page's style sheet. */
export const PAGE_STYLE: string = style;

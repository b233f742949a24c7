/**
 * The page of a comparison, as texts: modules in the order in which they can be joined, and the style sheet.
 *
 * @module
 */

import dom from "../dom.js" with { type: "text" };
import format from "../format.js" with { type: "text" };
import pageStyle from "../page.css" with { type: "text" };
import plot from "../plot.js" with { type: "text" };
import runData from "../run_data.js" with { type: "text" };
import series from "../series.js" with { type: "text" };
import theme from "../theme.js" with { type: "text" };
import unpack from "../unpack.js" with { type: "text" };
import compareStyle from "./compare.css" with { type: "text" };
import curves from "./curves.js" with { type: "text" };
import figures from "./figures.js" with { type: "text" };
import main from "./main.js" with { type: "text" };

/** Texts of the page's modules. */
export const COMPARE_MODULES: readonly string[] = [
  ...[format, runData, series, dom, theme, plot, unpack],
  ...[figures, curves, main],
];

/** Text of the page's style sheet. */
export const COMPARE_STYLE: string = pageStyle + compareStyle;

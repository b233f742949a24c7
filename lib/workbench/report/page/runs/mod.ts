/**
 * The pages of `serve`, as texts: the list of all runs, and the files of one. Their modules import each other, and
 * those of the report, by their own names: a browser gets each as it is.
 *
 * @module
 */

import dom from "../dom.js" with { type: "text" };
import format from "../format.js" with { type: "text" };
import pageStyle from "../page.css" with { type: "text" };
import theme from "../theme.js" with { type: "text" };
import columns from "./columns.js" with { type: "text" };
import files from "./files.js" with { type: "text" };
import filters from "./filters.js" with { type: "text" };
import main from "./main.js" with { type: "text" };
import runsStyle from "./runs.css" with { type: "text" };
import table from "./table.js" with { type: "text" };

const FILES: Readonly<Record<string, string>> = {
  "page.css": pageStyle,
  "dom.js": dom,
  "format.js": format,
  "theme.js": theme,
  "runs/columns.js": columns,
  "runs/files.js": files,
  "runs/filters.js": filters,
  "runs/main.js": main,
  "runs/runs.css": runsStyle,
  "runs/table.js": table,
};

/** Returns a file of the pages, by its path in `report/page/`; undefined if there is none. */
export function pageFile(path: string): { text: string; type: string } | undefined {
  if (!Object.hasOwn(FILES, path)) return undefined;
  return { text: FILES[path]!, type: path.endsWith(".css") ? "text/css" : "text/javascript" };
}

/**
 * Section "Files": links to the files of the run, which are beside the report.
 *
 * @module
 */

import { element, section } from "./dom.js";

/** @typedef {import("./run_data.js").ReportData} ReportData */

/**
 * Creates the section.
 *
 * @param {ReportData} data
 * @returns {HTMLElement}
 */
export function filesSection({ files }) {
  const address = (/** @type {string} */ name) => name.split("/").map(encodeURIComponent).join("/");
  const links = files.map((name) => element("li", {}, element("a", { href: address(name) }, name)));
  return section("files", "Files", element("ul", { class: "files" }, ...links));
}

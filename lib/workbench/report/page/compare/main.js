/**
 * Start of the page of a comparison.
 *
 * @module
 */

import { element } from "../dom.js";
import { followTheme, toggleTheme } from "../theme.js";
import { unpackBytes } from "../unpack.js";
import { curveSections } from "./curves.js";
import { figuresSection, runsSection } from "./figures.js";

/** @typedef {import("../../compare/comparison.ts").ComparisonPage} Comparison */

followTheme();
await start();

async function start() {
  const page = /** @type {HTMLElement} */ (document.getElementById("page"));
  try {
    const bytes = await unpackBytes(document.getElementById("packed-data")?.textContent ?? "");
    page.replaceChildren(...content(JSON.parse(new TextDecoder().decode(bytes))));
  } catch (error) {
    page.replaceChildren(element("p", { class: "finding" }, `The comparison cannot be shown: ${error}`));
    throw error;
  }
}

/**
 * @param {Comparison} comparison
 * @returns {HTMLElement[]}
 */
function content(comparison) {
  const { runs, home } = comparison;
  const sections = [runsSection(comparison), figuresSection(comparison), ...curveSections(comparison)];
  const links = sections.map(({ id, firstElementChild }) =>
    element("a", { href: `#${id}` }, firstElementChild?.textContent ?? "")
  );
  const theme = element("button", { type: "button", class: "theme", click: toggleTheme }, "Light or dark");
  const names = [...new Set(runs.map(({ name }) => name))].join(", ");
  return [
    element(
      "header",
      {},
      element("h1", {}, `Comparison of ${runs.length} runs: ${names}`),
      element(
        "nav",
        { "aria-label": "Sections" },
        home === null ? null : element("a", { href: home }, "All runs"),
        ...links,
        theme,
      ),
    ),
    element("main", {}, ...sections),
  ];
}

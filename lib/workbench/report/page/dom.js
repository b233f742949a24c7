/**
 * Making elements. Texts of a run go through `textContent` only: a node may have written HTML into its messages.
 *
 * @module
 */

/** @typedef {Node | string | null | undefined} Child */

/**
 * Creates an element.
 *
 * @template {keyof HTMLElementTagNameMap} Tag
 * @param {Tag} tag
 * @param {Record<string, string | boolean | null | ((event: any) => void)>} [attributes] A function listens to the
 *   event of that name; true sets an attribute without a value; false and null leave it out.
 * @param {...Child} children
 * @returns {HTMLElementTagNameMap[Tag]}
 */
export function element(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === "function") made.addEventListener(name, value);
    else if (value !== false && value !== null) made.setAttribute(name, value === true ? "" : value);
  }
  for (const child of children) if (child !== null && child !== undefined) made.append(child);
  return made;
}

/**
 * Creates a table. Numbers are aligned to the right.
 *
 * @param {string} caption Read by screen readers only.
 * @param {string[]} head
 * @param {(string | number | Node)[][]} rows
 * @returns {HTMLElement}
 */
export function tableOf(caption, head, rows) {
  const cell = (/** @type {string | number | Node} */ content) => {
    const isNumber = typeof content === "number";
    return element("td", { class: isNumber ? "number" : "" }, isNumber ? content.toLocaleString("en-US") : content);
  };
  const table = element(
    "table",
    {},
    element("caption", { class: "hidden-text" }, caption),
    element(
      "thead",
      {},
      element("tr", {}, ...head.map((title) => title === "" ? element("td") : element("th", { scope: "col" }, title))),
    ),
    element("tbody", {}, ...rows.map((row) => element("tr", {}, ...row.map(cell)))),
  );
  return element("div", { class: "scrolls", tabindex: "0", role: "region", "aria-label": caption }, table);
}

/**
 * Creates a section of the report, with a heading that the navigation links to.
 *
 * @param {string} id
 * @param {string} title
 * @param {...Child} children
 * @returns {HTMLElement}
 */
export function section(id, title, ...children) {
  return element(
    "section",
    { id, "aria-labelledby": `${id}-title` },
    element("h2", { id: `${id}-title` }, title),
    ...children,
  );
}

/**
 * Creates a drop-down list with its label.
 *
 * @param {string} label
 * @param {{ value: string, text: string }[]} options
 * @param {(value: string) => void} onChange
 * @returns {HTMLElement}
 */
export function choice(label, options, onChange) {
  const select = element(
    "select",
    { change: ({ target }) => onChange(target.value) },
    ...options.map(({ value, text }) => element("option", { value }, text)),
  );
  return element("label", {}, element("span", {}, label), select);
}

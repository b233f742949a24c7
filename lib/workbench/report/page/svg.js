/**
 * Elements of SVG.
 *
 * @module
 */

/**
 * Creates an element of SVG.
 *
 * @param {string} tag
 * @param {Record<string, string | number>} attributes
 * @param {...(Node | string)} children
 * @returns {SVGElement}
 */
export function svg(tag, attributes, ...children) {
  const made = /** @type {SVGElement} */ (document.createElementNS("http://www.w3.org/2000/svg", tag));
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, String(value));
  made.append(...children);
  return made;
}

/**
 * Groups elements to a button: a click, or Enter, opens what they stand for.
 *
 * @param {string} className
 * @param {string} text What it stands for, shown as a tip.
 * @param {() => void} open
 * @param {...SVGElement} children
 * @returns {SVGElement}
 */
export function svgButton(className, text, open, ...children) {
  const name = { class: className, tabindex: 0, role: "button", "aria-label": text };
  const group = svg("g", name, svg("title", {}, text), ...children);
  group.addEventListener("click", open);
  group.addEventListener("keydown", (event) => (/** @type {KeyboardEvent} */ (event)).key === "Enter" && open());
  return group;
}

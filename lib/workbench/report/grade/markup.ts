/**
 * Markup from texts, for HTML and XML.
 *
 * @module
 */

import { escapeControls } from "../../base/text.ts";

const ENTITIES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

/**
 * Escapes a text for HTML and XML, between tags and in attributes. What XML cannot contain is made visible.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { escapeMarkup } from "./markup.ts";
 *
 * assertEquals(escapeMarkup(`<a b="c">\0`), "&lt;a b=&quot;c&quot;&gt;\\x00");
 * ```
 */
export function escapeMarkup(text: string): string {
  const visible = escapeControls(text.toWellFormed()).replaceAll(/[\ufffe\uffff]/g, "\ufffd");
  return visible.replaceAll(/[&<>"']/g, (character) => ENTITIES[character]!);
}

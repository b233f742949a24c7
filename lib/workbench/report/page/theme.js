/**
 * Light or dark: as the system has it, until the reader chooses. Paper is light.
 *
 * @module
 */

/** Follows the system and the printer. */
export function followTheme() {
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const follow = () => setTheme(dark.matches ? "dark" : "light");
  follow();
  dark.addEventListener("change", follow);
  let before = "light";
  addEventListener("beforeprint", () => {
    before = document.documentElement.dataset.theme ?? "light";
    setTheme("light");
  });
  addEventListener("afterprint", () => setTheme(before));
}

/** Changes from light to dark, or back. */
export function toggleTheme() {
  setTheme(document.documentElement.dataset.theme === "dark" ? "light" : "dark");
}

/**
 * Calls a function whenever the theme has changed: a canvas must be drawn again.
 *
 * @param {() => void} listener
 */
export function onThemeChange(listener) {
  addEventListener("themechange", listener);
}

/** @param {string} theme */
function setTheme(theme) {
  document.documentElement.dataset.theme = theme;
  dispatchEvent(new Event("themechange"));
}

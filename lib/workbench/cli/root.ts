/**
 * The project's folder.
 *
 * @module
 */

/** The absolute path of the project's folder, without a slash at its end. */
export const ROOT: string = decodeURIComponent(new URL("../../..", import.meta.url).pathname).replace(/\/$/, "");

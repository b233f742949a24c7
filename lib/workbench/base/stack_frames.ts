/**
 * Places in modules, read from the stacks of errors.
 *
 * @module
 */

/** Place in a module. */
export interface Frame {
  url: string;
  /** Line and column: `12:3`. */
  position: string;
}

/** Reads the stack of an error, innermost call first. */
export function framesOf({ stack = "" }: Error): Frame[] {
  const matches = stack.matchAll(/^ +at .*?((?:file|https?|ext|node|data|blob):[^\s)]*?):(\d+:\d+)\)?$/gm);
  return Array.from(matches, ([, url, position]) => ({ url: url!, position: position! }));
}

/** Formats a place the way an editor opens it: `/home/me/node.ts:12:3`. */
export function formatFrame({ url, position }: Frame): string {
  const path = url.startsWith("file://") ? decodeURIComponent(new URL(url).pathname) : url;
  return `${path}:${position}`;
}

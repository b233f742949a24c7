/** A module that exports a function which creates its program, instead of the program. */

export function createProgram(): () => void {
  return () => {};
}

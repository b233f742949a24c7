/** A module that computes without end when it is to make its program. */

export function createProgram(): never {
  for (;;);
}

/** Values, and a way to add one. */

export const seen = new Set<number>();

export function add(value: number): void {
  seen.add(value);
}

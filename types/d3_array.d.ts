/** The part of `d3-array` that this project uses. */
export function quantileSorted(values: ArrayLike<number>, p: number): number | undefined;

/** The part of `d3-array` that this project uses; it comes without types. */
export function quantileSorted(values: ArrayLike<number>, p: number): number | undefined;
